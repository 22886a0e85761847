import { afterEach, beforeEach, expect, test } from 'vitest';
import { Receipt } from '../../../shared/domain/receipt.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { finish, finishNext, installed, startNext } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { inferenceConsumer } from './index.ts';
import { checkReceipt, findRunWithReceipt, findShownRun, listChain } from './receipts.ts';
import { failRun, putBackRuns } from './record-run.ts';
import { findOutputs, letOutputsGo, LIST_OLDEST } from './run-outputs.ts';

const EVERYBODY = { userId: null, seesSilent: false };
let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const VOLUME = [1, 2, 3, 4, 5, 6, 7, 8];
const follow = () =>
  followLedger(clinic.db, [inferenceConsumer], { clock: clinic.archive.clock, log: clinic.log }).catchUp();
async function sendHead(numbers: readonly number[] = VOLUME): Promise<string> {
  const id = await clinic.send(numbers.map((n) => aSlice(n)));
  follow();
  return id;
}
function receiptOf(runId: string): Receipt {
  const text = findRunWithReceipt(clinic.db, runId)?.receipt?.text;
  if (text === undefined) throw new Error('no receipt');
  return Receipt.parse(JSON.parse(text));
}
function checkOf(runId: string) {
  const run = findRunWithReceipt(clinic.db, runId);
  if (run === null) throw new Error('no run');
  return checkReceipt(clinic.db, run);
}

test('the receipt of a run says what was read and why, on what, when, from what it was flagged and what came out', async () => {
  installed(clinic, 'general', {});
  // The same head with thicker slices: eligible too, and not read.
  const thick = (n: number) =>
    aSlice(n, { SeriesInstanceUID: '1.2.10.2', SOPInstanceUID: `1.2.10.2.${n}`, SliceThickness: 8 });
  await clinic.send([...VOLUME.map((n) => aSlice(n)), ...VOLUME.map(thick)]);
  follow();
  clinic.pass(2000);
  const run = startNext(clinic);
  clinic.pass(500);
  finish(clinic, run, 0.9);
  const receipt = receiptOf(run.runId);
  expect(receipt).toMatchObject({
    ...{ form: 2, runId: run.runId, outcome: 'finished', reason: null },
    study: { revision: run.revision },
    model: { id: 'bleed', version: '1.0.0', manifestDigest: run.modelDigest, clinicalUse: 'none', stage: 'general' },
    ...{ preprocessing: '1', postprocessing: '1', provider: 'cpu', onnxruntimeVersion: '1.30.0' },
    attempts: [{ ordinal: 1, outcome: 'finished' }],
    timings: { readMs: 1, decodeMs: 1, preprocessMs: 1, inferMs: 1, postprocessMs: 1 },
    geometry: { slices: 8 },
    operatingPoint: [{ id: 'bleed', flagFrom: 0.5 }],
    findings: [{ code: '1386000', score: 0.9, threshold: 0.5 }],
    outputs: [
      { tensor: 'probability', value: 0.9 },
      { tensor: 'volume_ml', value: 12.5 },
    ],
    raw: { policy: 'numbers', numbers: 2 },
  });
  expect(receipt.queueWaitMs).toBeGreaterThanOrEqual(2000);
  expect(receipt.endedAtMs - (receipt.startedAtMs ?? 0)).toBe(500);
  expect(receipt.machine).toMatchObject({ cores: expect.any(Number), cpu: expect.any(String) });
  expect([receipt.series.seriesUid, receipt.series.others.map(({ seriesUid }) => seriesUid)]).toEqual([
    '1.2.10.1',
    ['1.2.10.2'],
  ]);
  expect(receipt.series.others[0]?.because.join()).toContain('thickness 8 mm');
  expect(JSON.parse(findOutputs(clinic.db, run.runId) ?? '')).toMatchObject({
    outputs: [{ value: 0.9 }, {}],
    masks: [],
  });
});

test('a run that failed leaves a receipt too: what was tried, how often, and why it ended', async () => {
  installed(clinic, 'general', {});
  await sendHead();
  const run = startNext(clinic);
  clinic.pass(300);
  putBackRuns(clinic.db, 'outbox-full', clinic.nowMs());
  startNext(clinic);
  clinic.pass(700);
  failRun(clinic.db, run.runId, 'not-decodable', clinic.nowMs(), { timings: { readMs: 3 } });
  const receipt = receiptOf(run.runId);
  expect(receipt).toMatchObject({
    ...{ outcome: 'failed', reason: 'not-decodable', findings: [], outputs: [], raw: null, timings: { readMs: 3 } },
    attempts: [
      { ordinal: 1, outcome: 'outbox-full' },
      { ordinal: 2, outcome: 'not-decodable' },
    ],
  });
  expect(receipt.inputs.map(({ sopUid }) => sopUid)).toEqual(VOLUME.map((n) => `1.2.10.1.${n}`));
  expect(checkOf(run.runId)).toMatchObject({ state: 'unchanged' });
  expect(clinic.events('run-failed').at(-1)?.payload['receiptDigest']).toBe(checkOf(run.runId)?.digest);
});

test('a receipt that was changed, or is not written as its digest was taken, shows against the ledger', async () => {
  installed(clinic, 'general', {});
  await sendHead();
  const { runId } = finishNext(clinic, 0.9);
  const [told] = clinic.events('run-finished');
  expect(checkOf(runId)).toEqual({
    state: 'unchanged',
    digest: told?.payload['receiptDigest'],
    ledgerDigest: told?.payload['receiptDigest'],
    seq: told?.seq,
  });
  const text = findRunWithReceipt(clinic.db, runId)?.receipt?.text ?? '';
  clinic.db.prepare('UPDATE runs SET receipt = ? WHERE run_id = ?').run(text.replace('0.9', '0.2'), runId);
  expect(checkOf(runId)).toMatchObject({ state: 'changed', ledgerDigest: told?.payload['receiptDigest'] });
  clinic.db.prepare('UPDATE runs SET receipt = ? WHERE run_id = ?').run(text, runId);
  expect(checkOf(runId)?.state).toBe('unchanged');
  clinic.db.prepare('UPDATE event_payloads SET payload = NULL, erased_at_ms = 1 WHERE seq = ?').run(told?.seq);
  expect(checkOf(runId)).toMatchObject({ state: 'not-in-ledger', ledgerDigest: null });
});

test('late slices supersede: both runs stay on record with their receipts, one after the other', async () => {
  installed(clinic, 'general', {});
  await sendHead();
  const first = finishNext(clinic, 0.9);
  await sendHead([9]);
  const second = finishNext(clinic, 0.1);
  const run = findShownRun(clinic.db, second.runId, EVERYBODY);
  if (run === null) throw new Error('no run');
  expect(listChain(clinic.db, run, EVERYBODY).map(({ runId, revision, state }) => [runId, revision, state])).toEqual([
    [first.runId, 8, 'superseded'],
    [second.runId, 9, 'finished'],
  ]);
  expect([first, second].map(({ runId }) => checkOf(runId)?.state)).toEqual(['unchanged', 'unchanged']);
  expect([first, second].map(({ runId }) => receiptOf(runId).inputs.length)).toEqual([8, 9]);
});

test('a silent run shows its receipt to nobody who may report', async () => {
  installed(clinic, 'silent', {});
  await sendHead();
  clinic.db.prepare("UPDATE runs SET stage = 'silent'").run();
  const { runId } = finishNext(clinic, 0.9);
  expect(findShownRun(clinic.db, runId, EVERYBODY)).toBeNull();
  expect(findShownRun(clinic.db, runId, { userId: 'u', seesSilent: false })).toBeNull();
  expect(findShownRun(clinic.db, runId, { userId: 'u', seesSilent: true })?.runId).toBe(runId);
});

test('raw outputs go by age and by size, oldest first, and the receipts stay unchanged', async () => {
  installed(clinic, 'general', {});
  await sendHead();
  const { runId: old } = finishNext(clinic, 0.9);
  clinic.pass(10 * 86_400_000);
  await sendHead([9]);
  const { runId: young } = finishNext(clinic, 0.8);
  const setting = { keep: 'numbers', keepDays: 30, mostMb: 1 } as const;
  expect(letOutputsGo(clinic.db, setting, clinic.nowMs())).toEqual({ runs: 0, files: [] });
  expect(clinic.events('raw-outputs-let-go')).toEqual([]);
  letOutputsGo(clinic.db, { ...setting, keepDays: 5 }, clinic.nowMs());
  expect([findOutputs(clinic.db, old), findOutputs(clinic.db, young) !== null]).toEqual([null, true]);
  letOutputsGo(clinic.db, { ...setting, mostMb: 0 }, clinic.nowMs());
  expect(findOutputs(clinic.db, young)).toBeNull();
  expect(clinic.events('raw-outputs-let-go').map(({ payload }) => payload['runs'])).toEqual([1, 1]);
  expect([old, young].map((runId) => checkOf(runId)?.state)).toEqual(['unchanged', 'unchanged']);
});

test('walks the outputs by age', () => {
  const plan = clinic.db.prepare(`EXPLAIN QUERY PLAN ${LIST_OLDEST}`).all(1);
  expect(JSON.stringify(plan)).toContain('run_outputs_by_age');
});
