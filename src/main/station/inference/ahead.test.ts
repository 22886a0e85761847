import { afterEach, expect, test } from 'vitest';
import { Receipt } from '../../../shared/domain/receipt.ts';
import { onCommit } from '../platform/store/transaction.ts';
import { setRunPriority } from './index.ts';
import { RunSpans } from './run-answer.ts';
import { type ComputingClinic, openComputingClinic } from './test-runs.ts';

let computing: ComputingClinic | null = null;
afterEach(async () => {
  await computing?.close();
  computing = null;
});

/** The receipts of all runs in the order in which they were computed. */
function receipts({ clinic }: ComputingClinic): readonly Receipt[] {
  const texts = clinic.db.prepare("SELECT receipt FROM runs WHERE state = 'finished'").pluck().all() as string[];
  return texts
    .map((text) => Receipt.parse(JSON.parse(text)))
    .toSorted((a, b) => (a.startedAtMs ?? 0) - (b.startedAtMs ?? 0) || a.endedAtMs - b.endedAtMs);
}
const spansOf = (receipt: Receipt) => RunSpans.parse(receipt['spans']);

test('the next study is decoded while this one computes, and says so in its receipt', async () => {
  computing = openComputingClinic();
  const studies = 4;
  for (let n = 0; n < studies; n += 1) await computing.sendHead(n, n === 1);
  computing.start();
  await expect.poll(() => computing?.states(), { timeout: 60_000 }).toEqual({ finished: studies });
  const spans = receipts(computing)
    .map(spansOf)
    .toSorted((a, b) => a.compute.fromMs - b.compute.fromMs);
  expect(spans.map(({ prepare }) => prepare.isAhead)).toEqual([false, true, true, true]);
  for (const { prepare, compute } of spans) expect(prepare.toMs).toBeLessThanOrEqual(compute.fromMs);
  expect(computing.clinic.events('run-finished')).toHaveLength(studies);
});

test('a study that turns STAT once another was prepared for its place is read before it, and all say what they would have said', async () => {
  computing = openComputingClinic();
  const { clinic, sendHead, start, states } = computing;
  await sendHead(1);
  const prepared = await sendHead(2, true);
  const stat = await sendHead(3, true);
  const forget = onCommit(clinic.db, () => {
    if (clinic.events('run-started').length === 0) return;
    forget();
    // In the turn in which the first one begins, once the runner was told that the second one is next.
    setImmediate(() => setRunPriority(clinic.db, stat, 'asked', 'stat', clinic.nowMs()));
  });
  start();
  await expect.poll(states, { timeout: 60_000 }).toEqual({ finished: 3 });
  const order = clinic.events('run-finished').map(({ studyId }) => studyId);
  expect(order.indexOf(stat)).toBeLessThan(order.indexOf(prepared));
  expect(order).toHaveLength(3);
  const flagged = clinic.db.prepare("SELECT study_id FROM findings WHERE state = 'unverified'").pluck().all();
  expect(new Set(flagged)).toEqual(new Set([prepared, stat]));
});
