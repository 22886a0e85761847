import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import { LONG_IDENTIFIER, readIdentifier, SHORT_IDENTIFIER } from './data-sets.ts';
import type { Message } from './receive-messages.ts';

/** A sequence of so many empty items, of 8 bytes each. */
function emptyItems(count: number): Uint8Array {
  const sequence = Buffer.from('0800401153510000ffffffff', 'hex');
  const item = Buffer.from('feff00e000000000', 'hex');
  return Buffer.concat([sequence, Buffer.alloc(count * 8, item), Buffer.from('feffdde000000000', 'hex')]);
}
function messageOf(bytes: Uint8Array): Message {
  const body = (async function* () {
    for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384);
  })();
  return { contextId: 1, command: { commandField: 0x20, dataSetType: 1 }, body };
}
const read = (bytes: Uint8Array, limits = SHORT_IDENTIFIER) =>
  readIdentifier(messageOf(bytes), EXPLICIT_LITTLE_ENDIAN, limits);

test('reads of a query no more than its bytes and its elements, of a long list more', async () => {
  const tooLong = { ok: false, error: { code: 'too-long' } };
  expect(await read(emptyItems(9_990))).toMatchObject({ ok: true });
  expect(await read(emptyItems(10_010))).toEqual(tooLong);
  expect(await read(emptyItems(40_000))).toEqual(tooLong);
  const long = await read(emptyItems(10_010), LONG_IDENTIFIER);
  expect(long).toMatchObject({ ok: true });
  expect(await read(emptyItems(400_010), LONG_IDENTIFIER)).toEqual(tooLong);
});

test('gives the thread back while it reads a long list of empty items', async () => {
  let isRead = false;
  const reading = read(emptyItems(390_000), LONG_IDENTIFIER).then((result) => {
    isRead = true;
    return result;
  });
  let turns = 0;
  while (!isRead) {
    await setImmediate();
    turns += 1;
  }
  const result = await reading;
  if (result.ok) result.value.release();
  expect(result.ok).toBe(true);
  expect(turns).toBeGreaterThan(8);
});

test('holds one long list at a time, short ones beside it', async () => {
  const first = await read(emptyItems(40_000), LONG_IDENTIFIER);
  if (!first.ok) throw new Error('the first was not read');
  let isNextRead = false;
  const next = read(emptyItems(40_000), LONG_IDENTIFIER).then((result) => {
    isNextRead = true;
    return result;
  });
  expect(await read(emptyItems(3))).toMatchObject({ ok: true });
  for (let turn = 0; turn < 200; turn += 1) await setImmediate();
  expect(isNextRead).toBe(false);
  first.value.release();
  const second = await next;
  if (second.ok) second.value.release();
  expect(second.ok).toBe(true);
});
