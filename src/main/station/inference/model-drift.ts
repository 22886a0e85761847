import {
  type Counts,
  type DriftLevel,
  measureShift,
  type Shift,
  type ValueKind,
} from '../../../shared/domain/distribution-shift.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { dayOf, weekOf } from './measure-exams.ts';
import { kindOfFeature } from './measured-run.ts';
import { IS_UNFIT } from './models.ts';

/** A week of a feature held against the silent weeks. */
export type WeekDrift = Shift & {
  readonly week: number;
  readonly feature: string;
  readonly runs: number;
  readonly referenceRuns: number;
};

/** A feature as it was in the silent weeks and in the last week judged, in at most as many bars as a small picture has room for. */
export type FeatureDrift = {
  readonly feature: string;
  readonly kind: ValueKind;
  readonly weeks: WeekDrift[];
  /** Shares of each side; empty where either has too few to be told of. */
  readonly bars: { readonly from: string; readonly reference: number; readonly window: number }[];
};

const LIST_UNJUDGED = `
  SELECT DISTINCT v.week FROM model_values v
   WHERE v.site_id = @siteId AND v.digest = @digest AND v.is_silent = 0 AND v.week < @week
     AND NOT EXISTS (SELECT 1 FROM model_drift d WHERE d.site_id = v.site_id AND d.digest = v.digest AND d.week = v.week)
   ORDER BY v.week DESC LIMIT ${8}
`;
/** Walks the primary key from the first silent week on. */
export const SUM_REFERENCE = `
  SELECT feature, bin, sum(runs) AS runs FROM model_values
   WHERE site_id = @siteId AND digest = @digest AND week < @week AND is_silent = 1 GROUP BY feature, bin
`;
/** Walks the primary key of one week. */
export const LIST_WEEK = `
  SELECT feature, bin, runs FROM model_values
   WHERE site_id = @siteId AND digest = @digest AND week = @week AND is_silent = 0
`;
const PUT_DRIFT = `
  INSERT INTO model_drift (site_id, digest, week, feature, runs, reference_runs, psi, ks, ks_p, level, judged_at_ms)
  VALUES (@siteId, @digest, @week, @feature, @runs, @referenceRuns, @psi, @ks, @ksP, @level, @atMs)
  ON CONFLICT DO NOTHING
`;
const LIST_DRIFT = `
  SELECT week, feature, runs, reference_runs AS referenceRuns, psi, ks, ks_p AS ksP, level FROM model_drift
   WHERE site_id = ? AND digest = ? AND week > ? ORDER BY week
`;
/** Of models that readers are shown, where the last judged week, over for a month at most, moved far. */
const COUNT_MOVED_FAR = `
  SELECT count(DISTINCT d.digest) AS models FROM model_drift d JOIN models m ON m.digest = d.digest
    JOIN model_exposures x ON x.site_id = d.site_id AND x.digest = d.digest
   WHERE d.site_id = @siteId AND d.week >= @since AND d.level = 'moved-far' AND x.stage IN ('pilot', 'general') AND NOT ${IS_UNFIT}
     AND d.week = (SELECT max(l.week) FROM model_drift l WHERE l.site_id = d.site_id AND l.digest = d.digest)
`;
const WEEKS_TOLD = 5;
const WEEKS_SHOWN = 26;
const MOST_BARS = 12;

type Where = { readonly siteId: string; readonly digest: string };

/** The weeks that are over and that nobody has judged yet, with what they come to; none where the model was never silent here. */
export function judgeWeeks(db: ReadableDb, where: Where, nowMs: number): readonly WeekDrift[] {
  const week = weekOf(dayOf(nowMs));
  const due = prepared<{ week: number }>(db, LIST_UNJUDGED).all({ ...where, week });
  return due.flatMap((one) => judgeWeek(db, where, one.week));
}

function judgeWeek(db: ReadableDb, where: Where, week: number): readonly WeekDrift[] {
  const reference = countsOf(prepared<ValueRow>(db, SUM_REFERENCE).all({ ...where, week }));
  const window = countsOf(prepared<ValueRow>(db, LIST_WEEK).all({ ...where, week }));
  if (reference.size === 0) return [];
  return [...window].map(([feature, counts]) => {
    const then = reference.get(feature) ?? new Map<string, number>();
    const shift = measureShift(kindOfFeature(feature), then, counts);
    return { week, feature, runs: total(counts), referenceRuns: total(then), ...shift };
  });
}

/** Keeps what weeks came to; true for those that were not kept before. */
export function keepDrift(
  db: WritableDb,
  where: Where,
  drift: readonly WeekDrift[],
  atMs: number,
): readonly WeekDrift[] {
  return drift.filter((one) => prepared(db, PUT_DRIFT).run({ ...where, ...one, atMs }).changes > 0);
}

/** Every feature's last half year, week by week, and how its last judged week looks beside the silent ones. */
export function describeDrift(db: ReadableDb, where: Where, nowMs: number): FeatureDrift[] {
  const week = weekOf(dayOf(nowMs));
  const rows = prepared<WeekDrift>(db, LIST_DRIFT).all(where.siteId, where.digest, week - WEEKS_SHOWN);
  const byFeature = Map.groupBy(rows, ({ feature }) => feature);
  return [...byFeature].map(([feature, weeks]) => {
    const last = weeks.at(-1);
    const kind = kindOfFeature(feature);
    return { feature, kind, weeks, bars: last === undefined ? [] : barsOf(db, where, last, kind) };
  });
}

/** The worst that the last judged week came to; null before the first. */
export function lastLevel(db: ReadableDb, where: Where, nowMs: number): DriftLevel | null {
  const rows = prepared<WeekDrift>(db, LIST_DRIFT).all(where.siteId, where.digest, weekOf(dayOf(nowMs)) - WEEKS_SHOWN);
  const levels = new Set(rows.filter(({ week }) => week === rows.at(-1)?.week).map(({ level }) => level));
  return (['moved-far', 'moved', 'steady', 'too-few'] as const).find((level) => levels.has(level)) ?? null;
}

/** How many models that are shown at a site moved far from their silent weeks in the last judged one. */
export function countDriftedModels(db: ReadableDb, siteId: string, nowMs: number): number {
  const since = weekOf(dayOf(nowMs)) - WEEKS_TOLD;
  return prepared<{ models: number }>(db, COUNT_MOVED_FAR).get({ siteId, since })?.models ?? 0;
}

function barsOf(
  db: ReadableDb,
  where: Where,
  { week, feature, level }: WeekDrift,
  kind: ValueKind,
): FeatureDrift['bars'] {
  // A handful of values would tell what single studies got.
  if (level === 'too-few') return [];
  const reference = countsOf(prepared<ValueRow>(db, SUM_REFERENCE).all({ ...where, week })).get(feature);
  const window = countsOf(prepared<ValueRow>(db, LIST_WEEK).all({ ...where, week })).get(feature);
  if (reference === undefined || window === undefined) return [];
  const bins = (kind === 'number' ? equalBins : frequentNames)(reference, window);
  const share = (counts: Counts, has: (value: string) => boolean) =>
    [...counts].reduce((sum, [value, count]) => sum + (has(value) ? count : 0), 0) / total(counts);
  return bins.map(({ from, has }) => ({ from, reference: share(reference, has), window: share(window, has) }));
}

type Bin = { readonly from: string; readonly has: (value: string) => boolean };

function equalBins(reference: Counts, window: Counts): readonly Bin[] {
  const values = [...reference.keys(), ...window.keys()].map(Number);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least === most) return [{ from: String(least), has: () => true }];
  const width = (most - least) / MOST_BARS;
  return Array.from({ length: MOST_BARS }, (_, bin) => {
    const from = least + bin * width;
    const isLast = bin === MOST_BARS - 1;
    return {
      from: String(Number(from.toPrecision(4))),
      has: (value: string) => Number(value) >= from && (isLast || Number(value) < from + width),
    };
  });
}

function frequentNames(reference: Counts, window: Counts): readonly Bin[] {
  const weight = (name: string) =>
    (reference.get(name) ?? 0) / total(reference) + (window.get(name) ?? 0) / total(window);
  const names = [...new Set([...reference.keys(), ...window.keys()])].toSorted((a, b) => weight(b) - weight(a));
  const shown = names.slice(0, MOST_BARS);
  return shown.map((name) => ({ from: name, has: (value) => value === name }));
}

type ValueRow = { readonly feature: string; readonly bin: string; readonly runs: number };

function countsOf(rows: readonly ValueRow[]): ReadonlyMap<string, Counts> {
  const features = new Map<string, Map<string, number>>();
  for (const { feature, bin, runs } of rows) {
    const counts = features.get(feature) ?? new Map<string, number>();
    counts.set(bin, (counts.get(bin) ?? 0) + runs);
    features.set(feature, counts);
  }
  return features;
}

function total(counts: Counts): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
