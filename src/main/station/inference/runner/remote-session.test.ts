import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { canMakeCertificates, testAuthority } from '../../../../../test/peers/support/test-certificates.ts';
import {
  type InferenceServer,
  type ServedModel,
  type ServerFault,
  startInferenceServer,
} from '../../../../../test/peers-scripted/inference-server.ts';
import { ModelInput } from '../../../../shared/domain/model-inputs.ts';
import { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { RemoteServer } from '../../../../shared/domain/provider.ts';
import { openRemoteSession } from './remote-session.ts';
import { ComputeFault, type ModelSession, type TensorData } from './session.ts';

let server: InferenceServer | null = null;
let session: ModelSession | null = null;
const folder = mkdtempSync(path.join(tmpdir(), 'wetread-remote-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await session?.close();
  await server?.close();
  session = server = null;
});

const MANIFEST = {
  id: 'mean',
  inputs: [ModelInput.parse({ tensor: 'x', role: 'image', layout: 'NCHW' })],
  outputs: [ModelOutput.parse({ tensor: 'y', role: 'classes', classes: ['mean'] })],
};
const IMAGE: TensorData = { type: 'float32', dims: [1, 1, 2, 2], data: Float32Array.of(1, 2, 3, 6.1) };

/** Gives the mean of each sample; another output that nobody reads beside it. */
function meanOf(datatypes: { readonly input?: string; readonly output?: string } = {}): ServedModel {
  return {
    name: 'mean of',
    versions: ['3'],
    inputs: [{ name: 'x', datatype: datatypes.input ?? 'FP32', shape: [-1, 1, -1, -1] }],
    outputs: [
      { name: 'unread', datatype: 'BYTES', shape: [-1] },
      { name: 'y', datatype: datatypes.output ?? 'FP32', shape: [-1, 1] },
    ],
    compute(inputs) {
      const { numbers = [] } = inputs.get('x') ?? {};
      return { y: { shape: [1, 1], numbers: [numbers.reduce((sum, value) => sum + value, 0) / numbers.length] } };
    },
  };
}

async function serve(model = meanOf(), tls?: Parameters<typeof startInferenceServer>[1]): Promise<InferenceServer> {
  server = await startInferenceServer([model], tls);
  return server;
}

async function opened(more: Partial<RemoteServer> = {}): Promise<ModelSession> {
  const models = [{ id: 'mean', name: 'mean of' }];
  session = await openRemoteSession(
    MANIFEST,
    RemoteServer.parse({ name: 'gpu-room', url: server?.url, timeoutMs: 500, models, ...more }),
  );
  return session;
}

async function refusal(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof ComputeFault ? error.refusal : error),
  );
}

test('is a session like any other: names, types and shapes of the server, and what computes', async () => {
  await serve();
  const { inputs, outputs, run, identify } = await opened();
  expect({ inputs, outputs }).toEqual({
    inputs: [{ name: 'x', type: 'float32', datatype: 'FP32', dims: [null, 1, null, null] }],
    outputs: [
      { name: 'unread', type: 'other', datatype: 'BYTES', dims: [null] },
      { name: 'y', type: 'float32', datatype: 'FP32', dims: [null, 1] },
    ],
  });
  expect(await identify()).toEqual({
    version: 'triton 2.61.0, mean of 3',
    isWhole: true,
    server: { name: 'triton', version: '2.61.0', model: 'mean of', modelVersion: '3' },
  });
  expect([...(await run({ x: IMAGE }))]).toEqual([
    ['y', { type: 'float32', dims: [1, 1], data: Float32Array.of(3.025) }],
  ]);
});

test('sends what the tensors hold, and nothing that a study could be found by', async () => {
  const { seen } = await serve();
  const { run } = await opened({ bearerFile: file('bearer', 'let me in\n') });
  await run({ x: IMAGE });
  const { method, path: where, headers, body } = seen.at(-1) as (typeof seen)[number];
  const jsonBytes = Number(headers['inference-header-content-length']);
  expect([method, where, headers.authorization]).toEqual(['POST', '/v2/models/mean%20of/infer', 'Bearer let me in']);
  expect(JSON.parse(body.subarray(0, jsonBytes).toString())).toEqual({
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 1, 2, 2], parameters: { binary_data_size: 16 } }],
    outputs: [{ name: 'y', parameters: { binary_data: true } }],
  });
  expect(new Float32Array(body.buffer.slice(body.byteOffset + jsonBytes, body.byteOffset + body.length))).toEqual(
    IMAGE.data,
  );
  expect(Object.keys(headers).toSorted()).toEqual([
    ...['accept', 'accept-encoding', 'authorization', 'connection', 'content-length', 'content-type', 'host'],
    'inference-header-content-length',
  ]);
});

test('speaks JSON to a server without the extension for bytes', async () => {
  const { seen } = Object.assign(await serve(), { isBinary: false });
  const { run } = await opened();
  expect((await run({ x: IMAGE })).get('y')).toMatchObject({ dims: [1, 1], data: Float32Array.of(3.025) });
  expect(JSON.parse(String(seen.at(-1)?.body))).toMatchObject({
    inputs: [{ shape: [1, 1, 2, 2], data: [1, 2, 3, Math.fround(6.1)] }],
  });
  expect(seen.at(-1)?.headers['inference-header-content-length']).toBeUndefined();
});

test.each([
  ['FP16', 'FP16', 3.025390625, 'float16'],
  ['BF16', 'FP32', 3.0234375, 'float32'],
  ['FP32', 'BF16', 3.015625, 'float32'],
  ['FP64', 'FP64', 3.024999976158142, 'float64'],
])('gives a server %s where it takes that, and reads %s', async (input, output, expected, type) => {
  await serve(meanOf({ input, output }));
  const { run, inputs } = await opened();
  expect(inputs[0]?.type).toBe('float32');
  const y = (await run({ x: IMAGE })).get('y');
  expect([y?.type, y?.data[0]]).toEqual([type, expected]);
});

test.each(['FP16', 'BF16'])('a server that takes %s and no bytes cannot be used', async (input) => {
  Object.assign(await serve(meanOf({ input })), { isBinary: false });
  expect(await refusal(opened())).toEqual({ code: 'remote-refused' });
});

test.each<[ServerFault, number, unknown]>([
  ['busy', 1, 'answered'],
  ['busy', 9, { code: 'remote-unreachable' }],
  ['hangs-up', 2, 'answered'],
  ['hangs-up', 9, { code: 'remote-unreachable' }],
  ['breaks-off', 1, 'answered'],
  ['breaks-off', 9, { code: 'remote-unreachable' }],
  ['slow', 1, { code: 'remote-unreachable' }],
  ['error', 1, { code: 'remote-unreachable' }],
  ['refuses', 1, { code: 'remote-refused' }],
  ['no-json', 1, { code: 'remote-refused' }],
  ['fewer-bytes-than-said', 1, { code: 'remote-unreachable' }],
  ['bytes-that-are-no-shape', 1, { code: 'bad-output', tensor: 'y', why: 'shape' }],
  ['another-type', 1, { code: 'bad-output', tensor: 'y', why: 'type' }],
  ['another-version', 1, { code: 'provider-changed' }],
])('a server that is %s (%i times): what comes of it', async (fault, times, expected) => {
  const { faults } = await serve();
  const { run } = await opened();
  faults.push(...Array.from({ length: times }, () => fault));
  expect(await refusal(run({ x: IMAGE }))).toEqual(expected);
});

test.each<[ServerFault, unknown]>([
  ['another-shape', { dims: [1, 1, 2] }],
  ['nan', { dims: [1, 1], data: Float32Array.of(Number.NaN) }],
  ['no-output', undefined],
])('hands on what is %s to the checks that every answer passes', async (fault, expected) => {
  const { faults } = await serve();
  const { run } = await opened();
  faults.push(fault);
  const y = (await run({ x: IMAGE })).get('y');
  expect(y).toEqual(expected === undefined ? undefined : expect.objectContaining(expected));
});

test('a NaN in JSON, bare as some servers write it, is no number here either', async () => {
  const { faults } = Object.assign(await serve(), { isBinary: false });
  const { run } = await opened();
  faults.push('nan');
  expect((await run({ x: IMAGE })).get('y')?.data[0]).toBeNaN();
});

test('a call that is called off ends at once, and says that it was', async () => {
  const { faults } = await serve();
  const { run } = await opened({ timeoutMs: 60_000 });
  faults.push('slow');
  const calling = new AbortController();
  const asked = refusal(run({ x: IMAGE }, calling.signal));
  setTimeout(() => calling.abort(), 50);
  expect(await asked).toEqual({ code: 'cancelled' });
});

test.each<[string, (one: InferenceServer) => void, Partial<RemoteServer>, string]>([
  ['is not ready yet', (one) => Object.assign(one, { isReady: false }), {}, 'remote-unreachable'],
  ['wants a token that nobody gives', (one) => Object.assign(one, { token: 'x' }), {}, 'remote-refused'],
  ['does not serve the model', (one) => one.models.splice(0), {}, 'remote-refused'],
  ['serves several versions, and none is named', (one) => one.models[0]?.versions.push('4'), {}, 'remote-refused'],
  [
    'lacks the version that is named',
    () => undefined,
    { models: [{ id: 'mean', name: 'mean of', version: '9' }] },
    'remote-refused',
  ],
  ['has a token file that is gone', () => undefined, { bearerFile: '/nowhere/bearer' }, 'remote-refused'],
  ['is not there', () => undefined, { url: 'http://127.0.0.1:9' }, 'remote-unreachable'],
])('refuses a server that %s', async (_what, change, setting, code) => {
  change(await serve());
  expect(await refusal(opened(setting))).toEqual({ code });
});

test('another version of the server or the model is told by what computes', async () => {
  const one = await serve();
  const { identify } = await opened();
  const before = (await identify()).version;
  one.version = '2.62.0';
  const after = (await identify()).version;
  Object.assign(one.models[0] ?? {}, { versions: ['4'] });
  expect([before, after, (await identify()).version]).toEqual([
    'triton 2.61.0, mean of 3',
    'triton 2.62.0, mean of 3',
    'triton 2.62.0, mean of 4',
  ]);
});

test('what a server says of itself hides nothing and turns nothing around', async () => {
  const one = await serve();
  one.version = '2.61.0\u202e\u200b\n';
  const { identify } = await opened();
  expect((await identify()).version).toBe('triton 2.61.0, mean of 3');
});

test('by TLS believes the authority of the configuration alone', async () => {
  if (!canMakeCertificates()) return;
  const authority = testAuthority(folder);
  await serve(meanOf(), authority.sign('inference'));
  const { run } = await opened({ caFile: authority.caFile });
  expect((await run({ x: IMAGE })).get('y')?.data[0]).toBeCloseTo(3.025);
  await session?.close();
  expect(await refusal(opened({ caFile: testAuthority(folder, 'another').caFile }))).toEqual({
    code: 'remote-refused',
  });
  expect(await refusal(opened())).toEqual({ code: 'remote-refused' });
});

test('a tensor of many megabytes comes and goes whole', async () => {
  const count = 4 * 1024 * 1024;
  const data = Float32Array.from({ length: count }, (_none, at) => at % 1024);
  await serve({
    ...meanOf(),
    compute: (inputs) => ({ y: { shape: [1, count], numbers: inputs.get('x')?.numbers ?? [] } }),
  });
  const { run } = await opened({ timeoutMs: 60_000 });
  const y = (await run({ x: { type: 'float32', dims: [1, 1, 2048, 2048], data } })).get('y');
  expect(
    Buffer.compare(
      Buffer.from((y?.data.buffer as ArrayBuffer | undefined) ?? new ArrayBuffer(0)),
      Buffer.from(data.buffer),
    ),
  ).toBe(0);
});

test.each([
  'http://triton.hospital:8000',
  'https://user:word@triton',
  'https://triton?key=1',
  'ftp://triton',
  'http://localhost.evil.example',
])('the configuration refuses the address %s', (url) => {
  expect(RemoteServer.safeParse({ name: 'a', url, models: [{ id: 'm', name: 'm' }] }).success).toBe(false);
});

function file(name: string, content: string): string {
  const where = path.join(folder, name);
  writeFileSync(where, content);
  return where;
}

test('a server that says of itself without end is not listened to', async () => {
  const chunk = Buffer.alloc(2 ** 20, ' ');
  let sent = 0;
  const endless = createServer((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(chunk)) sent += 1;
      sent += 1;
      response.once('drain', more);
    };
    more();
  });
  await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
  expect(await refusal(opened({ url, timeoutMs: 30_000 }))).toEqual({ code: 'remote-refused' });
  expect(sent).toBeLessThan(64);
  endless.closeAllConnections();
  endless.close();
});
