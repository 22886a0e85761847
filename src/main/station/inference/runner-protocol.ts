import { z } from 'zod';
import { RUN_FAILURES } from '../../../shared/domain/ai-status.ts';
import { RunId } from '../../../shared/domain/ids.ts';
import { PackageFault } from '../../../shared/domain/package-fault.ts';
import { RemoteServer } from '../../../shared/domain/provider.ts';
import {
  ANSWER_LIMITS,
  DicomUid,
  Finite,
  Millis,
  RunBox,
  RunHeatmap,
  RunMask,
  RunOutput,
  RunProfile,
  RunSpans,
  SeriesGeometrySummary,
  Sha256,
  StageTimings,
} from './run-answer.ts';

/** Every message between station and runner, in both directions; each end parses what arrives. Pixels never travel here. */

const ObjectKeyMessage = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  keyHex: z.string().regex(/^[0-9a-f]{64}$/),
});
/** So many faults of one package are told; the first ones often explain the others. */
export const MOST_FAULTS = 50;

/** Name of the empty file in the outbox by which a runner says that it ended itself for holding too much memory. */
export const OVER_MEMORY_NOTE = 'over-memory.note';

/** Why a run ended without a result. */
export const RunFailure = z.enum(RUN_FAILURES);
export type RunFailure = z.infer<typeof RunFailure>;

/** Why a tensor is no answer. */
export const BAD_OUTPUTS = ['missing', 'type', 'shape', 'not-finite', 'out-of-range'] as const;
export type BadOutputReason = (typeof BAD_OUTPUTS)[number];
/** Which tensor of a model's answer is none, and why. */
export const BadOutput = z.strictObject({ tensor: z.string().max(256), why: z.enum(BAD_OUTPUTS) });
export type BadOutput = z.infer<typeof BadOutput>;

/** One stored object the run reads: where it lies is the object store's business, named by digest alone. */
export const InstanceReference = z.strictObject({
  sopUid: DicomUid,
  digest: Sha256,
  encoding: z.enum(['plain', 'aes-256-gcm-chunked-v1']),
  transferSyntaxUid: DicomUid,
});
export type InstanceReference = z.infer<typeof InstanceReference>;

/** What another model said of the study, for a model that is fed by it: by the id that its manifest gives that model. */
export const FedRun = z.strictObject({
  id: z.string().max(64),
  /** The run that said it. */
  runId: RunId,
  /** Whether it read the series that the fed model reads; absent where nobody looked. */
  isOfSameSeries: z.boolean().optional(),
  scores: z.array(z.strictObject({ label: z.string(), score: z.number().nullable() })).max(512),
  masks: z
    .array(
      z.strictObject({
        label: z.string(),
        digest: Sha256,
        encoding: InstanceReference.shape.encoding,
        rows: z.number().int().positive(),
        columns: z.number().int().positive(),
        frames: z.array(z.strictObject({ sopUid: DicomUid, frameNumber: z.number().int().min(1) })).max(20_000),
      }),
    )
    .max(512),
  /** The best of its boxes on every frame they cross, by label; absent of runs from before they were kept. */
  boxes: z
    .array(
      z.strictObject({
        label: z.string(),
        score: z.number(),
        frames: z
          .array(
            z.strictObject({
              sopUid: DicomUid,
              frameNumber: z.number().int().min(1),
              /** Columns and rows from the corner of the first pixel: left, top, right, bottom. */
              edges: z.tuple([z.number(), z.number(), z.number(), z.number()]),
            }),
          )
          .max(20_000),
      }),
    )
    .max(200)
    .optional(),
  features: z
    .array(
      z.strictObject({
        tensor: z.string(),
        digest: Sha256,
        encoding: InstanceReference.shape.encoding,
        dims: z.array(z.number().int().positive()).min(1).max(8),
      }),
    )
    .max(32),
});
export type FedRun = z.infer<typeof FedRun>;

/** Another series that a model needs, by the id that its manifest gives it. */
export const OtherSeriesReference = z.strictObject({
  id: z.string().max(64),
  seriesUid: DicomUid,
  instances: z.array(InstanceReference).min(1),
});
export type OtherSeriesReference = z.infer<typeof OtherSeriesReference>;

/** Age at the study, in years, and sex of a patient, as far as the archive knows them. */
export const CorrectedPatient = z.strictObject({
  ageYears: z.number().min(0).max(150).nullable(),
  sex: z.enum(['M', 'F', 'O']).nullable(),
});
export type CorrectedPatient = z.infer<typeof CorrectedPatient>;

export const StationToRunner = z.discriminatedUnion('type', [
  /** First message: where objects are read and what opens them, where masks are left, how to compute. */
  z.strictObject({
    type: z.literal('start'),
    objectsDir: z.string(),
    objectKeys: z.array(ObjectKeyMessage).min(1),
    outboxDir: z.string(),
    /** In the site's order; `remote` stands for the servers below. */
    providers: z.array(z.string()).min(1),
    remotes: z.array(RemoteServer).optional(),
    threads: z.number().int().min(1).max(64),
    /** Models that no run needs just now are kept loaded up to this much together, in MiB. */
    warmModelsMb: z.number().int().nonnegative().optional(),
  }),
  /** After a rotation: every key that objects are now sealed with. */
  z.strictObject({ type: z.literal('object-keys'), objectKeys: z.array(ObjectKeyMessage).min(1) }),
  /** Loads a package on a provider, that in use where none is named; with `verify`, also replays its golden cases there. */
  z.strictObject({
    type: z.literal('load'),
    requestId: z.string(),
    packageDir: z.string(),
    verify: z.boolean(),
    provider: z.string().optional(),
  }),
  /** Computes every golden case of a package on two providers, so many times each. */
  z.strictObject({
    type: z.literal('compare'),
    requestId: z.string(),
    packageDir: z.string(),
    provider: z.string(),
    against: z.string(),
    runs: z.number().int().min(1).max(1000),
  }),
  z.strictObject({
    type: z.literal('run'),
    runId: RunId,
    packageDir: z.string(),
    /** The model the station decided to run; another one in the directory is refused. */
    modelDigest: Sha256,
    series: z.strictObject({ seriesUid: DicomUid, instances: z.array(InstanceReference).min(1) }),
    /** The other series that the manifest names, and what other models said. */
    otherSeries: z.array(OtherSeriesReference).max(8).optional(),
    fed: z.array(FedRun).max(8).optional(),
    /** Whose the study is, where people gave it to another patient than its objects name: nothing that those say of a person counts. */
    patient: CorrectedPatient.optional(),
    /** Leaves every tensor as the model gave it in the outbox too. */
    keepTensors: z.boolean().optional(),
    /** Computes on this proven provider instead of the one in use. */
    provider: z.string().optional(),
    /** Of what computes, as it was when the model's golden cases held there: of another one nothing is asked. */
    providerVersion: z.string().optional(),
    /** MiB that must be free before it begins, and how much more than before the process may hold until it is ended. */
    memory: z.strictObject({ needMb: z.number().positive(), mostMb: z.number().positive() }).optional(),
  }),
  /** What will probably be run next, so that its series can be prepared while this one computes. It promises nothing. */
  z.strictObject({
    type: z.literal('next'),
    packageDir: z.string(),
    modelDigest: Sha256,
    instances: z.array(InstanceReference).min(1),
    /** As in the run itself. */
    otherSeries: z.array(OtherSeriesReference).max(8).optional(),
    fed: z.array(FedRun).max(8).optional(),
    /** MiB that must be free beside what the current run needs. */
    needMb: z.number().positive(),
  }),
  z.strictObject({ type: z.literal('cancel'), runId: RunId }),
  z.strictObject({ type: z.literal('ping'), nonce: z.number().int() }),
  z.strictObject({ type: z.literal('shutdown') }),
]);
export type StationToRunner = z.infer<typeof StationToRunner>;
export type NextRequest = Extract<StationToRunner, { type: 'next' }>;
export type StartRunner = Extract<StationToRunner, { type: 'start' }>;
export type RunRequest = Extract<StationToRunner, { type: 'run' }>;

/** What computes a model. */
export const ComputedOn = z.strictObject({
  /** Of the library; or of a remote server all that it says of itself and of the model. */
  version: z.string().max(1024),
  /** Whether all of it is computed there; of what is not, the processor of this machine does the rest. */
  isWhole: z.boolean(),
  /** Of a remote server: what it calls itself and the model. */
  server: z
    .strictObject({
      name: z.string().max(256),
      version: z.string().max(256),
      model: z.string().max(256),
      modelVersion: z.string().max(64),
    })
    .optional(),
});
export type ComputedOn = z.infer<typeof ComputedOn>;

/** How a golden case came out; `largestDeviation` counts in tolerances. */
const GoldenCaseResult = z.strictObject({ name: z.string(), passed: z.boolean(), largestDeviation: z.number() });

/** How far a tensor of one provider is from that of another: the largest and the mean difference, and the largest in tolerances. */
const TensorDifference = z.strictObject({
  tensor: z.string(),
  numbers: z.number().int(),
  largest: z.number(),
  mean: z.number(),
  inTolerances: z.number(),
});
export type TensorDifference = z.infer<typeof TensorDifference>;

export const RunnerToStation = z.discriminatedUnion('type', [
  /** The runner can work: each wanted provider was tried with a tiny session and is proven or not. */
  z.strictObject({
    type: z.literal('ready'),
    onnxruntimeVersion: z.string(),
    providers: z.array(
      z.strictObject({
        name: z.string(),
        proven: z.boolean(),
        version: z.string(),
        code: z.enum(['provider-not-built-in', 'provider-not-proven']).nullable(),
      }),
    ),
    /** The provider runs will use: the first wanted one that is proven. */
    provider: z.string(),
  }),
  z.strictObject({ type: z.literal('start-failed'), code: z.enum(['no-provider', 'directory-missing']) }),
  z.strictObject({
    type: z.literal('loaded'),
    requestId: z.string(),
    packageDir: z.string(),
    modelId: z.string(),
    modelVersion: z.string(),
    modelDigest: Sha256,
    provider: z.string(),
    device: ComputedOn.optional(),
    golden: z.array(GoldenCaseResult),
  }),
  /** The package could not be loaded, or does not give what its golden cases promise. */
  z.strictObject({
    type: z.literal('load-failed'),
    requestId: z.string(),
    packageDir: z.string(),
    faults: z.array(PackageFault).min(1).max(MOST_FAULTS),
    /** Where it could be computed and does not hold. */
    golden: z.array(GoldenCaseResult).optional(),
    device: ComputedOn.optional(),
  }),
  /** Times in ms: to load, of the first computation, and the median of the later ones, beside that of the other provider. */
  z.strictObject({
    type: z.literal('compared'),
    requestId: z.string(),
    device: ComputedOn,
    loadMs: Millis,
    againstLoadMs: Millis,
    cases: z.array(
      GoldenCaseResult.extend({
        firstMs: Millis,
        warmMs: Millis,
        againstMs: Millis,
        tensors: z.array(TensorDifference),
      }),
    ),
  }),
  z.strictObject({
    type: z.literal('finished'),
    runId: RunId,
    modelDigest: Sha256,
    manifestDigest: Sha256,
    /** Versions of the pre- and postprocessing code, for the receipt. */
    preprocessing: z.string(),
    postprocessing: z.string(),
    provider: z.string(),
    device: ComputedOn.optional(),
    onnxruntimeVersion: z.string(),
    geometry: SeriesGeometrySummary,
    outputs: z.array(RunOutput).max(ANSWER_LIMITS.outputs),
    profiles: z.array(RunProfile).max(32),
    /** Best first. */
    boxes: z.array(RunBox).max(ANSWER_LIMITS.boxes),
    /** How many boxes each label had and the best of them, also those that are over the limit. */
    boxLabels: z
      .array(z.strictObject({ label: z.string(), count: z.number().int().positive(), best: Finite }))
      .max(512),
    masks: z.array(RunMask).max(ANSWER_LIMITS.masks),
    heatmaps: z.array(RunHeatmap).max(ANSWER_LIMITS.heatmaps),
    /** Numbers for other models: files in the outbox, named as masks are: gzip over little-endian float32. */
    features: z
      .array(
        z.strictObject({
          tensor: z.string(),
          digest: Sha256,
          sizeBytes: z.number().int().positive(),
          dims: z.array(z.number().int().positive()).min(1).max(8),
        }),
      )
      .max(32)
      .optional(),
    /** Files in the outbox, named as masks are: gzip over little-endian values. */
    rawTensors: z
      .array(z.strictObject({ tensor: z.string(), digest: Sha256, sizeBytes: z.number().int().positive() }))
      .optional(),
    timings: StageTimings,
    spans: RunSpans.optional(),
  }),
  /** Before the answer to a run: what the process held at most while it computed, in MiB above what it held before. */
  z.strictObject({ type: z.literal('used'), runId: RunId, peakMb: z.number().nonnegative() }),
  z.strictObject({
    type: z.literal('failed'),
    runId: RunId,
    code: RunFailure,
    /** Of a bad output: which tensor is none, and why. */
    output: BadOutput.optional(),
    /** As far as it came. */
    timings: StageTimings.optional(),
  }),
  z.strictObject({ type: z.literal('pong'), nonce: z.number().int() }),
]);
export type RunnerToStation = z.infer<typeof RunnerToStation>;
export type ProviderComparison = Extract<RunnerToStation, { type: 'compared' }>;
export type RunFinished = Extract<RunnerToStation, { type: 'finished' }>;
