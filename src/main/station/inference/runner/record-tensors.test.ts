import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { maskFileName } from './outbox.ts';
import { recordTensors } from './record-tensors.ts';
import type { ModelSession } from './session.ts';

let outboxDir: string;
beforeEach(() => {
  outboxDir = mkdtempSync(path.join(tmpdir(), 'wetread-tensors-'));
});
afterEach(() => rmSync(outboxDir, { recursive: true, force: true }));

/** Gives each time the next of these. */
function sessionGiving(...values: readonly number[]): ModelSession {
  let next = 0;
  return {
    ...{ inputNames: [], outputNames: ['p'], inputs: [], outputs: [], close: () => Promise.resolve() },
    identify: () => Promise.resolve({ version: '1', isWhole: true }),
    run: () => {
      const data = Float32Array.of(values[next++] ?? 0);
      return Promise.resolve(new Map([['p', { type: 'float32', dims: [1], data } as const]]));
    },
  };
}

test('leaves every tensor as the model gave it, numbered where it comes again', async () => {
  const { session, left } = recordTensors(sessionGiving(0.5, 0.25), outboxDir);
  expect((await session.run({})).get('p')?.data).toEqual(Float32Array.of(0.5));
  await session.run({});
  expect(left.map(({ tensor }) => tensor)).toEqual(['p', 'p#2']);
  const values = left.map(({ digest }) =>
    gunzipSync(readFileSync(path.join(outboxDir, maskFileName(digest)))).readFloatLE(),
  );
  expect(values).toEqual([0.5, 0.25]);
});

test('what does not fit is left out, and the run goes on', async () => {
  const { session, left } = recordTensors(sessionGiving(0.5), path.join(outboxDir, 'not there'));
  expect((await session.run({})).get('p')?.data).toEqual(Float32Array.of(0.5));
  expect([left, readdirSync(outboxDir)]).toEqual([[], []]);
});
