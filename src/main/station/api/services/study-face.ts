import type { PatientIdentity } from '../../../../shared/contract/identity.ts';
import type { StudyFace } from '../../../../shared/contract/quarantine.ts';
import { PatientId, StudyId } from '../../../../shared/domain/ids.ts';
import { findDisplayName } from '../../access/index.ts';
import { findPatient, findPeerTitle, findStudyCard, type PatientRecord } from '../../archive/index.ts';
import type { ReadableDb } from '../../platform/store/database.ts';

/** A study as people tell it from another; null where there is none. */
export function findStudyFace(db: ReadableDb, studyId: string | null): StudyFace | null {
  const study = studyId === null ? null : findStudyCard(db, studyId);
  if (study === null) return null;
  const { studyUid, accession, description, modality, dateRaw, images, isShown } = study;
  const { patientId, name, birthDateRaw, sex, mrn, issuer } = study.patient;
  return {
    ...{ studyUid, accession, description, modality, dateRaw, images, isShown, birthDateRaw, sex, mrn, issuer },
    studyId: StudyId.parse(study.studyId),
    patientId: PatientId.parse(patientId),
    patientName: name,
  };
}

/** A patient as the contract shows one. */
export function showPatient({
  siteId: _siteId,
  patientId,
  mergedInto,
  numbers,
  ...patient
}: PatientRecord): PatientIdentity {
  return {
    ...patient,
    numbers: [...numbers],
    patientId: PatientId.parse(patientId),
    mergedInto: mergedInto === null ? null : PatientId.parse(mergedInto),
  };
}

/** A patient by id as the contract shows one; null where there is none any more. */
export function findPatientIdentity(db: ReadableDb, patientId: unknown): PatientIdentity | null {
  const patient = typeof patientId === 'string' ? findPatient(db, patientId) : null;
  return patient === null ? null : showPatient(patient);
}

/** A person's or a machine's name, or the id where neither is known. */
export function nameActor(db: ReadableDb, actorId: string): string {
  return findDisplayName(db, actorId) ?? findPeerTitle(db, actorId) ?? actorId;
}
