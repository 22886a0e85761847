import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { keepingDicomServer, type KeepingServer } from '../../../../test/peers-scripted/keeping-dicom-server.ts';
import {
  associateRequest,
  dataPdu,
  dataPdv,
  type RawDicomPeer,
  rawDicomPeer,
  storeCommand,
} from '../../../../test/peers-scripted/raw-dicom-peer.ts';
import { decodeCommandSet } from './dimse/command-set.ts';
import { echo, sendInstances } from './scu.ts';
import type { DicomServerOptions } from './server-options.ts';
import { encodePdu } from './upper-layer/pdu.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const VERIFICATION = '1.2.840.10008.1.1';
let running: KeepingServer | null = null;
let peers: RawDicomPeer[] = [];

afterEach(async () => {
  for (const peer of peers) peer.hangUp();
  peers = [];
  await running?.server.close(0);
  running = null;
});

async function listen(options: Partial<DicomServerOptions<string>> = {}): Promise<KeepingServer> {
  running = await keepingDicomServer(options);
  return running;
}

async function connect(): Promise<RawDicomPeer> {
  const peer = await rawDicomPeer(running?.server.port ?? 0);
  peers.push(peer);
  return peer;
}

async function associate(): Promise<RawDicomPeer> {
  const peer = await connect();
  await peer.send(associateRequest([CT]));
  expect(await peer.next()).toMatchObject({ kind: 'associate-accept' });
  return peer;
}

/** The status of the response that comes next. */
async function statusFrom(peer: RawDicomPeer): Promise<number | undefined> {
  const pdu = await peer.next();
  const data = pdu?.kind === 'data' ? pdu.pdvs[0]?.data : undefined;
  const command = data && decodeCommandSet(data);
  return command?.ok ? command.value.status : undefined;
}

const rejections: readonly [string, Partial<DicomServerOptions<string>>, Uint8Array, object][] = [
  [
    'a called AE title that is not ours',
    { aeTitles: ['OTHER'] },
    associateRequest([CT]),
    { result: 1, source: 1, reason: 7 },
  ],
  [
    'a calling AE title that policy does not know',
    { policy: async () => ({ accept: false, reason: 'calling-ae-not-recognized' }) },
    associateRequest([CT]),
    { result: 1, source: 1, reason: 3 },
  ],
  [
    'everyone while policy fails',
    { policy: () => Promise.reject(new Error('database locked')) },
    associateRequest([CT]),
    { result: 2, source: 3, reason: 1 },
  ],
  ['another protocol version', {}, associateRequest([CT], { protocolVersion: 2 }), { result: 1, source: 2, reason: 2 }],
  [
    'another application context',
    {},
    associateRequest([CT], { applicationContext: '1.2.3' }),
    { result: 1, source: 1, reason: 2 },
  ],
  ['one association too many', { maxAssociations: 0 }, associateRequest([CT]), { result: 2, source: 3, reason: 2 }],
];

test.each(rejections)('rejects %s', async (_name, options, request, rejection) => {
  const { refusals } = await listen(options);
  const peer = await connect();
  await peer.send(request);
  expect(await peer.next()).toEqual({ kind: 'associate-reject', ...rejection });
  expect(refusals).toHaveLength(1);
});

test('has room again once an association ends', async () => {
  const { remote } = await listen({ maxAssociations: 1 });
  const peer = await associate();
  expect(await echo(remote)).toEqual({
    ok: false,
    error: { code: 'rejected', reason: 'local-limit-exceeded', isTransient: true },
  });
  await peer.send(encodePdu({ kind: 'release-request' }));
  expect(await peer.next()).toEqual({ kind: 'release-response' });
  peer.hangUp();
  await eventually(async () => expect(await echo(remote)).toEqual({ ok: true, value: 0 }));
});

test('counts nobody whom it refused, however long they stay', async () => {
  const { remote } = await listen({
    maxAssociations: 1,
    policy: async ({ callingAe }) =>
      callingAe === 'RAW'
        ? { accept: false, reason: 'calling-ae-not-recognized' }
        : { accept: true, correlationId: 'c-1', context: 'peer' },
  });
  const stranger = await connect();
  await stranger.send(associateRequest([CT]));
  expect(await stranger.next()).toMatchObject({ kind: 'associate-reject' });
  expect(await echo(remote)).toEqual({ ok: true, value: 0 });
});

test('says no also where its refusal cannot be recorded', async () => {
  const { events } = await listen({
    policy: async () => ({ accept: false, reason: 'calling-ae-not-recognized' }),
    onRefused: () => {
      throw new Error('disk full');
    },
  });
  const peer = await connect();
  await peer.send(associateRequest([CT]));
  expect(await peer.next()).toEqual({ kind: 'associate-reject', result: 1, source: 1, reason: 3 });
  expect(events).toMatchObject([{ kind: 'callback-failed' }]);
});

test('lets no crowd of silent connections shut out a peer that speaks', async () => {
  const { remote, events } = await listen({
    maxAssociations: 1,
    timeouts: { artimMs: 20_000, idleMs: 5000, objectMs: 5000, wholeObjectMs: 60_000 },
  });
  for (let silent = 0; silent < 280; silent += 1) await connect();
  expect(await echo(remote)).toEqual({ ok: true, value: 0 });
  expect(events).toContainEqual({
    kind: 'connection-dropped',
    remoteAddress: '127.0.0.1',
    code: 'too-many-connections',
  });
});

const protocolBreaks: readonly [string, Uint8Array, object][] = [
  ['data before the command', dataPdu(dataPdv(10, true)), { source: 2, reason: 6 }],
  [
    'a command inside a data set',
    dataPdu(storeCommand(), dataPdv(10, false), storeCommand()),
    { source: 2, reason: 6 },
  ],
  [
    'data of another presentation context inside a data set',
    dataPdu(storeCommand(), dataPdv(10, false), dataPdv(10, true, 3)),
    { source: 2, reason: 6 },
  ],
  [
    'a presentation context that was not accepted',
    dataPdu({ ...storeCommand(), contextId: 99 }),
    { source: 2, reason: 6 },
  ],
  [
    'a release inside a data set',
    Buffer.concat([dataPdu(storeCommand(), dataPdv(10, false)), encodePdu({ kind: 'release-request' })]),
    { source: 2, reason: 6 },
  ],
  ['a second association request', associateRequest([CT]), { source: 2, reason: 2 }],
  ['a PDU longer than the maximum told', dataPdu(dataPdv(70_000, false)), { source: 2, reason: 6 }],
  ['a PDU of no known type', Buffer.from([9, 0, 0, 0, 0, 0]), { source: 2, reason: 1 }],
  ['a PDV that reaches past its PDU', Buffer.from('04000000000600000064010300', 'hex'), { source: 2, reason: 6 }],
];

test.each(protocolBreaks)('aborts at %s', async (_name, bytes, abort) => {
  const { ends, kept } = await listen({
    timeouts: { artimMs: 100, idleMs: 5000, objectMs: 5000, wholeObjectMs: 60_000 },
  });
  const peer = await associate();
  await peer.send(bytes);
  expect(await peer.next()).toEqual({ kind: 'abort', ...abort });
  expect(await peer.next()).toBeNull();
  expect(ends).toMatchObject([{ outcome: 'failed', counts: { stored: 0 } }]);
  expect(kept.size).toBe(0);
});

test('an association whose serving fails is ended all the same, with what it had brought', async () => {
  const ends: unknown[] = [];
  let failures = 0;
  await listen({
    store: () => {
      failures += 1;
      return failures === 1 ? Promise.resolve({ status: 'success' }) : Promise.reject(new Error('no database'));
    },
    log: ({ kind }) => {
      if (kind === 'callback-failed' && ends.length === 0) throw new Error('no log either');
    },
    onAssociationEnd: (_association, outcome, { stored }) => ends.push([outcome, stored]),
  });
  const peer = await associate();
  await peer.send(dataPdu(storeCommand(), dataPdv(10, true)));
  expect(await statusFrom(peer)).toBe(0);
  await peer.send(dataPdu(storeCommand(), dataPdv(10, true)));
  await eventually(() => expect(ends).toEqual([['failed', 1]]));
});

const refusedStores: readonly [string, Parameters<typeof storeCommand>[0], number][] = [
  ['a SOP class other than its context', { affectedSopClass: '1.2.840.10008.5.1.4.1.1.4' }, 0x0122],
  ['a SOP Instance UID that is none', { affectedSopInstance: '../../etc/passwd' }, 0x0117],
  ['an operation it does not serve', { commandField: 0x0020 }, 0x0211],
];

test.each(refusedStores)('answers its code to %s, and goes on', async (_name, command, status) => {
  const { kept } = await listen();
  const peer = await associate();
  await peer.send(dataPdu(storeCommand(command), dataPdv(10, true)));
  expect(await statusFrom(peer)).toBe(status);
  await peer.send(dataPdu(storeCommand(), dataPdv(10, false), dataPdv(10, true)));
  expect(await statusFrom(peer)).toBe(0);
  expect([...kept.keys()]).toEqual(['1.2.3']);
});

test('answers messages that come in one PDU in their order', async () => {
  const { kept } = await listen();
  const peer = await associate();
  const second = storeCommand({ affectedSopInstance: '1.2.4' });
  await peer.send(dataPdu(storeCommand(), dataPdv(3, true), second, dataPdv(5, true)));
  expect([await statusFrom(peer), await statusFrom(peer)]).toEqual([0, 0]);
  expect([...kept].map(([uid, bytes]) => [uid, bytes.length])).toEqual([
    ['1.2.3', 3],
    ['1.2.4', 5],
  ]);
});

const timeouts = { artimMs: 150, idleMs: 150, objectMs: 150, wholeObjectMs: 60_000 };

test('drops a connection that never asks for an association', async () => {
  const { events } = await listen({ timeouts });
  const peer = await connect();
  expect(await peer.next()).toBeNull();
  await eventually(() => expect(events).toMatchObject([{ kind: 'connection-dropped', code: 'timed-out' }]));
});

test('aborts an association that falls silent', async () => {
  const { ends, events } = await listen({ timeouts });
  const peer = await associate();
  expect(await peer.next()).toEqual({ kind: 'abort', source: 0, reason: 0 });
  await eventually(() => expect(ends).toMatchObject([{ outcome: 'failed' }]));
  expect(events).toMatchObject([{ kind: 'association-aborted-here', code: 'timed-out' }]);
});

test('aborts an object that stops half way, and tells its reader', async () => {
  let thrown: unknown;
  const { ends, events } = await listen({
    timeouts: { ...timeouts, idleMs: 60_000 },
    store: async ({ body }) => {
      try {
        for await (const _part of body);
      } catch (error) {
        thrown = error;
        throw error;
      }
      return { status: 'success' };
    },
  });
  const peer = await associate();
  await peer.send(dataPdu(storeCommand(), dataPdv(10, false)));
  expect(await peer.next()).toMatchObject({ kind: 'abort' });
  expect(thrown).toMatchObject({ name: 'DataSetCutShort' });
  await eventually(() => expect(ends).toMatchObject([{ outcome: 'failed', counts: { stored: 0, cutShort: 1 } }]));
  expect(events.filter((event) => event.kind === 'callback-failed')).toEqual([]);
});

test('cuts off an object that trickles in without end, however steadily it does', async () => {
  const { ends, kept } = await listen({ timeouts: { ...timeouts, idleMs: 60_000, wholeObjectMs: 400 } });
  const peer = await associate();
  await peer.send(dataPdu(storeCommand()));
  const trickle = setInterval(() => void peer.send(dataPdu(dataPdv(10, false))), 30);
  try {
    expect(await peer.next()).toMatchObject({ kind: 'abort' });
  } finally {
    clearInterval(trickle);
  }
  peer.hangUp();
  await eventually(() => expect(ends).toMatchObject([{ outcome: 'failed', counts: { stored: 0, cutShort: 1 } }]));
  expect(kept.size).toBe(0);
});

test('ends the association when the peer hangs up within an object', async () => {
  const { ends, kept } = await listen();
  const peer = await associate();
  await peer.send(dataPdu(storeCommand(), dataPdv(10, false)));
  peer.hangUp();
  await eventually(() => expect(ends).toMatchObject([{ outcome: 'failed', counts: { stored: 0, cutShort: 1 } }]));
  expect(kept.size).toBe(0);
});

test('reads no further than its reader: a sender is held back at the socket', async () => {
  const gate = Promise.withResolvers<void>();
  await listen({
    store: async ({ body }) => {
      await gate.promise;
      for await (const _part of body);
      return { status: 'success' };
    },
  });
  const peer = await associate();
  await peer.send(dataPdu(storeCommand()));
  const block = Buffer.concat(Array.from({ length: 64 }, () => dataPdu(dataPdv(60_000, false))));
  for (let count = 0; count < 16; count += 1) peer.socket.write(block); // 61 MB
  await pause(300);
  const heldBack = peer.socket.writableLength;
  expect(heldBack).toBeGreaterThan(30_000_000);
  gate.resolve();
  await peer.send(dataPdu(dataPdv(2, true)));
  expect(await statusFrom(peer)).toBe(0);
});

test('survives mutated streams: it answers C-ECHO afterwards and keeps no association', async () => {
  const { remote, server, kept } = await listen({
    timeouts: { artimMs: 50, idleMs: 50, objectMs: 50, wholeObjectMs: 60_000 },
    maxAssociations: 64,
  });
  const stream = Buffer.concat([
    associateRequest([CT, VERIFICATION]),
    dataPdu(storeCommand(), dataPdv(300, false)),
    dataPdu(dataPdv(300, true)),
    encodePdu({ kind: 'release-request' }),
  ]);
  const mutation = fc.record({
    edits: fc.array(fc.tuple(fc.nat(stream.length - 1), fc.nat(255)), { maxLength: 6 }),
    cut: fc.integer({ min: 1, max: stream.length }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 16, maxLength: 16 }), async (mutations) => {
      await Promise.all(
        mutations.map(async ({ edits, cut }) => {
          const bytes = Buffer.from(stream);
          for (const [at, value] of edits) bytes[at] = value;
          const peer = await rawDicomPeer(server.port);
          await peer.send(bytes.subarray(0, cut));
          peer.socket.end();
          for (let count = 0; count < 10; count += 1) if ((await peer.next()) === null) break;
          peer.hangUp();
        }),
      );
    }),
    { numRuns: 25 },
  );
  expect(await echo(remote)).toEqual({ ok: true, value: 0 });
  for (const bytes of kept.values()) expect(bytes.length).toBeLessThanOrEqual(stream.length);
  expect(await sendInstances(remote, [])).toEqual([]);
}, 60_000);
