import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { havePython, runPython } from './support/debian-python.ts';

const isHere = havePython();
const data = path.resolve(import.meta.dirname, '../../../shared/data');
const hasData = existsSync(data);
if (!hasData) console.error('skipped: the real test data are not on this machine');

const directory = mkdtempSync(path.join(tmpdir(), 'wetread-preprocessing-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Real series, where they are; the chest CT is unpacked. */
const SERIES: Readonly<Record<string, () => string>> = {
  'CT head': () => path.join(data, 'ct-head-ge'),
  'CT chest': () => {
    const folder = path.join(directory, 'chest');
    if (!existsSync(folder)) {
      execFileSync('mkdir', ['-p', folder]);
      execFileSync('tar', ['-xJf', path.join(data, 'ct-chest-lungfcp/series.tar.xz'), '-C', folder]);
    }
    return folderOfObjects(folder);
  },
  'MR T1': () => path.join(data, 'mr-brain/Study3/11-T1post-18670'),
  'MR FLAIR': () => path.join(data, 'mr-brain/Study3/36468-FLAIRreg-58706'),
  'CR, MONOCHROME1, JPEG 2000': () => path.join(data, 'cxr/wg04-cr/RG1_J2KI.dcm'),
  'CR, JPEG': () =>
    path.join(data, 'cxr/rsna-torchxrayvision/1.2.276.0.7230010.3.1.4.8323329.6904.1517875201.850819.dcm'),
  DX: () => path.join(data, 'cxr/nih-udacity/test1.dcm'),
};

function folderOfObjects(folder: string): string {
  const inside = readdirSync(folder).map((name) => path.join(folder, name));
  const deeper = inside.find((one) => statSync(one).isDirectory());
  return deeper === undefined ? folder : folderOfObjects(deeper);
}

const volume = { arrangement: 'volume', paddingValue: -1024 };
const upright = { do: 'orient', towards: ['S', 'P', 'L'] };
const head = { unevenSteps: 'as-is', maxGapOverThickness: 9 };
const shown = { arrangement: 'images', values: 'displayed', colour: 'rgb' };
const imageNet = [0.485, 0.456, 0.406].map((mean, channel) => {
  const deviation = [0.229, 0.224, 0.225][channel] as number;
  return [{ do: 'scale', multiply: 1 / 255 / deviation, add: -mean / deviation }];
});
const square = [
  { do: 'resize', to: [null, 384, 384], aspect: 'fit', interpolation: 'linear', antialias: true },
  { do: 'crop-or-pad', to: [null, 384, 384] },
  { do: 'scale', multiply: 255 },
];

/** Which series, by which reference, as which manifest, and how far any one number may be off in units of its own. */
const CASES: readonly (readonly [series: string, reference: string, manifest: object, within: number])[] = [
  [
    ...(['CT head', 'ct_head_area'] as const),
    {
      ...{ source: volume, tolerates: head },
      steps: [
        upright,
        { do: 'resample', spacingMm: [null, 1, 1], interpolation: 'area' },
        { do: 'crop-or-pad', to: [null, 256, 256] },
      ],
      channels: [[{ do: 'window', centre: 40, width: 80 }], [{ do: 'window', centre: 600, width: 2800 }]],
    },
    1e-5,
  ],
  [
    ...(['CT head', 'ct_head_upright'] as const),
    {
      ...{ source: volume, tolerates: { ...head, unevenSteps: 'resample', gantryTilt: 'shear' } },
      steps: [
        upright,
        { do: 'resample', spacingMm: [3, 1, 1], interpolation: 'linear' },
        { do: 'crop-or-pad', to: [null, 220, 220] },
      ],
    },
    0.01,
  ],
  [
    ...(['CT chest', 'ct_chest_linear'] as const),
    {
      source: volume,
      steps: [
        upright,
        { do: 'resample', spacingMm: [2.5, 1.5, 1.5], interpolation: 'linear' },
        { do: 'crop-or-pad', to: [null, 200, 224] },
        { do: 'clamp', min: -1000, max: 400 },
        { do: 'z-score' },
      ],
    },
    1e-5,
  ],
  [
    ...(['CT chest', 'ct_chest_cubic'] as const),
    {
      source: volume,
      steps: [
        { do: 'orient', towards: ['I', 'P', 'L'] },
        { do: 'resample', spacingMm: [null, 1.25, 1.25], interpolation: 'cubic' },
      ],
    },
    0.01,
  ],
  [
    ...(['CT chest', 'ct_chest_pillow'] as const),
    {
      source: volume,
      steps: [
        upright,
        { do: 'resize', to: [null, 180, 200], interpolation: 'cubic', antialias: true },
        { do: 'scale', multiply: 0.001 },
      ],
    },
    1e-5,
  ],
  [
    ...(['MR T1', 'mr_fit'] as const),
    {
      source: { arrangement: 'volume' },
      steps: [
        upright,
        { do: 'resize', to: [null, 256, 256], aspect: 'fit', interpolation: 'linear' },
        { do: 'crop-or-pad', to: [null, 256, 256] },
        { do: 'percentile-range', low: 0.5, high: 99.5 },
        { do: 'z-score', above: 0 },
      ],
    },
    1e-4,
  ],
  [
    ...(['MR FLAIR', 'mr_sagittal'] as const),
    {
      source: { arrangement: 'volume' },
      steps: [
        { do: 'orient', towards: ['L', 'I', 'P'] },
        { do: 'resample', spacingMm: [2, 4, 1.5], interpolation: 'area' },
        { do: 'min-max', over: 'slice' },
      ],
    },
    1e-5,
  ],
  ...(['CR, MONOCHROME1, JPEG 2000', 'CR, JPEG', 'DX'] as const).map((series) => {
    return [series, 'cxr', { source: shown, steps: square, channels: imageNet }, 1e-4] as const;
  }),
];

const PREPARE = path.resolve(import.meta.dirname, '../../scripts/prepare-series.ts');

/** Our own, in a process of its own as the reference is. */
function prepareSeries(
  source: string,
  preprocessing: object,
): { readonly shape: number[]; readonly values: Float32Array } {
  const [manifest, output] = ['manifest.json', 'ours.f32'].map((name) => path.join(directory, name)) as [
    string,
    string,
  ];
  writeFileSync(manifest, JSON.stringify({ preprocessing: { sampling: { kind: 'slices' }, ...preprocessing } }));
  const told = execFileSync(process.execPath, [PREPARE, source, manifest, output], { encoding: 'utf8' });
  return { shape: JSON.parse(told) as number[], values: floatsOf(output) };
}

function floatsOf(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

test.skipIf(!isHere || !hasData).each(CASES)(
  '%s is prepared as %s prepares it',
  async (series, reference, manifest, within) => {
    const source = (SERIES[series] as () => string)();
    const output = path.join(directory, 'reference.f32');
    const script = path.join(import.meta.dirname, 'support/reference-preprocessing.py');
    const shape = JSON.parse(await runPython(script, [reference, source, output])) as number[];
    const ours = prepareSeries(source, manifest);
    expect(ours.shape).toEqual(shape);
    const theirs = floatsOf(output);
    let [largest, sum] = [0, 0];
    for (let at = 0; at < theirs.length; at += 1) {
      const difference = Math.abs((ours.values[at] as number) - (theirs[at] as number));
      largest = Math.max(largest, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
      sum += difference;
    }
    const spread =
      theirs.reduce((most, value) => Math.max(most, value), -1e9) -
      theirs.reduce((least, value) => Math.min(least, value), 1e9);
    console.log(
      `${series}, ${reference}: ${theirs.length} values spread over ${spread.toPrecision(4)}, largest difference ${largest.toPrecision(3)}, mean ${(sum / theirs.length).toPrecision(3)}`,
    );
    expect(spread).toBeGreaterThan(0.5);
    expect(largest).toBeLessThanOrEqual(within);
  },
);
