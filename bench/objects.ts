import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { freshObjectKeys } from '../src/main/station/platform/objects/object-keys.ts';
import {
  objectPath,
  openObjectStore,
  type ObjectStore,
  SEALED,
} from '../src/main/station/platform/objects/object-store.ts';
import { printFigures, type Spread, spread } from './figures.ts';

const { values } = parseArgs({ options: { objects: { type: 'string', default: '200' }, folder: { type: 'string' } } });
const OBJECTS = z.coerce.number().int().positive().parse(values.objects);
/** What a sender hands over at a time. */
const PIECE_BYTES = 64 * 1024;
const SIZES = [
  { name: '512 KB', bytes: 512 * 1024, count: OBJECTS },
  { name: '8 MB', bytes: 8 * 1024 * 1024, count: Math.ceil(OBJECTS / 8) },
] as const;

type Timed = { readonly sealed: readonly number[]; readonly plain: readonly number[] };

/** What sealing objects at rest costs: each object written and read back, sealed by the store and plain by hand, in turns. */
async function main(): Promise<void> {
  const root = mkdtempSync(path.join(values.folder ?? tmpdir(), 'wetread-bench-objects-'));
  try {
    const store = openObjectStore(root, freshObjectKeys());
    const spreads: Spread[] = [];
    const facts: Record<string, number> = { objects: OBJECTS };
    for (const { name, bytes, count } of SIZES) {
      const written = await inTurns(count, bytes, {
        sealed: (body, digest) => writeSealedly(store, body, digest),
        plain: (body, digest) => writePlainly(root, body, digest),
      });
      const digests = written.digests;
      const whole = await timeReads(digests, (digest, encoding) => store.read(digest, encoding));
      const range = await timeReads(digests, (digest, encoding) =>
        store.readRange(digest, encoding, Math.floor(bytes / 2), 4096),
      );
      for (const [what, timed] of [
        ['write', written],
        ['read', whole],
        ['read 4 KB', range],
      ] as const)
        for (const how of ['plain', 'sealed'] as const) {
          const one = spread(`${name} ${what} ${how}`, timed[how]);
          spreads.push(one);
          if (what !== 'read 4 KB') facts[`${one.name} MB/s`] = Math.round(bytes / 1e6 / (one.median / 1000));
        }
      for (const digest of digests)
        for (const encoding of ['plain', SEALED] as const) rmSync(objectPath(root, digest, encoding));
    }
    printFigures('objects', spreads, facts);
    for (const [name, figure] of Object.entries(facts)) if (name.endsWith('MB/s')) console.log(`${name}: ${figure}`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type Write = (body: Buffer, digest: string) => Promise<void>;

async function inTurns(
  count: number,
  bytes: number,
  ways: { readonly sealed: Write; readonly plain: Write },
): Promise<Timed & { readonly digests: readonly string[] }> {
  const times = { sealed: [] as number[], plain: [] as number[] };
  const digests: string[] = [];
  const body = randomBytes(bytes);
  // The first warms caches and compilers, and counts for nothing.
  for (let n = 0; n <= count; n += 1) {
    body.writeUInt32BE(n, 0);
    const digest = createHash('sha256').update(body).digest('hex');
    const order = n % 2 === 0 ? (['plain', 'sealed'] as const) : (['sealed', 'plain'] as const);
    for (const how of order) {
      const startedAt = performance.now();
      await ways[how](body, digest);
      if (n > 0) times[how].push(performance.now() - startedAt);
    }
    digests.push(digest);
  }
  return { ...times, digests };
}

async function timeReads(
  digests: readonly string[],
  read: (digest: string, encoding: 'plain' | typeof SEALED) => Promise<Buffer>,
): Promise<Timed> {
  const times = { sealed: [] as number[], plain: [] as number[] };
  for (const digest of digests)
    for (const [how, encoding] of [
      ['plain', 'plain'],
      ['sealed', SEALED],
    ] as const) {
      const startedAt = performance.now();
      await read(digest, encoding);
      times[how].push(performance.now() - startedAt);
    }
  return times;
}

async function writeSealedly(store: ObjectStore, body: Buffer, digest: string): Promise<void> {
  const file = await store.receive();
  for (let at = 0; at < body.length; at += PIECE_BYTES) await file.write(body.subarray(at, at + PIECE_BYTES));
  await file.keep(digest);
  await file.discard();
}

/** As the store did before it sealed: pieces written as they come, then the file and its folder synced. */
async function writePlainly(root: string, body: Buffer, digest: string): Promise<void> {
  const target = objectPath(root, digest, 'plain');
  mkdirSync(path.dirname(target), { recursive: true });
  const file = await open(target, 'wx');
  for (let at = 0; at < body.length; at += PIECE_BYTES) await file.write(body.subarray(at, at + PIECE_BYTES));
  await file.datasync();
  await file.close();
  if (process.platform === 'win32') return;
  const folder = await open(path.dirname(target), 'r');
  await folder.sync();
  await folder.close();
}

await main();
