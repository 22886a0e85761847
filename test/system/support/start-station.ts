import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { until } from './until.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ENTRY = path.join(ROOT, 'src/main/station/index.ts');
const READY_WITHIN_MS = 60_000;

/** The one line a station prints when it listens (DESIGN §6). */
const ReadyLine = z.strictObject({
  ready: z.literal(true),
  http: z.url(),
  dicom: z.strictObject({ port: z.number().int(), aeTitle: z.string() }),
  hl7: z.null(),
});

/** How to start a station; what is left out is a fresh directory, free ports and the peers below. */
export type StationWish = {
  readonly data?: string;
  readonly demo?: boolean;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
};

/** A station process seen from outside. */
export type RunningStation = {
  readonly data: string;
  readonly http: string;
  readonly dicom: { readonly port: number; readonly aeTitle: string };
  readonly pid: number;
  /** From the start of the process to its ready line. */
  readonly readyAfterMs: number;
  stdout(): string;
  stderr(): string;
  /** Asks it to end, and gives its exit code. */
  stop(): Promise<number | null>;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
};

/** How a station ended that was not expected to listen. */
export type EndedStation = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };

/** AE titles that every test station knows, all on loopback. */
export const PEERS = ['MODALITY1', 'MODALITY2', 'STORESCU', 'ECHOSCU', 'DCMSEND', 'FINDSCU', 'ORTHANC'] as const;

/** The configuration tests start with: the peers, short quiet times, no opinion about this machine's disk, one model. */
export const TEST_CONFIG = {
  dicom: {
    host: '127.0.0.1',
    peers: [
      ...PEERS.map((aeTitle) => ({ aeTitle, address: '127.0.0.1' })),
      { aeTitle: 'OLDPACS', address: '127.0.0.1', intent: 'comparison' },
    ],
  },
  completeness: { quietMs: { CT: 2000 }, quietOtherMs: 2000 },
  disk: { lowBytes: 2, fullBytes: 1 },
  // One model is enough for nearly every test, and each proves its golden cases at every start.
  inference: { shippedModels: ['head-ct-hyperdense'] },
} as const;

type Process = {
  readonly child: ChildProcess;
  stdout: string;
  stderr: string;
  readonly exited: Promise<number | null>;
};

const processes = new Set<Process>();
const folders = new Set<string>();
process.on('exit', () => {
  for (const { child } of processes) child.kill('SIGKILL');
});

/** A folder of its own for one test; `endEverything` removes it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-system-'));
  folders.add(folder);
  return folder;
}

/** Starts a station and waits for its ready line; throws with what it said where there is none. */
export async function startStation(wish: StationWish = {}): Promise<RunningStation> {
  const data = wish.data ?? path.join(temporaryFolder(), 'data');
  const startedAt = performance.now();
  const running = launch({ ...wish, data });
  let ended: number | null | undefined;
  void running.exited.then((code) => (ended = code));
  await until(() => running.stdout.includes('\n') || ended !== undefined, 10);
  const readyAfterMs = performance.now() - startedAt;
  if (!running.stdout.includes('\n')) {
    running.child.kill('SIGKILL');
    throw new Error(`the station ended with ${ended} instead of being ready:\n${running.stderr}`);
  }
  const ready = ReadyLine.parse(JSON.parse(running.stdout.slice(0, running.stdout.indexOf('\n'))));
  const { pid } = running.child;
  if (pid === undefined) throw new Error('the station has no process id');
  return {
    ...{ data, http: ready.http, dicom: ready.dicom, pid, readyAfterMs },
    stdout: () => running.stdout,
    stderr: () => running.stderr,
    async stop() {
      running.child.kill('SIGTERM');
      return running.exited;
    },
    async kill() {
      running.child.kill('SIGKILL');
      await running.exited;
    },
  };
}

/** Starts a station that should refuse, and gives how it ended. */
export async function refusedStation(wish: StationWish): Promise<EndedStation> {
  const running = launch({ ...wish, data: wish.data ?? path.join(temporaryFolder(), 'data') });
  const timer = setTimeout(() => running.child.kill('SIGKILL'), READY_WITHIN_MS);
  const exitCode = await running.exited;
  clearTimeout(timer);
  return { exitCode, stdout: running.stdout, stderr: running.stderr };
}

/** Kills what still runs and removes every temporary folder: for `afterEach` and `afterAll`. */
export async function endEverything(): Promise<void> {
  await Promise.all(
    [...processes].map(async ({ child, exited }) => {
      child.kill('SIGKILL');
      await exited;
    }),
  );
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders.clear();
}

/** The station's runner: its one child process that is neither a thread nor the hospital. */
export function runnerPid(station: RunningStation): number | null {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => parentOf(pid) === station.pid && commandOf(pid).includes('inference/runner'));
  return children[0] === undefined ? null : Number(children[0]);
}

function launch(wish: StationWish & { readonly data: string }): Process {
  const config = path.join(temporaryFolder(), 'config.json');
  writeFileSync(config, JSON.stringify(wish.config ?? TEST_CONFIG));
  const child = spawn(
    process.execPath,
    [
      ENTRY,
      ...['--data', wish.data, '--http-port', '0', '--dicom-port', '0', '--config', config],
      ...(wish.demo === true ? ['--demo', '--no-hospital'] : []),
      ...(wish.args ?? []),
    ],
    {
      cwd: ROOT,
      env: { ...process.env, ...wish.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const running: Process = {
    child,
    stdout: '',
    stderr: '',
    exited: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        processes.delete(running);
        resolve(code);
      });
    }),
  };
  child.stdout?.on('data', (chunk: Buffer) => (running.stdout += chunk.toString('utf8')));
  child.stderr?.on('data', (chunk: Buffer) => (running.stderr += chunk.toString('utf8')));
  processes.add(running);
  return running;
}

function parentOf(pid: string): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null; // it ended while we looked
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // it ended while we looked
  }
}
