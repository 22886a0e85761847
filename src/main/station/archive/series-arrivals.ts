import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** When the last image of a series came. */
export type SeriesArrival = { readonly seriesId: string; readonly lastAtMs: number };

/** Walks instances_by_study. */
export const LIST_ARRIVALS = `
  SELECT i.series_id AS seriesId, max(v.received_at_ms) AS lastAtMs FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.study_id = ? AND i.is_hidden = 0 GROUP BY i.series_id
`;

/** Since when each series of a study is quiet; without those that are hidden. */
export function listArrivals(db: ReadableDb, studyId: string): readonly SeriesArrival[] {
  return prepared<SeriesArrival>(db, LIST_ARRIVALS).all(studyId);
}
