import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { findStudyCard } from '../archive/index.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

const INSERT_OPENING = `
  INSERT INTO study_openings (study_id, user_id, study_revision, opened_at_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT (study_id, user_id, study_revision) DO NOTHING
`;
const FIND_LATEST_OPENING = `
  SELECT user_id AS userId, study_revision AS revision, opened_at_ms AS atMs FROM study_openings
   WHERE study_id = ? ORDER BY opened_at_ms DESC LIMIT 1
`;

/** Who last opened a study's images, and at which revision. */
export type StudyOpening = { readonly userId: string; readonly revision: number; readonly atMs: number };

/** Records that a reader's screen showed the images: the reading clock stops, and the ledger knows who. Idempotent per revision. */
export function openStudy(
  db: WritableDb,
  input: { readonly siteId: string; readonly studyId: string; readonly userId: string; readonly atMs: number },
): Result<null, { code: 'study-not-found' }> {
  return inTransaction(db, () => {
    const study = findStudyCard(db, input.studyId);
    if (study === null || study.siteId !== input.siteId) return err({ code: 'study-not-found' });
    const written = prepared(db, INSERT_OPENING).run(study.studyId, input.userId, study.revision, input.atMs);
    if (written.changes === 0) return ok(null);
    appendEvent(db, {
      kind: 'study-opened',
      payload: { userId: input.userId, revision: study.revision },
      siteId: study.siteId,
      studyId: study.studyId,
      patientId: study.patient.patientId,
      actor: { kind: 'user', id: input.userId },
      correlationId: study.correlationId,
      atMs: input.atMs,
    });
    return ok(null);
  });
}

export function findOpening(db: ReadableDb, studyId: string): StudyOpening | null {
  return prepared<StudyOpening>(db, FIND_LATEST_OPENING).get(studyId) ?? null;
}

const FIND_OWN_OPENING = `
  SELECT max(study_revision) AS revision FROM study_openings WHERE study_id = ? AND user_id = ?
`;

/** The newest revision of a study's images that a person opened; null where they opened none. */
export function findOpenedRevision(db: ReadableDb, studyId: string, userId: string): number | null {
  return prepared<{ revision: number | null }>(db, FIND_OWN_OPENING).get(studyId, userId)?.revision ?? null;
}
