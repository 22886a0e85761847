import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { readPart10Header } from '../../dicom/part10.ts';
import { arrangeStacks } from './arrange-stacks.ts';
import { prepareGrid } from './prepare-grid.ts';
import type { SourceFrame } from './prepared-grid.ts';
import { readSourceFrames } from './read-source-frames.ts';

const data = path.resolve(import.meta.dirname, '../../../../../../shared/data');
const isHere = existsSync(data);
if (!isHere) console.error('skipped: the real test data are not on this machine');

async function framesOf(file: string, preprocessing: Preprocessing): Promise<readonly SourceFrame[] | string> {
  const bytes = readFileSync(file);
  const header = readPart10Header(bytes);
  if (!header.ok) return header.error.code;
  const { sopInstanceUid: sopUid, transferSyntaxUid } = header.value;
  const read = await readSourceFrames(bytes, { sopUid, transferSyntaxUid }, preprocessing.source, 500);
  return read.ok ? read.value.frames : read.error.code;
}

function prepare(frames: readonly SourceFrame[], preprocessing: Preprocessing) {
  const { source, tolerates } = preprocessing;
  const limits = { orientation: 'any', minSlices: 1, maxSlices: 500, tolerates } as const;
  const stacks = arrangeStacks(frames, { ...limits, arrangement: source.arrangement });
  return stacks.ok ? stacks.value.map((stack) => prepareGrid(stack, preprocessing)) : stacks.error.code;
}

const upright = Preprocessing.parse({
  source: { arrangement: 'volume', paddingValue: -1024 },
  steps: [
    { do: 'orient', towards: ['S', 'P', 'L'] },
    { do: 'resample', spacingMm: [2, 1, 1], interpolation: 'linear' },
  ],
  sampling: { kind: 'volume' },
});

test.skipIf(!isHere).each(['23x38x3', '24x38x3'])(
  'an enhanced object gives what the single images it was made of give: %s',
  async (name) => {
    const folder = path.join(data, 'dicom-variety/dcmqi/segmentations', name);
    const singles = await Promise.all(
      readdirSync(path.join(folder, 'image')).map((file) => framesOf(path.join(folder, 'image', file), upright)),
    );
    const enhanced = await framesOf(path.join(folder, 'multiframe/mf.dcm'), upright);
    if (typeof enhanced === 'string') throw new Error(enhanced);
    const [[one], [other]] = [prepare(singles.flat() as SourceFrame[], upright), prepare(enhanced, upright)];
    if (typeof one !== 'object' || typeof other !== 'object' || !one.ok || !other.ok) throw new Error('no grid');
    expect(other.value.values).toEqual(one.value.values);
    expect({ ...other.value, values: null, stack: null }).toEqual({ ...one.value, values: null, stack: null });
    expect(other.value.stack.frames.map(({ place }) => place?.position)).toEqual(
      one.value.stack.frames.map(({ place }) => place?.position),
    );
  },
);

const fitted = Preprocessing.parse({
  source: { arrangement: 'images', values: 'displayed', colour: 'rgb' },
  steps: [{ do: 'resize', to: [null, 48, 48], aspect: 'fit', interpolation: 'linear', antialias: true }],
  sampling: { kind: 'slices' },
});
const corrected = Preprocessing.parse({
  ...upright,
  tolerates: { duplicates: 'first', unevenSteps: 'resample', gantryTilt: 'shear' },
  steps: [{ do: 'orient', towards: ['S', 'P', 'L'] }, { do: 'crop-or-pad', to: [null, 40, 40] }, { do: 'z-score' }],
});

/** What is larger holds more of the same and takes its time. */
const SMALL_BYTES = 200_000;

test.skipIf(!isHere)(
  'whatever ten toolkits or fuzzers wrote gives finite numbers or a code, and never a fault',
  async () => {
    const files = ['dicom-variety', 'dicom-fuzz'].flatMap((set) =>
      readdirSync(path.join(data, set), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/\.(md|csv|xz)$/.test(entry.name))
        .map((entry) => path.join(entry.parentPath, entry.name))
        .filter((file) => statSync(file).size < SMALL_BYTES),
    );
    let grids = 0;
    for (const file of files)
      for (const preprocessing of [fitted, corrected]) {
        const frames = await framesOf(file, preprocessing);
        const prepared = typeof frames === 'string' ? [] : prepare(frames, preprocessing);
        if (typeof prepared === 'string') continue;
        for (const grid of prepared) {
          if (!grid.ok) continue;
          grids += 1;
          expect([path.basename(file), grid.value.values.every(Number.isFinite)]).toEqual([path.basename(file), true]);
        }
      }
    expect(grids).toBeGreaterThan(250);
  },
);
