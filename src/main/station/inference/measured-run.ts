import { z } from 'zod';
import type { ValueKind } from '../../../shared/domain/distribution-shift.ts';
import type { ImageSource } from '../archive/index.ts';

/** What is watched of every finished run; scores have their label behind a colon. */
export const INPUT_FEATURES = [
  'manufacturer',
  'scanner',
  'kernel',
  'pixel-spacing',
  'slice-thickness',
  'intensity',
] as const;
export type InputFeature = (typeof INPUT_FEATURES)[number];
const KINDS: Readonly<Record<InputFeature, ValueKind>> = {
  manufacturer: 'name',
  scanner: 'name',
  kernel: 'name',
  'pixel-spacing': 'number',
  'slice-thickness': 'number',
  intensity: 'number',
};
/** Numbers are counted in bins this wide: mm, mm, the image's own unit. */
const WIDTHS = { 'pixel-spacing': 0.02, 'slice-thickness': 0.1, intensity: 5 } as const;
const SCORE_WIDTH = 0.005;
const SCORE = 'score:';

/** The steps of a run, in their order; `queue` is from being owed to being begun, `total` from being owed to the result. */
export const RUN_STEPS = ['queue', 'read', 'decode', 'preprocess', 'infer', 'postprocess', 'total'] as const;
export type RunStep = (typeof RUN_STEPS)[number];

/** What is measured of a runner's answer; it may say more, and what it does not say is not counted. */
const Measured = z.object({
  timings: z.record(z.string(), z.number()),
  geometry: z.object({ meanIntensity: z.number().optional() }).optional(),
  outputs: z
    .array(z.object({ role: z.string().optional(), label: z.string().optional(), value: z.number().optional() }))
    .default([]),
});

/** A finished run's own moments, and what the runner answered. */
export type FinishedRun = {
  readonly queuedAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly result: unknown;
};

/** Whether a feature is of what a model was given, and not of what it said. */
export function isOfInput(feature: string): boolean {
  return !feature.startsWith(SCORE);
}

/** Whether a feature's values have an order. */
export function kindOfFeature(feature: string): ValueKind {
  return feature.startsWith(SCORE) ? 'number' : (KINDS[feature as InputFeature] ?? 'name');
}

/** How long each step of a finished run took, in ms; steps the runner does not name are left out. */
export function timingsOf(run: FinishedRun): readonly (readonly [RunStep, number])[] {
  const { timings } = Measured.parse(run.result);
  const ours: Partial<Record<RunStep, number>> = {
    queue: run.startedAtMs - run.queuedAtMs,
    total: run.finishedAtMs - run.queuedAtMs,
  };
  return RUN_STEPS.flatMap((step) => {
    const tookMs = ours[step] ?? timings[`${step}Ms`];
    // A clock that was set back makes nothing take less than no time.
    return tookMs === undefined ? [] : [[step, Math.max(0, tookMs)] as const];
  });
}

/** What a finished run read and gave, each as the bin it is counted in; what is not known is left out. */
export function valuesOf(run: FinishedRun, source: ImageSource): readonly (readonly [feature: string, bin: string])[] {
  const { geometry, outputs } = Measured.parse(run.result);
  const inputs: Readonly<Record<InputFeature, string | null>> = {
    manufacturer: source.manufacturer,
    scanner: source.scanner,
    kernel: source.kernel,
    'pixel-spacing': binOf(source.pixelSpacingMm, WIDTHS['pixel-spacing']),
    'slice-thickness': binOf(source.sliceThicknessMm, WIDTHS['slice-thickness']),
    intensity: binOf(geometry?.meanIntensity ?? null, WIDTHS.intensity),
  };
  const scores = outputs.flatMap(({ role, label, value }) => {
    const bin = role === 'probability' && label !== undefined ? binOf(value ?? null, SCORE_WIDTH) : null;
    return bin === null ? [] : [[`${SCORE}${label}`, bin] as const];
  });
  return [
    ...INPUT_FEATURES.flatMap((feature) => {
      const bin = inputs[feature];
      return bin === null ? [] : [[feature, bin] as const];
    }),
    ...scores,
  ];
}

/** The lower edge of a value's bin, in as few digits as tell it. */
function binOf(value: number | null, width: number): string | null {
  if (value === null || !Number.isFinite(value)) return null;
  // A hair above, so that a value that stands on an edge is not counted below it for a rounding.
  return String(Number((Math.floor(value / width + 1e-9) * width).toFixed(4)));
}

const STEP = Math.log(1.05);

/** The bin of a span: each is 5 % wider than the one before. */
export function binOfSpan(ms: number): number {
  return Math.round(Math.log(1 + ms) / STEP);
}

/** The span that a bin stands for, in ms; at most 2.5 % from every span counted in it. */
export function spanOfBin(bin: number): number {
  return Math.expm1(bin * STEP);
}
