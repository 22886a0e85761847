import { arch, cpus, platform, release, totalmem } from 'node:os';

/** What of a machine decides how a model computes: no names, no addresses. */
export type MachineFacts = Readonly<Record<string, string | number | string[]>>;

let known: MachineFacts | null = null;

/** This machine's processor, memory (MiB), system and Node version; with what the site lets a run use of it. */
export function machineFacts(
  uses: { readonly threads?: number; readonly providers?: readonly string[] } = {},
): MachineFacts {
  known ??= {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    architecture: arch(),
    system: `${platform()} ${release()}`,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    node: process.versions.node,
  };
  return {
    ...known,
    ...(uses.threads !== undefined && { threads: uses.threads }),
    ...(uses.providers !== undefined && { providersWanted: [...uses.providers] }),
  };
}
