import { DAY_MS } from '../../../../shared/domain/durations.ts';
import type { CoverageTally } from '../../../../shared/contract/model-figures.ts';

/** What a coverage bar shows of exams: each part in 0…1 of those that a series fits and that no longer wait. */
export type CoverageFace = {
  /** Null: nothing was eligible. */
  readonly percent: string | null;
  readonly share: number;
  readonly run: number;
  readonly of: number;
};

/** The share run, rounded down: 99.96 % is not all of them. */
export function coverageFace({ run, notRun }: Pick<CoverageTally, 'run' | 'notRun'>): CoverageFace {
  const of = run + notRun;
  return { percent: of === 0 ? null : percentDown(run / of), share: of === 0 ? 0 : run / of, run, of };
}

/** A share in per cent with one digit, rounded down; whole numbers without. */
export function percentDown(share: number): string {
  const tenths = Math.floor(share * 1000 + 1e-9);
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)} %`;
}

/** Milliseconds as people read them: `340 ms`, `4.2 s`, `2 min 5 s`. */
export function formatTook(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The first day of a week of the station's count, as a date. */
export function dateOfWeek(week: number): string {
  return dateOfDay(week * 7 - 3);
}

export function dateOfDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
