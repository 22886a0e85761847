import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, test } from 'vitest';
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
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('starts one thread for what is asked one after the other, and a second for what is asked beside it', async () => {
  const entry = path.join(folder, 'entry.mjs');
  writeFileSync(entry, ENTRY);
  pool = openReaderPool<Tasks>(pathToFileURL(entry), settings);
  const inTurn = [await pool.run('thread', 0), await pool.run('thread', 0), await pool.run('thread', 0)];
  expect(new Set(inTurn).size).toBe(1);
  const beside = await Promise.all([1, 2, 3, 4].map(() => pool.run('thread', 1000)));
  expect(new Set(beside).size).toBe(2);
});

test('rejects with the reason what was asked where no thread can be started, and answers once one can', async () => {
  const entry = path.join(folder, 'late.mjs');
  writeFileSync(entry, "throw new Error('not to be loaded');");
  const failures: unknown[] = [];
  pool = openReaderPool<Tasks>(pathToFileURL(entry), settings, { onFailed: (error) => failures.push(error) });
  const answers = await Promise.allSettled([1, 2, 3].map(() => pool.run('thread', 0)));
  expect(answers.map((one) => one.status === 'rejected' && String(one.reason))).toEqual(
    [1, 2, 3].map(() => 'Error: not to be loaded'),
  );
  expect(failures.map(String)).toContain('Error: not to be loaded');
  writeFileSync(entry, ENTRY);
  expect(await pool.run('thread', 0)).toEqual(expect.any(Number));
});

test('goes on with the thread there is where a second cannot be started', async () => {
  const entry = path.join(folder, 'once.mjs');
  const mark = JSON.stringify(path.join(folder, 'loaded'));
  writeFileSync(
    entry,
    `import { existsSync, writeFileSync } from 'node:fs'; if (existsSync(${mark})) throw new Error('not twice'); writeFileSync(${mark}, ''); ${ENTRY}`,
  );
  const failures: unknown[] = [];
  pool = openReaderPool<Tasks>(pathToFileURL(entry), settings, { onFailed: (error) => failures.push(error) });
  const first = await pool.run('thread', 0);
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => pool.run('thread', 500)));
  const answers = outcomes.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
  expect(new Set(answers)).toEqual(new Set([first]));
  // A thread that takes long to start may have been given a question: whoever asked is told instead of `onFailed`.
  for (const one of outcomes) if (one.status === 'rejected') failures.push(one.reason);
  expect(failures.map(String)).toContain('Error: not twice');
  expect(await pool.run('thread', 0)).toBe(first);
});

test('rejects what was asked before the first thread was there when it is closed meanwhile', async () => {
  pool = openReaderPool<Tasks>(pathToFileURL(path.join(folder, 'entry.mjs')), settings);
  const asked = [pool.run('thread', 0), pool.run('thread', 0)];
  const ended = Promise.allSettled(asked);
  await pool.close();
  expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
