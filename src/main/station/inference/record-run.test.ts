import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finishedRun, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { aiStatus, inferenceConsumer, listFindings } from './index.ts';
import { finishRun } from './record-run.ts';
import { findOutputs } from './run-outputs.ts';
import type { RunFinished } from './runner-protocol.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

/** A study whose run ends with an answer of a model with these labels. */
async function finished(labels: object, more: Partial<RunFinished> = {}) {
  const [model] = installed(clinic, 'general', {}) as readonly [ModelManifest];
  const id = await clinic.send([1, 2, 3, 4, 5, 6, 7, 8].map((n) => aSlice(n)));
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
  const run = startNext(clinic);
  const changed = { ...model, labels: model.labels.map((label) => ({ ...label, ...labels })) };
  finishRun(clinic.db, run.runId, changed, [], { ...finishedRun(run, 0.9), ...more }, clinic.nowMs());
  const row = clinic.db.prepare('SELECT receipt FROM runs WHERE run_id = ?').get(run.runId) as { receipt: string };
  return { id, findings: listFindings(clinic.db, id), receipt: JSON.parse(row.receipt) as Record<string, unknown> };
}

test('what is uncertain is on the receipt and is no finding', async () => {
  const { id, findings, receipt } = await finished({ flagFrom: 0.95, uncertainFrom: 0.5 });
  expect(findings).toEqual([]);
  expect(receipt.verdicts).toEqual([{ label: 'bleed', score: 0.9, state: 'uncertain', threshold: 0.95 }]);
  expect(aiStatus(clinic.db, id)).toMatchObject({ state: 'no-flag' });
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
  expect(findings).toMatchObject([{ score: 2, threshold: 2, keyImage: mark.key, marks: [mark], heatmap, mask: null }]);
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
