import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { INTENTS } from '../../../shared/domain/study.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';

const AeTitle = z
  .string()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 printable characters and no backslash')
  .refine((title) => title.trim() !== '', 'an AE title is not all spaces')
  .refine((title) => title.trim() === title, 'an AE title has no spaces at its ends: they mean nothing (PS3.5 §6.2)');

const Zone = z.string().refine(isZone, 'not an IANA time zone');

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false; // RangeError: the only thing it throws on is a zone it does not know.
  }
}

const Peer = z.strictObject({
  aeTitle: AeTitle.describe('The AE title the peer calls itself (case-sensitive).'),
  address: z.string().min(1).describe('The IP address it calls from, or "*" for any address.'),
  intent: z
    .enum(INTENTS)
    .exclude(['own'])
    .default('new')
    .describe('"new" starts deadlines, AI and alerts; "comparison" only keeps.'),
});

/** Every key of the configuration file, with its default; unknown keys are refused by name. Secrets never stand here. */
export const Config = z.strictObject({
  site: z
    .strictObject({
      code: z
        .string()
        .regex(/^[a-z0-9-]{1,32}$/)
        .default('main')
        .describe('Short name used in addresses.'),
      name: z.string().min(1).max(100).default('Main site').describe('What people read.'),
      zone: Zone.default('Etc/UTC').describe('IANA time zone of the site.'),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1').describe('Address the page is served on; any but loopback needs tls.'),
      names: z.array(z.string()).default([]).describe('Host names by which browsers reach this station.'),
      tls: z
        .strictObject({ certFile: z.string(), keyFile: z.string() })
        .optional()
        .describe('Certificate and key files (PEM).'),
    })
    .prefault({}),
  dicom: z
    .strictObject({
      host: z.string().default('0.0.0.0').describe('Address that receives DICOM.'),
      aeTitle: AeTitle.default('WETREAD').describe('What peers must call this station.'),
      maxAssociations: z.number().int().min(1).max(256).default(32).describe('Associations at once.'),
      peers: z.array(Peer).default([]).describe('Who may send; nobody else may.'),
    })
    .prefault({}),
  completeness: z
    .strictObject({
      quietMs: z
        .record(z.string(), z.number().int().min(1000))
        .default({ CT: 180_000, DX: 300_000, CR: 300_000, MG: 300_000, MR: 900_000, US: 1_800_000 })
        .describe('Quiet time in ms after which a study counts as complete (assumed), by modality.'),
      quietOtherMs: z.number().int().min(1000).default(600_000).describe('The same for every other modality.'),
      settleMs: z
        .number()
        .int()
        .min(0)
        .default(5000)
        .describe(
          'Where several associations bring one study: ms after the last of them during which a further one may follow; 0: none is waited for.',
        ),
    })
    .prefault({}),
  inference: z
    .strictObject({
      providers: z
        .array(z.enum(['cpu', 'cuda', 'webgpu']))
        .min(1)
        .default(['cpu'])
        .describe('Wanted execution providers, in order.'),
      threads: z.number().int().min(1).max(64).default(2).describe('Threads one model may compute with.'),
      modelFolders: z.array(z.string()).default([]).describe('Folders of model packages beside those shipped.'),
    })
    .prefault({}),
  sessions: z
    .strictObject({
      idleMin: z.number().positive().default(30).describe('Minutes of silence after which a page session ends.'),
      longestHours: z.number().positive().default(12).describe('Hours after which any page session ends.'),
    })
    .prefault({}),
  disk: z
    .strictObject({
      lowBytes: z
        .number()
        .int()
        .positive()
        .default(10 * 2 ** 30)
        .describe('Below this much free space the strip warns.'),
      fullBytes: z
        .number()
        .int()
        .positive()
        .default(2 * 2 ** 30)
        .describe('Below this much, objects are refused with A700.'),
    })
    .prefault({}),
  logLevel: z.enum(['info', 'warn', 'error', 'silent']).default('info').describe('How much goes to stderr.'),
});
export type Config = z.infer<typeof Config>;

/** Reads the configuration file, or the defaults where none is named; every fault is listed by its key. */
export function readConfig(
  file: string | undefined,
): Result<Config, { code: 'config-unreadable' | 'config-invalid'; faults: readonly string[] }> {
  if (file === undefined) return ok(Config.parse({}));
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return err({ code: 'config-unreadable', faults: [(error as NodeJS.ErrnoException).code ?? 'unreadable'] });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What is wrong with it stays unsaid: the parser's message quotes the file.
    return err({ code: 'config-invalid', faults: ['the file is not JSON'] });
  }
  const parsed = Config.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return err({ code: 'config-invalid', faults: parsed.error.issues.map(describeFault) });
}

function describeFault(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return `unknown key ${issue.keys.map((key) => (at === '' ? key : `${at}.${key}`)).join(', ')}`;
  return `${at === '' ? 'the file' : at}: ${issue.message}`;
}
