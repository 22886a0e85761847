import type { OpenAgainReason, Seen } from '../../../shared/domain/opening.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { findStudyCard, type StudyCard } from '../archive/index.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findUrgency, raiseToSee } from '../triage/index.ts';
import { isFinal } from './reports.ts';

/** Once for what a reader saw: the same images again only with a raise that they had not seen. */
const PUT_OPENING = `
  INSERT INTO study_openings (study_id, user_id, study_revision, opened_at_ms, raises) VALUES (@studyId, @userId, @revision, @atMs, @raises)
  ON CONFLICT (study_id, user_id, study_revision) DO UPDATE SET raises = excluded.raises, opened_at_ms = excluded.opened_at_ms
   WHERE excluded.raises > raises
`;
const FIND_LATEST_OPENING = `
  SELECT user_id AS userId, study_revision AS revision, raises, opened_at_ms AS atMs FROM study_openings
   WHERE study_id = ? ORDER BY opened_at_ms DESC LIMIT 1
`;
/** Of those who saw the newest images, the one who saw most of its raises. */
const FIND_FULLEST_OPENING = `
  SELECT study_revision AS revision, raises FROM study_openings WHERE study_id = ? ORDER BY study_revision DESC, raises DESC LIMIT 1
`;

/** Who last opened a study's images, and what they had before them. */
export type StudyOpening = Seen & { readonly userId: string; readonly atMs: number };

/**
 * Records that a reader's screen showed the images: the reading clock stops, and the ledger knows who. What they saw is what they
 * say it was, never more than there is; where they say nothing, the study as it is now. Idempotent for what was seen.
 */
export function openStudy(
  db: WritableDb,
  input: {
    readonly siteId: string;
    readonly studyId: string;
    readonly userId: string;
    readonly seen?: Seen;
    readonly atMs: number;
  },
): Result<null, { code: 'study-not-found' }> {
  return inTransaction(db, () => {
    const study = findStudyCard(db, input.studyId);
    if (study === null || study.siteId !== input.siteId) return err({ code: 'study-not-found' });
    const now = { revision: study.revision, raises: findUrgency(db, study.studyId)?.raises ?? 0 };
    const { seen = now, userId, atMs } = input;
    const revision = Math.min(seen.revision, now.revision);
    const raises = Math.min(seen.raises, now.raises);
    const written = prepared(db, PUT_OPENING).run({ studyId: study.studyId, userId, revision, raises, atMs });
    if (written.changes === 0) return ok(null);
    appendEvent(db, {
      kind: 'study-opened',
      payload: { userId, revision, raises },
      siteId: study.siteId,
      studyId: study.studyId,
      patientId: study.patient.patientId,
      actor: { kind: 'user', id: userId },
      correlationId: study.correlationId,
      atMs,
    });
    return ok(null);
  });
}

export function findOpening(db: ReadableDb, studyId: string): StudyOpening | null {
  return prepared<StudyOpening>(db, FIND_LATEST_OPENING).get(studyId) ?? null;
}

/**
 * Why a study that was opened is to be opened again; nothing where nobody opened it, or somebody did with what it has now. Images
 * count once they are complete: while they come in, every one would be news. Of a comparison study nothing waits to be read, and
 * what comes after a final report is its signer's to be told of.
 */
export function whyOpenAgain(
  db: ReadableDb,
  { studyId, intent, completeRevision }: Pick<StudyCard, 'studyId' | 'intent' | 'completeRevision'>,
): readonly OpenAgainReason[] {
  const seen = prepared<Seen>(db, FIND_FULLEST_OPENING).get(studyId);
  if (seen === undefined || intent !== 'new') return [];
  const urgency = findUrgency(db, studyId);
  const isFlagged = urgency !== null && seen.raises < raiseToSee(urgency);
  const isChanged = seen.revision < (completeRevision ?? 0) && !isFinal(db, studyId);
  return [...(isFlagged ? (['flagged'] as const) : []), ...(isChanged ? (['images'] as const) : [])];
}

const FIND_OWN_OPENING = `
  SELECT max(study_revision) AS revision FROM study_openings WHERE study_id = ? AND user_id = ?
`;

/** The newest revision of a study's images that a person opened; null where they opened none. */
export function findOpenedRevision(db: ReadableDb, studyId: string, userId: string): number | null {
  return prepared<{ revision: number | null }>(db, FIND_OWN_OPENING).get(studyId, userId)?.revision ?? null;
}
