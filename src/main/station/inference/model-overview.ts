import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { DriftLevel } from '../../../shared/domain/distribution-shift.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { CoverageTally } from './coverage.ts';
import { listAlarms, type StandingAlarm } from './coverage-alarms.ts';
import { lastLevel } from './model-drift.ts';
import { measureModel } from './model-figures.ts';
import { IS_UNFIT } from './models.ts';

/** What a list of models says of each in a few figures. */
export type ModelOverview = {
  readonly digest: string;
  readonly coverage: CoverageTally;
  readonly alarms: StandingAlarm[];
  /** From being owed to the result; null where nothing was run. */
  readonly p95Ms: number | null;
  readonly drift: DriftLevel | null;
};

const LIST_AT_SITE = `
  SELECT m.digest FROM models m LEFT JOIN model_exposures x ON x.site_id = @siteId AND x.digest = m.digest
   WHERE @hidesSilent = 0 OR (x.stage IN ('pilot', 'general') AND NOT ${IS_UNFIT})
   ORDER BY m.model_id, m.installed_at_ms DESC
`;
const FIND_PACKAGE = 'SELECT package_path AS packagePath FROM models WHERE digest = ?';
const LONGEST_CARD_BYTES = 128 * 1024;

/** The models that may be told of at a site: all, or for others than those who govern them, the ones that are shown. */
export function listKnownDigests(
  db: ReadableDb,
  question: { readonly siteId: string; readonly hidesSilent: boolean },
): readonly string[] {
  return prepared<{ digest: string }>(db, LIST_AT_SITE)
    .all({ siteId: question.siteId, hidesSilent: question.hidesSilent ? 1 : 0 })
    .map(({ digest }) => digest);
}

/** Each model in a few figures, over as many days. */
export function overviewModels(
  db: ReadableDb,
  question: { readonly siteId: string; readonly hidesSilent: boolean; readonly days: number; readonly nowMs: number },
): ModelOverview[] {
  const { siteId, days, nowMs } = question;
  return listKnownDigests(db, question).map((digest) => {
    const { all, steps } = measureModel(db, { siteId, digest, days, nowMs });
    const { run, notRun, open, noFit, before } = all;
    return {
      digest,
      coverage: { run, notRun, open, noFit, before },
      alarms: listAlarms(db, siteId, digest),
      p95Ms: steps.find(({ step }) => step === 'total')?.p95Ms ?? null,
      drift: lastLevel(db, { siteId, digest }, nowMs),
    };
  });
}

/** A package's card as it lies on disk, as text; null where it has none, or one too long to be a card. */
export async function readModelCard(db: ReadableDb, digest: string): Promise<string | null> {
  const found = prepared<{ packagePath: string }>(db, FIND_PACKAGE).get(digest);
  if (found === undefined) return null;
  const file = path.join(found.packagePath, 'card.md');
  try {
    const { size } = await stat(file);
    return size > LONGEST_CARD_BYTES ? null : await readFile(file, 'utf8');
  } catch {
    return null; // A card is optional, and a package that is gone says so elsewhere.
  }
}
