import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeFault } from '../../../shared/domain/package-fault.ts';
import { MOST_MANIFEST_BYTES, parseRecordedManifest, readManifest } from './read-manifest.ts';

const SHIPPED = path.resolve(import.meta.dirname, '../../../../resources/models/head-ct-hyperdense/manifest.json');
const bytes = readFileSync(SHIPPED);
const shipped = JSON.parse(bytes.toString()) as Record<string, unknown>;

// Edited in every way a person might: what it then holds is the question.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = Record<string, any>;

function faults(change: (manifest: Loose) => void): readonly string[] {
  const manifest = structuredClone(shipped);
  change(manifest);
  const read = readManifest(Buffer.from(JSON.stringify(manifest)));
  return read.ok ? [] : read.error.faults.map(describeFault);
}

test('knows a package by its manifest as written: order and white space make no other model of it, a default written out does', () => {
  const read = readManifest(bytes);
  const turned = readManifest(
    Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(shipped).toReversed()), null, 1)),
  );
  const written = readManifest(Buffer.from(JSON.stringify({ ...shipped, operatingPoints: [] })));
  if (!read.ok || !turned.ok || !written.ok) throw new Error('refused');
  expect(turned.value).toEqual(read.value);
  expect(written.value.manifest).toEqual(read.value.manifest);
  expect(written.value.digest).not.toBe(read.value.digest);
  expect(parseRecordedManifest(read.value.written)).toEqual(read.value.manifest);
});

test('a manifest of an older form that stands on record is none of today', () => {
  expect(parseRecordedManifest('{"schema":1,"id":"old"}')).toBeNull();
});

test.each<[string, (manifest: Loose) => void, readonly string[]]>([
  [
    'a field nobody knows',
    (m) => Object.assign(m, { autoApprove: true }),
    ['manifest-invalid autoApprove: is true, expected no such field here'],
  ],
  ['a field left out', (m) => delete m.vendor, ['manifest-invalid vendor: expected a text, which is missing']],
  [
    'another type',
    (m) => Object.assign(m, { budgetMs: 'a minute' }),
    ['manifest-invalid budgetMs: is "a minute", expected a number'],
  ],
  [
    'a value of no list',
    (m) => Object.assign(m, { clinicalUse: 'full' }),
    ['manifest-invalid clinicalUse: is "full", expected one of "none", "research", "cleared"'],
  ],
  ['another schema', (m) => Object.assign(m, { schema: 1 }), ['manifest-invalid schema: is 1, expected 2']],
  [
    'too few entries',
    (m) => Object.assign(m, { goldenCases: [] }),
    ['manifest-invalid goldenCases: is [], expected at least 1 entries'],
  ],
  [
    'too small a number',
    (m) => Object.assign(m.appliesTo.slices, { min: 0 }),
    ['manifest-invalid appliesTo.slices.min: is 0, expected at least 1'],
  ],
  [
    'a digest that is none',
    (m) => Object.assign(m, { modelDigest: 'ABC' }),
    ['manifest-invalid modelDigest: is "ABC", expected a SHA-256 digest in lower-case hexadecimal'],
  ],
  [
    'a step nobody knows',
    (m) => m.preprocessing.steps.push({ do: 'sharpen' }),
    [
      'manifest-invalid preprocessing.steps.4.do: is "sharpen", expected one of "orient", "resample", "resize", "crop-or-pad", "pad-to-multiple", "flip", "transpose", "face", "crop-to-content", "trim", "square", "mask", "clamp", "window", "scale", "min-max", "percentile-range", "z-score", "round", "invert", "power", "log", "equalise", "clahe"',
    ],
  ],
  [
    'a contradiction',
    (m) => Object.assign(m.labels[0], { score: 'number', flagFrom: 5, uncertainFrom: 9 }),
    ['manifest-invalid labels.0.uncertainFrom: is 9, expected at most flagFrom (5)'],
  ],
])('names the field, the value and what was expected: %s', (_what, change, expected) => {
  expect(faults(change)).toEqual(expected);
});

test.each([
  [
    'a direction turned over',
    (m: Loose) => Object.assign(m, { name: 'Good \u202egnorw' }),
    'name',
    '"Good \\\\u{202e}gnorw"',
  ],
  ['a line of its own in a log', (m: Loose) => Object.assign(m, { vendor: 'A\nB' }), 'vendor', '"A\\\\u{a}B"'],
  [
    'what takes no room',
    (m: Loose) => Object.assign(m.labels[0], { name: 'Blood\u200b' }),
    'labels.0.name',
    '"Blood\\\\u{200b}"',
  ],
  ['a field with it', (m: Loose) => Object.assign(m, { 'na\u200fme': 1 }), 'na\\u{200f}me', '"na\\\\u{200f}me"'],
])('refuses texts that do not look like what they are: %s', (_what, change, field, value) => {
  expect(faults(change)).toEqual([
    `manifest-invalid ${field}: is ${value}, expected a text without control, direction or invisible characters`,
  ]);
});

test('lines in the intended use, and the joiners of scripts that need them, are texts like others', () => {
  expect(faults((m) => Object.assign(m, { intendedUse: 'One.\nTwo.', vendor: 'می\u200cخواهم' }))).toEqual([]);
});

test('what is no JSON, no UTF-8 or far too long is said so', () => {
  const codes = [
    Buffer.from('{'),
    Buffer.from([0x22, 0xff, 0x22]),
    Buffer.alloc(MOST_MANIFEST_BYTES + 1, 0x20),
    Buffer.from('null'),
  ].map((one) => {
    const read = readManifest(one);
    return read.ok ? 'taken' : read.error.code;
  });
  expect(codes).toEqual(['manifest-not-json', 'manifest-not-json', 'manifest-too-large', 'manifest-invalid']);
});

test('a byte order mark is nobody’s fault', () => {
  expect(readManifest(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])).ok).toBe(true);
});

test('whatever JSON it is given, it answers with faults that can be told', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(...Object.keys(shipped)), (json, key) => {
      const read = readManifest(Buffer.from(JSON.stringify({ ...shipped, [key]: JSON.parse(json) })));
      if (read.ok) return;
      expect(read.error.faults.length).toBeGreaterThan(0);
      for (const fault of read.error.faults) expect(describeFault(fault)).toContain('expected');
    }),
    { numRuns: 300 },
  );
});

test.each([
  [
    'nested deeper than any manifest',
    `{"vendor":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    'JSON at most 64 levels deep',
  ],
  ['with half a character', '{"vendor":"a\\ud800b"}', 'JSON without half characters (lone surrogates)'],
  ['with half a character in a name', '{"a\\ud800b":1}', 'JSON without half characters (lone surrogates)'],
])('refuses JSON %s without ending', (_name, text, expected) => {
  const read = readManifest(new TextEncoder().encode(text));
  expect(read.ok ? null : read.error.faults).toMatchObject([{ code: 'manifest-not-json', expected }]);
});
