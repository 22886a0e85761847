import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { answerContexts } from './upper-layer/negotiate.ts';
import { DEFAULT_ACCEPTS } from './server.ts';
import { STORAGE_CLASSES } from './storage-classes.ts';
import { ACCEPTED_TRANSFER_SYNTAXES } from './transfer-syntaxes.ts';

const statement = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/conformance.md'), 'utf8');

test('the conformance statement lists what is accepted, in its order, and nothing else', () => {
  const rows = [...statement.matchAll(/^\| [^|]+ \| (1\.2\.840\.10008\.(?:5\.1\.4\.1\.1\.|1\.2)[0-9.]*) \|/gm)].map(
    ([, uid]) => uid,
  );
  expect(rows).toEqual([...STORAGE_CLASSES, ...ACCEPTED_TRANSFER_SYNTAXES].map(({ uid }) => uid));
});

test('the statement names each class with its tier and kind, and each syntax with whether it may lose', () => {
  const rowOf = (uid: string) =>
    statement.split('\n').find((line) => line.includes(` ${uid} |`) && /\| [ABC] \||yes|no/.test(line));
  for (const { uid, name, tier, kind } of STORAGE_CLASSES)
    expect(rowOf(uid)).toBe(`| ${name} | ${uid} | ${tier} | ${kind} |`);
  for (const { uid, name } of ACCEPTED_TRANSFER_SYNTAXES) expect(rowOf(uid)).toMatch(`| ${name} | ${uid} | `);
});

test('takes each of 128 contexts in the dearest syntax it offers', () => {
  const uids = ACCEPTED_TRANSFER_SYNTAXES.map(({ uid }) => uid);
  const proposed = Array.from({ length: 128 }, (_, index) => ({
    id: 2 * index + 1,
    abstractSyntax: STORAGE_CLASSES[index % STORAGE_CLASSES.length]?.uid ?? '',
    // Offered in the opposite order, and one more each time.
    transferSyntaxes: uids.slice(index % uids.length).toReversed(),
    result: 0,
  }));
  const answered = answerContexts(proposed, DEFAULT_ACCEPTS);
  expect(answered.map(({ id, result, transferSyntaxes }) => [id, result, transferSyntaxes[0]])).toEqual(
    proposed.map(({ id }, index) => [id, 0, uids[index % uids.length]]),
  );
});
