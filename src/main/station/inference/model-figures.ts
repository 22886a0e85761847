import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { CoverageTally } from './coverage.ts';
import { dayOf } from './measure-exams.ts';
import { RUN_STEPS, type RunStep, spanOfBin } from './measured-run.ts';

/** Of which model at which site, and the last day asked for with how many before it. */
export type FiguresQuestion = {
  readonly siteId: string;
  readonly digest: string;
  readonly days: number;
  readonly nowMs: number;
};

/** What a scanner's protocol came to; `sourceId` 0 is all of them together. */
export type SourceCoverage = CoverageTally & {
  readonly sourceId: number;
  readonly manufacturer: string;
  readonly scanner: string;
  readonly protocol: string;
};

export type StepLatency = {
  readonly step: RunStep;
  readonly runs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
};

/** What was measured of a model in a window. */
export type ModelFigures = {
  readonly all: SourceCoverage;
  /** Each scanner and protocol, the largest first. */
  readonly sources: SourceCoverage[];
  /** Days are counted from 1970-01-01, UTC. */
  readonly today: number;
  readonly notRun: { readonly reason: string; readonly exams: number }[];
  readonly steps: StepLatency[];
  /** Day by day, the oldest first; days without an exam are left out. */
  readonly days: { readonly day: number; readonly run: number; readonly notRun: number }[];
};

/** Walks the primary key over the days of one model. */
export const SUM_EXAMS = `
  SELECT d.source_id AS sourceId, d.day, d.outcome, d.exams FROM model_days d
   WHERE d.site_id = @siteId AND d.digest = @digest AND d.day > @after AND d.day <= @to AND d.exams > 0
`;
const LIST_SOURCES = `
  SELECT source_id AS sourceId, manufacturer, scanner, protocol FROM exam_sources WHERE site_id = ?
`;
/** Walks the primary key over the days of one model. */
export const SUM_TIMINGS = `
  SELECT step, bin, sum(runs) AS runs FROM model_timings
   WHERE site_id = @siteId AND digest = @digest AND day > @after AND day <= @to GROUP BY step, bin
`;

/** How many windows before the present one it is held against. */
const WINDOWS_BEFORE = 4;

/** Everything measured of a model in the days asked for; the days before are what a scanner's coverage is held against. */
export function measureModel(db: ReadableDb, question: FiguresQuestion): ModelFigures {
  const { siteId, digest, days } = question;
  const to = dayOf(question.nowMs);
  const after = to - days;
  type Row = { readonly sourceId: number; readonly day: number; readonly outcome: string; readonly exams: number };
  const rows = prepared<Row>(db, SUM_EXAMS).all({ siteId, digest, to, after: after - days * WINDOWS_BEFORE });
  const tallyOf = (some: readonly Row[]): CoverageTally => ({
    ...tally(
      some.filter(({ day }) => day > after),
      to,
    ),
    before: tally(
      some.filter(({ day }) => day <= after),
      to,
    ),
  });
  const bySource = Map.groupBy(rows, ({ sourceId }) => sourceId);
  const names = new Map(
    prepared<Pick<SourceCoverage, 'sourceId' | 'manufacturer' | 'scanner' | 'protocol'>>(db, LIST_SOURCES)
      .all(siteId)
      .map((source) => [source.sourceId, source]),
  );
  const sources = [...bySource].map(([sourceId, some]) => {
    const counted = tallyOf(some);
    const name = names.get(sourceId) ?? { manufacturer: '', scanner: '', protocol: '' };
    return { ...name, sourceId, ...counted };
  });
  const now = rows.filter(({ day }) => day > after);
  return {
    all: { sourceId: 0, manufacturer: '', scanner: '', protocol: '', ...tallyOf(rows) },
    sources: sources.toSorted((a, b) => examsOf(b) - examsOf(a) || a.sourceId - b.sourceId),
    today: to,
    notRun: reasonsOf(now, to),
    steps: latenciesOf(db, { siteId, digest, to, after }),
    days: [...Map.groupBy(now, ({ day }) => day)]
      .map(([day, some]) => {
        const { run, notRun } = tally(some, to);
        return { day, run, notRun };
      })
      .toSorted((a, b) => a.day - b.day),
  };
}

type Outcome = { readonly day: number; readonly outcome: string; readonly exams: number };

function tally(rows: readonly Outcome[], today: number): CoverageTally['before'] {
  const counts = { run: 0, notRun: 0, open: 0, noFit: 0 };
  for (const { day, outcome, exams } of rows) counts[kindOf(outcome, day, today)] += exams;
  return counts;
}

/** What still waits after the day it came is not run: nobody may take a queue that stands still for patience. */
function kindOf(outcome: string, day: number, today: number): 'run' | 'notRun' | 'open' | 'noFit' {
  if (outcome === 'finished') return 'run';
  if (outcome === 'no-eligible-series' || outcome === 'not-applicable') return 'noFit';
  return outcome === 'open' && day >= today - 1 ? 'open' : 'notRun';
}

function reasonsOf(rows: readonly Outcome[], today: number): ModelFigures['notRun'] {
  const reasons = new Map<string, number>();
  for (const { day, outcome, exams } of rows) {
    const kind = kindOf(outcome, day, today);
    if (kind !== 'notRun' && kind !== 'noFit') continue;
    const reason = outcome === 'open' ? 'still-waiting' : outcome;
    reasons.set(reason, (reasons.get(reason) ?? 0) + exams);
  }
  return [...reasons].map(([reason, exams]) => ({ reason, exams })).toSorted((a, b) => b.exams - a.exams);
}

function examsOf({ run, notRun, open, noFit }: CoverageTally['before']): number {
  return run + notRun + open + noFit;
}

function latenciesOf(
  db: ReadableDb,
  window: { readonly siteId: string; readonly digest: string; readonly after: number; readonly to: number },
): StepLatency[] {
  const rows = prepared<{ step: RunStep; bin: number; runs: number }>(db, SUM_TIMINGS).all(window);
  const byStep = Map.groupBy(rows, ({ step }) => step);
  return RUN_STEPS.flatMap((step) => {
    const bins = (byStep.get(step) ?? []).toSorted((a, b) => a.bin - b.bin);
    const runs = bins.reduce((sum, one) => sum + one.runs, 0);
    if (runs === 0) return [];
    const at = (share: number) => spanOfBin(nearestRank(bins, Math.ceil(share * runs)));
    return [{ step, runs, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) }];
  });
}

/** The bin that holds the value of this rank, counted from 1. */
function nearestRank(bins: readonly { readonly bin: number; readonly runs: number }[], rank: number): number {
  let seen = 0;
  for (const { bin, runs } of bins) {
    seen += runs;
    if (seen >= rank) return bin;
  }
  return bins.at(-1)?.bin ?? 0;
}
