import type { MeasuredRun } from './measured-runner.ts';

/** Runs of one model on one provider over series of one length, and what they are held against. */
export type InferencePass = {
  readonly model: string;
  readonly version: string;
  readonly provider: string;
  readonly slices: number;
  /**
   * Cold is the one run of a fresh runner over files that the system did not hold; warm the median of several series, one asked for
   * after the other; queued of several that follow each other, the next prepared while one computes.
   */
  readonly how: 'cold' | 'warm' | 'queued';
  readonly runs: readonly MeasuredRun[];
  /** What the library alone takes: to compute; when cold, to load the model too. */
  readonly bareMs: number;
  readonly peakMiB: number;
};

/** Beside the model a run takes at most this share of it, or this long, whichever is more: what is aimed at. */
const AIM = { share: 0.25, ms: 300 } as const;
const STAGES = ['readMs', 'decodeMs', 'preprocessMs', 'inferMs', 'postprocessMs', 'totalMs'] as const;

/** One line of the table: medians in ms. `loadMs`: of a total what is in no stage, the model's loading above all. */
type Line = Readonly<Record<(typeof STAGES)[number] | 'loadMs' | 'besideMs' | 'aimMs' | 'bareMs', number>> &
  Omit<InferencePass, 'runs' | 'bareMs'>;

/** The line of a pass. */
export function lineOf({ runs, ...pass }: InferencePass): Line {
  const median = (of: (run: MeasuredRun) => number) => middle(runs.map(of));
  const inStages = (run: MeasuredRun) => STAGES.slice(0, -1).reduce((sum, stage) => sum + run[stage], 0);
  const inferMs = median((run) => run.inferMs);
  return {
    ...pass,
    ...{ readMs: median((run) => run.readMs), decodeMs: median((run) => run.decodeMs) },
    ...{ preprocessMs: median((run) => run.preprocessMs), inferMs, postprocessMs: median((run) => run.postprocessMs) },
    ...{ totalMs: median((run) => run.totalMs), loadMs: median((run) => Math.max(0, run.totalMs - inStages(run))) },
    besideMs: median((run) => run.totalMs - run.inferMs),
    aimMs: Math.max(AIM.ms, AIM.share * inferMs),
  };
}

/** Prints a table for people: what each stage took, and what stands beside the model against what is aimed at. */
export function printLines(lines: readonly Line[]): void {
  const titles = [
    'read',
    'decode',
    'prep.',
    'infer',
    'postp.',
    'load',
    'total',
    'beside',
    'aim',
    'of aim',
    'bare',
    'MiB',
  ];
  const width = Math.max(...lines.map((line) => nameOf(line).length));
  console.log(`${'ms'.padEnd(width)}${titles.map(cell).join('')}`);
  for (const line of lines) {
    const { readMs, decodeMs, preprocessMs, inferMs, postprocessMs, loadMs, totalMs, besideMs, aimMs, bareMs } = line;
    const ms = [readMs, decodeMs, preprocessMs, inferMs, postprocessMs, loadMs, totalMs, besideMs, aimMs];
    const cells = [...ms.map(Math.round), (besideMs / aimMs).toFixed(2), Math.round(bareMs), Math.round(line.peakMiB)];
    console.log(`${nameOf(line).padEnd(width)}${cells.map(cell).join('')}`);
  }
}

function nameOf({ model, version, provider, slices, how }: Line): string {
  return `${model} ${version} ${provider} ${slices} ${how}`;
}

/** The middle one of some numbers. */
export function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}

const cell = (value: string | number) => String(value).padStart(9);
