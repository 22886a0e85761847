import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { RawOutputPolicy } from '../../../shared/domain/receipt.ts';
import { PEER_SERVICES, USUAL_SERVICES } from '../../../shared/domain/peer.ts';
import { EvidenceKind, INTENTS } from '../../../shared/domain/study.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { readPublicKey } from './public-key.ts';

const Issuer = z
  .string()
  .regex(/^[^\\\p{Cc}]{1,64}$/u, 'an issuer has 1 to 64 characters and no backslash')
  .refine((issuer) => issuer.trim() === issuer, 'an issuer has no spaces at its ends');

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

/** A peer as it stands in the configuration file. */
export const ConfiguredPeer = z.strictObject({
  aeTitle: AeTitle.describe('The AE title the peer calls itself (case-sensitive).'),
  address: z
    .string()
    .min(1)
    .optional()
    .describe('The IP address it calls from, or "*" for any address; left out, it does not call.'),
  calls: z
    .array(AeTitle)
    .min(1)
    .optional()
    .describe('Which of our titles it calls, and so which site it belongs to; left out, `dicom.aeTitle`.'),
  intent: z
    .enum(INTENTS)
    .exclude(['own'])
    .optional()
    .describe('"new" starts deadlines, AI and alerts; "comparison" only keeps. Left out: as the title it calls.'),
  services: z
    .array(z.enum(PEER_SERVICES))
    .default([...USUAL_SERVICES])
    .describe('What it may ask of us beside C-ECHO; `query` and `retrieve` let it take studies from here.'),
  host: z
    .string()
    .min(1)
    .optional()
    .describe('Name or address where it listens itself; left out, it cannot be called.'),
  port: z.number().int().min(1).max(65_535).optional().describe('The port it listens on; needed with `host`.'),
  tls: z.boolean().default(false).describe('TLS only, both ways; needs `dicom.tls`.'),
  certificate: z
    .string()
    .min(1)
    .optional()
    .describe('The certificate it must show: common name, or SHA-256 fingerprint in hex. Goes with `tls`.'),
  isArchive: z
    .boolean()
    .default(false)
    .describe('It keeps studies for the long term: what it is known to hold may leave the cache here.'),
  issuerOfPatientId: Issuer.optional().describe(
    'Who issues the patient ids it sends without an issuer. Left out: as its site says.',
  ),
  newWithinDays: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Days: of what it sends, a study that states an older date is for comparison. Left out: `dicom.newWithinDays` where `isArchive`, otherwise its studies are new whatever their date.',
    ),
});

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

const Site = z.strictObject({
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

/** Every key of the configuration file, with its default; unknown keys are refused by name. Secrets never stand here. */
export const Config = z
  .strictObject({
    site: Site.extend({ code: Site.shape.code.default('main'), name: Site.shape.name.default('Main site') }).prefault(
      {},
    ),
    sites: z.array(Site).default([]).describe('Further sites of this station, each a tenant of its own.'),
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
        maxAssociationsPerPeer: z
          .number()
          .int()
          .min(1)
          .max(256)
          .default(8)
          .describe('Associations at once of one calling AE title.'),
        newWithinDays: z
          .number()
          .int()
          .min(1)
          .default(30)
          .describe('Days: a study that an archive sends and that states an older date is for comparison.'),
        titles: z
          .array(
            z.strictObject({
              aeTitle: AeTitle.describe('A further title this station answers to.'),
              site: z.string().optional().describe('Code of the site it stands for; left out, `site`.'),
              intent: z.enum(INTENTS).exclude(['own']).default('new').describe('What is sent to it is for.'),
            }),
          )
          .default([])
          .describe('Further titles, each a site and an intent.'),
        tls: z
          .strictObject({
            port: z.number().int().min(0).max(65_535).default(2762).describe('Port of the TLS listener.'),
            certFile: z.string().describe('Our certificate (PEM), shown both ways.'),
            keyFile: z.string().describe('Its key (PEM).'),
            caFile: z.string().describe('Authorities whose certificates are believed (PEM).'),
            requireClientCertificate: z
              .boolean()
              .default(true)
              .describe('Nobody connects without a certificate that an authority of `caFile` signed.'),
          })
          .optional()
          .describe('A second listener by TLS (PS3.15 B.12), and TLS towards peers.'),
        timeouts: z
          .strictObject({
            idleMs: z
              .number()
              .int()
              .min(1000)
              .default(300_000)
              .describe('Silence after which an association ends, in ms.'),
            pduMs: z
              .number()
              .int()
              .min(1000)
              .default(120_000)
              .describe('Longest wait for the next whole PDU of an object, in ms.'),
            objectMs: z
              .number()
              .int()
              .min(1000)
              .default(1_800_000)
              .describe('Longest time one object may take, in ms.'),
          })
          .prefault({}),
        peers: z.array(ConfiguredPeer).default([]).describe('Who may connect; nobody else may.'),
      })
      .prefault({}),
    dicomweb: z
      .strictObject({
        comparisonSenders: z
          .array(z.string().min(1))
          .default([])
          .describe(
            'Services (by name) whose objects, stored by STOW-RS, are for comparison; those of all others are new.',
          ),
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
        evidence: z
          .record(z.string(), z.array(EvidenceKind))
          .default({ CT: ['performed-steps', 'availability-notices', 'order', 'count-at-sender', 'gapless-volume'] })
          .describe(
            'What may complete a study before its quiet time is over, by modality: what the modality reports (MPPS), what is announced (IAN), what the order says, what its sender counts, a volume without gaps.',
          ),
        evidenceOther: z
          .array(EvidenceKind)
          .default(['performed-steps', 'availability-notices', 'order', 'count-at-sender'])
          .describe('The same for every other modality. In whatever order they are listed, the strongest decides.'),
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
        modelFolders: z
          .array(z.string())
          .default([])
          .describe('Folders of model packages, each a folder or a ZIP, beside those shipped.'),
        signers: z
          .array(
            z.strictObject({
              name: z.string().min(1).max(120).describe('As the signature of a package names its signer.'),
              publicKey: z
                .string()
                .refine((text) => readPublicKey(text) !== null, 'an Ed25519 public key, as PEM or 32 bytes in base64')
                .describe('The Ed25519 public key, as PEM or as its 32 bytes in base64.'),
            }),
          )
          .default([])
          .describe('Whose signatures of model packages are checked. A wrong signature refuses its package.'),
        warmModelsMb: z
          .number()
          .int()
          .nonnegative()
          .default(2048)
          .describe(
            'MiB that models may take together which stay loaded for the next run; the least recently used goes first.',
          ),
        rawOutputs: z
          .strictObject({
            keep: RawOutputPolicy.default('numbers').describe(
              'What is kept of what a model gave, beside its receipt: `none`, the `numbers` (per slice and place too), or `all`, every tensor as it was, which takes time and room.',
            ),
            keepDays: z.number().int().min(1).max(36_500).default(365).describe('Days after which it is let go.'),
            mostMb: z
              .number()
              .int()
              .min(1)
              .default(1024)
              .describe('MiB of it in all; what is over goes, oldest first.'),
          })
          .prefault({}),
        watch: z
          .strictObject({
            coveragePercent: z
              .number()
              .min(0)
              .max(100)
              .default(95)
              .describe('A model that reads less of its eligible studies than this raises an alarm.'),
            coverageDays: z.number().int().min(1).max(90).default(7).describe('Over how many days that is counted.'),
            coverageStudies: z
              .number()
              .int()
              .min(1)
              .default(20)
              .describe('Fewer studies than this raise no alarm, of a model or of a scanner.'),
            driftSuspends: z
              .boolean()
              .default(false)
              .describe(
                'Suspends a model in a week after which its inputs or scores have moved far from the silent weeks.',
              ),
          })
          .prefault({}),
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
          .describe('Below this much free space the strip warns, and the cache lets go of what it may.'),
        refuseBytes: z
          .number()
          .int()
          .positive()
          .optional()
          .describe(
            'Below this much, new associations are refused for now (2/3/1). Left out: a quarter of the way from fullBytes to lowBytes.',
          ),
        fullBytes: z
          .number()
          .int()
          .positive()
          .default(2 * 2 ** 30)
          .describe('Below this much, objects are refused with A700.'),
      })
      .prefault({}),
    quarantine: z
      .strictObject({
        keepDiscardedDays: z
          .number()
          .int()
          .min(1)
          .default(30)
          .describe(
            'Days after which what a person discarded from quarantine is deleted; until then it can be taken back.',
          ),
      })
      .prefault({}),
    integrity: z
      .strictObject({
        everyDays: z.number().positive().default(30).describe('Days after which every stored object is read again.'),
        bytesPerSecond: z
          .number()
          .int()
          .min(64 * 1024)
          .default(10 * 2 ** 20)
          .describe('How much a second may be read for that, and written while keys are rotated.'),
      })
      .prefault({}),
    import: z
      .strictObject({
        folders: z
          .array(MediaFolder)
          .default([])
          .describe('Folders of this machine, a CD drive say, that people may import from.'),
      })
      .prefault({}),
    export: z
      .strictObject({
        folders: z
          .array(MediaFolder)
          .default([])
          .describe('Folders of this machine that people may export studies to; nothing in them is encrypted.'),
      })
      .prefault({}),
    logLevel: z.enum(['info', 'warn', 'error', 'silent']).default('info').describe('How much goes to stderr.'),
  })
  .check(({ value, issues }) => {
    for (const fault of faultsOf(value)) issues.push({ code: 'custom', input: value, ...fault, path: [...fault.path] });
  });
export type Config = z.infer<typeof Config>;

/** The free space in bytes below which new associations are refused. */
export function refuseBelowBytes({ lowBytes, refuseBytes, fullBytes }: Config['disk']): number {
  return refuseBytes ?? Math.ceil(fullBytes + (lowBytes - fullBytes) / 4);
}

type Fault = { readonly path: readonly PropertyKey[]; readonly message: string };

/** What no key alone can tell: names that are not defined, or twice, and keys that need others. */
function faultsOf({ site, sites, dicom, disk, import: bringIn, export: takeOut }: Config): readonly Fault[] {
  const codes = [site.code, ...sites.map(({ code }) => code)];
  const titles = [dicom.aeTitle, ...dicom.titles.map(({ aeTitle }) => aeTitle)];
  const fault = (path: readonly PropertyKey[], message: string): Fault => ({ path, message });
  const repeated = (names: readonly string[]) => names.find((name, index) => names.indexOf(name) !== index);
  return [
    ...(repeated(codes) === undefined ? [] : [fault(['sites'], 'two sites have one code')]),
    ...(repeated(titles) === undefined ? [] : [fault(['dicom', 'titles'], 'a title stands there twice')]),
    ...Object.entries({ import: bringIn, export: takeOut }).flatMap(([key, { folders }]) =>
      repeated(folders.map(({ name }) => name)) === undefined
        ? []
        : [fault([key, 'folders'], 'two folders have one name')],
    ),
    ...dicom.titles.flatMap(({ site: code }, index) =>
      code === undefined || codes.includes(code)
        ? []
        : [fault(['dicom', 'titles', index, 'site'], 'no site has that code')],
    ),
    ...dicom.peers.flatMap((peer, index) => {
      const at = (key: string) => ['dicom', 'peers', index, key];
      return [
        ...(peer.calls?.every((title) => titles.includes(title)) === false
          ? [fault(at('calls'), 'not one of our titles')]
          : []),
        ...((peer.host === undefined) === (peer.port === undefined)
          ? []
          : [fault(at('port'), 'host and port go together')]),
        ...(peer.address === undefined && peer.host === undefined
          ? [fault(at('address'), 'needed where there is no host')]
          : []),
        ...(peer.tls && dicom.tls === undefined ? [fault(at('tls'), 'needs dicom.tls')] : []),
        ...(peer.certificate !== undefined && !peer.tls ? [fault(at('certificate'), 'goes with tls')] : []),
      ];
    }),
    ...(disk.fullBytes <= refuseBelowBytes(disk) && refuseBelowBytes(disk) <= disk.lowBytes
      ? []
      : [fault(['disk'], 'fullBytes is at most refuseBytes, and that at most lowBytes')]),
  ];
}

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
