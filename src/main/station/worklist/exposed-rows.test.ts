import { afterEach, beforeEach, expect, test } from 'vitest';
import { SETTLE_JOB, settleSome } from '../inference/index.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { brought, standAt } from '../testing/governed.ts';
import { aManifest, finishNext } from '../testing/models.ts';
import { followAll, sendHeadCt } from '../testing/ward.ts';
import { LIST_ROWS_BEFORE } from './build-anew.ts';
import { BUILD_ANEW_JOB, buildAnewJob, findRow } from './index.ts';

// After a step of a model's exposure the rows say what it may show now.

let clinic: Clinic;
let digest: string;
beforeEach(() => {
  clinic = openClinic();
  [digest = ''] = brought(clinic, { ...aManifest(), clinicalUse: 'research', budgetMs: 600_000, toleranceMs: 600_000 });
});
afterEach(() => clinic.close());

let told: string[] = [];
/** One round of the jobs, each a transaction, and of what follows the ledger; gives the rows that were told of. */
function round(): readonly string[] {
  told = [];
  clinic.runJobs({ [SETTLE_JOB]: settleSome, [BUILD_ANEW_JOB]: buildAnewJob(({ studyId }) => told.push(studyId)) });
  return [...told, ...followAll(clinic)];
}
/** Rounds until nothing is left to do. */
function carryOut(): readonly string[] {
  const all: string[] = [];
  while (clinic.db.prepare('SELECT 1 FROM jobs WHERE kind IN (?, ?)').get(SETTLE_JOB, BUILD_ANEW_JOB) !== undefined)
    all.push(...round());
  return all;
}
const ai = (id: string) => findRow(clinic.db, [clinic.north.siteId], id)?.ai.state;
async function send(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let n = 1; n <= count; n += 1) ids.push(await sendHeadCt(clinic, n));
  followAll(clinic);
  return ids;
}

test('a row that waited for a model says what others say of it once that model is silent, and pages hear of those rows alone', async () => {
  standAt(clinic, digest, 'general');
  carryOut();
  const ids = await send(25);
  finishNext(clinic, 0.9);
  finishNext(clinic, 0.1);
  followAll(clinic);
  const [flagged = '', unflagged = '', ...waiting] = ids;
  expect([ai(flagged), ai(unflagged), ai(waiting[0] ?? '')]).toEqual(['flagged', 'no-flag', 'waiting']);
  standAt(clinic, digest, 'silent');
  const heard = carryOut();
  // What was shown stays; what was only promised does not.
  expect([ai(flagged), ai(unflagged)]).toEqual(['flagged', 'no-flag']);
  expect(new Set(waiting.map(ai))).toEqual(new Set(['no-model']));
  expect(heard.toSorted()).toEqual([...waiting].toSorted());
});

test('of a step of a model that nobody is shown no page hears', async () => {
  standAt(clinic, digest, 'silent');
  carryOut();
  await send(3);
  standAt(clinic, digest, 'suspended');
  expect(carryOut()).toEqual([]);
});

test('rows are built a few at a time, newest first, and a cut in between is gone on with where it was', async () => {
  standAt(clinic, digest, 'general');
  carryOut();
  const ids = await send(19);
  standAt(clinic, digest, 'silent');
  const built = () => ids.filter((id) => ai(id) === 'no-model');
  // The first round brings what waits in line, and the walk over the rows begins with the event that says so.
  round();
  expect(built()).toEqual([]);
  round();
  expect(built()).toEqual(ids.slice(11));
  round();
  expect(built()).toEqual(ids.slice(3));
  carryOut();
  expect(built()).toEqual(ids);
});

test('the walk over the rows has an index', () => {
  const plan = planOf(clinic.db, LIST_ROWS_BEFORE).join('\n');
  expect(plan).toMatch(/SEARCH open_studies USING .*INDEX.*\n.*\nSEARCH archived_studies USING .*INDEX/);
  expect(plan).not.toContain('TEMP B-TREE');
});
