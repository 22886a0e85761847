import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readPart10Header } from '../part10.ts';
import { decodeFrame } from '../pixel/decode-frame.ts';
import { openFrames } from '../pixel/read-frames.ts';
import { describeInstance } from './describe-instance.ts';
import { toDicomJson } from './dicom-json.ts';
import { bytesReader } from './find-pixel-data.ts';
import { readDataset } from './read-dataset.ts';

const data = path.resolve(import.meta.dirname, '../../../../../../shared/data');
const isHere = existsSync(data);
if (!isHere) console.error('skipped: the real test data are not on this machine');

function files(set: string): readonly string[] {
  return readdirSync(path.join(data, set), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(md|csv|xz)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** Takes one file through everything that reads: a code for how far it came. */
async function readThrough(file: string): Promise<string> {
  const bytes = readFileSync(file);
  const header = readPart10Header(bytes);
  if (!header.ok) return header.error.code;
  const { dataSetOffset, transferSyntaxUid } = header.value;
  const body = bytes.subarray(dataSetOffset);
  const dataset = readDataset(body, transferSyntaxUid);
  if (!dataset.ok) return dataset.error.code;
  JSON.stringify(toDicomJson(dataset.value, { pixelDataUri: 'x' }));
  describeInstance(dataset.value);
  const frames = await openFrames(bytesReader(body), transferSyntaxUid);
  const frame = frames.ok ? await frames.value.read(0) : null;
  if (frame === null) return frames.ok ? 'no-frames' : frames.error.code;
  const decoded = await decodeFrame(frame);
  return decoded.ok ? 'decoded' : decoded.error.code;
}

async function tally(set: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const file of files(set)) {
    const code = await readThrough(file);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}

test.skipIf(!isHere)('reads the regression files of ten toolkits, and refuses only what is broken', async () => {
  const counts = await tally('dicom-variety');
  const readable = [...counts].filter(
    ([code]) => !['not-part-10', 'no-transfer-syntax', 'truncated', 'malformed'].includes(code),
  );
  expect(readable.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThanOrEqual(296);
  expect(counts.get('decoded')).toBeGreaterThanOrEqual(115);
});

test.skipIf(!isHere)('never throws at malformed objects', async () => {
  const counts = await tally('dicom-fuzz');
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(files('dicom-fuzz').length);
});

test.skipIf(!isHere)('decodes every slice of a real head CT', async () => {
  expect(await tally('ct-head-ge')).toEqual(new Map([['decoded', 28]]));
});
