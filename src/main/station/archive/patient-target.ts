import { PatientId } from '../../../shared/domain/ids.ts';
import { nameKey } from '../../../shared/domain/person-name.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshId } from '../platform/ids.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { findPatient, survivorOf } from './find-patients.ts';

/** Whom a person gives a study to: somebody known here, or somebody named with their number and its issuer. */
export type PatientTarget =
  | { readonly patientId: string }
  | {
      readonly name: string;
      readonly number: string;
      readonly issuer: string;
      readonly birthDateRaw: string | null;
      readonly sex: string | null;
    };

export type TargetFailure = { readonly code: 'patient-not-found' | 'number-in-use' };

const INSERT_PATIENT = `
  INSERT INTO patients (patient_id, site_id, name, name_key, birth_date_raw, sex)
  VALUES (@patientId, @siteId, @name, @nameKey, @birthDateRaw, @sex)
`;
const INSERT_NUMBER =
  "INSERT INTO patient_identifiers (site_id, value, issuer, type, patient_id) VALUES (?, ?, ?, 'MR', ?)";
const IS_NUMBER_USED =
  "SELECT 1 FROM patient_identifiers WHERE site_id = ? AND value = ? AND issuer = ? AND type = 'MR' AND disputed_in = ''";
const COUNT_USES = `
  SELECT (SELECT count(*) FROM studies WHERE patient_id = @patientId)
       + (SELECT count(*) FROM study_assignments WHERE object_patient_id = @patientId)
       + (SELECT count(*) FROM patient_links WHERE @patientId IN (from_patient_id, to_patient_id)) AS uses
`;
const DROP_NUMBERS = 'DELETE FROM patient_identifiers WHERE patient_id = ?';
const DROP_PATIENT = 'DELETE FROM patients WHERE patient_id = ?';

/** The patient meant, made where they are new here; who was merged is stood for by whom they were merged into. */
export function settleTarget(
  db: WritableDb,
  siteId: string,
  target: PatientTarget,
): Result<{ readonly patientId: string; readonly isNew: boolean }, TargetFailure> {
  if ('patientId' in target) {
    const patientId = survivorOf(db, target.patientId);
    return findPatient(db, patientId)?.siteId === siteId
      ? ok({ patientId, isNew: false })
      : err({ code: 'patient-not-found' });
  }
  const { name, number, issuer, birthDateRaw, sex } = target;
  if (prepared(db, IS_NUMBER_USED).get(siteId, number, issuer) !== undefined) return err({ code: 'number-in-use' });
  const patientId = freshId(PatientId);
  prepared(db, INSERT_PATIENT).run({ patientId, siteId, name, nameKey: nameKey(name), birthDateRaw, sex });
  prepared(db, INSERT_NUMBER).run(siteId, number, issuer, patientId);
  return ok({ patientId, isNew: true });
}

/** Takes back a patient who was made for a correction, unless somebody else has come to use them. */
export function dropUnusedPatient(db: WritableDb, patientId: string): void {
  if (isUsed(db, patientId)) return;
  prepared(db, DROP_NUMBERS).run(patientId);
  prepared(db, DROP_PATIENT).run(patientId);
}

function isUsed(db: ReadableDb, patientId: string): boolean {
  return (prepared<{ uses: number }>(db, COUNT_USES).get({ patientId })?.uses ?? 0) > 0;
}
