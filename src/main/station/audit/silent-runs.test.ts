import { afterEach, beforeEach, expect, test } from 'vitest';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { listAuditEvents, listTimeline } from './index.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

/** A run of each stage that started on a study. */
async function studyWithRuns(): Promise<string> {
  const studyId = await clinic.send([1, 2, 3, 4, 5].map((n) => aSlice(n)));
  clinic.db.pragma('foreign_keys = OFF'); // the model behind a run is of no matter here
  for (const stage of ['silent', 'general']) {
    clinic.db
      .prepare(
        `INSERT INTO runs (run_id, site_id, study_id, study_revision, model_digest, series_id, stage, state, queued_at_ms, series_choice)
         SELECT @stage, site_id, study_id, study_revision, @stage, (SELECT series_id FROM series LIMIT 1), @stage, 'queued', 1, '[]' FROM studies`,
      )
      .run({ stage });
    inTransaction(clinic.db, () =>
      appendEvent(clinic.db, {
        ...{ kind: 'run-started', payload: { runId: stage }, siteId: clinic.north.siteId, studyId },
        ...{ actor: serviceActor('inference'), correlationId: stage, atMs: 1 },
      }),
    );
  }
  return studyId;
}

const runsIn = (events: readonly { readonly kind: string; readonly payload: unknown }[]) =>
  events.filter(({ kind }) => kind === 'run-started').map(({ payload }) => payload);

test('a study’s story tells nothing of a silent model’s run', async () => {
  const studyId = await studyWithRuns();
  expect(runsIn(listTimeline(clinic.db, clinic.north.siteId, studyId))).toEqual([{ runId: 'general' }]);
});

test('the ledger shows a silent model’s run, but not to whoever may report', async () => {
  await studyWithRuns();
  const query = { siteId: clinic.north.siteId, limit: 100 };
  expect(runsIn(listAuditEvents(clinic.db, query).events)).toEqual([{ runId: 'general' }, { runId: 'silent' }]);
  expect(runsIn(listAuditEvents(clinic.db, { ...query, hidesSilent: true }).events)).toEqual([{ runId: 'general' }]);
});
