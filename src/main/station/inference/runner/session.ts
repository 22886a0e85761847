import { devNull } from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { TENSOR_TYPES, type TensorType } from '../../../../shared/domain/model-tensors.ts';

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
  /** Computes; rejects when the model fails. Outputs of other types than `TensorData` knows are left out of the answer. */
  readonly run: (feeds: Readonly<Record<string, TensorData>>) => Promise<ReadonlyMap<string, TensorData>>;
  readonly close: () => Promise<void>;
};

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
const WEIGHTS_FOLDER = 'model_external_initializers_file_folder_path';
/** A folder that cannot be. */
const NOWHERE = path.join(devNull, 'nowhere');

/** Names of the providers that this build of the library holds; holding one does not mean that the machine can use it. */
export function bundledProviders(): readonly string[] {
  return ort.listSupportedBackends().map((backend) => backend.name);
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
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [options.provider],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 4,
    // Without this the library looks for weight files that nobody verified in the working directory.
    ...(weights.length > 0 ? { externalData: weights } : { extra: { session: { [WEIGHTS_FOLDER]: NOWHERE } } }),
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    inputs: session.inputMetadata.map(declared),
    outputs: session.outputMetadata.map(declared),
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, tensor]) => {
        return [name, toLibrary(tensor)] as const;
      });
      const answer = await session.run(Object.fromEntries(tensors));
      const outputs = new Map<string, TensorData>();
      for (const [name, tensor] of Object.entries(answer)) {
        if (!isTensorType(tensor.type)) continue;
        outputs.set(name, { type: tensor.type, dims: tensor.dims, data: tensor.data as TensorValues });
      }
      return outputs;
    },
    close: () => session.release(),
  };
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
