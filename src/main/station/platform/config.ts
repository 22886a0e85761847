import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { CompletenessSettings } from './settings/completeness-settings.ts';
import { DicomSettings } from './settings/dicom-settings.ts';
import { InferenceSettings } from './settings/inference-settings.ts';
import { DiskSettings, IntegritySettings, QuarantineSettings } from './settings/keeping-settings.ts';
import { ExportSettings, ImportSettings } from './settings/media-settings.ts';
import { Site } from './settings/site-settings.ts';
import { WorklistSettings } from './settings/worklist-settings.ts';

export { ConfiguredPeer } from './settings/dicom-settings.ts';

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
    dicom: DicomSettings,
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
    completeness: CompletenessSettings,
    inference: InferenceSettings,
    worklist: WorklistSettings,
    sessions: z
      .strictObject({
        idleMin: z.number().positive().default(30).describe('Minutes of silence after which a page session ends.'),
        longestHours: z.number().positive().default(12).describe('Hours after which any page session ends.'),
      })
      .prefault({}),
    disk: DiskSettings,
    quarantine: QuarantineSettings,
    integrity: IntegritySettings,
    import: ImportSettings,
    export: ExportSettings,
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
function faultsOf({ site, sites, dicom, inference, disk, import: bringIn, export: takeOut }: Config): readonly Fault[] {
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
    ...(repeated(inference.remotes.map(({ name }) => name)) === undefined
      ? []
      : [fault(['inference', 'remotes'], 'two servers have one name')]),
    ...(inference.providers.includes('remote') === inference.remotes.length > 0
      ? []
      : [fault(['inference', 'remotes'], '`remote` among the providers and servers go together')]),
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
