import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelManifest, ModelUse } from '../../../shared/domain/model-manifest.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishedRun, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { aiStatus, inferenceConsumer, listFindings, listFlagsOfRun, listQualityRemarks } from './index.ts';
import { finishRun } from './record-run.ts';
import { findOutputs } from './run-outputs.ts';
import type { RunFinished } from './runner-protocol.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

/** A study whose run ends with an answer of a model with these labels. */
async function finished(labels: object, more: Partial<RunFinished> = {}, uses?: ModelUse[]) {
  const [model] = installed(clinic, 'general', { ...(uses !== undefined && { uses }) }) as readonly [ModelManifest];
  const id = await clinic.send([1, 2, 3, 4, 5, 6, 7, 8].map((n) => aSlice(n)));
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  const run = startNext(clinic);
  const changed = { ...model, labels: model.labels.map((label) => ({ ...label, ...labels })) };
  finishRun(clinic.db, run.runId, changed, [], { ...finishedRun(run, 0.9), ...more }, clinic.nowMs());
  const row = clinic.db.prepare('SELECT receipt FROM runs WHERE run_id = ?').get(run.runId) as { receipt: string };
  return { id, findings: listFindings(clinic.db, id), receipt: JSON.parse(row.receipt) as Record<string, unknown> };
}

test('what is uncertain may be marked and is no flag: not on the row, not in its order, not among the receipt’s findings', async () => {
  const { id, findings, receipt } = await finished({ flagFrom: 0.95, uncertainFrom: 0.5 });
  expect(findings).toMatchObject([
    { standing: 'uncertain', score: 0.9, threshold: 0.5, judgedBy: { score: 'probability', flagFrom: 0.95 } },
  ]);
  expect(receipt).toMatchObject({
    findings: [],
    verdicts: [{ label: 'bleed', score: 0.9, state: 'uncertain', threshold: 0.95, uncertainFrom: 0.5 }],
  });
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'no-flag' });
  expect(listFlagsOfRun(clinic.db, findings[0]?.runId ?? '')).toEqual([]);
});

test('what is uncertain stays on the receipt where the model may not mark', async () => {
  const { findings, receipt } = await finished({ flagFrom: 0.95, uncertainFrom: 0.5 }, {}, ['flag', 'measure']);
  expect(findings).toEqual([]);
  expect(receipt.verdicts).toMatchObject([{ state: 'uncertain' }]);
});

test('a model that may only judge quality leaves a remark on the images, which is no finding and moves no row', async () => {
  const { id, findings, receipt } = await finished({ flagFrom: 0.5 }, {}, ['quality', 'mark']);
  expect(findings).toEqual([]);
  expect(receipt).toMatchObject({ findings: [], verdicts: [{ state: 'flagged' }] });
  expect(listQualityRemarks(clinic.db, id, null)).toMatchObject([{ standing: 'remark', score: 0.9, threshold: 0.5 }]);
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'no-model' });
});

test('several stacks are judged by their sum, and each keeps its own mask, image and size', async () => {
  const stack = (n: number, volumeMl: number) => ({
    ...{
      tensor: 'm',
      label: 'bleed',
      digest: `${n}`.repeat(64),
      sizeBytes: 20,
      rows: 4,
      columns: 4,
      pixels: n,
      volumeMl,
    },
    ...{ parts: 1, cells: n, peak: 1 },
    slices: [{ sopUid: `1.2.10.1.${n}`, frameNumber: 1, pixels: n, volumeMl }],
    largest: {
      ...{ centreMm: [n, 0, 0] as [number, number, number], volumeMl, longest: null },
      ...{ keySopUid: `1.2.10.1.${n}`, keyFrameNumber: 1 },
    },
  });
  const { findings } = await finished({ score: 'volume-ml', flagFrom: 1 }, { masks: [stack(1, 0.5), stack(2, 0.75)] });
  expect(findings).toMatchObject([
    {
      ...{ score: 1.25, judgedBy: { score: 'volume-ml', unit: 'mL', stacks: 2, flagWhen: 'at-least', flagFrom: 1 } },
      keyImage: { sopUid: '1.2.10.1.2' },
      parts: [
        { mask: { digest: '2'.repeat(64) }, key: { sopUid: '1.2.10.1.2', centreMm: [2, 0, 0] } },
        { mask: { digest: '1'.repeat(64) }, key: { sopUid: '1.2.10.1.1', centreMm: [1, 0, 0] } },
      ],
    },
  ]);
  // The model's own number is of the whole, ours are of each part.
  expect(findings[0]?.measurements.map(({ display, value, part }) => [display, value, part])).toEqual([
    ['Volume', 12.5, null],
    ['Volume', 0.75, 1],
    ['Volume', 0.5, 2],
  ]);
});

test('a finding keeps its boxes and heatmap whole, and is flagged by the score its label names', async () => {
  const mark = {
    ...{ score: 0.6, sizeMm: [5, 6, 7] as [number, number, number], diameterMm: 7, volumeMl: 0.11 },
    key: { sopUid: '1.2.3', frameNumber: 1, centreMm: [4, 5, 6] as [number, number, number] },
    frames: [{ sopUid: '1.2.3', frameNumber: 1, left: 0, top: 0.5, right: 2, bottom: 3 }],
  };
  const heatmap = {
    ...{ digest: 'c'.repeat(64), rows: 2, columns: 2, low: 0, high: 1 },
    frames: [{ sopUid: '1.2.3', frameNumber: 1 }],
  };
  const { findings, receipt } = await finished(
    { score: 'boxes', flagFrom: 2 },
    {
      boxes: [{ tensor: 'b', label: 'bleed', ...mark }],
      boxLabels: [{ label: 'bleed', count: 2, best: 0.6 }],
      heatmaps: [{ tensor: 'h', label: 'bleed', sizeBytes: 30, ...heatmap }],
    },
  );
  expect(findings).toMatchObject([
    { score: 2, threshold: 2, keyImage: mark.key, marks: [mark], heatmaps: [heatmap], parts: [] },
  ]);
  expect(findings[0]?.judgedBy).toEqual({ score: 'boxes', unit: null, stacks: 1, flagWhen: 'at-least', flagFrom: 2 });
  expect(findings[0]?.measurements.map(({ display, value }) => [display, value])).toEqual([
    ['Volume', 12.5],
    ['Diameter', 7],
  ]);
  expect(receipt).toMatchObject({ heatmaps: [{ digest: heatmap.digest }] });
  const kept = JSON.parse(findOutputs(clinic.db, findings[0]?.runId ?? '') ?? '{}') as object;
  expect(kept).toMatchObject({ boxes: [{ score: 0.6 }] });
  // The heatmap's file is kept like a mask's: a row names it.
  expect(clinic.db.prepare('SELECT count(*) AS kept FROM objects WHERE digest = ?').get(heatmap.digest)).toEqual({
    kept: 1,
  });
});
