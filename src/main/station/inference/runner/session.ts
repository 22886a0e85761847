import { devNull } from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { TENSOR_TYPES, type TensorType } from '../../../../shared/domain/model-tensors.ts';
import { LOCAL_PROVIDERS, type LocalProvider } from '../../../../shared/domain/provider.ts';
import type { BadOutputReason, ComputedOn, RunFailure } from '../runner-protocol.ts';

/** The numbers of a tensor: what each element type is held in. Half floats stand as numbers, `bool` as 0 and 1. */
export type TensorValues =
  | Float32Array
  | Float16Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | BigInt64Array;

/** A tensor as the rest of the runner knows it. */
export type TensorData = {
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: TensorValues;
};

/** An input or output as the model file declares it; a dimension that may vary is null. */
export type DeclaredTensor = {
  readonly name: string;
  /** `other`: an element type, or a kind of value, that no manifest can speak of. */
  readonly type: TensorType | 'other';
  readonly dims: readonly (number | null)[];
};

/** A loaded model. */
export type ModelSession = {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputs: readonly DeclaredTensor[];
  readonly outputs: readonly DeclaredTensor[];
  /**
   * Computes; rejects when the model fails, with a `ComputeFault` where more is known of why. Outputs of other types than
   * `TensorData` knows are left out of the answer. The signal is heard where computing can be left alone: not on this machine.
   */
  readonly run: (
    feeds: Readonly<Record<string, TensorData>>,
    signal?: AbortSignal,
  ) => Promise<ReadonlyMap<string, TensorData>>;
  /** What computes it as of now, for receipts; rejects with a `ComputeFault` where that cannot be asked. */
  readonly identify: (signal?: AbortSignal) => Promise<ComputedOn>;
  readonly close: () => Promise<void>;
};

/** Why a session gives no answer; of a bad output, which tensor is none. */
export type ComputeRefusal =
  | { readonly code: Exclude<RunFailure, 'bad-output'> }
  | { readonly code: 'bad-output'; readonly tensor: string; readonly why: BadOutputReason };

/** What a session rejects with when it knows why. */
export class ComputeFault extends Error {
  readonly refusal: ComputeRefusal;
  constructor(refusal: ComputeRefusal, detail = '') {
    super(detail === '' ? refusal.code : `${refusal.code}: ${detail}`);
    this.refusal = refusal;
  }
}

export type SessionOptions = { readonly provider: string; readonly threads: number };

/** A file that a model keeps weights in, as the model file names it, and its bytes. */
export type WeightFile = { readonly path: string; readonly data: Uint8Array };

/** Version of the native library, for receipts. */
export const ONNXRUNTIME_VERSION: string = ort.env.versions.node ?? ort.env.versions.common;

const ARRAYS = {
  float32: Float32Array,
  float16: Float16Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const satisfies Record<TensorType, unknown>;

/** What an integer type holds; a number outside is given as the nearest inside. */
const HOLDS: Readonly<Partial<Record<TensorType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65_535],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
};
/** Whole numbers that a number can be. */
const WHOLE = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER] as const;
/** What the library calls each provider; what TensorRT does not take CUDA does. */
const LIBRARY_NAMES: Readonly<Record<LocalProvider, readonly string[]>> = {
  cuda: ['cuda'],
  tensorrt: ['tensorrt', 'cuda'],
  webgpu: ['webgpu'],
  directml: ['dml'],
  coreml: ['coreml'],
  cpu: ['cpu'],
};
const WEIGHTS_FOLDER = 'model_external_initializers_file_folder_path';
/** A folder that cannot be. */
const NOWHERE = path.join(devNull, 'nowhere');

/** The providers that this build of the library may hold; holding one does not mean that the machine can use it. */
export function bundledProviders(): readonly LocalProvider[] {
  const held = ort.listSupportedBackends().map((backend) => backend.name);
  return LOCAL_PROVIDERS.filter((name) => LIBRARY_NAMES[name].every((one) => held.includes(one)));
}

/** An empty array for so many elements of a type. */
export function allocateTensor(type: TensorType, length: number): TensorValues {
  return new ARRAYS[type](length);
}

/** Numbers as a tensor: rounded (halves to even) and clamped to what an integer type holds, `bool` 1 where not 0. */
export function makeTensor(type: TensorType, dims: readonly number[], values: ArrayLike<number>): TensorData {
  if (type === 'float32' && values instanceof Float32Array) return { type, dims, data: values };
  const data = allocateTensor(type, values.length);
  const [least, most] = HOLDS[type] ?? [];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (data instanceof BigInt64Array) data[at] = BigInt(asInteger(value, ...WHOLE));
    else if (type === 'bool') data[at] = value === 0 || Number.isNaN(value) ? 0 : 1;
    else data[at] = least === undefined || most === undefined ? value : asInteger(value, least, most);
  }
  return { type, dims, data };
}

/** A tensor's numbers; those of 64 bits as the nearest that a number can be. */
export function numbersOf({ data }: TensorData): Exclude<TensorValues, BigInt64Array> {
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
}

/** Loads a model from bytes alone on one provider; rejects when the library does not take it. A weight file that is not given is not read. */
export async function openSession(
  model: Uint8Array,
  options: SessionOptions,
  weights: readonly WeightFile[] = [],
): Promise<ModelSession> {
  const { session, isWhole } = await createSession(model, options, weights);
  // A text, list or map among the outputs cannot be taken out of the library, and would cost the rest with it.
  const readable = session.outputMetadata.filter((one) => declared(one).type !== 'other').map(({ name }) => name);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    inputs: session.inputMetadata.map(declared),
    outputs: session.outputMetadata.map(declared),
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, tensor]) => {
        return [name, toLibrary(tensor)] as const;
      });
      const answer = await session.run(Object.fromEntries(tensors), readable);
      const outputs = new Map<string, TensorData>();
      for (const [name, tensor] of Object.entries(answer)) {
        if (!isTensorType(tensor.type)) continue;
        outputs.set(name, { type: tensor.type, dims: tensor.dims, data: tensor.data as TensorValues });
      }
      return outputs;
    },
    identify: () => Promise.resolve({ version: ONNXRUNTIME_VERSION, isWhole }),
    close: () => session.release(),
  };
}

type Created = { readonly session: ort.InferenceSession; readonly isWhole: boolean };

/**
 * The library computes on the processor, and says nothing of it, what a provider does not take. So it is told first that it may
 * not; where that cannot be, the session says that it is not whole.
 */
async function createSession(
  model: Uint8Array,
  { provider, threads }: SessionOptions,
  weights: readonly WeightFile[],
): Promise<Created> {
  const names = LIBRARY_NAMES[provider as LocalProvider];
  // Without a name the library would take the processor.
  if (names === undefined) throw new Error('no such provider');
  const create = (settings: Readonly<Record<string, string>>) =>
    ort.InferenceSession.create(model, {
      executionProviders: [...names],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      // DirectML cannot compute with it (onnxruntime.ai, DirectML execution provider).
      enableMemPattern: provider !== 'directml',
      logSeverityLevel: 4,
      ...(weights.length > 0 && { externalData: weights }),
      extra: {
        session: {
          // Without this the library looks for weight files that nobody verified in the working directory.
          ...(weights.length === 0 && { [WEIGHTS_FOLDER]: NOWHERE }),
          // Weights beside the arena, which grows by doubling: it then holds no more than one run needs.
          ...(names.includes('cuda') && { use_device_allocator_for_initializers: '1' }),
          ...settings,
        },
      },
    });
  if (provider === 'cpu') return { session: await create({}), isWhole: true };
  try {
    return { session: await create({ disable_cpu_ep_fallback: '1' }), isWhole: true };
  } catch {
    // Not for everything in the model, or not at all: the second try tells which.
    return { session: await create({}), isWhole: false };
  }
}

/** The native part takes half floats as their bits only. */
function toLibrary({ type, data, dims }: TensorData): ort.Tensor {
  const tensor = new ort.Tensor(type, data as never, dims);
  if (data instanceof Float16Array)
    Object.assign(tensor, { cpuData: new Uint16Array(data.buffer, data.byteOffset, data.length) });
  return tensor;
}

function declared(metadata: ort.InferenceSession.ValueMetadata): DeclaredTensor {
  if (!metadata.isTensor) return { name: metadata.name, type: 'other', dims: [] };
  return {
    name: metadata.name,
    type: isTensorType(metadata.type) ? metadata.type : 'other',
    dims: metadata.shape.map((size) => (typeof size === 'number' && size > 0 ? size : null)),
  };
}

function isTensorType(type: string): type is TensorType {
  return (TENSOR_TYPES as readonly string[]).includes(type);
}

function asInteger(value: number, least: number, most: number): number {
  if (Number.isNaN(value)) return 0;
  const down = Math.floor(value);
  const rest = value - down;
  const rounded = rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1;
  return Math.min(most, Math.max(least, rounded));
}
