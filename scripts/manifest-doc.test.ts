import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readManifest } from '../src/main/station/inference/read-manifest.ts';
import { describeFault } from '../src/shared/domain/package-fault.ts';
import { describeManifest, manifestSchema } from './manifest-doc.ts';

const DOCS = path.resolve(import.meta.dirname, '../docs');
const page = readFileSync(path.join(DOCS, 'models.md'), 'utf8');
const [BEGIN, END] = ['<!-- every field: begin -->\n', '<!-- every field: end -->'];

test('docs/models.md lists every field of the manifest as it is', async () => {
  const [before = '', rest = ''] = page.split(BEGIN);
  const [, after = ''] = rest.split(END);
  const whole = `${before}${BEGIN}\n${describeManifest()}\n${END}${after}`;
  await expect(whole).toMatchFileSnapshot(path.join(DOCS, 'models.md'));
});

test('docs/model-manifest.schema.json is the schema as it is', async () => {
  const text = `${JSON.stringify(manifestSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot(path.join(DOCS, 'model-manifest.schema.json'));
});

test('every field is described', () => {
  const rows = describeManifest()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  const bare = rows.filter((row) => / \|\s+\|$/.test(row) && !/\.(min|max|threshold|count)`/.test(row));
  expect(rows.length).toBeGreaterThan(150);
  expect(bare).toEqual([]);
});

test.each([...page.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) => [json]))(
  'an example of docs/models.md is a manifest',
  (json) => {
    const read = readManifest(Buffer.from(json));
    expect(read.ok ? [] : read.error.faults.map(describeFault)).toEqual([]);
  },
);
