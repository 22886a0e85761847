import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { findPeerProgram } from '../scripts/debian-peers.ts';
import { endEverything } from '../test/system/support/start-station.ts';
import { IMAGE_KINDS, type ImageKind, writeFreshObjects } from './ingest/fresh-objects.ts';
import { printPasses, type Pass } from './ingest/passes.ts';
import { atRest, cpuSecondsOf, watchMemory } from './ingest/process-tree.ts';
import { RECEIVER_NAMES, type ReceiverName, START } from './ingest/receivers.ts';
import { sendFolders } from './ingest/send.ts';

/** What is sent, by name; the small ones are for people who want to see it run. */
const SETS: Readonly<Record<string, { readonly kind: ImageKind; readonly count: number }>> = {
  ct300: { kind: IMAGE_KINDS.ct, count: 300 },
  ct3000: { kind: IMAGE_KINDS.ct, count: 3000 },
  cr500: { kind: IMAGE_KINDS.cr, count: 500 },
  ct60: { kind: IMAGE_KINDS.ct, count: 60 },
  cr10: { kind: IMAGE_KINDS.cr, count: 10 },
};
const list = (value: string) => value.split(',').filter(Boolean);
const { values } = parseArgs({
  options: {
    sets: { type: 'string' },
    associations: { type: 'string', default: '1,4' },
    receivers: { type: 'string', default: RECEIVER_NAMES.join(',') },
    rounds: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    profile: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const sets = z
  .array(z.enum(Object.keys(SETS) as [string, ...string[]]))
  .parse(list(values.sets ?? (values.quick ? 'ct60,cr10' : 'ct300,ct3000,cr500')));
const associations = z.array(z.coerce.number().int().min(1).max(16)).parse(list(values.associations));
const receivers = z.array(z.enum(RECEIVER_NAMES)).parse(list(values.receivers));
const rounds = z.coerce.number().int().min(1).parse(values.rounds);

/**
 * Where the receivers' folders stand. ext4 passes over file numbers that were freed in the last minutes, one by one, at every
 * new file: with this mark it puts each folder elsewhere, and no pass pays for what was removed after the one before.
 */
const targets = mkdtempSync(path.join(values.folder, 'wetread-bench-'));
spawnSync('chattr', ['+T', targets]); // where there is no such mark, it goes without

/** How long what a receiver does after its last answer may count as its CPU time. */
const AFTERMATH_MS = 1000;
/** Senders read from memory where the machine has such a folder: their disk must not be the receiver's. */
const MEMORY_FOLDER = '/dev/shm';

/** One receiver, started fresh, takes one set of objects that nobody has seen before. */
async function pass(set: string, parts: number, receiver: ReceiverName): Promise<Pass> {
  const { kind, count } = SETS[set] ?? raise(`no set ${set}`);
  const source = mkdtempSync(path.join(sourceFolder(kind, count), 'wetread-bench-'));
  const target = mkdtempSync(path.join(targets, 'pass-'));
  try {
    const folders = Array.from({ length: parts }, (_, index) => path.join(source, String(index)));
    const bytes = writeFreshObjects(kind, folders, count);
    const receiving = await START[receiver](target, profileFolder(set, parts, receiver));
    await atRest(receiving.pid);
    const cpuBefore = cpuSecondsOf(receiving.pid);
    const memory = watchMemory(receiving.pid);
    const sending = await sendFolders(receiving.port, folders);
    await new Promise((resolve) => setTimeout(resolve, AFTERMATH_MS));
    const peakBytes = memory.stop();
    const cpuS = cpuSecondsOf(receiving.pid) - cpuBefore;
    await receiving.stop();
    const kept = countObjects(receiving.folder, bytes / count);
    if (kept !== count) raise(`${receiver} kept ${kept} of ${count} objects`);
    return { set, associations: parts, receiver, count, bytes, ...sending, cpuS, peakBytes };
  } finally {
    rmSync(source, { recursive: true, force: true });
    rmSync(target, { recursive: true, force: true });
  }
}

function sourceFolder(kind: ImageKind, count: number): string {
  const needed = kind.rows * kind.columns * 2 * count * 1.2;
  if (!existsSync(MEMORY_FOLDER)) return values.folder;
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
  return bavail * bsize > needed ? MEMORY_FOLDER : values.folder;
}

function profileFolder(set: string, parts: number, receiver: ReceiverName): string | null {
  if (values.profile === undefined || receiver !== 'wetread') return null;
  const folder = path.resolve(values.profile, `${set}-${parts}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Files about as large as the objects, whatever else a receiver writes. */
function countObjects(folder: string, bytesEach: number): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) => {
    if (!entry.isFile()) return false;
    const { size } = statSync(path.join(entry.parentPath, entry.name));
    return Math.abs(size - bytesEach) < Math.max(16_384, bytesEach / 100);
  }).length;
}

function raise(message: string): never {
  throw new Error(message);
}

const program = { storescp: 'storescp', orthanc: 'Orthanc' } as const;
const missing = ['storescu', ...receivers.flatMap((name) => (name === 'wetread' ? [] : [program[name]]))].filter(
  (name) => findPeerProgram(name) === null,
);
if (missing.length > 0) raise(`not on this machine: ${missing.join(', ')}`);
const passes: Pass[] = [];
try {
  // Round by round, so that a slow minute of the machine falls on all of them alike.
  for (const set of sets)
    for (const parts of associations)
      for (let round = 0; round < rounds; round += 1)
        for (const receiver of receivers) passes.push(await pass(set, parts, receiver));
  printPasses(passes);
} finally {
  await endEverything();
  rmSync(targets, { recursive: true, force: true });
}
