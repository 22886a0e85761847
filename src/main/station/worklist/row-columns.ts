import type { WorklistRow } from '../../../shared/contract/worklist.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** What a list reads of a row to show it, besides what it is sorted by. */
export const SHOWN =
  'row_no AS rowNo, study_id AS studyId, site_id AS siteId, name_key AS nameKey, family_birth_key AS familyBirthKey, patient_id AS patientId, row';

export type ReadRow = {
  readonly rowNo: number;
  readonly studyId: string;
  readonly siteId: string;
  readonly nameKey: string;
  readonly familyBirthKey: string;
  readonly patientId: string;
  readonly row: string;
};

/** Another patient of the same family name and first letter on the open list; walks open_studies_by_name. */
export const FIND_NAMESAKE = `
  SELECT 1 FROM open_studies WHERE site_id = ? AND name_key = ? AND patient_id <> ? LIMIT 1
`;
/** Another patient of the same family name and birth date: twins; walks open_studies_by_family_and_birth. */
export const FIND_TWIN = `
  SELECT 1 FROM open_studies WHERE site_id = ? AND family_birth_key = ? AND patient_id <> ? LIMIT 1
`;

/** A row as it was projected, with the name alert, which depends on other rows. The contract checks it where it leaves the station. */
export function showRow(db: ReadableDb, { siteId, nameKey, familyBirthKey, patientId, row }: ReadRow): WorklistRow {
  const shown = JSON.parse(row) as WorklistRow;
  const nameAlert =
    (nameKey !== '' && prepared(db, FIND_NAMESAKE).get(siteId, nameKey, patientId) !== undefined) ||
    (familyBirthKey !== '' && prepared(db, FIND_TWIN).get(siteId, familyBirthKey, patientId) !== undefined);
  return { ...shown, patient: { ...shown.patient, nameAlert } };
}
