import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { freshObjectKeys } from '../platform/objects/object-keys.ts';
import { objectPath, openObjectStore, type ObjectStore, SEALED } from '../platform/objects/object-store.ts';

/** What a sender hands over at a time. */
const PIECE_BYTES = 64 * 1024;

type Timed = { readonly sealed: readonly number[]; readonly plain: readonly number[] };
type Write = (body: Buffer, digest: string) => Promise<void>;

/**
 * For `npm run bench -- objects`: writes and reads objects, sealed by the store and plain by hand, in turns, and prints the times
 * in ms as JSON. Arguments: a folder, how many objects, their length in bytes.
 */
async function main(): Promise<void> {
  const [folder = '', count = '', length = ''] = process.argv.slice(2);
  const bytes = Number(length);
  const root = mkdtempSync(path.join(folder, 'wetread-bench-objects-'));
  try {
    const store = openObjectStore(root, freshObjectKeys());
    const { digests, ...write } = await inTurns(Number(count), bytes, {
      sealed: (body, digest) => writeSealedly(store, body, digest),
      plain: (body, digest) => writePlainly(root, body, digest),
    });
    const read = await timeReads(digests, (digest, encoding) => store.read(digest, encoding));
    const range = await timeReads(digests, (digest, encoding) =>
      store.readRange(digest, encoding, Math.floor(bytes / 2), 4096),
    );
    process.stdout.write(`${JSON.stringify({ write, read, 'read 4 KB': range })}\n`);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

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
