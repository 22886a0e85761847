import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { startGraph } from '../../../../scripts/onnx/graph.ts';
import type { WrittenManifest } from '../../../shared/domain/model-manifest.ts';
import { Receipt } from '../../../shared/domain/receipt.ts';
import { askReplay, listReplays } from './index.ts';
import { SEALED } from '../platform/objects/object-store.ts';
import type { ModelPackage } from './read-package.ts';
import { aiStatus } from './study-ai-status.ts';
import { readManifest } from './read-manifest.ts';
import { findRunWithReceipt } from './receipts.ts';
import { RunSpans } from './run-answer.ts';
import { sha256 } from './runner/model-package.ts';
import { ballHead, sliceRecord } from './runner/test-series.ts';
import { type ComputingClinic, openComputingClinic } from './test-runs.ts';

const SIZE = 32;
const SLICES = 6;

let computing: ComputingClinic | null = null;
afterEach(async () => {
  await computing?.close();
  computing = null;
});

const concept = (meaning: string) => ({ value: meaning, scheme: '99TEST', meaning });
const label = (id: string, more: object = {}) => ({
  ...{ id, name: id, acrCategory: 2 as const, flagFrom: 0.5 as number | null, concept: concept(id) },
  ...more,
});
const size = {
  tensor: 'y',
  role: 'number' as const,
  label: 'sum',
  quantity: concept('Sum'),
  unit: '1',
  range: { min: -1e6, max: 1e6 },
};
const VOLUME = { source: { arrangement: 'volume' }, sampling: { kind: 'volume' } } as const;
const PAIR = ['N', 1, 'D', SIZE, SIZE] as const;
const EMPTY = { file: 'golden/empty.gz', stored: 'int16' as const, dims: [1, 1, 1, SIZE, SIZE] };

type Described = Pick<WrittenManifest, 'inputs' | 'outputs' | 'labels' | 'goldenCases'> & Partial<WrittenManifest>;

function writePackage(root: string, id: string, model: Uint8Array, described: Described): ModelPackage {
  const directory = path.join(root, id);
  mkdirSync(path.join(directory, 'golden'), { recursive: true });
  writeFileSync(path.join(directory, 'model.onnx'), model);
  writeFileSync(path.join(directory, 'golden/empty.gz'), gzipSync(new Uint8Array(SIZE * SIZE * 2)));
  writeFileSync(path.join(directory, 'golden/pair.gz'), gzipSync(new Uint8Array(2 * SIZE * SIZE * 2)));
  writeFileSync(path.join(directory, 'golden/half.gz'), gzipSync(new Uint8Array(Float32Array.of(0.5).buffer)));
  const manifest: WrittenManifest = {
    ...{ schema: 2, id, name: id, version: '1.0.0', vendor: 'Tests', modelDigest: sha256(model) },
    ...{ clinicalUse: 'none', intendedUse: 'Tests.', permittedUses: ['flag', 'mark', 'measure'] },
    appliesTo: { modalities: ['CT'], descriptionPatterns: ['^own$'] },
    seriesRanking: {},
    preprocessing: VOLUME,
    ...described,
    replayTolerance: { absolute: 0, relative: 0 },
    ...{ toleranceMs: 30_000, budgetMs: 60_000, memoryMb: 100 },
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  writeFileSync(path.join(directory, 'manifest.json'), bytes);
  const read = readManifest(bytes);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return { ...read.value, directory, signature: { state: 'unsigned' } };
}

function encode(build: (graph: ReturnType<typeof startGraph>) => void): Uint8Array {
  const graph = startGraph('chained');
  build(graph);
  return graph.encode({ irVersion: 8, opset: 17, modelVersion: 1, doc: '', metadata: {} });
}

/** Sets its mask where a pixel is above 500, and says how bright the brightest is, in thousands. */
const finder = (root: string) =>
  writePackage(
    root,
    'finder',
    encode((graph) => {
      const image = graph.input('image', 'float32', PAIR);
      const above = graph.add('Greater', [image, graph.floats(500)]);
      graph.output('mask', graph.add('Cast', [above], { to: 1 }), 'float32', PAIR);
      const brightest = graph.add('ReduceMax', [image], { axes: [1, 2, 3, 4], keepdims: 0 });
      const share = graph.add('Reshape', [graph.add('Div', [brightest, graph.floats(1000)]), graph.ints([-1, 1])]);
      graph.output('score', share, 'float32', ['N', 1]);
    }),
    {
      permittedUses: ['measure'],
      inputs: [{ tensor: 'image', role: 'image', layout: 'NCDHW' }],
      outputs: [
        { tensor: 'mask', role: 'segmentation', layout: 'NCDHW', classes: ['spot'] },
        { tensor: 'score', role: 'classes', classes: ['bright'] },
      ],
      labels: [label('spot', { score: 'cells', flagFrom: 1 }), label('bright')],
      goldenCases: [{ name: 'empty', inputs: { image: EMPTY }, expected: { score: { values: [0] } } }],
    },
  );

/** Sums its own series within the mask of the finder, and adds a thousand times what that said. */
const summer = (root: string) =>
  writePackage(
    root,
    'summer',
    encode((graph) => {
      const both = graph.input('image', 'float32', ['N', 2, 'D', SIZE, SIZE]);
      const said = graph.input('said', 'float32', [1, 1]);
      const plane = (from: number) =>
        graph.add('Slice', [both, graph.ints([from]), graph.ints([from + 1]), graph.ints([1])]);
      const within = graph.add('Mul', [plane(0), plane(1)]);
      const sum = graph.add('ReduceSum', [within, graph.ints([1, 2, 3, 4])], { keepdims: 0 });
      const more = graph.add('Reshape', [graph.add('Mul', [said, graph.floats(1000)]), graph.ints([-1])]);
      graph.output('y', graph.add('Add', [sum, more]), 'float32', ['N']);
    }),
    {
      feeds: [{ id: 'spots', model: 'finder' }],
      preprocessing: { ...VOLUME, planes: [{ from: 'feed', feed: 'spots', label: 'spot' }] },
      inputs: [
        { tensor: 'image', role: 'image', layout: 'NCDHW' },
        { tensor: 'said', role: 'fed', feed: 'spots', what: { from: 'scores', labels: ['bright'] } },
      ],
      outputs: [size],
      labels: [label('sum', { score: 'number', flagFrom: 1000 })],
      goldenCases: [
        {
          name: 'empty',
          inputs: {
            image: { ...EMPTY, file: 'golden/pair.gz', dims: [1, 2, 1, SIZE, SIZE] },
            said: { file: 'golden/half.gz', stored: 'float32', dims: [1, 1] },
          },
          expected: { y: { values: [500] } },
        },
      ],
    },
  );

/** A thousand times what the finder said, and nothing of its own. */
const scorer = (root: string) =>
  writePackage(
    root,
    'scorer',
    encode((graph) => {
      const image = graph.input('image', 'float32', PAIR);
      const said = graph.input('said', 'float32', [1, 1]);
      const nothing = graph.add('Mul', [
        graph.add('ReduceMax', [image], { axes: [1, 2, 3, 4], keepdims: 0 }),
        graph.floats(0),
      ]);
      const more = graph.add('Reshape', [graph.add('Mul', [said, graph.floats(1000)]), graph.ints([-1])]);
      graph.output('y', graph.add('Add', [nothing, more]), 'float32', ['N']);
    }),
    {
      feeds: [{ id: 'spots', model: 'finder' }],
      inputs: [
        { tensor: 'image', role: 'image', layout: 'NCDHW' },
        // For a label without a score, and never to stand for an answer that is not there.
        { tensor: 'said', role: 'fed', feed: 'spots', what: { from: 'scores', labels: ['bright'], whenMissing: 0 } },
      ],
      outputs: [size],
      labels: [label('sum', { score: 'number', flagFrom: 500 })],
      goldenCases: [
        {
          name: 'empty',
          inputs: { image: EMPTY, said: { file: 'golden/half.gz', stored: 'float32', dims: [1, 1] } },
          expected: { y: { values: [500] } },
        },
      ],
    },
  );

/** Its own series less ten times another one, both as channels of one grid: the mean. */
const differ = (root: string) =>
  writePackage(
    root,
    'differ',
    encode((graph) => {
      const both = graph.input('image', 'float32', ['N', 2, 'D', SIZE, SIZE]);
      const plane = (from: number) =>
        graph.add('Slice', [both, graph.ints([from]), graph.ints([from + 1]), graph.ints([1])]);
      const apart = graph.add('Sub', [plane(0), graph.add('Mul', [plane(1), graph.floats(10)])]);
      graph.output('y', graph.add('ReduceMean', [apart], { axes: [1, 2, 3, 4], keepdims: 0 }), 'float32', ['N']);
    }),
    {
      otherSeries: [
        { id: 'beside', appliesTo: { modalities: ['CT'], descriptionPatterns: ['^beside$'] }, seriesRanking: {} },
      ],
      preprocessing: { ...VOLUME, planes: [{ from: 'series', series: 'beside' }] },
      inputs: [{ tensor: 'image', role: 'image', layout: 'NCDHW' }],
      outputs: [size],
      labels: [label('sum', { score: 'number', flagFrom: null })],
      goldenCases: [
        {
          name: 'empty',
          inputs: { image: { ...EMPTY, file: 'golden/pair.gz', dims: [1, 2, 1, SIZE, SIZE] } },
          expected: { y: { values: [0] } },
        },
      ],
    },
  );

/** On each slice one box of five by five pixels about the brightest, with a thousandth of its value as score; from 0.5 on it is told. */
const boxer = (root: string) =>
  writePackage(
    root,
    'boxer',
    encode((graph) => {
      const image = graph.input('image', 'float32', ['N', 1, SIZE, SIZE]);
      const flat = graph.add('Reshape', [image, graph.ints([-1, SIZE * SIZE])]);
      const at = graph.add('Cast', [graph.add('ArgMax', [flat], { axis: 1, keepdims: 1 })], { to: 1 });
      const row = graph.add('Floor', [graph.add('Div', [at, graph.floats(SIZE)])]);
      const column = graph.add('Sub', [at, graph.add('Mul', [row, graph.floats(SIZE)])]);
      const edge = (middle: typeof row, by: number) => graph.add('Add', [middle, graph.floats(by)]);
      const score = graph.add('Div', [graph.add('ReduceMax', [flat], { axes: [1], keepdims: 1 }), graph.floats(1000)]);
      const columns = [edge(column, -2), edge(row, -2), edge(column, 3), edge(row, 3), score];
      const box = graph.add('Concat', columns, { axis: 1 });
      graph.output('boxes', graph.add('Reshape', [box, graph.ints([-1, 1, 5])]), 'float32', ['N', 1, 5]);
    }),
    {
      preprocessing: { source: { arrangement: 'volume' }, sampling: { kind: 'slices', batch: 4 } },
      inputs: [{ tensor: 'image', role: 'image', layout: 'NCHW' }],
      outputs: [
        {
          ...{ tensor: 'boxes', role: 'boxes', format: 'corners', axes: 'xy', classes: ['spot'], minScore: 0.5 },
          score: { from: 'column', column: 4 },
        },
      ],
      labels: [label('spot', { score: 'best-box', flagFrom: 0.95 })],
      goldenCases: [
        {
          name: 'empty',
          inputs: { image: { ...EMPTY, dims: [1, 1, SIZE, SIZE] } },
          expected: { boxes: { values: [-2, -2, 3, 3, 0] } },
        },
      ],
    },
  );

/** Looks at a crop about the best box of the boxer alone: the sum of its values, and where they are above 500. */
const cropper = (root: string, id: string, whenNothing: 'not-run' | 'not-applicable') =>
  writePackage(
    root,
    id,
    encode((graph) => {
      const image = graph.input('image', 'float32', ['N', 1, 'D', 'H', 'W']);
      graph.output('y', graph.add('ReduceSum', [image, graph.ints([1, 2, 3, 4])], { keepdims: 0 }), 'float32', ['N']);
      const above = graph.add('Greater', [image, graph.floats(500)]);
      graph.output('mask', graph.add('Cast', [above], { to: 1 }), 'float32', ['N', 1, 'D', 'H', 'W']);
    }),
    {
      feeds: [{ id: 'boxes', model: 'boxer' }],
      preprocessing: {
        ...VOLUME,
        planes: [{ from: 'feed', feed: 'boxes', label: 'spot', what: 'best-box', whenNothing }],
        steps: [{ do: 'crop-to-content', plane: 1, above: 0.5 }],
        channelPlanes: [0],
      },
      inputs: [{ tensor: 'image', role: 'image', layout: 'NCDHW' }],
      outputs: [size, { tensor: 'mask', role: 'segmentation', layout: 'NCDHW', classes: ['part'] }],
      labels: [label('sum', { score: 'number', flagFrom: 1500 }), label('part', { score: 'cells', flagFrom: null })],
      goldenCases: [{ name: 'empty', inputs: { image: EMPTY }, expected: { y: { values: [0] } } }],
    },
  );

/** A series whose every pixel is one value, but for single ones: slice, row, column, value. */
function series(
  study: string,
  name: string,
  value: number,
  ...pixels: readonly (readonly [number, number, number, number])[]
) {
  const uid = `${study}.${name === 'own' ? 1 : 2}`;
  return ballHead({ bleedMm: 0, slices: SLICES, matrix: SIZE }).map((frame, index) => {
    const values = new Int16Array(SIZE * SIZE).fill(value);
    for (const [slice, row, column, one] of pixels) if (slice === index) values[row * SIZE + column] = one;
    return {
      ...sliceRecord({ ...frame, values, sopUid: `${uid}.${index}` }),
      ...{ StudyInstanceUID: study, SeriesInstanceUID: uid, SeriesDescription: name, PatientID: study },
    };
  });
}

const saidBy = ({ clinic }: ComputingClinic, studyId: string) =>
  Object.fromEntries(
    (
      clinic.db
        .prepare(
          `SELECT m.model_id AS model, r.run_id AS runId, r.state, r.reason FROM runs r JOIN models m ON m.digest = r.model_digest
            WHERE r.study_id = ? AND r.state <> 'superseded'`,
        )
        .all(studyId) as { model: string; runId: string; state: string; reason: string | null }[]
    ).map((run) => [run.model, run]),
  );

function receiptOf({ clinic }: ComputingClinic, runId: string): Receipt {
  return Receipt.parse(JSON.parse(findRunWithReceipt(clinic.db, runId)?.receipt?.text ?? ''));
}

test('models are given what others found of the study and its other series, by the real runner, and replay to the same', async () => {
  computing = openComputingClinic({ packages: (root) => [summer(root), finder(root), differ(root)] });
  const { clinic, sendRecords, start } = computing;
  const whole = await sendRecords([
    ...series('2.25.801', 'own', 20, [1, 4, 7, 700], [4, 30, 2, 900], [5, 0, 0, 400]),
    ...series('2.25.801', 'beside', 3, [2, 2, 2, 800]),
  ]);
  const other = await sendRecords(series('2.25.802', 'own', 30, [0, 1, 1, 600]));
  start();
  const states = (id: string) =>
    Object.fromEntries(
      Object.entries(saidBy(computing as ComputingClinic, id)).map(([model, { state, reason }]) => [
        model,
        reason ?? state,
      ]),
    );
  const finished = { finder: 'finished', summer: 'finished' };
  await expect.poll(() => states(other), { timeout: 60_000 }).toEqual(finished);
  await expect.poll(() => states(whole), { timeout: 60_000 }).toEqual({ ...finished, differ: 'finished' });

  const runs = saidBy(computing, whole);
  const receipts = Object.fromEntries(
    Object.entries(runs).map(([model, { runId }]) => [model, receiptOf(computing as ComputingClinic, runId)]),
  );
  const numbers = (receipt: Receipt | undefined) => receipt?.outputs.map(({ value }) => value);
  // What is bright, and nothing else, and 1000 · 0.9.
  expect(numbers(receipts['summer'])).toEqual([700 + 900 + 900]);
  expect(receipts['summer']?.beside).toEqual({
    otherSeries: [],
    fed: [{ id: 'spots', runId: runs['finder']?.runId }],
  });
  const cells = SLICES * SIZE * SIZE;
  const mean = (20 * cells + 680 + 880 + 380 - 10 * (3 * cells + 797)) / cells;
  expect(numbers(receipts['differ'])?.[0]).toBeCloseTo(mean, 3);
  expect(receipts['differ']?.beside?.otherSeries).toMatchObject([{ id: 'beside', seriesUid: '2.25.801.2' }]);
  expect(receipts['differ']?.beside?.otherSeries[0]?.inputs).toHaveLength(SLICES);
  // Of the other patient nothing of this one.
  const others = saidBy(computing, other);
  expect(numbers(receiptOf(computing, others['summer']?.runId ?? ''))).toEqual([600 + 600]);

  for (const { runId } of Object.values(runs)) {
    const asked = askReplay(clinic.db, {
      ...{ siteId: clinic.north.siteId, runId, viewer: { userId: 'nobody', seesSilent: true }, provider: null },
      ...{ proven: null, actor: { kind: 'user', id: 'nobody' }, atMs: clinic.nowMs() },
    });
    expect(asked.ok).toBe(true);
    await expect.poll(() => listReplays(clinic.db, runId)[0]?.state, { timeout: 60_000 }).toBe('same');
  }
});

test('a model that is let go on, and then has nothing that may feed it, is not run, whatever stands for a missing score', async () => {
  computing = openComputingClinic({ packages: (root) => [scorer(root), finder(root)] });
  const { clinic, sendRecords, start } = computing;
  const bright = await sendRecords(series('2.25.803', 'own', 30, [0, 1, 1, 600]));
  const study = await sendRecords(series('2.25.804', 'own', 30, [0, 1, 1, 600]));
  const { scorer: fed, finder: feeder } = saidBy(computing, study);
  clinic.db.prepare('UPDATE runs SET is_resting = 0, waits_for_feeds = 0 WHERE run_id = ?').run(fed?.runId);
  clinic.db.prepare("UPDATE runs SET state = 'failed', reason = 'bad-output' WHERE run_id = ?").run(feeder?.runId);
  start();
  const scored = (id: string) => saidBy(computing as ComputingClinic, id)['scorer'];
  await expect.poll(() => scored(bright)?.state, { timeout: 60_000 }).toBe('finished');
  expect(receiptOf(computing, scored(bright)?.runId ?? '').outputs.map(({ value }) => value)).toEqual([600]);
  await expect.poll(() => scored(study)?.reason, { timeout: 60_000 }).toBe('feed-not-run');
});

test('a detector and a classifier of its crop, told by manifests alone: places come back exactly, and where nothing was found nobody says that nothing is flagged', async () => {
  computing = openComputingClinic({
    packages: (root) => [boxer(root), cropper(root, 'judge', 'not-applicable'), cropper(root, 'strict', 'not-run')],
  });
  const { clinic, sendRecords, start } = computing;
  const found = await sendRecords(series('2.25.805', 'own', 30, [1, 25, 4, 600], [3, 10, 20, 700]));
  const nothing = await sendRecords(series('2.25.806', 'own', 30, [3, 10, 20, 400]));
  start();
  const states = (id: string) =>
    Object.values(saidBy(computing as ComputingClinic, id))
      .map(({ model, state, reason }) => `${model} ${reason ?? state}`)
      .toSorted();
  const timeout = { timeout: 60_000 };
  await expect.poll(() => states(found), timeout).toEqual(['boxer finished', 'judge finished', 'strict finished']);
  await expect
    .poll(() => states(nothing), timeout)
    .toEqual(['boxer finished', 'judge not-applicable', 'strict nothing-to-read']);
  // Five by five pixels of one slice, and of the other spot nothing.
  const judged = saidBy(computing, found)['judge'];
  expect(receiptOf(computing, judged?.runId ?? '').outputs.map(({ value }) => value)).toEqual([24 * 30 + 700]);
  const kept = clinic.db.prepare('SELECT kept FROM run_feeds').all() as { kept: string }[];
  const boxes = kept.map(({ kept: text }) => (JSON.parse(text) as { boxes: unknown[] }).boxes.length);
  expect(boxes.toSorted((a, b) => a - b)).toEqual([0, 2]);
  const [mask] = (receiptOf(computing, judged?.runId ?? '')['masks'] as { digest: string }[]) ?? [];
  const sealed = await clinic.archive.objects.read(mask?.digest ?? '', SEALED);
  const bits = gunzipSync(sealed);
  const set = Array.from({ length: bits.length * 8 }, (_, bit) => bit).filter(
    (bit) => (bits[bit >> 3] ?? 0) & (1 << (bit & 7)),
  );
  expect(set).toEqual([3 * SIZE * SIZE + 10 * SIZE + 20]);
  expect(aiStatus(clinic.db, nothing)).toEqual({ state: 'not-run', reason: 'nothing-to-read' });
  // One that does not apply says nothing beside the other, which has read the study; alone it says why.
  const runs = saidBy(computing, nothing);
  clinic.db.prepare("UPDATE runs SET reason = 'not-applicable' WHERE run_id = ?").run(runs['strict']?.runId);
  expect(aiStatus(clinic.db, nothing)).toMatchObject({ state: 'no-flag' });
  clinic.db.prepare("UPDATE runs SET state = 'superseded' WHERE run_id = ?").run(runs['boxer']?.runId);
  expect(aiStatus(clinic.db, nothing)).toEqual({ state: 'not-run', reason: 'not-applicable' });
});

test('a run of several series, and one that is fed, are prepared while another computes, wherever what they need is known then', async () => {
  computing = openComputingClinic({
    packages: (root) => [
      differ(root),
      boxer(root),
      cropper(root, 'judge', 'not-run'),
      cropper(root, 'strict', 'not-run'),
    ],
  });
  const { sendRecords, start, clinic } = computing;
  for (const study of ['2.25.811', '2.25.812', '2.25.813'])
    await sendRecords([...series(study, 'own', 30, [1, 25, 4, 600]), ...series(study, 'beside', 20)]);
  start();
  await expect.poll(() => computing?.states(), { timeout: 60_000 }).toEqual({ finished: 12 });
  const isAhead = (model: string) =>
    (
      clinic.db
        .prepare(
          'SELECT r.receipt FROM runs r JOIN models m ON m.digest = r.model_digest WHERE m.model_id = ? ORDER BY started_at_ms',
        )
        .pluck()
        .all(model) as string[]
    ).map((text) => RunSpans.parse(Receipt.parse(JSON.parse(text))['spans']).prepare.isAhead);
  expect(isAhead('differ').slice(1)).toContain(true);
  // Two are fed by one: the second is prepared while the first computes, and both say the same.
  expect([...isAhead('judge'), ...isAhead('strict')].filter(Boolean).length).toBeGreaterThanOrEqual(3);
  const values = clinic.db
    .prepare(
      "SELECT DISTINCT r.receipt -> '$.outputs[0].value' FROM runs r JOIN models m ON m.digest = r.model_digest WHERE m.model_id IN ('judge', 'strict')",
    )
    .pluck()
    .all();
  expect(values).toHaveLength(1);
});
