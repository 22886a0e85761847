import { findObject, recordObject } from '../platform/objects/records.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { ownerOf } from './assign-study.ts';
import { forgetInstance } from './delete-study.ts';
import { countCurrentAway, isHere, noteReturn } from './eviction.ts';
import { fileVersion, noteAssociation } from './file-version.ts';
import { type CurrentVersion, type Filing, type FilingOutcome, statedPatient, type StudyState } from './filing.ts';
import { isSamePatient } from './identity.ts';
import { insertStudy } from './new-study.ts';
import { recordReplaced } from './replace-version.ts';
import { promoteBySender } from './promote-study.ts';
import { quarantineObject } from './quarantine.ts';
import { settleFiled } from './settle-quarantined.ts';
import { STUDY_ATTRIBUTE_COLUMNS } from './stated-attributes.ts';
import type { StoredVersion } from './pixel-digests.ts';

/** Walks the unique index of instances by site and SOP Instance UID. Of a study split off the UID is the one its objects carry. */
export const FIND_CURRENT = `
  SELECT i.instance_id AS instanceId, i.study_id AS studyId, i.series_id AS seriesId, coalesce(o.study_uid, s.study_uid) AS studyUid,
         s.split_from IS NOT NULL AS isSplitOff, s.deleted_at_ms IS NOT NULL AS isDeleted, v.digest, v.transfer_syntax_uid AS transferSyntaxUid
    FROM instances i JOIN studies s ON s.study_id = i.study_id LEFT JOIN studies o ON o.study_id = s.split_from
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.site_id = ? AND i.sop_uid = ?
`;
export const IS_KNOWN_VERSION = 'SELECT 1 FROM instance_versions WHERE site_id = ? AND sop_uid = ? AND digest = ?';
const STUDY_STATE = `
  s.study_id AS studyId, s.patient_id AS patientId, s.correlation_id AS correlationId, s.study_revision AS revision, s.intent,
  s.modality, s.completeness, s.split_from IS NOT NULL AS isSplitOff, ${STUDY_ATTRIBUTE_COLUMNS}
`;
/** Walks the unique index of studies by site and UID, and studies_split_off. */
export const FIND_STUDY = `
  SELECT ${STUDY_STATE}, EXISTS (SELECT 1 FROM studies o WHERE o.split_from = s.study_id) AS isSplit
    FROM studies s WHERE s.site_id = ? AND s.study_uid = ?
`;
const GET_STUDY = `SELECT ${STUDY_STATE} FROM studies s WHERE s.study_id = ?`;
/** Where a series left the study whole, more of it follows. Walks studies_split_off. */
export const FIND_SPLIT_OFF = `
  SELECT ${STUDY_STATE} FROM studies s JOIN series x ON x.study_id = s.study_id AND x.series_uid = ? WHERE s.split_from = ?
`;
/** Walks studies_split_off. */
const LIST_SPLIT_OFF = `
  SELECT ${STUDY_STATE} FROM studies s WHERE s.split_from = ? AND s.deleted_at_ms IS NULL ORDER BY s.study_id
`;
/** Files one instance by the outcome table of DESIGN §5.1: rows and event together, or neither. Idempotent. */
export function fileInstance(db: WritableDb, filing: Filing): FilingOutcome {
  return inTransaction(db, () => {
    const outcome = fileByTable(db, filing);
    const { siteId, peerId } = filing.association.peer;
    const actor = filing.release?.actor ?? ({ kind: 'peer', id: peerId } as const);
    if (outcome.state === 'filed' || outcome.state === 'duplicate')
      settleFiled(db, { siteId, digest: filing.object.digest, actor, atMs: filing.atMs });
    return outcome;
  });
}

function fileByTable(db: WritableDb, filing: Filing): FilingOutcome {
  const { siteId } = filing.association.peer;
  const { sopUid, studyUid } = filing.instance;
  const stated = statedPatient(filing.instance, filing.association.peer);
  const named = prepared<StudyState & { isSplit: 0 | 1 }>(db, FIND_STUDY).get(siteId, studyUid) ?? null;
  const splitOff =
    named?.isSplit === 1
      ? prepared<StudyState>(db, FIND_SPLIT_OFF).get(filing.instance.seriesUid, named.studyId)
      : undefined;
  const study = splitOff ?? named;
  const current = findCurrent(db, siteId, sopUid, filing.atMs);
  // An object that is not here has no versions.
  if (current !== null && isKnownVersion(db, siteId, sopUid, filing.object.digest)) {
    // Sent again, as senders do when unsure: the study belongs to this association too, and nothing else changes.
    noteReturn(db, filing.object, sopUid, filing.atMs);
    recordObject(db, filing.object, filing.atMs); // it may have taken a damaged file's place, header and all
    noteAssociation(db, current.studyId, filing.association.associationId);
    promoteBySender(db, filing, current.studyId);
    return { state: 'duplicate' };
  }
  if (filing.release !== undefined) return fileReleased(db, filing, filing.release, { named, study, current });
  if (current !== null && !isSamePatient(db, siteId, stated, studyUid, current.studyId)) {
    return setAside(db, filing, 'same-uid-other-patient', current.studyId);
  }
  if (study !== null && !isSamePatient(db, siteId, stated, studyUid, study.studyId)) {
    return setAside(db, filing, 'same-uid-other-patient', study.studyId);
  }
  if (current === null) {
    fileVersion(db, filing, study ?? insertStudy(db, filing), null);
    return { state: 'filed' };
  }
  if (current.studyUid !== studyUid || study === null)
    return setAside(db, filing, 'same-uid-other-study', current.studyId);
  if (filing.comparison?.withDigest !== current.digest)
    return { state: 'compare-pixels', current: storedVersion(db, current) };
  if (!filing.comparison.isSame) return setAside(db, filing, 'same-uid-other-pixels', current.studyId);
  replaceVersion(db, filing, current);
  return { state: 'filed' };
}

const isKnownVersion = (db: WritableDb, siteId: string, sopUid: string, digest: string): boolean =>
  prepared(db, IS_KNOWN_VERSION).get(siteId, sopUid, digest) !== undefined;

/** The version that counts now; one whose study is deleted, its objects not all let go yet, counts no more. */
function findCurrent(db: WritableDb, siteId: string, sopUid: string, atMs: number): CurrentVersion | null {
  const current = prepared<CurrentVersion>(db, FIND_CURRENT).get(siteId, sopUid) ?? null;
  if (current?.isDeleted !== 1) return current;
  forgetInstance(db, current, atMs);
  return null;
}

function setAside(
  db: WritableDb,
  filing: Filing,
  reason: 'same-uid-other-patient' | 'same-uid-other-study' | 'same-uid-other-pixels',
  studyId: string,
): FilingOutcome {
  const { object, association, atMs } = filing;
  // A second copy of an exam that differs says as well that the exam is new; another patient's or study's says nothing of it.
  if (reason === 'same-uid-other-pixels') promoteBySender(db, filing, studyId);
  quarantineObject(db, { object, reason, sopUid: filing.instance.sopUid, studyId, association, atMs });
  return { state: 'quarantined', reason };
}

const DOES_NOT_APPLY: FilingOutcome = { state: 'does-not-apply', code: 'release-does-not-apply' };

/** Files an object against the outcome table, as a person decided. */
function fileReleased(
  db: WritableDb,
  filing: Filing,
  { how: release, actor }: NonNullable<Filing['release']>,
  found: {
    readonly named: StudyState | null;
    readonly study: StudyState | null;
    readonly current: CurrentVersion | null;
  },
): FilingOutcome {
  const { named, study, current } = found;
  if (release === 'as-current-version') {
    if (current === null) return DOES_NOT_APPLY;
    if (filing.comparison?.withDigest !== current.digest)
      return { state: 'compare-pixels', current: storedVersion(db, current) };
    const { isStatedOtherwise: wasStatedOtherwise } = ownerOf(db, current.studyId);
    replaceVersion(db, filing, current);
    recordReplaced(db, { filing, current, wasStatedOtherwise, actor });
    return { state: 'filed' };
  }
  // The site keeps one object of a SOP Instance UID: a second one can replace the first, not stand beside it.
  if (current !== null || named === null || study === null) return DOES_NOT_APPLY;
  if (release === 'into-the-study-it-names') {
    fileVersion(db, filing, study, null);
    return { state: 'filed' };
  }
  // Everything of one patient that is under another's UID is one study, however many series it came in.
  const own = findSplitOffOf(db, filing, named);
  if (study !== named && own?.studyId !== study.studyId) return DOES_NOT_APPLY;
  fileVersion(db, filing, own ?? insertStudy(db, filing, named.studyId), null);
  return { state: 'filed' };
}

/** The study split off another that is already of the patient whom an object names, or null. */
function findSplitOffOf(db: WritableDb, { instance, association }: Filing, named: StudyState): StudyState | null {
  const stated = statedPatient(instance, association.peer);
  const { siteId } = association.peer;
  const all = prepared<StudyState>(db, LIST_SPLIT_OFF).all(named.studyId);
  return all.find(({ studyId }) => isSamePatient(db, siteId, stated, instance.studyUid, studyId)) ?? null;
}

/** Makes an object the current version of an instance, where that is: also in a study that people split off. */
function replaceVersion(db: WritableDb, filing: Filing, current: CurrentVersion): void {
  const study = prepared<StudyState>(db, GET_STUDY).get(current.studyId);
  if (study === undefined) throw new Error('a current version has no study');
  if (!isHere(db, current.digest)) countCurrentAway(db, study.studyId, -1, filing.atMs);
  fileVersion(db, filing, study, current);
}

function storedVersion(db: WritableDb, current: CurrentVersion): StoredVersion {
  const object = findObject(db, current.digest);
  if (object === null) throw new Error('a current version has no object');
  return { object, transferSyntaxUid: current.transferSyntaxUid };
}
