import { execFileSync } from 'node:child_process';
import { arch, cpus, platform, release, totalmem } from 'node:os';

/** What of a machine decides how a model computes: no names, no addresses. */
export type MachineFacts = Readonly<Record<string, string | number | string[]>>;

let known: MachineFacts | null = null;

/** This machine in words, for what is held against results of others. */
export function machineInWords({ cpu, cores, architecture, system, gpus }: MachineFacts): string {
  const devices = Array.isArray(gpus) ? gpus : [];
  return [`${String(cpu)} (${String(cores)})`, architecture, system, ...devices].join(', ');
}

/** This machine's processor, memory (MiB), system and Node version; with what the site lets a run use of it. */
export function machineFacts(
  uses: { readonly threads?: number; readonly providers?: readonly string[] } = {},
): MachineFacts {
  const isOfNvidia = uses.providers?.some((name) => name === 'cuda' || name === 'tensorrt') === true;
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
    ...(isOfNvidia && { gpus: listGpus() }),
  };
}

/** Name and driver of each device of NVIDIA, as its own tool says; none where there is no such tool. */
function listGpus(): string[] {
  try {
    const said = execFileSync('nvidia-smi', ['--query-gpu=name,driver_version', '--format=csv,noheader'], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return said.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim().replace(', ', ', driver ')]));
  } catch {
    return [];
  }
}
