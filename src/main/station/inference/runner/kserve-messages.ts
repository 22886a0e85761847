import { z } from 'zod';
import type { TensorType } from '../../../../shared/domain/model-tensors.ts';
import {
  allocateTensor,
  ComputeFault,
  type DeclaredTensor,
  makeTensor,
  numbersOf,
  type TensorData,
} from './session.ts';

/** The messages of the Open Inference Protocol (KServe v2) over HTTP, with the binary tensor data extension. */

/** Says in a request and an answer how many bytes of JSON stand before the tensors. */
export const HEADER_LENGTH = 'inference-header-content-length';
/** The extension by which tensors travel as bytes. */
export const BINARY_EXTENSION = 'binary_tensor_data';

/** How a server names each element type that we have. */
const DATATYPES = {
  float32: 'FP32',
  float16: 'FP16',
  float64: 'FP64',
  uint8: 'UINT8',
  int8: 'INT8',
  uint16: 'UINT16',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  bool: 'BOOL',
} as const satisfies Record<TensorType, string>;
const TYPES: ReadonlyMap<string, TensorType> = new Map([
  ...Object.entries(DATATYPES).map(([type, datatype]) => [datatype, type as TensorType] as const),
  ['BF16', 'float32'],
]);
/** What one is sent as the other of, as the server has it: golden cases show whether that is near enough. */
const FLOATS: ReadonlySet<string> = new Set(['FP16', 'BF16', 'FP32', 'FP64']);
/** JSON has no form for them. */
const BINARY_ONLY: ReadonlySet<string> = new Set(['FP16', 'BF16']);

const Text = z.string().max(256);
/** It stands in receipts and on pages: nothing of it is hidden, or turns what stands beside it. */
const told = (most: number) =>
  z
    .string()
    .max(most)
    .transform((text) => text.replaceAll(/\p{C}/gu, ''));
export const ServerMetadata = z.object({ name: told(256), version: told(256), extensions: z.array(Text).default([]) });
export type ServerMetadata = z.infer<typeof ServerMetadata>;

const TensorMetadata = z.object({ name: Text, datatype: Text, shape: z.array(z.coerce.number().int()) });
export const ModelMetadata = z.object({
  name: told(256),
  versions: z.array(told(64)).optional(),
  platform: Text.optional(),
  inputs: z.array(TensorMetadata).max(256),
  outputs: z.array(TensorMetadata).max(256),
});
export type ModelMetadata = z.infer<typeof ModelMetadata>;

const Answer = z.object({
  model_version: told(64).optional(),
  outputs: z
    .array(
      z.object({
        name: Text,
        datatype: Text,
        shape: z.array(z.coerce.number().int().nonnegative()),
        parameters: z.looseObject({ binary_data_size: z.number().int().nonnegative().optional() }).optional(),
        data: z.array(z.unknown()).optional(),
      }),
    )
    .max(256),
});

/** A tensor of a model as its server declares it: what we call its type, and what it is called on the wire. */
export type RemoteTensor = DeclaredTensor & { readonly datatype: string };

/** How tensors travel: as bytes, where the server can. */
export type Wire = {
  readonly isBinary: boolean;
  readonly inputs: readonly RemoteTensor[];
  readonly outputs: readonly RemoteTensor[];
};

/** What to send: JSON, and after `jsonBytes` of it the tensors as bytes; null where all of it is JSON. */
export type InferRequest = { readonly body: readonly Uint8Array[]; readonly jsonBytes: number | null };

/** A tensor as a server declares it. `wanted`: the type that the manifest gives it, kept where both are floats. */
export function declareRemote(
  { name, datatype, shape }: z.infer<typeof TensorMetadata>,
  wanted: TensorType | undefined,
): RemoteTensor {
  const dims = shape.map((size) => (size > 0 ? size : null));
  const isFloat = wanted !== undefined && FLOATS.has(DATATYPES[wanted]) && FLOATS.has(datatype);
  return { name, datatype, dims, type: isFloat ? wanted : (TYPES.get(datatype) ?? 'other') };
}

/** The tensors that can only travel as bytes. */
export function binaryOnly(tensors: readonly RemoteTensor[]): readonly string[] {
  return tensors.flatMap(({ name, datatype }) => (BINARY_ONLY.has(datatype) ? [name] : []));
}

/** A request for these outputs. It names tensors and holds their numbers, and nothing else: no id that a study could be found by. */
export function writeRequest(
  wire: Wire,
  feeds: Readonly<Record<string, TensorData>>,
  outputs: readonly string[],
): InferRequest {
  const tensors: Uint8Array[] = [];
  const inputs = Object.entries(feeds).map(([name, tensor]) => {
    const datatype = wire.inputs.find((one) => one.name === name)?.datatype ?? DATATYPES[tensor.type];
    const said = { name, datatype, shape: tensor.dims };
    if (!wire.isBinary) return { ...said, data: inJson(tensor, datatype) };
    const bytes = toBytes(tensor, datatype);
    tensors.push(bytes);
    return { ...said, parameters: { binary_data_size: bytes.length } };
  });
  const wanted = outputs.map((name) => (wire.isBinary ? { name, parameters: { binary_data: true } } : { name }));
  const json = new TextEncoder().encode(JSON.stringify({ inputs, outputs: wanted }));
  return { body: [json, ...tensors], jsonBytes: wire.isBinary ? json.length : null };
}

/**
 * Reads an answer. Throws a `ComputeFault`: *remote-unreachable* where it breaks off, *remote-refused* where it is no answer of
 * this protocol, *bad-output* where a tensor is of another type than was declared or not as large as its shape.
 */
export function readAnswer(
  wire: Wire,
  body: Uint8Array<ArrayBuffer>,
  headerLength: string | undefined,
): { readonly modelVersion: string | undefined; readonly tensors: ReadonlyMap<string, TensorData> } {
  const jsonBytes = headerLength === undefined ? body.length : Number(headerLength);
  if (!Number.isInteger(jsonBytes) || jsonBytes < 0)
    throw new ComputeFault({ code: 'remote-refused' }, 'no length of the header');
  if (jsonBytes > body.length) throw new ComputeFault({ code: 'remote-unreachable' }, 'the answer breaks off');
  const answer = Answer.safeParse(parseJson(body.subarray(0, jsonBytes)));
  if (!answer.success) throw new ComputeFault({ code: 'remote-refused' }, 'no answer to an inference request');
  const tensors = new Map<string, TensorData>();
  let at = jsonBytes;
  for (const { name, datatype, shape, parameters, data } of answer.data.outputs) {
    const size = parameters?.binary_data_size;
    const bytes = size === undefined ? null : body.subarray(at, at + size);
    at += size ?? 0;
    if (at > body.length) throw new ComputeFault({ code: 'remote-unreachable' }, 'the answer breaks off');
    const declared = wire.outputs.find((one) => one.name === name);
    if (declared === undefined) continue;
    const type = TYPES.get(datatype);
    if (datatype !== declared.datatype || type === undefined)
      throw new ComputeFault({ code: 'bad-output', tensor: name, why: 'type' });
    const count = shape.reduce((product, length) => product * length, 1);
    const tensor = bytes === null ? fromJson(type, shape, data ?? []) : fromBytes(type, datatype, shape, bytes);
    if (tensor === null || tensor.data.length !== count)
      throw new ComputeFault({ code: 'bad-output', tensor: name, why: 'shape' });
    tensors.set(name, tensor);
  }
  return { modelVersion: answer.data.model_version, tensors };
}

/** JSON as servers write it: some put NaN and Infinity into it, which are no numbers here either. */
function parseJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder().decode(bytes);
  for (const written of [text, text.replaceAll(/(?<=[[,:\s])-?(?:NaN|Infinity)(?=[\],}\s])/g, 'null')]) {
    try {
      return JSON.parse(written);
    } catch {
      // The second try is the last; what is no JSON then is no answer.
    }
  }
  return null;
}

function toBytes(tensor: TensorData, datatype: string): Uint8Array {
  const { data, dims, type } = tensor;
  if (datatype === 'BF16') return asBytes(Uint16Array.from(numbersOf(tensor), toBrainFloat));
  const wire = TYPES.get(datatype);
  return asBytes(wire === undefined || wire === type ? data : makeTensor(wire, dims, numbersOf(tensor)).data);
}

function fromBytes(
  type: TensorType,
  datatype: string,
  dims: readonly number[],
  bytes: Uint8Array<ArrayBuffer>,
): TensorData | null {
  if (datatype === 'BF16') {
    if (bytes.length % 2 !== 0) return null;
    const bits = new Uint16Array(bytes.length / 2);
    asBytes(bits).set(bytes);
    const data = new Float32Array(bits.length);
    new Uint32Array(data.buffer).set(Uint32Array.from(bits, (half) => half << 16));
    return { type, dims, data };
  }
  const data = allocateTensor(type, Math.floor(bytes.length / allocateTensor(type, 1).byteLength));
  if (data.byteLength !== bytes.length) return null;
  // Every machine that this runs on is little-endian, as the wire is.
  asBytes(data).set(bytes);
  return { type, dims, data };
}

/** The upper half of a 32-bit float, rounded to the nearest, halves to even; NaN stays one. */
function toBrainFloat(value: number): number {
  const single = Float32Array.of(value);
  const [bits = 0] = new Uint32Array(single.buffer);
  if (Number.isNaN(single[0])) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function inJson(tensor: TensorData, datatype: string): readonly (number | boolean)[] {
  const numbers = Array.from(numbersOf(tensor));
  return datatype === 'BOOL' ? numbers.map((value) => value !== 0) : numbers;
}

/** Flat or nested, row by row; what is no number there is none here, and is found out as that. */
function fromJson(type: TensorType, dims: readonly number[], data: readonly unknown[]): TensorData {
  const flat = data.flat(Number.POSITIVE_INFINITY).map((value) => {
    return typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : Number.NaN;
  });
  // An integer type has no NaN, and would make a number of it.
  const holdsNone = flat.some(Number.isNaN);
  return holdsNone ? { type: 'float64', dims, data: Float64Array.from(flat) } : makeTensor(type, dims, flat);
}

function asBytes(data: TensorData['data']): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
