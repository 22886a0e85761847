import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** Images that came again, the same pixels under another header, and the keywords in which it differs. */
export type NewVersions = { readonly images: number; readonly differing: readonly string[]; readonly atMs: number };

/** Walks instances_by_study and the primary key of the versions. */
export const LIST_NEW_VERSIONS = `
  SELECT v.differs, count(DISTINCT i.instance_id) AS images, max(v.received_at_ms) AS atMs
    FROM instances i CROSS JOIN instance_versions v ON v.site_id = i.site_id AND v.sop_uid = i.sop_uid
   WHERE i.study_id = ? AND i.is_hidden = 0 AND v.differs IS NOT NULL GROUP BY v.differs ORDER BY atMs DESC, v.differs LIMIT 20
`;

/** What came again of a study under another header, newest first, those that differ alike together. */
export function listNewVersions(db: ReadableDb, studyId: string): readonly NewVersions[] {
  return prepared<{ differs: string; images: number; atMs: number }>(db, LIST_NEW_VERSIONS)
    .all(studyId)
    .map(({ differs, images, atMs }) => ({ images, differing: JSON.parse(differs) as readonly string[], atMs }));
}
