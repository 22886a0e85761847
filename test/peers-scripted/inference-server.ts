import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** What a scripted server of the Open Inference Protocol does wrong with one request for an inference. */
export const SERVER_FAULTS = [
  'busy',
  'error',
  'refuses',
  'slow',
  'hangs-up',
  'breaks-off',
  'fewer-bytes-than-said',
  'bytes-that-are-no-shape',
  'another-shape',
  'another-type',
  'nan',
  'no-output',
  'another-version',
  'no-json',
] as const;
export type ServerFault = (typeof SERVER_FAULTS)[number];

/** A tensor on the wire: its numbers, whatever their type is. */
export type WireTensor = { readonly datatype: string; readonly shape: readonly number[]; readonly numbers: number[] };

/** One model that the server serves, and what it computes. */
export type ServedModel = {
  readonly name: string;
  versions: string[];
  readonly inputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  readonly compute: (inputs: ReadonlyMap<string, WireTensor>) => Computed | Promise<Computed>;
};
export type Computed = Readonly<Record<string, Omit<WireTensor, 'datatype'>>>;

/** A request as it came: what left us. */
export type SeenRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

/** A server that may be told to do things wrong, and remembers what it was asked. */
export type InferenceServer = {
  readonly url: string;
  readonly seen: SeenRequest[];
  readonly models: ServedModel[];
  /** What it does with the next requests for an inference, one each; then it does them right. */
  readonly faults: ServerFault[];
  version: string;
  isReady: boolean;
  /** Whether tensors may travel as bytes. */
  isBinary: boolean;
  token: string | null;
  close(): Promise<void>;
};

const SIZES: Readonly<Record<string, number>> = {
  FP64: 8,
  INT64: 8,
  FP32: 4,
  INT32: 4,
  FP16: 2,
  BF16: 2,
  INT16: 2,
  UINT16: 2,
};
const HEADER = 'inference-header-content-length';

/** Starts one on this machine, on a free port or the one it had before. */
export async function startInferenceServer(
  models: readonly ServedModel[],
  tls?: { readonly certFile: string; readonly keyFile: string },
  onPort = 0,
): Promise<InferenceServer> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => handle(request, Buffer.concat(parts), response));
    request.on('error', () => undefined); // whoever asked called off
  };
  const server: Server =
    tls === undefined
      ? createServer(answer)
      : createTlsServer({ cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }, answer);
  await new Promise<void>((resolve) => server.listen(onPort, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const self: InferenceServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen: [],
    models: [...models],
    faults: [],
    version: '2.61.0',
    isReady: true,
    isBinary: true,
    token: null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  function handle({ method = '', url = '', headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
    self.seen.push({ method, path: url, headers, body });
    const say = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (self.token !== null && headers.authorization !== `Bearer ${self.token}`) return say(401, { error: 'who?' });
    if (url === '/v2/health/live') return say(200, {});
    if (url === '/v2/health/ready') return say(self.isReady ? 200 : 400, {});
    const extensions = self.isBinary ? ['classification', 'binary_tensor_data'] : ['classification'];
    if (url === '/v2') return say(200, { name: 'triton', version: self.version, extensions });
    const [, name, version, verb] =
      /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/.exec(url) ?? [];
    const model = self.models.find((one) => one.name === decodeURIComponent(name ?? ''));
    if (model === undefined || (version !== undefined && !model.versions.includes(version)))
      return say(404, { error: 'no such model' });
    if (verb === 'ready') return say(200, {});
    if (verb === undefined) {
      const { versions, inputs, outputs } = model;
      return say(200, { name: model.name, versions, platform: 'onnxruntime_onnx', inputs, outputs });
    }
    void infer(model, version, body, headers, response, self.faults.shift());
  }

  async function infer(
    model: ServedModel,
    version: string | undefined,
    body: Buffer,
    headers: IncomingMessage['headers'],
    response: ServerResponse,
    fault: ServerFault | undefined,
  ): Promise<void> {
    const fail = (status: number): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":"as told"}');
    };
    if (fault === 'busy') return fail(503);
    if (fault === 'error') return fail(500);
    if (fault === 'refuses') return fail(400);
    if (fault === 'slow') return;
    if (fault === 'hangs-up') return void response.socket?.destroy();
    const wanted = readRequest(body, headers);
    const computed = await model.compute(wanted.inputs);
    const parts: Buffer[] = [];
    const outputs = wanted.outputs.flatMap(({ name, isBinary }): readonly object[] => {
      const given = computed[name];
      const declared = model.outputs.find((one) => one.name === name);
      if (given === undefined || declared === undefined || fault === 'no-output') return [];
      const shape = fault === 'another-shape' ? [...given.shape, 2] : [...given.shape];
      let numbers = fault === 'another-shape' ? given.numbers.flatMap((value) => [value, value]) : given.numbers;
      if (fault === 'bytes-that-are-no-shape') numbers = numbers.slice(1);
      if (fault === 'nan') numbers = numbers.map(() => Number.NaN);
      const datatype = fault === 'another-type' ? 'UINT64' : declared.datatype;
      const said = { name, datatype, shape };
      if (!isBinary) return [{ ...said, data: numbers }];
      const bytes = encode(declared.datatype, numbers);
      parts.push(bytes);
      return [
        { ...said, parameters: { binary_data_size: bytes.length + (fault === 'fewer-bytes-than-said' ? 64 : 0) } },
      ];
    });
    const said = fault === 'another-version' ? '99' : (version ?? model.versions.at(-1));
    const written = JSON.stringify({ model_name: model.name, model_version: said, outputs }, (_key, value: unknown) =>
      typeof value === 'number' && Number.isNaN(value) ? '@NaN@' : value,
    ).replaceAll('"@NaN@"', 'NaN'); // as servers in Python write it
    const json = Buffer.from(fault === 'no-json' ? '<html>' : written);
    const whole = Buffer.concat([json, ...parts]);
    const isBinary = parts.length > 0;
    response.writeHead(200, {
      'content-type': isBinary ? 'application/octet-stream' : 'application/json',
      'content-length': whole.length,
      ...(isBinary && { [HEADER]: json.length }),
    });
    if (fault !== 'breaks-off') return void response.end(whole);
    response.write(whole.subarray(0, Math.floor(whole.length / 2)), () => response.socket?.destroy());
  }

  return self;
}

type Written = {
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly number[];
    readonly parameters?: { readonly binary_data_size?: number };
    readonly data?: readonly (number | boolean)[];
  }[];
  readonly outputs: readonly { readonly name: string; readonly parameters?: { readonly binary_data?: boolean } }[];
};

function readRequest(body: Buffer, headers: IncomingMessage['headers']) {
  const jsonBytes = Number(headers[HEADER] ?? body.length);
  const { inputs, outputs } = JSON.parse(body.subarray(0, jsonBytes).toString('utf8')) as Written;
  let at = jsonBytes;
  const read = inputs.map(({ name, datatype, shape, parameters, data }) => {
    const size = parameters?.binary_data_size ?? 0;
    const numbers = data === undefined ? decode(datatype, body.subarray(at, at + size)) : data.map(Number);
    at += size;
    return [name, { datatype, shape, numbers }] as const;
  });
  if (at !== body.length) throw new Error('the request is not as long as it says');
  return {
    inputs: new Map<string, WireTensor>(read),
    outputs: outputs.map(({ name, parameters }) => ({ name, isBinary: parameters?.binary_data === true })),
  };
}

function decode(datatype: string, bytes: Buffer): number[] {
  const size = SIZES[datatype] ?? 1;
  return Array.from({ length: bytes.length / size }, (_none, index) => {
    const at = index * size;
    if (datatype === 'FP64') return bytes.readDoubleLE(at);
    if (datatype === 'FP32') return bytes.readFloatLE(at);
    if (datatype === 'FP16') return new DataView(bytes.buffer, bytes.byteOffset).getFloat16(at, true);
    if (datatype === 'BF16') return Buffer.from([0, 0, bytes[at] ?? 0, bytes[at + 1] ?? 0]).readFloatLE(0);
    if (datatype === 'INT64') return Number(bytes.readBigInt64LE(at));
    if (datatype === 'INT32') return bytes.readInt32LE(at);
    if (datatype === 'INT16') return bytes.readInt16LE(at);
    if (datatype === 'UINT16') return bytes.readUInt16LE(at);
    return datatype === 'INT8' ? bytes.readInt8(at) : (bytes[at] ?? 0);
  });
}

function encode(datatype: string, numbers: readonly number[]): Buffer {
  const size = SIZES[datatype] ?? 1;
  const bytes = Buffer.alloc(numbers.length * size);
  for (const [index, value] of numbers.entries()) {
    const at = index * size;
    if (datatype === 'FP64') bytes.writeDoubleLE(value, at);
    else if (datatype === 'FP32') bytes.writeFloatLE(value, at);
    else if (datatype === 'FP16') new DataView(bytes.buffer, bytes.byteOffset).setFloat16(at, value, true);
    else if (datatype === 'BF16') {
      const single = Buffer.alloc(4);
      single.writeFloatLE(value, 0);
      single.copy(bytes, at, 2, 4);
    } else if (datatype === 'INT64') bytes.writeBigInt64LE(BigInt(value), at);
    else if (datatype === 'INT32') bytes.writeInt32LE(value, at);
    else if (datatype === 'INT16') bytes.writeInt16LE(value, at);
    else if (datatype === 'UINT16') bytes.writeUInt16LE(value, at);
    else if (datatype === 'INT8') bytes.writeInt8(value, at);
    else bytes[at] = value;
  }
  return bytes;
}
