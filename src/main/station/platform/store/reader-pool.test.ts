import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { openReaderPool, type ReaderPool } from './reader-pool.ts';

/** Answers with its own thread's number, after so many milliseconds. */
const ENTRY = `
  import { threadId } from 'node:worker_threads';
  export default ({ input }) => new Promise((resolve) => setTimeout(() => resolve(threadId), input));
`;
type Tasks = { readonly thread: (db: unknown, afterMs: number) => number };

const folder = mkdtempSync(path.join(tmpdir(), 'wetread-pool-'));
const settings = { database: 'none', keyHex: '' };
let pool: ReaderPool<Tasks>;
afterEach(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

test('starts one thread for what is asked one after the other, and a second for what is asked beside it', async () => {
  const entry = path.join(folder, 'entry.mjs');
  writeFileSync(entry, ENTRY);
  pool = openReaderPool<Tasks>(pathToFileURL(entry), settings);
  const inTurn = [await pool.run('thread', 0), await pool.run('thread', 0), await pool.run('thread', 0)];
  expect(new Set(inTurn).size).toBe(1);
  const beside = await Promise.all([1, 2, 3, 4].map(() => pool.run('thread', 1000)));
  expect(new Set(beside).size).toBe(2);
});

test('rejects what was asked before the first thread was there when it is closed meanwhile', async () => {
  pool = openReaderPool<Tasks>(pathToFileURL(path.join(folder, 'entry.mjs')), settings);
  const asked = [pool.run('thread', 0), pool.run('thread', 0)];
  const ended = Promise.allSettled(asked);
  await pool.close();
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
