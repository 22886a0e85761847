import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Intent, PROMOTION_REASONS } from '../../../shared/domain/study.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { arrivingIntent } from './arriving-intent.ts';
import type { Filing } from './filing.ts';
import { findStudyOfUid } from './study-of-uid.ts';

const FIND_STUDY = `
  SELECT study_id AS studyId, site_id AS siteId, patient_id AS patientId, correlation_id AS correlationId, intent,
         intent_because AS because FROM studies WHERE study_id = ?
`;
const PROMOTE = "UPDATE studies SET intent = 'new', intent_because = NULL WHERE study_id = ?";

type Known = {
  readonly studyId: string;
  readonly siteId: string;
  readonly patientId: string;
  readonly correlationId: string;
  readonly intent: Intent;
};
type Word = {
  readonly because: (typeof PROMOTION_REASONS)[number];
  readonly actor: Actor;
  readonly atMs: number;
  readonly associationId?: string;
};

/** Makes a comparison or own study count as new, on a person's word: it gets deadlines, inference and alerts. */
export function promoteStudy(
  db: WritableDb,
  input: { readonly siteId: string; readonly studyId: string; readonly actor: Actor; readonly atMs: number },
): Result<null, { code: 'study-not-found' | 'already-new' }> {
  return inTransaction(db, () => {
    const study = prepared<Known>(db, FIND_STUDY).get(input.studyId);
    if (study === undefined || study.siteId !== input.siteId) return err({ code: 'study-not-found' });
    if (study.intent === 'new') return err({ code: 'already-new' });
    makeNew(db, study, { because: 'person', actor: input.actor, atMs: input.atMs });
    return ok(null);
  });
}

/**
 * The same on the word of an association whose studies are new, which brought something of a study that was not, were it
 * only what is here already: a new exam may have been fetched before its modality sent it. What we asked for ourselves says
 * nothing, nor does what states too old a date (docs/decisions/0030). Gives whether it was; in the caller's transaction.
 */
export function promoteBySender(db: WritableDb, filing: Filing, studyId: string): boolean {
  const { associationId, peer } = filing.association;
  if (peer.intent !== 'new') return false;
  const study = prepared<Known>(db, FIND_STUDY).get(studyId);
  if (study === undefined || study.intent === 'new' || arrivingIntent(db, filing).intent !== 'new') return false;
  const actor: Actor = { kind: 'peer', id: peer.peerId };
  makeNew(db, study, { because: 'sent-as-new', actor, atMs: filing.atMs, associationId });
  return true;
}

/** The same on the word of a modality that performs a step of it now, where only its stated date spoke against it. */
export function promoteByStep(db: WritableDb, siteId: string, studyUid: string, peerId: string, atMs: number): void {
  const found = findStudyOfUid(db, siteId, studyUid);
  const study = found && prepared<Known & { because: string | null }>(db, FIND_STUDY).get(found.studyId);
  if (study?.because !== 'study-date') return;
  makeNew(db, study, { because: 'procedure-step', actor: { kind: 'peer', id: peerId }, atMs });
}

function makeNew(db: WritableDb, study: Known, { because, actor, atMs, associationId }: Word): void {
  const { studyId, siteId, patientId, correlationId, intent } = study;
  prepared(db, PROMOTE).run(studyId);
  appendEvent(db, {
    kind: 'study-promoted',
    payload: { from: intent, because, ...(associationId !== undefined && { associationId }) },
    ...{ siteId, studyId, patientId, correlationId, actor, atMs },
  });
}
