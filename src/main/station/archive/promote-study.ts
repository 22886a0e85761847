import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findStudyCard } from './study-card.ts';

const PROMOTE = "UPDATE studies SET intent = 'new' WHERE study_id = ?";

/** Makes a comparison or own study count as new, on a person's word: it gets deadlines, inference and alerts. */
export function promoteStudy(
  db: WritableDb,
  input: { readonly siteId: string; readonly studyId: string; readonly actor: Actor; readonly atMs: number },
): Result<null, { code: 'study-not-found' | 'already-new' }> {
  return inTransaction(db, () => {
    const study = findStudyCard(db, input.studyId);
    if (study === null || study.siteId !== input.siteId) return err({ code: 'study-not-found' });
    if (study.intent === 'new') return err({ code: 'already-new' });
    prepared(db, PROMOTE).run(study.studyId);
    appendEvent(db, {
      kind: 'study-promoted',
      payload: { from: study.intent },
      siteId: study.siteId,
      studyId: study.studyId,
      patientId: study.patient.patientId,
      actor: input.actor,
      correlationId: study.correlationId,
      atMs: input.atMs,
    });
    return ok(null);
  });
}
