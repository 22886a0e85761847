import { isAbsolute } from 'node:path';
import { z } from 'zod';

const MediaFolder = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9 ._-]{1,64}$/)
    .describe('What people choose it by.'),
  path: z
    .string()
    .refine((path) => isAbsolute(path), 'not an absolute path')
    .describe('Where it is; nothing outside it is read or written.'),
});

/** Where people import from. */
export const ImportSettings = z
  .strictObject({
    folders: z
      .array(MediaFolder)
      .default([])
      .describe('Folders of this machine, a CD drive say, that people may import from.'),
  })
  .prefault({});

/** Where people export to. */
export const ExportSettings = z
  .strictObject({
    folders: z
      .array(MediaFolder)
      .default([])
      .describe('Folders of this machine that people may export studies to; nothing in them is encrypted.'),
  })
  .prefault({});
