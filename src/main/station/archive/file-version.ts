import { InstanceId } from '../../../shared/domain/ids.ts';
import { findStorageClass, SECONDARY_CAPTURE } from '../dicom/storage-classes.ts';
import { freshId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { recordObject } from '../platform/objects/records.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { noteArrival } from './completeness.ts';
import { type CurrentVersion, type Filing, statedPatient, type StudyState } from './filing.ts';
import { listMarksOf } from './hidden-marks.ts';
import type { IdentifiedInstance } from './identified-instance.ts';
import { noteStated } from './identity.ts';
import { noteConcerned } from './identity-changes.ts';
import { settleReplacedDamage } from './integrity.ts';
import { ensureSeries } from './new-study.ts';
import { promoteBySender } from './promote-study.ts';
import { receiveRejection } from './receive-rejection.ts';
import { isReturnedImage } from './returned-image.ts';
import { refreshSeries, refreshStudy } from './stated-attributes.ts';
import { indexStudyNames } from './study-names.ts';

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

/** Makes an object the current version of a new instance, or of a known one, of a study; rows and event, in the caller's transaction. */
export function fileVersion(db: WritableDb, filing: Filing, study: StudyState, known: CurrentVersion | null): void {
  const { instance, association, object, atMs } = filing;
  const { siteId, peerId } = association.peer;
  // In a study split off, a series may have a UID of ours: the object stays where a person put it.
  const series = known?.isSplitOff === 1 ? { seriesId: known.seriesId } : ensureSeries(db, filing, study.studyId);
  const { seriesId } = series;
  const intent = study.intent !== 'new' && promoteBySender(db, filing, study.studyId) ? 'new' : study.intent;
  const instanceId = known?.instanceId ?? freshId(InstanceId);
  const revision = study.revision + 1;
  const differing = known === null ? null : (filing.comparison?.differing ?? null);
  const attributes = imageAttributes(instance);
  const isReturned = known !== null && isReturnedImage(db, filing, known, { seriesId, attributes });
  recordObject(db, object, atMs);
  if (known === null) {
    const hiddenBy = listMarksOf(db, { siteId, sopUid: instance.sopUid, seriesId, studyId: study.studyId });
    const isHidden = hiddenBy.length > 0 ? 1 : 0;
    prepared(db, INSERT_INSTANCE).run(instanceId, siteId, study.studyId, seriesId, instance.sopUid, isHidden);
    for (const changeId of hiddenBy) noteConcerned(db, siteId, study.studyId, changeId);
  } else {
    // A corrected header may name another series; the older version goes with it.
    prepared(db, MOVE_INSTANCE).run(seriesId, instanceId);
    prepared(db, RETIRE_VERSIONS).run(instanceId);
    const actor = filing.release?.actor ?? ({ kind: 'peer', id: peerId } as const);
    settleReplacedDamage(db, { siteId, digest: known.digest, actor, atMs });
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
    attributes: JSON.stringify(attributes),
    revision,
    peerId,
    atMs,
    differs: differing === null ? null : JSON.stringify(differing),
    frameIndex: filing.frameIndex,
  });
  const isAttachment = attachesQuietly(instance.sopClassUid);
  const isEvidenceOnly = study.completeness !== 'receiving' && (isAttachment || isReturned);
  // What came under a UID of another and was let in by a person says nothing of the exam, unless it is the first of its study.
  // A study is called by its images' modality, also where a dose report or a capture came first or last.
  const says = filing.release === undefined || study.revision === 0;
  const modality = isAttachment || !says ? study.modality : (instance.modality ?? study.modality);
  const completeness = isEvidenceOnly ? study.completeness : 'receiving';
  prepared(db, TOUCH_STUDY).run({ studyId: study.studyId, atMs, completeness, modality });
  prepared(db, NOTE_ASSOCIATION).run(study.studyId, association.associationId);
  const news = { differing: differing ?? [], isImage: !isAttachment };
  const keywords = says
    ? [
        ...(study.isSplitOff === 1 ? [] : refreshStudy(db, study, instance, news)),
        ...('number' in series ? refreshSeries(db, series, instance, news.differing) : []),
      ]
    : [];
  const isNamedAnew = noteStated(db, study.studyId, statedPatient(instance, association.peer), says);
  if (isNamedAnew || study.revision === 0 || keywords.includes('ReferringPhysicianName'))
    indexStudyNames(db, study.studyId);
  const { studyUid, sopUid } = instance;
  const arrival = { studyId: study.studyId, siteId, modality, studyUid, sopUid, isEvidenceOnly };
  noteArrival(db, arrival, filing.quiet, atMs);
  const subject = {
    ...{ siteId, studyId: study.studyId, patientId: study.patientId, correlationId: study.correlationId },
    actor: { kind: 'peer', id: peerId } as const,
    atMs,
  };
  if (keywords.length > 0)
    appendEvent(db, { kind: 'study-attributes-changed', payload: { revision, keywords }, ...subject });
  appendEvent(db, {
    kind: 'instance-received',
    payload: {
      instanceId,
      seriesId,
      digest: object.digest,
      outcome: known === null ? 'new' : 'new-version',
      intent,
      revision,
      ...(differing !== null && { differing }),
    },
    ...subject,
  });
  if (instance.rejection !== null)
    receiveRejection(db, { ...filing, rejection: instance.rejection, studyId: study.studyId });
}

/** An association brought something of a study, even what was here already. */
export function noteAssociation(db: WritableDb, studyId: string, associationId: string): void {
  prepared(db, NOTE_ASSOCIATION).run(studyId, associationId);
}

/** Late reports, dose and captures attach to a complete study and re-run nothing (DESIGN §5.3). */
function attachesQuietly(sopClassUid: string): boolean {
  return findStorageClass(sopClassUid)?.kind !== 'image' || sopClassUid === SECONDARY_CAPTURE;
}

/** What choosing a series and judging a volume need, so that neither opens the file again. */
function imageAttributes(instance: IdentifiedInstance) {
  const { image } = instance;
  return {
    position: image.imagePositionPatient,
    orientation: image.imageOrientationPatient,
    frameSpanMm: image.frameSpanMm,
    rows: image.rows,
    bitsAllocated: image.bitsAllocated,
    columns: image.columns,
    pixelSpacing: image.pixelSpacing,
    sliceThicknessMm: image.sliceThicknessMm,
    imageType: image.imageType,
    kernel: instance.convolutionKernel,
    contrastAgent: instance.contrastAgent,
    protocolName: instance.protocolName,
    laterality: instance.laterality,
    viewPosition: instance.viewPosition,
    manufacturer: instance.manufacturer,
    modelName: instance.modelName,
    isLossyCompressed: image.isLossyCompressed,
    hasPixelData: instance.hasPixelData,
    missing: instance.missing,
    marks: instance.marks,
  };
}

export type ImageAttributes = ReturnType<typeof imageAttributes>;
