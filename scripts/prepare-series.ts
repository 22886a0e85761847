// Shows what a model sees: node scripts/with-node.mjs scripts/prepare-series.ts SERIES MANIFEST OUTPUT. Prepares a file or folder of
// objects (*.dcm) by the `preprocessing` of a manifest, writes [channels, slices, rows, columns] as raw float32 and prints the shape.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readPart10Header } from '../src/main/station/dicom/part10.ts';
import { arrangeStacks } from '../src/main/station/inference/runner/arrange-stacks.ts';
import { prepareGrid } from '../src/main/station/inference/runner/prepare-grid.ts';
import type { SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';
import { readSourceFrames } from '../src/main/station/inference/runner/read-source-frames.ts';
import { Preprocessing } from '../src/shared/domain/model-preprocessing.ts';

const [series, manifest, output] = process.argv.slice(2);
if (series === undefined || manifest === undefined || output === undefined)
  throw new Error('usage: prepare-series.ts SERIES MANIFEST OUTPUT');
const { preprocessing } = JSON.parse(readFileSync(manifest, 'utf8')) as { readonly preprocessing: unknown };
const how = Preprocessing.parse(preprocessing);
const files = statSync(series).isDirectory()
  ? readdirSync(series)
      .filter((name) => name.endsWith('.dcm'))
      .map((name) => path.join(series, name))
  : [series];

const frames: SourceFrame[] = [];
for (const file of files) {
  const bytes = readFileSync(file);
  const header = readPart10Header(bytes);
  if (!header.ok) throw new Error(`${path.basename(file)}: ${header.error.code}`);
  const { sopInstanceUid: sopUid, transferSyntaxUid } = header.value;
  const read = await readSourceFrames(bytes, { sopUid, transferSyntaxUid }, how.source);
  if (!read.ok) throw new Error(`${path.basename(file)}: ${read.error.code}`);
  frames.push(...read.value.frames);
}
const stacks = arrangeStacks(frames, {
  arrangement: how.source.arrangement,
  orientation: 'any',
  minSlices: 1,
  maxSlices: Number.POSITIVE_INFINITY,
  tolerates: how.tolerates,
});
if (!stacks.ok) throw new Error(stacks.error.code);
const [stack, ...others] = stacks.value;
if (stack === undefined || others.length > 0) throw new Error('images of several sizes: give one at a time');
const grid = prepareGrid(stack, how);
if (!grid.ok) throw new Error(grid.error.code);
const { values, channels, shape } = grid.value;
writeFileSync(output, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
console.log(JSON.stringify([channels, ...shape]));
