import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Receipt } from '../../../shared/domain/receipt.ts';
import { finishedRun } from '../testing/models.ts';
import { countDifferingPixels } from './compare-masks.ts';
import { compareOutputs } from './compare-outputs.ts';
import { judgeReplay, type Original } from './judge-replay.ts';
import { givenOutputs } from './run-outputs.ts';
import type { Run } from './run-rows.ts';
import type { RunMask } from './run-answer.ts';

const DIGEST = 'a'.repeat(64);
const RUN = { runId: '01990000-0000-7000-8000-000000000001', modelDigest: DIGEST } as unknown as Run;
const noMasks = () => Promise.reject(new Error('no mask is compared'));

function originalOf(score: number, tolerance: Original['tolerance'], masks: readonly RunMask[] = []): Original {
  const given = givenOutputs(finishedRun(RUN, score, masks));
  const receipt = Receipt.parse({
    ...{ form: 2, runId: RUN.runId, outcome: 'finished', reason: null, study: { studyUid: '1.2', revision: 1 } },
    model: {
      ...{ id: 'bleed', version: '1.0.0', manifestDigest: DIGEST, weightsDigest: DIGEST },
      ...{ clinicalUse: 'none', stage: 'general' },
    },
    ...{ series: { seriesUid: '1', because: [], others: [] }, inputs: [], askedIn: [], queuedAtMs: 0, startedAtMs: 0 },
    ...{ endedAtMs: 0, queueWaitMs: 0, attempts: [], timings: {}, machine: {}, operatingPoint: [], findings: [] },
    outputs: [
      { tensor: 'probability', label: 'bleed', value: score },
      { tensor: 'volume_ml', label: 'bleed', value: 12.5 },
    ],
    raw: { policy: 'numbers', digest: given.digest, numbers: given.numbers },
    ...{ provider: 'cpu', preprocessing: '1', postprocessing: '1', onnxruntimeVersion: '1.30.0' },
  });
  return { receipt, outputs: given.text, tolerance };
}
const MASK: RunMask = {
  ...{
    tensor: 'mask',
    label: 'bleed',
    digest: 'b'.repeat(64),
    sizeBytes: 10,
    rows: 4,
    columns: 4,
    pixels: 8,
    volumeMl: 1,
    parts: 1,
    cells: 8,
    peak: null,
  },
  slices: [{ sopUid: '1.2.3', frameNumber: 1, pixels: 8, volumeMl: 1 }],
  largest: null,
};

test('the same numbers are the same; others are, within the tolerance, and differ outside it, each by how much', async () => {
  const exact = { absolute: 0, relative: 0 };
  expect(await judgeReplay(originalOf(0.9, exact), finishedRun(RUN, 0.9), noMasks)).toMatchObject({
    outcome: 'same',
    versions: [],
  });
  const near = await judgeReplay(originalOf(0.9, { absolute: 0.01, relative: 0 }), finishedRun(RUN, 0.905), noMasks);
  expect(near).toMatchObject({ outcome: 'same', differences: [] });
  expect(await judgeReplay(originalOf(0.9, exact), finishedRun(RUN, 0.8), noMasks)).toMatchObject({
    outcome: 'differs',
    differences: [{ at: 'outputs[probability].value', was: 0.9, is: 0.8, allowed: 0 }],
  });
});

test('another provider or version is told, and no difference by itself', async () => {
  const answer = { ...finishedRun(RUN, 0.9), provider: 'cuda', preprocessing: '2' };
  expect(await judgeReplay(originalOf(0.9, { absolute: 0, relative: 0 }), answer, noMasks)).toMatchObject({
    outcome: 'same',
    versions: [
      { what: 'preprocessing', was: '1', is: '2' },
      { what: 'provider', was: 'cpu', is: 'cuda' },
    ],
  });
});

test('masks are held against each other pixel by pixel, within the tolerance of how many there were', async () => {
  const original = (relative: number) => originalOf(0.9, { absolute: 0, relative }, [MASK]);
  const answer = finishedRun(RUN, 0.9, [{ ...MASK, digest: 'c'.repeat(64), sizeBytes: 11 }]);
  const differing = (count: number | null) => () => Promise.resolve(count);
  expect(await judgeReplay(original(0.25), answer, differing(2))).toMatchObject({ outcome: 'same' });
  expect(await judgeReplay(original(0.25), answer, differing(3))).toMatchObject({
    outcome: 'differs',
    differences: [{ at: 'masks[mask].differingPixels', was: 0, is: 3, allowed: 2 }],
  });
  // What was kept is gone or damaged: nothing is claimed of it.
  expect(await judgeReplay(original(0.25), answer, differing(null))).toMatchObject({
    ...{ outcome: 'could-not', reason: 'outputs-not-kept' },
  });
});

test('where the outputs were not kept, only the same bytes are the same, and only a score that differs differs', async () => {
  const original = { ...originalOf(0.9, { absolute: 0.1, relative: 0 }), outputs: null };
  expect(await judgeReplay(original, finishedRun(RUN, 0.9), noMasks)).toMatchObject({ outcome: 'same' });
  expect(await judgeReplay(original, finishedRun(RUN, 0.95), noMasks)).toMatchObject({
    outcome: 'could-not',
    reason: 'outputs-not-kept',
  });
  expect(await judgeReplay(original, finishedRun(RUN, 0.5), noMasks)).toMatchObject({ outcome: 'differs' });
});

test('another package is no replay, and a run that failed and now succeeds differs', async () => {
  const original = originalOf(0.9, { absolute: 0, relative: 0 });
  const other = { ...finishedRun(RUN, 0.9), manifestDigest: 'd'.repeat(64) };
  expect(await judgeReplay(original, other, noMasks)).toMatchObject({
    outcome: 'could-not',
    reason: 'package-changed',
  });
  const failed = { ...original.receipt, outcome: 'failed' as const, reason: 'runner-crashed', raw: null };
  expect(await judgeReplay({ ...original, receipt: failed }, finishedRun(RUN, 0.9), noMasks)).toMatchObject({
    outcome: 'differs',
    differences: [{ at: 'outcome', was: 'runner-crashed', is: 'finished' }],
  });
});

test('compares whatever there is: nothing against something, words, and lists of another length', () => {
  const exact = { absolute: 0, relative: 0 };
  expect(
    compareOutputs({ boxes: [{ x: 1 }], name: 'a' }, { boxes: [{ x: 1 }, { x: 2 }], name: 'b', more: null }, exact),
  ).toEqual([
    { at: 'boxes.length', was: 1, is: 2, allowed: 0 },
    { at: 'name', was: 'a', is: 'b', allowed: null },
  ]);
  expect(compareOutputs({ x: 1 }, {}, exact)).toEqual([{ at: 'x', was: 1, is: null, allowed: null }]);
});

test('anything is the same as itself, and one number moved out of tolerance is the one difference', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(compareOutputs(value, structuredClone(value), { absolute: 0, relative: 0 })).toEqual([]);
    }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }),
      fc.nat(),
      (values, at) => {
        const index = at % values.length;
        const moved = values.with(index, (values[index] ?? 0) + 1e30);
        expect(compareOutputs(values, moved, { absolute: 1, relative: 0 }).map((one) => one.at)).toEqual(
          Math.abs((values[index] ?? 0) - (moved[index] ?? 0)) <= 1 ? [] : [`[${index}]`],
        );
      },
    ),
  );
});

test('counts the pixels two masks differ in, and says when they cannot be held against each other', async () => {
  const bits = (...bytes: readonly number[]) => gzipSync(Uint8Array.from(bytes));
  expect(await countDifferingPixels(bits(0b1011, 0), bits(0b0001, 0b1000_0000))).toBe(3);
  expect(await countDifferingPixels(bits(1), bits(1))).toBe(0);
  expect(await countDifferingPixels(bits(1), bits(1, 1))).toBeNull();
  expect(await countDifferingPixels(bits(1), Uint8Array.of(1, 2, 3))).toBeNull();
  const large = new Uint8Array(1_000_000).fill(255);
  expect(await countDifferingPixels(gzipSync(large), gzipSync(new Uint8Array(1_000_000)))).toBe(8_000_000);
});

test('of an answer that differs in every number the first ones are told, and how many more there are', async () => {
  const profile = (shift: number) => ({
    profiles: [{ tensor: 'p', label: 'bleed', per: 'slice', scores: Array.from({ length: 200 }, (_, n) => n + shift) }],
  });
  const was = originalOf(0.9, { absolute: 0, relative: 0 });
  const kept = JSON.stringify({ ...JSON.parse(was.outputs ?? '{}'), ...profile(0) });
  const answer = { ...finishedRun(RUN, 0.9), ...(profile(1) as object) };
  const { outcome, differences = [] } = await judgeReplay({ ...was, outputs: kept }, answer, noMasks);
  expect([outcome, differences.length, differences.at(-1)]).toEqual([
    'differs',
    51,
    { at: 'more', was: null, is: 150, allowed: null },
  ]);
});
