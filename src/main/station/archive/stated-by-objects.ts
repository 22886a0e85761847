import { prepared, type ReadableDb } from '../platform/store/database.ts';

const FIND_STATED = `
  SELECT s.split_from AS splitFrom, a.study_id IS NOT NULL AS isAssigned, a.object_name AS name,
         a.object_birth_date_raw AS birthDateRaw, a.object_sex AS sex
    FROM studies s LEFT JOIN study_assignments a ON a.study_id = s.study_id WHERE s.study_id = ?
`;

/** What a study's own objects say where people said otherwise: their patient, and the study they name. */
export type StatedByObjects = {
  readonly stated: { readonly name: string; readonly birthDateRaw: string | null; readonly sex: string | null } | null;
  readonly splitFrom: string | null;
};

/** Null on either side where the objects' word stands. */
export function findStatedByObjects(db: ReadableDb, studyId: string): StatedByObjects {
  type Row = {
    splitFrom: string | null;
    isAssigned: 0 | 1;
    name: string;
    birthDateRaw: string | null;
    sex: string | null;
  };
  const row = prepared<Row>(db, FIND_STATED).get(studyId);
  if (row === undefined) return { stated: null, splitFrom: null };
  const { splitFrom, isAssigned, name, birthDateRaw, sex } = row;
  return { splitFrom, stated: isAssigned === 1 ? { name, birthDateRaw, sex } : null };
}
