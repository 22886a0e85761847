import { afterEach, beforeEach, expect, test } from 'vitest';
import { inferenceConsumer, listModels, measureAcceptance } from '../inference/index.ts';
import { followLedger } from '../platform/ledger/follow.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';
import { acceptanceOf, easyTarget, NOTHING_READ, person } from '../testing/governed.ts';
import { finishNext, installed } from '../testing/models.ts';
import { aSlice } from '../testing/objects.ts';
import { putAsk } from './asks.ts';
import { findUrgency, predictiveValueOf, triageConsumer } from './index.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

/** One false alarm a day is allowed. */
const POLICY = {
  ...SHIPPED_POLICY,
  starting: { ...SHIPPED_POLICY.starting, alertBudget: { falseAlarmsADay: 1 } },
};
let lastStudy = 900;
async function flagged() {
  lastStudy += 1;
  const id = await clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n, { StudyInstanceUID: `1.2.${lastStudy}` })));
  const follow = () =>
    followLedger(clinic.db, [inferenceConsumer, triageConsumer(POLICY)], {
      clock: clinic.archive.clock,
      log: clinic.log,
    }).catchUp();
  follow();
  finishNext(clinic, 0.9);
  follow();
  const urgency = findUrgency(clinic.db, id);
  return [urgency?.level, urgency?.reasons[0]?.code];
}

/** A signed acceptance whose report says that so many of its flags were right. */
function measured(right: number, of: number): void {
  const [model] = listModels(clinic.db);
  if (model === undefined) throw new Error('no model');
  const acceptance = acceptanceOf(clinic, model.digest, person(clinic, 'chooser'), [easyTarget('bleed')]);
  const report = measureAcceptance(clinic.db, acceptance, NOTHING_READ);
  const labels = report.labels.map((label) => ({ ...label, ppv: { ...label.ppv, hits: right, of } }));
  clinic.db
    .prepare("UPDATE acceptances SET state = 'signed', report = ?, report_digest = ?")
    .run(JSON.stringify({ ...report, labels }), report.reportDigest);
  expect(predictiveValueOf(clinic.db, clinic.north.siteId, model.digest)).toEqual({ right, of });
}

/** Another model raised the last study to Critical, and is mostly wrong. */
function anotherRaised(falseShare: number): void {
  const { studyId } = clinic.db.prepare('SELECT max(study_id) AS studyId FROM study_urgency').get() as {
    studyId: string;
  };
  putAsk(clinic.db, {
    ...{ studyId, siteId: clinic.north.siteId, ask: 'ai:another', askedAtMs: clinic.nowMs(), cause: 'ai' },
    ...{ source: 'another', level: 'critical', revision: 1, falseShare, said: null },
  });
}

test('what nobody measured uses nothing up, and every flag of it raises', async () => {
  installed(clinic, 'general', { category: 1 });
  for (let n = 0; n < 4; n += 1) expect(await flagged()).toEqual(['critical', 'ai-flag']);
});

test('a model whose flags are mostly wrong here raises to Urgent once the day’s false alarms are used up, and says so; the day after it raises again', async () => {
  installed(clinic, 'general', { category: 1 });
  measured(4, 10);
  expect(await flagged()).toEqual(['critical', 'ai-flag']);
  expect(await flagged()).toEqual(['urgent', 'ai-flag-over-budget']);
  clinic.pass(24 * 3_600_000 + 1);
  expect(await flagged()).toEqual(['critical', 'ai-flag']);
});

test('one whose flags are mostly right raises as often as it flags until its few wrong ones come to the limit, whatever another does', async () => {
  installed(clinic, 'general', { category: 1 });
  measured(7, 10);
  const levels = [];
  for (let n = 0; n < 5; n += 1) {
    levels.push((await flagged())[0]);
    anotherRaised(0.9);
  }
  expect(levels).toEqual(['critical', 'critical', 'critical', 'urgent', 'urgent']);
});
