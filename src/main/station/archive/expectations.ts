import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { judgeNoticed, type QuietTimes } from './completeness.ts';

/** How many instances a study is said to have: by an order's key, or by the peer that was asked and counts its own. */
export type Expectation = {
  readonly what: 'order' | 'count-at-sender';
  /** Of an order its key, of a count the peer's id; a later word of the same source replaces the earlier one. */
  readonly source: string;
  readonly instances: number;
};

const FIND_STUDY = `
  SELECT site_id AS siteId, study_uid AS studyUid, patient_id AS patientId, correlation_id AS correlationId
    FROM studies WHERE study_id = ?
`;
const PUT_EXPECTATION = `
  INSERT INTO study_expectations (study_id, source, what, instances, expected_at_ms) VALUES (@studyId, @source, @what, @instances, @atMs)
  ON CONFLICT (study_id, source) DO UPDATE SET what = excluded.what, instances = excluded.instances, expected_at_ms = excluded.expected_at_ms
   WHERE what <> excluded.what OR instances <> excluded.instances
`;

type Known = {
  readonly siteId: string;
  readonly studyUid: string;
  readonly patientId: string;
  readonly correlationId: string;
};

/** Keeps what a study is expected to hold, and judges the study by it. Saying the same again changes nothing. */
export function expectInstances(
  db: WritableDb,
  studyId: string,
  expectation: Expectation,
  by: { readonly actor: Actor; readonly rules: QuietTimes; readonly atMs: number },
): Result<null, { code: 'study-not-found' | 'count-invalid' }> {
  const { source, what, instances } = expectation;
  if (!Number.isSafeInteger(instances) || instances < 1) return err({ code: 'count-invalid' });
  return inTransaction(db, () => {
    const study = prepared<Known>(db, FIND_STUDY).get(studyId);
    if (study === undefined) return err({ code: 'study-not-found' });
    const row = { studyId, source, what, instances, atMs: by.atMs };
    if (prepared(db, PUT_EXPECTATION).run(row).changes === 0) return ok(null);
    appendEvent(db, {
      kind: 'study-expectation-set',
      payload: { source, what, instances },
      ...{ siteId: study.siteId, studyId, patientId: study.patientId, correlationId: study.correlationId },
      actor: by.actor,
      atMs: by.atMs,
    });
    judgeNoticed(db, study.siteId, study.studyUid, by.rules, by.atMs);
    return ok(null);
  });
}
