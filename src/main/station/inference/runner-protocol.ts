import { z } from 'zod';
import { RUN_FAILURES } from '../../../shared/domain/ai-status.ts';
import { RunId } from '../../../shared/domain/ids.ts';

/** Every message between station and runner, in both directions; each end parses what arrives. Pixels never travel here. */

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const DicomUid = z.string().regex(/^[0-9.]{1,64}$/);
const ObjectKeyMessage = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  keyHex: z.string().regex(/^[0-9a-f]{64}$/),
});
const Millis = z.number().nonnegative();

/** Name of the empty file in the outbox by which a runner says that it ended itself for holding too much memory. */
export const OVER_MEMORY_NOTE = 'over-memory.note';

/** Why a run ended without a result. */
export const RunFailure = z.enum(RUN_FAILURES);
export type RunFailure = z.infer<typeof RunFailure>;

/** Why a model package could not be loaded or does not give what its golden cases promise. */
export const LOAD_FAILURES = [
  'manifest-missing',
  'manifest-invalid',
  'model-missing',
  'digest-differs',
  'model-rejected',
  'tensor-missing',
  'golden-unreadable',
  'golden-differs',
] as const;
export const LoadFailure = z.enum(LOAD_FAILURES);
export type LoadFailure = z.infer<typeof LoadFailure>;

/** One stored object the run reads: where it lies is the object store's business, named by digest alone. */
export const InstanceReference = z.strictObject({
  sopUid: DicomUid,
  digest: Sha256,
  encoding: z.enum(['plain', 'aes-256-gcm-chunked-v1']),
  transferSyntaxUid: DicomUid,
});
export type InstanceReference = z.infer<typeof InstanceReference>;

export const StationToRunner = z.discriminatedUnion('type', [
  /** First message: where objects are read and what opens them, where masks are left, how to compute. */
  z.strictObject({
    type: z.literal('start'),
    objectsDir: z.string(),
    objectKeys: z.array(ObjectKeyMessage).min(1),
    outboxDir: z.string(),
    providers: z.array(z.string()).min(1),
    threads: z.number().int().min(1).max(64),
    /** Models that no run needs just now are kept loaded up to this much together, in MiB. */
    warmModelsMb: z.number().int().nonnegative().optional(),
  }),
  /** After a rotation: every key that objects are now sealed with. */
  z.strictObject({ type: z.literal('object-keys'), objectKeys: z.array(ObjectKeyMessage).min(1) }),
  /** Loads a package; with `verify`, also replays its golden cases on the provider in use. */
  z.strictObject({ type: z.literal('load'), requestId: z.string(), packageDir: z.string(), verify: z.boolean() }),
  z.strictObject({
    type: z.literal('run'),
    runId: RunId,
    packageDir: z.string(),
    /** The model the station decided to run; another one in the directory is refused. */
    modelDigest: Sha256,
    series: z.strictObject({ seriesUid: DicomUid, instances: z.array(InstanceReference).min(1) }),
    /** Leaves every tensor as the model gave it in the outbox too. */
    keepTensors: z.boolean().optional(),
    /** Computes on this proven provider instead of the one in use; for replays. */
    provider: z.string().optional(),
    /** MiB that must be free before it begins, and how much more than before the process may hold until it is ended. */
    memory: z.strictObject({ needMb: z.number().positive(), mostMb: z.number().positive() }).optional(),
  }),
  z.strictObject({ type: z.literal('cancel'), runId: RunId }),
  z.strictObject({ type: z.literal('ping'), nonce: z.number().int() }),
  z.strictObject({ type: z.literal('shutdown') }),
]);
export type StationToRunner = z.infer<typeof StationToRunner>;
export type StartRunner = Extract<StationToRunner, { type: 'start' }>;
export type RunRequest = Extract<StationToRunner, { type: 'run' }>;

/** One number a model gave, after its shape and range were checked. */
export const RunOutput = z.strictObject({
  tensor: z.string(),
  role: z.enum(['probability', 'measurement']),
  label: z.string(),
  value: z.number(),
  unit: z.string().nullable(),
});
export type RunOutput = z.infer<typeof RunOutput>;

/** One source slice of a mask, in source order along the normal. */
export const MaskSlice = z.strictObject({
  sopUid: DicomUid,
  pixels: z.number().int().nonnegative(),
  volumeMl: z.number().nonnegative(),
});
export type MaskSlice = z.infer<typeof MaskSlice>;

/**
 * A mask on the source pixels. The file in the outbox is `<digest>.bits.gz`, named by the SHA-256 of its bytes: gzip of one
 * bit per pixel, least significant bit first, frames in the order of `slices` without padding between them (PS3.5 §8.1.1).
 */
export const RunMask = z.strictObject({
  tensor: z.string(),
  label: z.string(),
  digest: Sha256,
  sizeBytes: z.number().int().positive(),
  rows: z.number().int().positive(),
  columns: z.number().int().positive(),
  /** Every source slice that was read, set pixels or not. */
  slices: z.array(MaskSlice).min(1),
  pixels: z.number().int().nonnegative(),
  volumeMl: z.number().nonnegative(),
  /** The largest connected part: its centre in patient coordinates (LPS, mm) and the slice showing most of it. */
  largest: z
    .strictObject({
      centreMm: z.tuple([z.number(), z.number(), z.number()]),
      volumeMl: z.number(),
      keySopUid: DicomUid,
    })
    .nullable(),
});
export type RunMask = z.infer<typeof RunMask>;

export const StageTimings = z.strictObject({
  readMs: Millis,
  decodeMs: Millis,
  preprocessMs: Millis,
  inferMs: Millis,
  postprocessMs: Millis,
});
export type StageTimings = z.infer<typeof StageTimings>;

/** What the geometry of the series was, kept in the receipt. Spacing is between slice planes along their normal. */
export const SeriesGeometrySummary = z.strictObject({
  slices: z.number().int(),
  rows: z.number().int(),
  columns: z.number().int(),
  pixelSpacingMm: z.tuple([z.number(), z.number()]),
  minSpacingMm: z.number(),
  maxSpacingMm: z.number(),
  tiltDegrees: z.number(),
});
export type SeriesGeometrySummary = z.infer<typeof SeriesGeometrySummary>;

export const RunnerToStation = z.discriminatedUnion('type', [
  /** The runner can work: each wanted provider was tried with a tiny session and is proven or not. */
  z.strictObject({
    type: z.literal('ready'),
    onnxruntimeVersion: z.string(),
    providers: z.array(z.strictObject({ name: z.string(), proven: z.boolean() })),
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
    golden: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), largestDeviation: z.number() })),
  }),
  z.strictObject({ type: z.literal('load-failed'), requestId: z.string(), packageDir: z.string(), code: LoadFailure }),
  z.strictObject({
    type: z.literal('finished'),
    runId: RunId,
    modelDigest: Sha256,
    manifestDigest: Sha256,
    /** Versions of the pre- and postprocessing code, for the receipt. */
    preprocessing: z.string(),
    postprocessing: z.string(),
    provider: z.string(),
    onnxruntimeVersion: z.string(),
    geometry: SeriesGeometrySummary,
    outputs: z.array(RunOutput),
    masks: z.array(RunMask),
    /** Files in the outbox, named as masks are: gzip over little-endian values. */
    rawTensors: z
      .array(z.strictObject({ tensor: z.string(), digest: Sha256, sizeBytes: z.number().int().positive() }))
      .optional(),
    timings: StageTimings,
  }),
  /** Before the answer to a run: what the process held at most while it computed, in MiB above what it held before. */
  z.strictObject({ type: z.literal('used'), runId: RunId, peakMb: z.number().nonnegative() }),
  z.strictObject({ type: z.literal('failed'), runId: RunId, code: RunFailure }),
  z.strictObject({ type: z.literal('pong'), nonce: z.number().int() }),
]);
export type RunnerToStation = z.infer<typeof RunnerToStation>;
export type RunFinished = Extract<RunnerToStation, { type: 'finished' }>;
