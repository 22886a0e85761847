import { createHash } from 'node:crypto';
import { type FlagWhen, reaches } from '../../../shared/domain/flag-when.ts';
import type { AcceptanceReport, AcceptanceTarget, LabelReport } from '../../../shared/contract/models.ts';
import { findImageSource, findStudyCard, type StudyCard } from '../archive/index.ts';
import { canonicalPayload } from '../platform/ledger/event.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { type Acceptance, countEarlierAcceptances } from './acceptance-rows.ts';
import { findModel } from './models.ts';
import { type FlagFrom, listPoints } from './operating-point-rows.ts';
import { type Judged, performanceOf } from './performance.ts';
import { scoresOf } from './run-scores.ts';
import { listSilentRuns, type SilentRun } from './silent-runs.ts';
import { type ReadingFacts, type Truth, truthOf } from './truths.ts';

/** Whole years from which each age band begins. */
const AGE_BANDS = [0, 18, 40, 65, 80] as const;

/**
 * Counts what a version said silently of the site's own studies against what was there, at the acceptance's operating point.
 * Scores are held against its thresholds here, whatever stood when they were given.
 */
export function measureAcceptance(db: ReadableDb, acceptance: Acceptance, facts: ReadingFacts): AcceptanceReport {
  const { acceptanceId, siteId, digest, operatingPoint, countsFromMs, targets } = acceptance;
  const model = findModel(db, digest);
  const point =
    model === null ? undefined : listPoints(db, siteId, model).find(({ version }) => version === operatingPoint);
  if (model === null || point === undefined) throw new Error(`acceptance ${acceptanceId} is of nothing on record`);
  const runs = listSilentRuns(db, siteId, digest, countsFromMs);
  const finished = runs
    .filter(({ state, reason }) => state === 'finished' || reason === 'not-applicable')
    .map((run) => describeRun(db, run));
  const labels = model.manifest.labels.map(({ id, flagWhen }) =>
    reportLabel(
      { label: id, flagWhen },
      point.flagFrom,
      finished,
      targets.find(({ label }) => label === id) ?? null,
      (run) => truthOf(db, run.studyId, model, id, facts),
    ),
  );
  const report = {
    ...{ acceptanceId, digest, operatingPoint, countsFromMs, labels },
    ...{ modelId: model.manifest.id, version: model.manifest.version },
    studies: runs.length,
    notRun: countReasons(runs),
    isMet: labels.every(({ unmet }) => unmet.length === 0),
    earlier: countEarlierAcceptances(db, siteId, model.manifest.id, acceptance.fixedAtMs),
  };
  return { ...report, reportDigest: createHash('sha256').update(canonicalPayload(report)).digest('hex') };
}

type DescribedRun = {
  readonly studyId: string;
  readonly scores: ReadonlyMap<string, number>;
  /** The model that feeds it found nothing for it to judge: together they flag nothing, and what is there is missed. */
  readonly isNotApplicable: boolean;
  readonly scanner: string;
  readonly sex: string;
  readonly age: string;
};

function describeRun(db: ReadableDb, { runId, studyId, seriesId, reason }: SilentRun): DescribedRun {
  const study = findStudyCard(db, studyId);
  const { manufacturer, scanner } = findImageSource(db, studyId, seriesId);
  return {
    ...{
      studyId,
      scores: scoresOf(db, runId),
      isNotApplicable: reason === 'not-applicable',
      scanner: [manufacturer, scanner].filter((part) => part !== '').join(' '),
    },
    ...{ sex: study?.patient.sex ?? '', age: study === null ? '' : ageBand(study) },
  };
}

function reportLabel(
  { label, flagWhen }: { readonly label: string; readonly flagWhen: FlagWhen },
  flagFrom: FlagFrom,
  runs: readonly DescribedRun[],
  target: AcceptanceTarget | null,
  truth: (run: DescribedRun) => Truth,
): LabelReport {
  const threshold = flagFrom[label] ?? null;
  const read = runs
    .filter(({ scores, isNotApplicable }) => scores.has(label) || isNotApplicable)
    .map((run) => ({ run, truth: truth(run), score: run.scores.get(label) ?? null }));
  const judged = read.flatMap(({ run, truth: known, score }) =>
    known.state === 'known'
      ? [{ ...run, ...known, isFlagged: score !== null && reaches(score, threshold, flagWhen) }]
      : [],
  );
  const whole = performanceOf(judged);
  return {
    ...{ label, flagFrom: threshold, target, ...whole },
    ...(flagWhen === 'at-most' && { flagWhen }),
    unmet: target === null ? [] : unmetParts(whole, target),
    withoutTruth: read.filter((one) => one.truth.state === 'unknown').length,
    disputed: read.filter((one) => one.truth.state === 'disputed').length,
    truthBesideAi: judged.filter(({ isBesideAi }) => isBesideAi).length,
    byScanner: strata(judged, ({ scanner }) => scanner),
    bySex: strata(judged, ({ sex }) => sex),
    byAge: strata(judged, ({ age }) => age),
  };
}

/** A rate reaches its target by its value; of nothing it reaches none but zero. */
function unmetParts(whole: ReturnType<typeof performanceOf>, target: AcceptanceTarget): LabelReport['unmet'] {
  return [
    ...(whole.n < target.nAtLeast ? ['n' as const] : []),
    ...(whole.positives < target.positivesAtLeast ? ['positives' as const] : []),
    ...((whole.sensitivity.value ?? 0) < target.sensitivityAtLeast ? ['sensitivity' as const] : []),
    ...((whole.ppv.value ?? 0) < target.ppvAtLeast ? ['ppv' as const] : []),
  ];
}

function strata<Row extends Judged>(rows: readonly Row[], nameOf: (row: Row) => string): LabelReport['bySex'] {
  return [...Map.groupBy(rows, nameOf)]
    .map(([name, part]) => ({ name, ...performanceOf(part) }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

function countReasons(runs: readonly SilentRun[]): AcceptanceReport['notRun'] {
  const failed = Map.groupBy(
    runs.filter(({ state }) => state === 'failed'),
    ({ reason }) => reason ?? '',
  );
  return [...failed]
    .map(([reason, ended]) => ({ reason, studies: ended.length }))
    .toSorted((a, b) => (a.reason < b.reason ? -1 : 1));
}

/** The band of the patient's age in whole years on the day of the exam; empty where a date is missing or no date (DICOM DA). */
export function ageBand({
  patient,
  dateRaw,
}: Pick<StudyCard, 'dateRaw'> & { readonly patient: Pick<StudyCard['patient'], 'birthDateRaw'> }): string {
  const [born, exam] = [patient.birthDateRaw, dateRaw].map((raw) => (/^\d{8}$/.test(raw ?? '') ? Number(raw) : null));
  if (born == null || exam == null || exam < born) return '';
  // Of two dates written YYYYMMDD the difference in whole years.
  const years = Math.floor((exam - born) / 10_000);
  const at = AGE_BANDS.findLastIndex((from) => years >= from);
  const next = AGE_BANDS[at + 1];
  return next === undefined ? `${AGE_BANDS[at]}+` : `${AGE_BANDS[at]}–${next - 1}`;
}
