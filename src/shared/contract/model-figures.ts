import { z } from 'zod';
import { DRIFT_LEVELS } from '../domain/distribution-shift.ts';
import { StudyId } from '../domain/ids.ts';
import { ExposureStage } from '../domain/exposure.ts';
import { BACKGROUND, procedure } from './procedure.ts';

/** A model is known by its package's digest. */
const one = z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) });

const Outcomes = z.object({
  run: z.number().int(),
  /** A series fits and there is no result. */
  notRun: z.number().int(),
  /** Came today or yesterday and still waits. */
  open: z.number().int(),
  /** The exam is one the model is made for, and no series of it can be read. */
  noFit: z.number().int(),
});
/** What exams came to; `before`: those of the four windows before. Coverage is run / (run + notRun). */
export const CoverageTally = Outcomes.extend({ before: Outcomes });
export type CoverageTally = z.infer<typeof CoverageTally>;

export const COVERAGE_CAUSES = ['below-limit', 'fits-less', 'fell-silent'] as const;
/** Why coverage is alarming, and since when; `sourceId` 0: of all scanners together. */
export const CoverageAlarm = z.object({
  sourceId: z.number().int(),
  cause: z.enum(COVERAGE_CAUSES),
  raisedAtMs: z.number(),
});
export type CoverageAlarm = z.infer<typeof CoverageAlarm>;

/** A scanner and protocol; empty where the images do not say. */
export const SourceCoverage = CoverageTally.extend({
  sourceId: z.number().int(),
  manufacturer: z.string(),
  scanner: z.string(),
  protocol: z.string(),
});
export type SourceCoverage = z.infer<typeof SourceCoverage>;

/** A model in a few figures, over the days that the site's alarm counts. */
export const ModelOverview = z.object({
  digest: z.string(),
  coverage: CoverageTally,
  alarms: z.array(CoverageAlarm),
  /** From being owed to the result, in ms; null where nothing was run. */
  p95Ms: z.number().nullable(),
  /** The worst of the last judged week; null before the first. */
  drift: z.enum(DRIFT_LEVELS).nullable(),
});
export type ModelOverview = z.infer<typeof ModelOverview>;

/** The limits that the site set. */
export const CoverageLimits = z.object({
  leastShare: z.number(),
  days: z.number().int(),
  leastStudies: z.number().int(),
});
export type CoverageLimits = z.infer<typeof CoverageLimits>;

export const RUN_STEPS = ['queue', 'read', 'decode', 'preprocess', 'infer', 'postprocess', 'total'] as const;

/** How long a step took, in ms, within 2.5 %. */
export const StepLatency = z.object({
  step: z.enum(RUN_STEPS),
  runs: z.number().int(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
});
export type StepLatency = z.infer<typeof StepLatency>;

export const ModelFigures = z.object({
  all: SourceCoverage,
  sources: z.array(SourceCoverage),
  notRun: z.array(z.object({ reason: z.string(), exams: z.number().int() })),
  steps: z.array(StepLatency),
  /** Days are counted from 1970-01-01, UTC. */
  today: z.number().int(),
  days: z.array(z.object({ day: z.number().int(), run: z.number().int(), notRun: z.number().int() })),
  alarms: z.array(CoverageAlarm),
  limits: CoverageLimits,
});
export type ModelFigures = z.infer<typeof ModelFigures>;

/** What a feature came to in each judged week, and how the last one looks beside the silent ones. */
export const FeatureDrift = z.object({
  /** `score:` and the label's id, or one of what is read. */
  feature: z.string(),
  kind: z.enum(['number', 'name']),
  weeks: z.array(
    z.object({
      /** From a Monday on; week 0 began on 1969-12-29. */
      week: z.number().int(),
      runs: z.number().int(),
      referenceRuns: z.number().int(),
      psi: z.number().nullable(),
      ks: z.number().nullable(),
      ksP: z.number().nullable(),
      level: z.enum(DRIFT_LEVELS),
    }),
  ),
  /** Shares of the silent weeks and of the last judged one; empty where too few were read to be told of. */
  bars: z.array(z.object({ from: z.string(), reference: z.number(), window: z.number() })),
});
export type FeatureDrift = z.infer<typeof FeatureDrift>;

/** Drift of a model, and what the site's policy makes of it. */
export const ModelDrift = z.object({
  features: z.array(FeatureDrift),
  /** A week that moved far suspends the model by itself. */
  suspends: z.boolean(),
});
export type ModelDrift = z.infer<typeof ModelDrift>;

/** What replaying the golden cases showed the last time: on a provider, in a version of it, on a machine. */
export const Verification = z.object({
  provider: z.string(),
  providerVersion: z.string(),
  /** What computed, in words; of a server of another machine its name. */
  machine: z.string(),
  verifiedAtMs: z.number(),
  /** Why it does not hold; null where it does. */
  code: z.string().nullable(),
  golden: z.array(z.object({ name: z.string(), passed: z.boolean(), largestDeviation: z.number() })),
});
export type Verification = z.infer<typeof Verification>;

/** A run, without anything of what it said. */
export const ModelRun = z.object({
  runId: z.string(),
  studyId: StudyId,
  revision: z.number().int(),
  stage: ExposureStage,
  state: z.enum(['queued', 'running', 'finished', 'failed', 'superseded']),
  isLate: z.boolean(),
  reason: z.string().nullable(),
  attempts: z.number().int(),
  provider: z.string().nullable(),
  queuedAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
});
export type ModelRun = z.infer<typeof ModelRun>;
export const ModelRunWindow = z.object({ runs: z.array(ModelRun), next: z.string().nullable() });
export type ModelRunWindow = z.infer<typeof ModelRunWindow>;

/**
 * What models came to at the caller's site. Whoever does not govern models is told of those that are shown alone; of runs that
 * were silent nobody is told who may report. Not found: `model-not-found`.
 */
export const modelFigures = {
  overview: procedure('models.read', BACKGROUND)
    .route({ method: 'GET', path: '/model-figures' })
    .output(z.object({ models: z.array(ModelOverview), limits: CoverageLimits })),
  figures: procedure('models.read', BACKGROUND)
    .route({ method: 'GET', path: '/model-figures/{digest}' })
    .input(one.extend({ days: z.coerce.number().int().min(1).max(90).default(7) }))
    .output(ModelFigures),
  drift: procedure('models.read', BACKGROUND)
    .route({ method: 'GET', path: '/model-figures/{digest}/drift' })
    .input(one)
    .output(ModelDrift),
  golden: procedure('models.read', BACKGROUND)
    .route({ method: 'GET', path: '/model-figures/{digest}/golden' })
    .input(one)
    .output(z.array(Verification)),
  /** What the package says of the model, as text; null where it has no card. */
  card: procedure('models.read')
    .route({ method: 'GET', path: '/model-figures/{digest}/card' })
    .input(one)
    .output(z.object({ text: z.string().nullable() })),
  /** Newest first; `next` continues. */
  runs: procedure('models.read', BACKGROUND)
    .route({ method: 'GET', path: '/model-figures/{digest}/runs' })
    .input(
      one.extend({
        only: z.enum(['not-run']).optional(),
        /** Those that ended without a result for this reason. */
        because: z.string().max(64).optional(),
        after: z.string().max(200).optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
    )
    .output(ModelRunWindow),
};
