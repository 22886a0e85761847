import { SeriesId, StudyId } from '../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshUid } from '../dicom/fresh-uid.ts';
import { freshId } from '../platform/ids.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { assignStudy, objectPatientOf, ownerOf, riseIdentityVersion } from './assign-study.ts';
import { placeOf } from './hide-objects.ts';
import { freshChangeId, recordChange } from './identity-changes.ts';
import { type PatientTarget, settleTarget, type TargetFailure } from './patient-target.ts';
import { indexStudyNames } from './study-names.ts';
import { changeContent, type Correction, findOwnStudy, tellCorrection } from './tell-correction.ts';

export type SplitInput = Correction & {
  readonly studyId: string;
  /** Series that leave whole, by id, and objects of other series, by SOP Instance UID. */
  readonly seriesIds: readonly string[];
  readonly sopUids: readonly string[];
  /** Whose they are; null: the same patient's. */
  readonly to: PatientTarget | null;
};
/** How a split came about: series that left whole, and for those that left in part where their objects went. */
export type SplitParts = {
  readonly whole: readonly string[];
  readonly partial: readonly { readonly fromSeriesId: string; readonly toSeriesId: string }[];
};

type Part = { readonly seriesId: string; readonly sopUid: string; readonly isHidden: 0 | 1 };

const LIST_PARTS =
  'SELECT series_id AS seriesId, sop_uid AS sopUid, is_hidden AS isHidden FROM instances WHERE study_id = ?';
/** Its revision is above the source's, so that the versions its objects came with are of it. */
const INSERT_STUDY = `
  INSERT INTO studies (study_id, site_id, study_uid, patient_id, stated_name, stated_birth_date_raw, stated_sex, stated_issuer, is_stated_otherwise,
                       identity_confirmed, split_from, correlation_id, intent, intent_because, study_revision, accession, accession_issuer, description,
                       modality, body_part, laterality, referring_physician, dicom_study_id, date_raw, time_raw, zone_offset_raw,
                       zone_source, received_at_ms, last_received_at_ms, completeness, complete_at_ms, complete_revision, evidence)
  SELECT @newStudyId, site_id, @studyUid, patient_id, stated_name, stated_birth_date_raw, stated_sex, stated_issuer, is_stated_otherwise,
         identity_confirmed, coalesce(split_from, study_id), correlation_id, intent, intent_because, study_revision + 1, iif(@isOthers, NULL, accession),
         iif(@isOthers, NULL, accession_issuer), description,
         coalesce((SELECT modality FROM series WHERE series_id = @firstSeriesId), modality), body_part, laterality, referring_physician,
         dicom_study_id, date_raw, time_raw, zone_offset_raw, zone_source, received_at_ms, last_received_at_ms, completeness,
         complete_at_ms, study_revision + 1, evidence
    FROM studies WHERE study_id = @studyId
`;
const COPY_ASSIGNMENT = `
  INSERT INTO study_assignments (study_id, change_id, object_patient_id, object_name, object_birth_date_raw, object_sex)
  SELECT @newStudyId, change_id, object_patient_id, object_name, object_birth_date_raw, object_sex
    FROM study_assignments WHERE study_id = @studyId
`;
const COPY_ASSOCIATIONS = `
  INSERT INTO study_associations (study_id, association_id)
  SELECT @newStudyId, association_id FROM study_associations WHERE study_id = @studyId
`;
const MOVE_SERIES = 'UPDATE series SET study_id = ? WHERE series_id = ?';
const MOVE_OBJECTS_OF = 'UPDATE instances SET study_id = ? WHERE series_id = ?';
const COPY_SERIES = `
  INSERT INTO series (series_id, site_id, study_id, series_uid, modality, number, description, body_part, performed_date_raw,
                      performed_time_raw, requests)
  SELECT @toSeriesId, site_id, @newStudyId, @seriesUid, modality, number, description, body_part, performed_date_raw,
         performed_time_raw, requests FROM series WHERE series_id = @fromSeriesId
`;
const MOVE_OBJECTS = `
  UPDATE instances SET study_id = @newStudyId, series_id = @toSeriesId
   WHERE series_id = @fromSeriesId AND sop_uid IN (SELECT value FROM json_each(@sopUids))
`;

/**
 * Takes series or single objects out of a study into a study of their own, of the same patient or another, on a person's
 * word. The new study and every series that left in part get UIDs of ours; series that left whole and all objects keep
 * theirs, and the bytes are untouched (docs/decisions/0028).
 */
export function splitStudy(
  db: WritableDb,
  input: SplitInput,
): Result<
  { readonly changeId: string; readonly newStudyId: string },
  TargetFailure | { code: 'study-not-found' | 'still-receiving' | 'not-of-this-study' | 'is-hidden' | 'nothing-left' }
> {
  return inTransaction(db, () => {
    const { siteId, studyId, reason, actor, atMs } = input;
    const study = findOwnStudy(db, siteId, studyId);
    if (study === null) return err({ code: 'study-not-found' });
    if (study.completeness === 'receiving') return err({ code: 'still-receiving' });
    const parts = prepared<Part>(db, LIST_PARTS).all(studyId);
    const [wanted, sopUids] = [new Set(input.seriesIds), new Set(input.sopUids)];
    const leaves = (part: Part) => wanted.has(part.seriesId) || sopUids.has(part.sopUid);
    const leaving = parts.filter(leaves);
    const areKnown =
      [...wanted].every((id) => parts.some(({ seriesId }) => seriesId === id)) &&
      [...sopUids].every((uid) => parts.some(({ sopUid }) => sopUid === uid));
    if (leaving.length === 0 || !areKnown) return err({ code: 'not-of-this-study' });
    if (leaving.some(({ isHidden }) => isHidden === 1)) return err({ code: 'is-hidden' });
    if (leaving.length === parts.length) return err({ code: 'nothing-left' });
    const target = input.to === null ? null : settleTarget(db, siteId, input.to);
    if (target?.ok === false) return target;

    const changeId = freshChangeId();
    const newStudyId = freshId(StudyId);
    const owner = ownerOf(db, studyId);
    const toPatientId = target?.value.patientId ?? owner.patientId;
    const isOthers = toPatientId === owner.patientId ? 0 : 1;
    const row = { newStudyId, studyId, studyUid: freshUid(), firstSeriesId: leaving[0]?.seriesId, isOthers };
    prepared(db, INSERT_STUDY).run(row);
    prepared(db, COPY_ASSIGNMENT).run({ newStudyId, studyId });
    prepared(db, COPY_ASSOCIATIONS).run({ newStudyId, studyId });
    if (isOthers === 1) assignStudy(db, newStudyId, toPatientId, changeId);
    else indexStudyNames(db, newStudyId);
    const split = movePartsOut(db, newStudyId, parts, leaves);
    const revision = changeContent(db, studyId);
    const places = [newStudyId, ...split.whole, ...split.partial.map(({ toSeriesId }) => toSeriesId)];
    recordChange(db, {
      ...{ changeId, siteId, kind: 'study-split', reason, actor, atMs },
      detail: { studyId, newStudyId, fromPatientId: owner.patientId, toPatientId, instances: leaving.length },
      inverse: { newStudyId, ...split, madePatientId: target?.value.isNew === true ? toPatientId : null },
      subjects: {
        changes: [studyId, newStudyId, ...places.map(placeOf)],
        reliesOn: [owner.patientId, toPatientId, objectPatientOf(db, studyId)],
      },
    });
    const patientIds = [owner.patientId, toPatientId];
    if (isOthers === 1) for (const id of patientIds) riseIdentityVersion(db, id);
    const told = { changeId, reason, revision, patientIds };
    tellCorrection(db, 'study-split', { ...told, role: 'source', otherStudyId: newStudyId }, { studyId, actor, atMs });
    const splitOff = { studyId: newStudyId, actor, atMs };
    tellCorrection(db, 'study-split', { ...told, role: 'split-off', otherStudyId: studyId }, splitOff);
    return ok({ changeId, newStudyId });
  });
}

function movePartsOut(
  db: WritableDb,
  newStudyId: string,
  parts: readonly Part[],
  leaves: (part: Part) => boolean,
): SplitParts {
  const whole: string[] = [];
  const partial: { fromSeriesId: string; toSeriesId: string }[] = [];
  for (const [fromSeriesId, ofSeries] of Map.groupBy(parts, ({ seriesId }) => seriesId)) {
    const leaving = ofSeries.filter(leaves);
    if (leaving.length === 0) continue;
    if (leaving.length === ofSeries.length) {
      prepared(db, MOVE_SERIES).run(newStudyId, fromSeriesId);
      prepared(db, MOVE_OBJECTS_OF).run(newStudyId, fromSeriesId);
      whole.push(fromSeriesId);
      continue;
    }
    const toSeriesId = freshId(SeriesId);
    prepared(db, COPY_SERIES).run({ toSeriesId, newStudyId, fromSeriesId, seriesUid: freshUid() });
    const sopUids = JSON.stringify(leaving.map(({ sopUid }) => sopUid));
    prepared(db, MOVE_OBJECTS).run({ newStudyId, toSeriesId, fromSeriesId, sopUids });
    partial.push({ fromSeriesId, toSeriesId });
  }
  return { whole, partial };
}
