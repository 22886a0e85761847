import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

/** ONNX element types that a manifest can name (TensorProto.DataType). */
const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

declare const brand: unique symbol;
/** The name of a tensor in the graph under construction. */
export type Value = string & { readonly [brand]: 'Value' };
export type Attribute = number | readonly number[] | string;
export type Dimension = number | string;

/** A graph under construction: every call adds nodes in order, so the same calls give the same bytes. */
export type Graph = {
  readonly input: (name: string, type: ElementType, shape: readonly Dimension[]) => Value;
  readonly output: (name: string, from: Value, type: ElementType, shape: readonly Dimension[]) => void;
  /** A constant float32 tensor; a plain number is a scalar. */
  readonly floats: (values: number | readonly number[]) => Value;
  /** A constant int64 tensor of one dimension. */
  readonly ints: (values: readonly number[]) => Value;
  /** Adds a node with one output. Numbers as attributes are integers. */
  readonly add: (
    operator: string,
    inputs: readonly (Value | null)[],
    attributes?: Readonly<Record<string, Attribute>>,
  ) => Value;
  /** Adds a node with two outputs, as TopK has: values and indices. */
  readonly addPair: (
    operator: string,
    inputs: readonly (Value | null)[],
    attributes?: Readonly<Record<string, Attribute>>,
  ) => readonly [Value, Value];
  readonly encode: (about: ModelAbout) => Uint8Array;
};

/** What the file says about itself; opset and IR version are fixed by the caller, so that a library update changes nothing. */
export type ModelAbout = {
  readonly irVersion: number;
  readonly opset: number;
  readonly modelVersion: number;
  readonly doc: string;
  readonly metadata: Readonly<Record<string, string>>;
};

/** Starts an empty graph. */
export function startGraph(name: string): Graph {
  const nodes: object[] = [];
  const initializers: object[] = [];
  const inputs: object[] = [];
  const outputs: object[] = [];
  const constants = new Map<string, Value>();
  let count = 0;

  function constant(key: string, type: ElementType, dims: readonly number[], bytes: Uint8Array): Value {
    const known = constants.get(key);
    if (known !== undefined) return known;
    const value = `constant_${constants.size}` as Value;
    initializers.push({ dims, data_type: ELEMENT_TYPES[type], name: value, raw_data: bytes });
    constants.set(key, value);
    return value;
  }

  function addNode(
    operator: string,
    from: readonly (Value | null)[],
    attributes: Readonly<Record<string, Attribute>>,
    endings: readonly string[],
  ): readonly Value[] {
    count += 1;
    const name = `${operator.toLowerCase()}_${count}`;
    const output = endings.map((ending) => `${name}${ending}` as Value);
    const attribute = Object.entries(attributes).map(([key, given]) => encodeAttribute(key, given));
    nodes.push({ input: from.map((input) => input ?? ''), output, name, op_type: operator, attribute });
    return output;
  }

  return {
    input(tensor, type, shape) {
      inputs.push(valueInfo(tensor, type, shape));
      return tensor as Value;
    },
    output(tensor, from, type, shape) {
      nodes.push({ input: [from], output: [tensor], name: `${tensor}_out`, op_type: 'Identity' });
      outputs.push(valueInfo(tensor, type, shape));
    },
    floats(values) {
      const list = typeof values === 'number' ? [values] : values;
      const bytes = new Uint8Array(list.length * 4);
      const view = new DataView(bytes.buffer);
      list.forEach((value, index) => {
        view.setFloat32(index * 4, value, true);
      });
      return constant(`f${JSON.stringify(values)}`, 'float32', typeof values === 'number' ? [] : [list.length], bytes);
    },
    ints(values) {
      const bytes = new Uint8Array(values.length * 8);
      const view = new DataView(bytes.buffer);
      values.forEach((value, index) => {
        view.setBigInt64(index * 8, BigInt(value), true);
      });
      return constant(`i${JSON.stringify(values)}`, 'int64', [values.length], bytes);
    },
    add: (operator, from, attributes = {}) => addNode(operator, from, attributes, [''])[0] as Value,
    addPair: (operator, from, attributes = {}) => addNode(operator, from, attributes, ['', '_also']) as [Value, Value],
    encode(about) {
      const model = {
        ir_version: about.irVersion,
        producer_name: 'wetread',
        producer_version: '1',
        model_version: about.modelVersion,
        doc_string: about.doc,
        opset_import: [{ domain: '', version: about.opset }],
        metadata_props: Object.entries(about.metadata).map(([key, value]) => ({ key, value })),
        graph: { name, node: nodes, initializer: initializers, input: inputs, output: outputs },
      };
      const type = modelType();
      const problem = type.verify(model);
      if (problem !== null) throw new Error(`not an ONNX model: ${problem}`);
      return type.encode(type.fromObject(model)).finish();
    },
  };
}

/** The same model with its constants in a file beside it: 1 as data location, and where in the file each one lies. */
export function moveWeightsOut(
  model: Uint8Array,
  file: string,
): { readonly model: Uint8Array; readonly weights: Uint8Array } {
  type Tensor = { raw_data?: Uint8Array; external_data?: object[]; data_location?: number };
  const type = modelType();
  const decoded = type.decode(model) as unknown as { graph: { initializer: Tensor[] } };
  const weights: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of decoded.graph.initializer) {
    const bytes = tensor.raw_data ?? new Uint8Array();
    const entries = { location: file, offset: String(offset), length: String(bytes.length) };
    tensor.external_data = Object.entries(entries).map(([key, value]) => ({ key, value }));
    tensor.data_location = 1;
    delete tensor.raw_data;
    weights.push(bytes);
    offset += bytes.length;
  }
  return { model: type.encode(decoded).finish(), weights: Buffer.concat(weights) };
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): object {
  const dim = shape.map((size) => (typeof size === 'number' ? { dim_value: size } : { dim_param: size }));
  return { name, type: { tensor_type: { elem_type: ELEMENT_TYPES[type], shape: { dim } } } };
}

function encodeAttribute(name: string, value: Attribute): object {
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
  if (typeof value === 'number') return { name, i: value, type: 2 };
  return { name, ints: value, type: 7 };
}

function modelType(): protobuf.Type {
  const schema = readFileSync(fileURLToPath(new URL('./onnx.proto', import.meta.url)), 'utf8');
  return protobuf.parse(schema, { keepCase: true }).root.lookupType('onnx.ModelProto');
}
