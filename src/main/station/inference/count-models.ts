import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { IS_SHOWN_AT, type ShownAt, shownAtValue } from './shown-models.ts';

/** A manifest of an older form has no package that could be here. */
const COUNT_UNUSABLE = `
  SELECT count(*) AS models FROM models m
   WHERE ${IS_SHOWN_AT} AND (
         m.state = 'broken' OR m.state = 'gone' AND json_extract(m.manifest, '$.schema') = 2 AND EXISTS (
         SELECT 1 FROM model_exposures x WHERE x.digest = m.digest AND x.stage IN ('silent', 'pilot', 'general')))
`;
const COUNT_USABLE = `
  SELECT count(*) AS models FROM models m WHERE m.state IN ('installed', 'verified') AND ${IS_SHOWN_AT}
`;

/** How many models cannot run though they should: broken, or exposed and their package is gone. */
export function countUnusableModels(db: ReadableDb, shownAt: ShownAt = null): number {
  return prepared<{ models: number }>(db, COUNT_UNUSABLE).get({ shownAt: shownAtValue(shownAt) })?.models ?? 0;
}

/** How many models hold their golden cases or wait to be held to them. Asked with every status: no manifest is read for it. */
export function countUsableModels(db: ReadableDb, shownAt: ShownAt = null): number {
  return prepared<{ models: number }>(db, COUNT_USABLE).get({ shownAt: shownAtValue(shownAt) })?.models ?? 0;
}
