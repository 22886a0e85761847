import type { Release } from '../../../shared/domain/correction.ts';
import { InstanceId, SeriesId, StudyId } from '../../../shared/domain/ids.ts';
import type { QuarantineReason } from '../../../shared/domain/study.ts';
import { freshUid } from '../dicom/fresh-uid.ts';
import { findStorageClass, SECONDARY_CAPTURE } from '../dicom/storage-classes.ts';
import { freshId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { findObject, type ObjectRecord, recordObject } from '../platform/objects/records.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { followMerges, ownerOf } from './assign-study.ts';
import type { ArchiveAssociation } from './associations.ts';
import { noteArrival, type QuietTimes } from './completeness.ts';
import { listMarksOf } from './hidden-marks.ts';
import { isHere, noteReturn } from './eviction.ts';
import type { IdentifiedInstance } from './identified-instance.ts';
import { ensurePatient, isSamePatient, noteStated, type StatedPatient } from './identity.ts';
import { noteConcerned } from './identity-changes.ts';
import { quarantineObject } from './quarantine.ts';
import { isBeingRetrieved } from './retrievals.ts';
import { receiveRejection } from './receive-rejection.ts';
import type { StoredVersion, VersionComparison } from './same-pixels.ts';
import { indexStudyNames } from './study-names.ts';

/** A readable object whose file is safe, about to become part of a study. */
export type Filing = {
  readonly instance: IdentifiedInstance;
  readonly transferSyntaxUid: string;
  readonly object: ObjectRecord;
  readonly association: ArchiveAssociation;
  /** What comparing it with the current version of the same UID showed; null before anybody asked. */
  readonly comparison: (VersionComparison & { readonly withDigest: string }) | null;
  readonly quiet: QuietTimes;
  readonly atMs: number;
  /** Where its frames are, packed; null where it has none that can be told apart. */
  readonly frameIndex: Uint8Array | null;
  /** How a person lets it in where the outcome table would set it aside; left out, the table decides. */
  readonly release?: Release;
};

/** What became of it. */
export type SettledFiling =
  | { readonly state: 'filed' | 'duplicate' }
  | { readonly state: 'quarantined'; readonly reason: QuarantineReason }
  /** What a person decided does not fit how things are. */
  | { readonly state: 'does-not-apply' };
/** What became of it; `compare-pixels` asks the caller to compare and file again. */
export type FilingOutcome = SettledFiling | { readonly state: 'compare-pixels'; readonly current: StoredVersion };

type CurrentVersion = {
  readonly instanceId: string;
  readonly studyId: string;
  readonly seriesId: string;
  readonly studyUid: string;
  readonly isSplitOff: 0 | 1;
  readonly digest: string;
  readonly transferSyntaxUid: string;
};
type StudyState = {
  readonly studyId: string;
  readonly patientId: string;
  readonly correlationId: string;
  readonly revision: number;
  readonly intent: 'new' | 'comparison' | 'own';
  readonly modality: string;
  readonly completeness: string;
};

/** Walks the unique index of instances by site and SOP Instance UID. Of a study split off the UID is the one its objects carry. */
export const FIND_CURRENT = `
  SELECT i.instance_id AS instanceId, i.study_id AS studyId, i.series_id AS seriesId, coalesce(o.study_uid, s.study_uid) AS studyUid,
         s.split_from IS NOT NULL AS isSplitOff, v.digest, v.transfer_syntax_uid AS transferSyntaxUid
    FROM instances i JOIN studies s ON s.study_id = i.study_id LEFT JOIN studies o ON o.study_id = s.split_from
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.site_id = ? AND i.sop_uid = ?
`;
export const IS_KNOWN_VERSION = 'SELECT 1 FROM instance_versions WHERE site_id = ? AND sop_uid = ? AND digest = ?';
const STUDY_STATE = `
  s.study_id AS studyId, s.patient_id AS patientId, s.correlation_id AS correlationId, s.study_revision AS revision, s.intent,
  s.modality, s.completeness
`;
export const FIND_STUDY = `SELECT ${STUDY_STATE} FROM studies s WHERE s.site_id = ? AND s.study_uid = ?`;
const GET_STUDY = `SELECT ${STUDY_STATE} FROM studies s WHERE s.study_id = ?`;
/** Where a series left the study whole, more of it follows. Walks studies_split_off. */
export const FIND_SPLIT_OFF = `
  SELECT ${STUDY_STATE} FROM studies s JOIN series x ON x.study_id = s.study_id AND x.series_uid = ? WHERE s.split_from = ?
`;
const INSERT_STUDY = `
  INSERT INTO studies (study_id, site_id, study_uid, split_from, patient_id, correlation_id, intent, study_revision, accession, accession_issuer,
                       description, modality, body_part, laterality, referring_physician, dicom_study_id, date_raw, time_raw,
                       zone_offset_raw, zone_source, received_at_ms, last_received_at_ms, completeness)
  VALUES (@studyId, @siteId, @studyUid, @splitFrom, @patientId, @correlationId, @intent, 0, @accession, @accessionIssuer,
          @description, @modality, @bodyPart, @laterality, @referringPhysician, @dicomStudyId, @dateRaw, @timeRaw,
          @zoneOffsetRaw, @zoneSource, @atMs, @atMs, 'receiving')
`;
const FIND_SERIES = 'SELECT series_id AS seriesId FROM series WHERE study_id = ? AND series_uid = ?';
const INSERT_SERIES = `
  INSERT INTO series (series_id, site_id, study_id, series_uid, modality, number, description, body_part, performed_date_raw,
                      performed_time_raw, requests)
  VALUES (@seriesId, @siteId, @studyId, @seriesUid, @modality, @number, @description, @bodyPart, @performedDateRaw,
          @performedTimeRaw, @requests)
`;
const INSERT_INSTANCE =
  'INSERT INTO instances (instance_id, site_id, study_id, series_id, sop_uid, is_hidden) VALUES (?, ?, ?, ?, ?, ?)';
const MOVE_INSTANCE = 'UPDATE instances SET series_id = ? WHERE instance_id = ?';
/** Walks one_current_version. */
export const RETIRE_VERSIONS = 'UPDATE instance_versions SET is_current = 0 WHERE instance_id = ? AND is_current = 1';
const INSERT_VERSION = `
  INSERT INTO instance_versions (site_id, sop_uid, digest, is_current, instance_id, sop_class_uid, transfer_syntax_uid, number, frames,
                                 attributes, study_revision, peer_id, received_at_ms, differs, frame_index)
  VALUES (@siteId, @sopUid, @digest, 1, @instanceId, @sopClassUid, @transferSyntaxUid, @number, @frames,
          @attributes, @revision, @peerId, @atMs, @differs, @frameIndex)
`;
const TOUCH_STUDY = `
  UPDATE studies SET study_revision = study_revision + 1, last_received_at_ms = @atMs, completeness = @completeness,
         modality = @modality, evicted_at_ms = NULL WHERE study_id = @studyId
`;
const NOTE_ASSOCIATION = 'INSERT OR IGNORE INTO study_associations (study_id, association_id) VALUES (?, ?)';

/** Files one instance by the outcome table of DESIGN §5.1: rows and event together, or neither. Idempotent. */
export function fileInstance(db: WritableDb, filing: Filing): FilingOutcome {
  return inTransaction(db, () => {
    const { siteId } = filing.association.peer;
    const { sopUid, studyUid } = filing.instance;
    const stated = statedPatient(filing.instance);
    const named = prepared<StudyState>(db, FIND_STUDY).get(siteId, studyUid) ?? null;
    const study =
      named && (prepared<StudyState>(db, FIND_SPLIT_OFF).get(filing.instance.seriesUid, named.studyId) ?? named);
    const current = prepared<CurrentVersion>(db, FIND_CURRENT).get(siteId, sopUid) ?? null;
    if (prepared(db, IS_KNOWN_VERSION).get(siteId, sopUid, filing.object.digest) !== undefined) {
      // Sent again, as senders do when unsure: the study belongs to this association too, and nothing else changes.
      noteReturn(db, filing.object, sopUid, filing.atMs);
      recordObject(db, filing.object, filing.atMs); // it may have taken a damaged file's place, header and all
      if (current !== null) prepared(db, NOTE_ASSOCIATION).run(current.studyId, filing.association.associationId);
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
      fileVersion(db, filing, study ?? insertStudy(db, filing, stated), null);
      return { state: 'filed' };
    }
    if (current.studyUid !== studyUid || study === null)
      return setAside(db, filing, 'same-uid-other-study', current.studyId);
    // What the cache let go cannot be compared with: a person decides once it is back.
    if (!isHere(db, current.digest)) return setAside(db, filing, 'same-uid-other-pixels', current.studyId);
    if (filing.comparison?.withDigest !== current.digest)
      return { state: 'compare-pixels', current: storedVersion(db, current) };
    if (!filing.comparison.isSame) return setAside(db, filing, 'same-uid-other-pixels', current.studyId);
    replaceVersion(db, filing, current);
    return { state: 'filed' };
  });
}

function setAside(
  db: WritableDb,
  filing: Filing,
  reason: 'same-uid-other-patient' | 'same-uid-other-study' | 'same-uid-other-pixels',
  studyId: string,
): FilingOutcome {
  const { object, association, atMs } = filing;
  quarantineObject(db, { object, reason, sopUid: filing.instance.sopUid, studyId, association, atMs });
  return { state: 'quarantined', reason };
}

/** Files an object against the outcome table, as a person decided. */
function fileReleased(
  db: WritableDb,
  filing: Filing,
  release: Release,
  found: {
    readonly named: StudyState | null;
    readonly study: StudyState | null;
    readonly current: CurrentVersion | null;
  },
): FilingOutcome {
  const { named, study, current } = found;
  if (release === 'as-current-version') {
    if (current === null) return { state: 'does-not-apply' };
    if (filing.comparison?.withDigest !== current.digest)
      return { state: 'compare-pixels', current: storedVersion(db, current) };
    replaceVersion(db, filing, current);
    return { state: 'filed' };
  }
  // The site keeps one object of a SOP Instance UID: a second one can replace the first, not stand beside it.
  if (current !== null || named === null || study === null) return { state: 'does-not-apply' };
  if (release === 'into-the-study-it-names') {
    fileVersion(db, filing, study, null);
    return { state: 'filed' };
  }
  if (study !== named) return { state: 'does-not-apply' };
  fileVersion(db, filing, insertStudy(db, filing, statedPatient(filing.instance), named.studyId), null);
  return { state: 'filed' };
}

/** Makes an object the current version of an instance, where that is: also in a study that people split off. */
function replaceVersion(db: WritableDb, filing: Filing, current: CurrentVersion): void {
  const study = prepared<StudyState>(db, GET_STUDY).get(current.studyId);
  if (study === undefined) throw new Error('a current version has no study');
  fileVersion(db, filing, study, current);
}

/** A new study, of the UID its objects carry; where another patient's study has it already, split off that one under a UID of ours. */
function insertStudy(
  db: WritableDb,
  filing: Filing,
  stated: StatedPatient,
  splitFrom: string | null = null,
): StudyState {
  const { instance, association, atMs } = filing;
  const { siteId, peerId } = association.peer;
  const isFetched = isBeingRetrieved(db, siteId, peerId, instance.studyUid);
  const intent = isFetched ? 'comparison' : association.peer.intent;
  const studyId = freshId(StudyId);
  const patientId = ensurePatient(db, siteId, stated, instance.studyUid);
  const correlationId = association.associationId;
  prepared(db, INSERT_STUDY).run({
    studyId,
    siteId,
    studyUid: splitFrom === null ? instance.studyUid : freshUid(),
    splitFrom,
    patientId,
    correlationId,
    intent,
    accession: instance.accessionNumber,
    accessionIssuer: instance.issuerOfAccessionNumber,
    description: instance.studyDescription,
    modality: instance.modality ?? 'OT',
    bodyPart: instance.bodyPart,
    laterality: instance.laterality,
    referringPhysician: instance.referringPhysician?.raw ?? null,
    dicomStudyId: instance.studyId,
    dateRaw: instance.studyDate,
    timeRaw: instance.studyTime,
    zoneOffsetRaw: instance.timezoneOffset,
    zoneSource: instance.timezoneOffset === null ? 'site' : 'object',
    atMs,
  });
  followMerges(db, studyId);
  return {
    studyId,
    patientId: ownerOf(db, studyId).patientId,
    correlationId,
    revision: 0,
    intent,
    modality: instance.modality ?? 'OT',
    completeness: 'receiving',
  };
}

function fileVersion(db: WritableDb, filing: Filing, study: StudyState, known: CurrentVersion | null): void {
  const { instance, association, object, atMs } = filing;
  const { siteId, peerId } = association.peer;
  // In a study split off, a series may have a UID of ours: the object stays where a person put it.
  const seriesId = known?.isSplitOff === 1 ? known.seriesId : ensureSeries(db, filing, study.studyId);
  const knownInstanceId = known?.instanceId ?? null;
  const instanceId = knownInstanceId ?? freshId(InstanceId);
  const revision = study.revision + 1;
  const differing = knownInstanceId === null ? null : (filing.comparison?.differing ?? null);
  recordObject(db, object, atMs);
  if (knownInstanceId === null) {
    const hiddenBy = listMarksOf(db, { siteId, sopUid: instance.sopUid, seriesId, studyId: study.studyId });
    const isHidden = hiddenBy.length > 0 ? 1 : 0;
    prepared(db, INSERT_INSTANCE).run(instanceId, siteId, study.studyId, seriesId, instance.sopUid, isHidden);
    for (const changeId of hiddenBy) noteConcerned(db, siteId, study.studyId, changeId);
  } else {
    // A corrected header may name another series; the older version goes with it.
    prepared(db, MOVE_INSTANCE).run(seriesId, instanceId);
    prepared(db, RETIRE_VERSIONS).run(instanceId);
  }
  prepared(db, INSERT_VERSION).run({
    siteId,
    sopUid: instance.sopUid,
    digest: object.digest,
    instanceId,
    sopClassUid: instance.sopClassUid,
    transferSyntaxUid: filing.transferSyntaxUid,
    number: instance.instanceNumber,
    frames: instance.image.numberOfFrames,
    attributes: JSON.stringify(imageAttributes(instance)),
    revision,
    peerId,
    atMs,
    differs: differing === null ? null : JSON.stringify(differing),
    frameIndex: filing.frameIndex,
  });
  const isAttachment = attachesQuietly(instance.sopClassUid);
  const isEvidenceOnly = study.completeness !== 'receiving' && isAttachment;
  // A study is called by its images' modality, also where a dose report or a capture came first or last.
  const modality = isAttachment ? study.modality : (instance.modality ?? study.modality);
  const completeness = isEvidenceOnly ? study.completeness : 'receiving';
  prepared(db, TOUCH_STUDY).run({ studyId: study.studyId, atMs, completeness, modality });
  prepared(db, NOTE_ASSOCIATION).run(study.studyId, association.associationId);
  const isNamedAnew = noteStated(db, study.studyId, statedPatient(instance));
  if (isNamedAnew || study.revision === 0) indexStudyNames(db, study.studyId);
  const arrival = { studyId: study.studyId, siteId, modality, sopUid: instance.sopUid, isEvidenceOnly };
  noteArrival(db, arrival, filing.quiet, atMs);
  appendEvent(db, {
    kind: 'instance-received',
    payload: {
      instanceId,
      seriesId,
      digest: object.digest,
      outcome: knownInstanceId === null ? 'new' : 'new-version',
      intent: study.intent,
      revision,
      ...(differing !== null && { differing }),
    },
    siteId,
    studyId: study.studyId,
    patientId: study.patientId,
    actor: { kind: 'peer', id: peerId },
    correlationId: study.correlationId,
    atMs,
  });
  if (instance.rejection !== null)
    receiveRejection(db, { ...filing, rejection: instance.rejection, studyId: study.studyId });
}

/** Late reports, dose and captures attach to a complete study and re-run nothing (DESIGN §5.3). */
function attachesQuietly(sopClassUid: string): boolean {
  return findStorageClass(sopClassUid)?.kind !== 'image' || sopClassUid === SECONDARY_CAPTURE;
}

function ensureSeries(db: WritableDb, filing: Filing, studyId: string): string {
  const { instance } = filing;
  const known = prepared<{ seriesId: string }>(db, FIND_SERIES).get(studyId, instance.seriesUid);
  if (known !== undefined) return known.seriesId;
  const seriesId = freshId(SeriesId);
  prepared(db, INSERT_SERIES).run({
    seriesId,
    siteId: filing.association.peer.siteId,
    studyId,
    seriesUid: instance.seriesUid,
    modality: instance.modality ?? 'OT',
    number: instance.seriesNumber,
    description: instance.seriesDescription,
    bodyPart: instance.bodyPart,
    performedDateRaw: instance.performedDate,
    performedTimeRaw: instance.performedTime,
    requests: instance.requests.length === 0 ? null : JSON.stringify(instance.requests),
  });
  return seriesId;
}

function storedVersion(db: WritableDb, current: CurrentVersion): StoredVersion {
  const object = findObject(db, current.digest);
  if (object === null) throw new Error('a current version has no object');
  return { object, transferSyntaxUid: current.transferSyntaxUid };
}

function statedPatient(instance: IdentifiedInstance): StatedPatient {
  return {
    name: instance.patientName?.raw ?? '',
    patientId: instance.patientId ?? '',
    issuer: instance.issuerOfPatientId ?? '',
    birthDateRaw: instance.birthDate,
    sex: instance.sex,
  };
}

/** What choosing a series and judging a volume need, so that neither opens the file again. */
function imageAttributes(instance: IdentifiedInstance) {
  const { image } = instance;
  return {
    position: image.imagePositionPatient,
    orientation: image.imageOrientationPatient,
    rows: image.rows,
    bitsAllocated: image.bitsAllocated,
    columns: image.columns,
    pixelSpacing: image.pixelSpacing,
    sliceThicknessMm: image.sliceThicknessMm,
    imageType: image.imageType,
    kernel: instance.convolutionKernel,
    contrastAgent: instance.contrastAgent,
    protocolName: instance.protocolName,
    isLossyCompressed: image.isLossyCompressed,
    hasPixelData: instance.hasPixelData,
    missing: instance.missing,
    marks: instance.marks,
  };
}

export type ImageAttributes = ReturnType<typeof imageAttributes>;
