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

test('a window for whoever may report is as long, and its key as it is, as if there were no silent run', async () => {
  const studyId = await studyWithRuns();
  const query = { siteId: clinic.north.siteId, limit: 1, studyId, kind: 'run-started' };
  const all = listAuditEvents(clinic.db, query);
  expect([runsIn(all.events), all.next !== null]).toEqual([[{ runId: 'general' }], true]);
  // The silent run's event lies behind it: were it counted, there would be a further window.
  const told = listAuditEvents(clinic.db, { ...query, hidesSilent: true });
  expect([runsIn(told.events), told.next]).toEqual([[{ runId: 'general' }], null]);
  clinic.db.prepare("UPDATE runs SET stage = 'silent'").run();
  expect(listAuditEvents(clinic.db, { ...query, hidesSilent: true })).toEqual({ events: [], next: null });
});

test('windows meet, each full, whatever is left out between them', async () => {
  const studyId = await studyWithRuns();
  inTransaction(clinic.db, () => {
    for (let n = 0; n < 400; n += 1)
      appendEvent(clinic.db, {
        ...{ kind: 'run-started', payload: { runId: n % 100 === 0 ? 'general' : 'silent' }, studyId },
        ...{ siteId: clinic.north.siteId, actor: serviceActor('inference'), correlationId: `n${n}`, atMs: 2 },
      });
  });
  const query = { siteId: clinic.north.siteId, limit: 2, kind: 'run-started', hidesSilent: true };
  const sizes: number[] = [];
  let before: number | undefined;
  do {
    const window = listAuditEvents(clinic.db, { ...query, before });
    sizes.push(window.events.length);
    before = window.next ?? undefined;
  } while (before !== undefined);
  expect(sizes).toEqual([2, 2, 1]);
});

test('what is asked of readers, an event that was set aside, and what is done about models tell readers nothing of a silent run', async () => {
  const studyId = await studyWithRuns();
  const { siteId } = clinic.north;
  const head = clinic.events().at(-1)?.seq ?? 0;
  const silentSeq = clinic.events('run-started').find(({ payload }) => payload['runId'] === 'silent')?.seq ?? 0;
  const about = { siteId, actor: serviceActor('test'), correlationId: 'c', atMs: 3 };
  inTransaction(clinic.db, () => {
    for (const seq of [silentSeq, 1])
      appendEvent(clinic.db, {
        ...{ kind: 'event-parked', payload: { consumer: 'worklist', seq, incidentId: 'i' }, studyId, ...about },
      });
    for (const id of ['reader', 'other'])
      appendEvent(clinic.db, {
        ...{ kind: 'truth-recorded', payload: { labels: 1 }, studyId, ...about, actor: { kind: 'user', id } as const },
      });
    const alarm = { digest: 'd', sourceId: 0, cause: 'below-limit' };
    appendEvent(clinic.db, { kind: 'coverage-alarm-raised', payload: alarm, ...about });
    appendEvent(clinic.db, { kind: 'raw-outputs-let-go', payload: { runs: 3, bytes: 9 }, ...about });
    appendEvent(clinic.db, {
      kind: 'analysis-begun',
      payload: { analysisId: 'a', revision: 5, applicability: 'eligible', runIds: ['silent'] },
      ...{ studyId, ...about },
    });
  });
  const told = ({ seq, kind, payload }: { seq: number; kind: string; payload: unknown }) =>
    seq > head ? [[kind, payload]] : [];
  const story = [
    ['event-parked', { consumer: 'worklist', seq: 1, incidentId: 'i' }],
    ['truth-recorded', { labels: 1 }],
    ['analysis-begun', { analysisId: 'a', revision: 5 }],
  ];
  expect(listTimeline(clinic.db, siteId, studyId, 'reader').flatMap(told)).toEqual(story);
  const query = { siteId, limit: 100, hidesSilent: true, hidesModels: true, viewerId: 'reader' };
  expect(listAuditEvents(clinic.db, query).events.flatMap(told).toReversed()).toEqual(story);
  expect(listAuditEvents(clinic.db, { siteId, limit: 100 }).events.flatMap(told)).toHaveLength(7);
});
