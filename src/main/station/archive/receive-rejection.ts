import type { RejectionNote } from '../dicom/dataset/rejection-note.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { WritableDb } from '../platform/store/database.ts';
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

/**
 * Honours a rejection note: what it names is hidden, what has not arrived yet as it arrives. Only of a peer that may reject;
 * of any other the note is kept as an object like others, and the ledger says that nothing was hidden. A person can undo it.
 */
export function receiveRejection(
  db: WritableDb,
  { rejection, instance, studyId, association, atMs }: ReceivedRejection,
): void {
  const { siteId, peerId, services } = association.peer;
  const actor = { kind: 'peer', id: peerId } as const;
  const { title: reason, sopUids } = rejection;
  const isPermitted = services.includes('reject');
  const changeId = isPermitted && sopUids.length > 0 ? freshChangeId() : null;
  if (changeId !== null) {
    recordChange(db, {
      ...{ changeId, siteId, kind: 'hidden', reason, actor, atMs },
      detail: { studyId, level: 'instance', subjects: sopUids, noteSopUid: instance.sopUid },
      inverse: {},
      subjects: { concerns: [studyId] },
    });
    putMarks(db, { siteId, changeId, level: 'instance', reason }, sopUids);
    for (const marked of listStudiesMarkedBy(db, changeId)) noteConcerned(db, siteId, marked, changeId);
    showMarks(db, { changeId, level: 'instance', reason, actor, atMs });
  }
  appendEvent(db, {
    kind: 'rejection-note-received',
    payload: {
      noteSopUid: instance.sopUid,
      reason,
      outcome: isPermitted ? 'honoured' : 'peer-not-permitted',
      references: sopUids.length,
      changeId,
    },
    siteId,
    studyId,
    actor,
    correlationId: association.associationId,
    atMs,
  });
}
