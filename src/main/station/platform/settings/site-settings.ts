import { z } from 'zod';
import { INTENTS } from '../../../../shared/domain/study.ts';
import { Issuer } from './names.ts';

const Zone = z.string().refine(isZone, 'not an IANA time zone');

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // RangeError: the only thing it throws on is a zone it does not know.
  }
}

const RetentionRule = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .describe('Short name; stands in the record of what the rule deleted.'),
  modalities: z.array(z.string()).optional().describe('Modalities it is about; left out, every one.'),
  intents: z.array(z.enum(INTENTS)).optional().describe('Intents it is about; left out, every one.'),
  olderThanDays: z.number().int().min(0).describe('Days since the last object of the study came.'),
  action: z.enum(['keep', 'delete']).describe('What becomes of the study. The first rule that fits decides.'),
  evenUnproven: z
    .boolean()
    .default(false)
    .describe('Deletes also what no archive is known to hold. Never what is held or still to be read.'),
  inForceBy: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Who put the rule into force (a user name). Left out, the rule is only shown by the preview.'),
});

/** A site of this station: its name, its time, and what it keeps for how long. */
export const Site = z.strictObject({
  code: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .describe('Short name used in addresses.'),
  name: z.string().min(1).max(100).describe('What people read.'),
  zone: Zone.default('Etc/UTC').describe('IANA time zone of the site.'),
  issuerOfPatientId: Issuer.optional().describe(
    'Who issues the patient ids that peers of this site send without an issuer; left out, such numbers are of nobody known.',
  ),
  cache: z
    .strictObject({
      keepDays: z.number().int().min(0).describe('Days a study stays here at least since its last object came.'),
      maxBytes: z
        .number()
        .int()
        .positive()
        .optional()
        .describe('Older studies leave only while the site holds more than this; left out, all older ones do.'),
    })
    .optional()
    .describe('Lets go of older studies that an archive is known to hold; left out, everything stays.'),
  keepRecordsDays: z
    .number()
    .int()
    .min(1)
    .default(90)
    .describe(
      'Days after which steps (MPPS) and announcements (IAN) of studies that never came are deleted, and the names of files and studies that an import listed.',
    ),
  retention: z
    .array(RetentionRule)
    .default([])
    .describe('Rules by which studies are deleted, in order; whatever no rule is about is kept.'),
});
