import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { usesFor } from './exposure-rows.ts';
import { findModel, type InstalledModel } from './models.ts';
import { costOf } from './run-order.ts';

/** Models that are shown at a site and need this one's answer. */
const LIST_FED = `
  SELECT m.digest FROM models m JOIN model_exposures x ON x.digest = m.digest, json_each(m.manifest, '$.feeds') f
   WHERE x.site_id = ? AND x.stage IN ('pilot', 'general') AND m.state <> 'gone' AND f.value ->> 'model' = ?
`;

/** What waiting for a run of a model costs: what the model may flag, and what those may that wait for its answer. */
export function costOfRun(db: ReadableDb, siteId: string, model: Pick<InstalledModel, 'digest' | 'manifest'>): number {
  const reached = new Map([[model.digest, model]]);
  // What is added meanwhile is walked as well.
  for (const { manifest } of reached.values())
    for (const { digest } of prepared<{ digest: string }>(db, LIST_FED).all(siteId, manifest.id)) {
      const fed = reached.has(digest) ? null : findModel(db, digest);
      if (fed !== null) reached.set(digest, fed);
    }
  return Math.min(...[...reached.values()].map((one) => costOf(one.manifest, usesFor(db, siteId, one))));
}
