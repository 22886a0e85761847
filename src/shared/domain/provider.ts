import { z } from 'zod';

/** What a model may be computed with on this machine. */
export const LOCAL_PROVIDERS = ['cuda', 'tensorrt', 'webgpu', 'directml', 'coreml', 'cpu'] as const;
export type LocalProvider = (typeof LOCAL_PROVIDERS)[number];

/** What a site may want, in its order; `remote`: the servers that serve the model. */
export const WANTED_PROVIDERS = ['remote', ...LOCAL_PROVIDERS] as const;

/** Why a provider, or a model on it, is not trusted here though it was wanted; beside the faults of packages. */
export const PROVIDER_FAULTS = [
  'provider-not-built-in',
  'provider-not-proven',
  'remote-unreachable',
  'remote-refused',
  'runner-crashed',
  'golden-missing',
] as const;

const REMOTE = 'remote:';
/** Pixels leave this machine encrypted or not at all. */
const ADDRESS = /^(?:https:\/\/[^\s/?#@]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?)(?:\/[^\s?#]*)?$/;

/** A remote server as everything but its address: the name that receipts, golden results and pages go by. */
export function remoteProvider(name: string): string {
  return `${REMOTE}${name}`;
}

/** Which server a provider is; null of one on this machine. */
export function remoteName(provider: string): string | null {
  return provider.startsWith(REMOTE) ? provider.slice(REMOTE.length) : null;
}

/** A server of the Open Inference Protocol (KServe v2, as Triton speaks it), and what it serves of ours. */
export const RemoteServer = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,24}$/)
    .describe('Short name; receipts and pages say `remote:` and this.'),
  url: z
    .string()
    .max(512)
    .regex(ADDRESS, 'an address such as https://host:8000, without user or query; http only on this machine')
    .describe('Where it listens, up to what comes before `/v2`; https, or http on this machine.'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('The only authorities (PEM) whose certificates are believed of it; left out, those this system knows.'),
  bearerFile: z
    .string()
    .min(1)
    .optional()
    .describe('File with the bearer token it wants, read anew for every request; left out, none is sent.'),
  timeoutMs: z.number().int().min(100).max(3_600_000).default(30_000).describe('Longest wait for one answer, in ms.'),
  verifyEveryHours: z
    .number()
    .positive()
    .default(24)
    .describe('Hours after which golden cases are replayed on it again, also where nothing it says of itself changed.'),
  models: z
    .array(
      z.strictObject({
        id: z.string().min(1).max(64).describe('Id of our model, as in its manifest.'),
        name: z.string().min(1).max(256).describe('What the server calls it.'),
        version: z.string().min(1).max(64).optional().describe('Its version there; left out, the server decides.'),
      }),
    )
    .min(1)
    .describe('What it serves of our models; of others it is never asked.'),
});
export type RemoteServer = z.infer<typeof RemoteServer>;

/** The providers to try for a model, in the site's order: each server that serves it where the order says `remote`. */
export function providersFor(
  modelId: string,
  wanted: readonly string[],
  remotes: readonly Pick<RemoteServer, 'name' | 'models'>[],
): readonly string[] {
  const serving = remotes.filter(({ models }) => models.some(({ id }) => id === modelId));
  return [
    ...new Set(wanted.flatMap((one) => (one === 'remote' ? serving.map(({ name }) => remoteProvider(name)) : [one]))),
  ];
}
