import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { getStudyCard } from './study-card.ts';

/** One holder of a study, and why: as codes. One study may be held by many; one holder holds it once. */
export type Hold = { readonly studyId: string; readonly holder: string };

type Doing = { readonly actor: Actor; readonly atMs: number };

const PUT_HOLD = `
  INSERT INTO study_holds (study_id, holder, reason, placed_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (study_id, holder) DO NOTHING
`;
const REMOVE_HOLD = 'DELETE FROM study_holds WHERE study_id = ? AND holder = ?';
const IS_HELD = 'SELECT 1 FROM study_holds WHERE study_id = ? LIMIT 1';

/** Holds a study: it is neither let go by the cache nor deleted by a rule until every holder releases it. Idempotent. */
export function placeHold(db: WritableDb, hold: Hold & { readonly reason: string }, { actor, atMs }: Doing): void {
  inTransaction(db, () => {
    const { studyId, holder, reason } = hold;
    const study = getStudyCard(db, studyId);
    if (prepared(db, PUT_HOLD).run(studyId, holder, reason, atMs).changes === 0) return;
    const { siteId, patient, correlationId } = study;
    appendEvent(db, {
      kind: 'study-held',
      payload: { holder, reason },
      ...{ siteId, studyId, patientId: patient.patientId, actor, correlationId, atMs },
    });
  });
}

/** Ends one holder's hold. Idempotent. */
export function releaseHold(db: WritableDb, { studyId, holder }: Hold, { actor, atMs }: Doing): void {
  inTransaction(db, () => {
    const study = getStudyCard(db, studyId);
    if (prepared(db, REMOVE_HOLD).run(studyId, holder).changes === 0) return;
    const { siteId, patient, correlationId } = study;
    appendEvent(db, {
      kind: 'study-hold-released',
      payload: { holder },
      ...{ siteId, studyId, patientId: patient.patientId, actor, correlationId, atMs },
    });
  });
}

/** Whether anybody holds the study. */
export function isHeld(db: ReadableDb, studyId: string): boolean {
  return prepared(db, IS_HELD).get(studyId) !== undefined;
}
