import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { getStudyCard } from './study-card.ts';

/** One holder of a study, and why: as codes. One study may be held by many; one holder holds it once. */
export type Hold = { readonly studyId: string; readonly holder: string };

type Doing = { readonly actor: Actor; readonly atMs: number };

/** A hold as it is listed. */
export type PlacedHold = Hold & { readonly modality: string; readonly reason: string; readonly placedAtMs: number };

/** Few studies are held: all holds are walked, and each study found by its key. */
const LIST_HOLDS = `
  SELECT h.study_id AS studyId, h.holder, h.reason, h.placed_at_ms AS placedAtMs, s.modality
    FROM study_holds h JOIN studies s ON s.study_id = h.study_id
   WHERE s.site_id = ? AND s.deleted_at_ms IS NULL ORDER BY h.placed_at_ms DESC, h.study_id LIMIT 500
`;
const PERSON = 'user:';
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

/** The name under which a person holds a study. */
export function holderOf(userId: string): string {
  return `${PERSON}${userId}`;
}

/** The person behind a holder, by id; null where a part of the station holds it. */
export function personBehind(holder: string): string | null {
  return holder.startsWith(PERSON) ? holder.slice(PERSON.length) : null;
}

/** The holds on a site's studies, newest first, at most 500. */
export function listHolds(db: ReadableDb, siteId: string): readonly PlacedHold[] {
  return prepared<PlacedHold>(db, LIST_HOLDS).all(siteId);
}
