import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ModelManifest } from './model-manifest.ts';

const SHIPPED = new URL('../../../resources/models/head-ct-hyperdense/manifest.json', import.meta.url);
const shipped = JSON.parse(readFileSync(SHIPPED, 'utf8'));
const problems = (change: object) => {
  const parsed = ModelManifest.safeParse({ ...shipped, ...change });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('takes the shipped manifest as it is', () => {
  expect(ModelManifest.parse(shipped)).toEqual(shipped);
});

test('refuses what a generic interpreter could not run', () => {
  const [volume, spacing] = shipped.inputs;
  const [probability] = shipped.outputs;
  expect(problems({ inputs: [spacing] })).toEqual([': needs one volume input, and no role twice']);
  expect(problems({ inputs: [volume, { ...volume, tensor: 'other' }] })).toHaveLength(1);
  expect(problems({ outputs: [{ ...probability, label: 'unheard-of' }] })).toEqual([
    ': an output names a label that is not listed',
  ]);
  expect(problems({ budgetMs: 1, toleranceMs: 2 })).toEqual([': the budget is shorter than the tolerance']);
  expect(problems({ goldenCases: [] })).toHaveLength(1);
});

test('refuses unknown keys, digests that are none, and patterns that do not compile', () => {
  expect(problems({ autoApprove: true })).toHaveLength(1);
  expect(problems({ modelDigest: 'abc' })).toHaveLength(1);
  expect(problems({ appliesTo: { ...shipped.appliesTo, descriptionPatterns: ['('] } })).toEqual([
    'appliesTo.descriptionPatterns.0: not a regular expression',
  ]);
});

test('golden volumes lie inside the package, whatever the manifest would like', () => {
  const [golden] = shipped.goldenCases;
  expect(problems({ goldenCases: [{ ...golden, volume: 'golden/../../secret.i16.gz' }] })).toHaveLength(1);
});
