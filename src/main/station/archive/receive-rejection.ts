import type { RejectedInstance, RejectionNote } from '../dicom/dataset/rejection-note.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import type { ArchiveAssociation } from './associations.ts';
import { listStudiesMarkedBy, putMarks } from './hidden-marks.ts';
import { showMarks } from './hide-objects.ts';
import { freshChangeId, noteConcerned, recordChange } from './identity-changes.ts';

/** A rejection note that was just filed, and who sent it. */
export type ReceivedRejection = {
  readonly rejection: RejectionNote;
  readonly instance: { readonly sopUid: string };
  readonly studyId: string;
  readonly association: ArchiveAssociation;
  readonly atMs: number;
};

const IS_OF_SAME_PATIENT = `
  SELECT 1 FROM studies named JOIN studies own ON own.patient_id = named.patient_id
   WHERE named.site_id = ? AND named.study_uid = ? AND own.study_id = ?
`;

/**
 * Honours a rejection note: what it names of studies of its own patient is hidden, and only in those studies; what has not
 * arrived yet, as it arrives. Of anything else, and of a peer that may not reject, the note is kept as an object like others,
 * and the ledger says that it was not applied. A person can undo it.
 */
export function receiveRejection(
  db: WritableDb,
  { rejection, instance, studyId, association, atMs }: ReceivedRejection,
): void {
  const { siteId, peerId, services } = association.peer;
  const actor = { kind: 'peer', id: peerId } as const;
  const { title: reason, references } = rejection;
  const isPermitted = services.includes('reject');
  const applied = isPermitted ? ofSamePatient(db, siteId, studyId, references) : [];
  const sopUids = applied.map(({ sopUid }) => sopUid);
  const changeId = applied.length > 0 ? freshChangeId() : null;
  if (changeId !== null) {
    recordChange(db, {
      ...{ changeId, siteId, kind: 'hidden', reason, actor, atMs },
      detail: { studyId, level: 'instance', subjects: sopUids, noteSopUid: instance.sopUid },
      inverse: {},
      subjects: { concerns: [studyId] },
    });
    for (const [studyUid, some] of Map.groupBy(applied, (one) => one.studyUid))
      putMarks(
        db,
        { siteId, changeId, level: 'instance', reason, studyUid },
        some.map(({ sopUid }) => sopUid),
      );
    for (const marked of listStudiesMarkedBy(db, changeId)) noteConcerned(db, siteId, marked, changeId);
    showMarks(db, { changeId, level: 'instance', reason, actor, atMs });
  }
  appendEvent(db, {
    kind: 'rejection-note-received',
    payload: {
      noteSopUid: instance.sopUid,
      reason,
      outcome: isPermitted ? 'honoured' : 'peer-not-permitted',
      references: references.length,
      applied: applied.length,
      changeId,
    },
    siteId,
    studyId,
    actor,
    correlationId: association.associationId,
    atMs,
  });
}

function ofSamePatient(
  db: ReadableDb,
  siteId: string,
  studyId: string,
  references: readonly RejectedInstance[],
): readonly RejectedInstance[] {
  const studyUids = new Set(references.map(({ studyUid }) => studyUid));
  const own = new Set([...studyUids].filter((uid) => prepared(db, IS_OF_SAME_PATIENT).get(siteId, uid, studyId)));
  return references.filter(({ studyUid }) => own.has(studyUid));
}
