import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ModelManifest, type WrittenManifest } from './model-manifest.ts';

const SHIPPED = new URL('../../../resources/models/head-ct-hyperdense/manifest.json', import.meta.url);
const shipped = JSON.parse(readFileSync(SHIPPED, 'utf8')) as WrittenManifest;
const BLOOD = 'suspected-hyperdense-blood';
const [image, spacing, extents] = shipped.inputs;
const [classes, volume, mask] = shipped.outputs;
const [label] = shipped.labels;
const [golden] = shipped.goldenCases;
if (!image || !spacing || !extents || !classes || !volume || !mask || !label || !golden) throw new Error('not shipped');

const problems = (change: object) => {
  const parsed = ModelManifest.safeParse({ ...shipped, ...change });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};
const prepared = (change: object) => problems({ preprocessing: { ...shipped.preprocessing, ...change } });
const BOXES = { tensor: 'boxes', role: 'boxes', format: 'corners', axes: 'xy', score: { from: 'column', column: 4 } };
const applies = (change: object) => problems({ appliesTo: { ...shipped.appliesTo, ...change } });

test('takes the shipped manifest and fills in what it leaves out', () => {
  const manifest = ModelManifest.parse(shipped);
  expect(manifest).toMatchObject(shipped);
  expect(manifest).toMatchObject({
    modelFile: 'model.onnx',
    externalData: [],
    operatingPoints: [],
    appliesTo: { lossyCompression: 'refuse', population: {}, viewPositions: [] },
    preprocessing: { channels: [[]], source: { photometric: 'bright-is-high', colour: 'grey' } },
  });
});

test('refuses unknown keys, digests that are none, and files outside the package', () => {
  expect(problems({ autoApprove: true })).toHaveLength(1);
  expect(problems({ modelDigest: 'abc' })).toEqual(['modelDigest: a SHA-256 digest in lower-case hexadecimal']);
  const file = '../../secret.gz';
  expect(problems({ externalData: [{ file, digest: shipped.modelDigest }] })).toEqual([
    'externalData.0.file: a file below the package, without ..',
  ]);
  const inputs = { ...golden.inputs, volume: { ...golden.inputs.volume, file } };
  expect(problems({ goldenCases: [{ ...golden, inputs }] })).toEqual([
    'goldenCases.0.inputs.volume.file: a file below the package, without ..',
  ]);
});

test('refuses patterns that do not compile, and those that could be matched for ever', () => {
  expect(applies({ descriptionPatterns: ['('] })).toEqual([
    'appliesTo.descriptionPatterns.0: not a regular expression',
  ]);
  expect(applies({ descriptionPatterns: ['(a+)+$'] })).toEqual([
    'appliesTo.descriptionPatterns.0: a regular expression that repeats no group',
  ]);
  expect(applies({ descriptionPatterns: ['a*'.repeat(9)] })).toEqual([
    'appliesTo.descriptionPatterns.0: a regular expression with fewer repeats, optional parts and alternatives one after another',
  ]);
});

test.each<[string, () => readonly string[], string]>([
  [
    'no image',
    () => problems({ inputs: [spacing], goldenCases: [{ ...golden, inputs: { spacing: golden.inputs.spacing } }] }),
    'inputs: one of the role image, or fed',
  ],
  [
    'one tensor twice',
    () => problems({ inputs: [image, spacing, extents, spacing] }),
    'inputs.3.tensor: a tensor that is not there twice',
  ],
  [
    'a volume without slices',
    () => problems({ inputs: [{ ...image, layout: 'NCHW' }, spacing, extents] }),
    'inputs.0.layout: slices (D), as sampling is volume',
  ],
  [
    'channels without an axis',
    () =>
      problems({
        inputs: [{ ...image, layout: 'NDHW' }, spacing, extents],
        preprocessing: { ...shipped.preprocessing, channels: [[], []] },
      }),
    'inputs.0.layout: channels (C), as there are 2',
  ],
  [
    'a channel that is not prepared',
    () => problems({ inputs: [{ ...image, channels: [1] }, spacing, extents] }),
    'inputs.0.channels.0: below 1, the number of channels prepared',
  ],
  [
    'a batch without an axis',
    () =>
      problems({
        inputs: [{ ...image, layout: 'CHW' }, spacing, extents],
        preprocessing: { ...shipped.preprocessing, sampling: { kind: 'slices', batch: 4 } },
      }),
    'inputs.0.layout: a batch (N), as sampling.batch is above 1',
  ],
  [
    'a constant of another shape',
    () => problems({ inputs: [image, spacing, { tensor: 'slice_extents', role: 'constant', dims: [2], values: [1] }] }),
    'inputs.2.values: 2 numbers, as dims say',
  ],
  [
    'sex without codes',
    () => problems({ inputs: [image, spacing, { tensor: 'slice_extents', role: 'scalar', of: 'sex' }] }),
    'inputs.2.codes: numbers for its codes, as it is of sex',
  ],
  [
    'age with codes',
    () =>
      problems({
        inputs: [
          image,
          spacing,
          { tensor: 'slice_extents', role: 'vector', values: [{ of: 'age-years', codes: { M: 1, F: 0 } }] },
        ],
      }),
    'inputs.2.values.0.codes: nothing, as age-years is a number itself',
  ],
  [
    'an unknown label',
    () => problems({ outputs: [{ ...classes, classes: [BLOOD, 'unheard-of'] }, volume, mask] }),
    'outputs.0.classes.1: the id of a label, or null',
  ],
  [
    'a number of an unknown label',
    () => problems({ outputs: [classes, { ...volume, label: 'unheard-of' }, mask] }),
    'outputs.1.label: the id of a label',
  ],
  [
    'a score that no output gives',
    () => problems({ labels: [{ ...label, score: 'best-box' }] }),
    `labels.0.score: an output that gives it (boxes or points, for ${BLOOD})`,
  ],
  [
    'a score that two outputs give',
    () => problems({ outputs: [classes, { ...classes, tensor: 'other' }, volume, mask] }),
    `labels.0.score: one output that gives it, not several (classes, for ${BLOOD})`,
  ],
  [
    'a box flagged below the score from which boxes are kept',
    () =>
      problems({
        labels: [{ ...label, score: 'best-box', flagFrom: 0.3 }],
        outputs: [{ ...BOXES, classes: [BLOOD], minScore: 0.5 }, volume, mask],
      }),
    "labels.0.flagFrom: at least the boxes' minScore (0.5)",
  ],
  [
    'uncertain above flagged',
    () => problems({ labels: [{ ...label, uncertainFrom: 0.6 }] }),
    'labels.0.uncertainFrom: at most flagFrom (0.5)',
  ],
  [
    'uncertain and never flagged',
    () => problems({ labels: [{ ...label, flagFrom: null, uncertainFrom: 0.1 }] }),
    'labels.0.uncertainFrom: at most flagFrom (null)',
  ],
  [
    'an operating point of an unknown label',
    () => problems({ operatingPoints: [{ id: 'high', name: 'High', flagFrom: { other: 0.9 } }] }),
    'operatingPoints.0.flagFrom.other: the id of a label',
  ],
  [
    'a low score that is bad, with an output that tells the highest',
    () => problems({ labels: [{ ...label, flagWhen: 'at-most' }] }),
    'labels.0.flagWhen: at-least, or min, mean or median as aggregate of probability, not max',
  ],
  [
    'a low number of boxes that is bad',
    () =>
      problems({
        outputs: [...shipped.outputs, { ...BOXES, classes: [BLOOD], minScore: 0.5 }],
        labels: [{ ...label, score: 'boxes', flagWhen: 'at-most' }],
      }),
    'labels.0.flagWhen: at-least, as score is boxes',
  ],
  [
    'uncertain beyond the flag, where small is bad',
    () =>
      problems({
        outputs: [{ ...classes, aggregate: { how: 'min' } }, ...shipped.outputs.slice(1)],
        labels: [{ ...label, flagWhen: 'at-most', uncertainFrom: 0.4 }],
      }),
    'labels.0.uncertainFrom: at least flagFrom (0.5)',
  ],
  [
    'a crop about a plane that is not there',
    () => prepared({ steps: [{ do: 'crop-or-pad', to: [null, 64, 64], about: 1 }] }),
    'preprocessing.steps.0.about: at most 0, the last plane',
  ],
  [
    'another series by itself, where steps look at a plane',
    () =>
      problems({
        otherSeries: [{ id: 'other', appliesTo: { modalities: ['CT'] } }],
        feeds: [{ id: 'organ', model: 'organ' }],
        preprocessing: {
          ...shipped.preprocessing,
          planes: [{ from: 'feed', feed: 'organ', label: 'liver' }],
          steps: [{ do: 'crop-to-content', plane: 1 }],
          channelPlanes: [0],
        },
        inputs: [{ ...image, series: 'other' }, spacing, extents, { ...image, tensor: 'own' }],
        goldenCases: [{ ...golden, inputs: { ...golden.inputs, own: golden.inputs.volume } }],
      }),
    'inputs.0.series: none, as steps look at a plane that another series has not',
  ],
  [
    'a golden case that takes more memory than a run may',
    () =>
      problems({
        memoryMb: 12,
        goldenCases: [
          {
            ...golden,
            inputs: { ...golden.inputs, volume: { ...golden.inputs['volume'], dims: [1, 1, 50, 256, 256] } },
          },
        ],
      }),
    'goldenCases.0.inputs: at most memoryMb (12) in all: a smaller case proves as much',
  ],
  ['one label twice', () => problems({ labels: [label, label] }), 'labels.1.id: an id that is not there twice'],
  [
    'a budget below the tolerance',
    () => problems({ budgetMs: 1, toleranceMs: 2 }),
    'budgetMs: at least toleranceMs (2)',
  ],
  [
    'a golden case without an input',
    () => problems({ goldenCases: [{ ...golden, inputs: { volume: golden.inputs.volume } }] }),
    'goldenCases.0.inputs.spacing: there, as each input is',
  ],
  [
    'a golden case of another tensor',
    () => problems({ goldenCases: [{ ...golden, expected: { other: { mean: 1 } } }] }),
    'goldenCases.0.expected.other: a tensor of outputs',
  ],
  [
    'a golden case that expects nothing',
    () => problems({ goldenCases: [{ ...golden, expected: { probability: {} } }] }),
    'goldenCases.0.expected.probability: at least one of values, mean, min, max, above',
  ],
  ['no golden case', () => problems({ goldenCases: [] }), 'goldenCases: Too small: expected array to have >=1 items'],
  [
    'a direction twice',
    () => prepared({ steps: [{ do: 'orient', towards: ['S', 'P', 'I'] }] }),
    'preprocessing.steps.0.towards: one direction of each pair: R or L, A or P, I or S',
  ],
  [
    'a clamp the wrong way round',
    () => prepared({ steps: [{ do: 'clamp', min: 2, max: 1 }] }),
    'preprocessing.steps.0.max: at least min (2)',
  ],
  [
    'percentiles the wrong way round',
    () => prepared({ channels: [[{ do: 'percentile-range', low: 99, high: 1 }]] }),
    'preprocessing.channels.0.0.high: above low (99)',
  ],
  [
    'images with a direction',
    () => prepared({ source: { arrangement: 'images' }, sampling: { kind: 'slices' } }),
    'preprocessing.steps.0: a step for single images, which have no direction and no spacing between them',
  ],
  [
    'images as slabs',
    () => prepared({ source: { arrangement: 'images' }, steps: [], sampling: { kind: 'slabs', slices: 3 } }),
    'preprocessing.sampling.kind: slices or patches of single images',
  ],
  [
    'a coloured volume',
    () => prepared({ source: { arrangement: 'volume', colour: 'rgb' }, channels: [[], [], []] }),
    'preprocessing.source.colour: grey of a volume',
  ],
  [
    'an even slab',
    () => prepared({ sampling: { kind: 'slabs', slices: 4 } }),
    'preprocessing.sampling.slices: must be odd',
  ],
  [
    'thickness the wrong way round',
    () => applies({ sliceThicknessMm: { min: 5, max: 2 } }),
    'appliesTo.sliceThicknessMm: a span whose min is not above its max',
  ],
])('refuses %s', (_what, found, expected) => {
  expect(found()).toContain(expected);
});

test('anchors fit the axes they are of, and what is decoded with them', () => {
  const anchors = { order: 'yx', levels: [{ stride: [8, 8], sizes: [[16, 16]] }] };
  const level = {
    stride: [8, 8, 8],
    sizes: [
      [16, 16],
      [16, 16, 16],
    ],
  };
  const boxes = { ...BOXES, format: 'centre-size', classes: [BLOOD], minScore: 0.5 };
  const said = (change: object) =>
    problems({ outputs: [...shipped.outputs, { ...boxes, anchors, ...change }] }).filter((one) =>
      one.startsWith('outputs.3'),
    );
  expect(said({})).toEqual([]);
  expect(said({ format: 'corners', unit: 'share', count: 'n' })).toEqual([
    'outputs.3.count: none, as each anchor has a row',
    'outputs.3.format: centre-size, as anchors are given',
    'outputs.3.unit: cells, as anchors are given',
  ]);
  expect(said({ anchors: { order: 'xyz', levels: [level] } })).toEqual([
    'outputs.3.anchors.order: the letters of axes (xy)',
    'outputs.3.anchors.levels.0.stride: 2 numbers, as axes say',
    'outputs.3.anchors.levels.0.sizes.1: 2 numbers, as axes say',
  ]);
});
