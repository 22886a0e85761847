import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import { decodeData, decodePdu, encodeData, encodePdu, PDU_HEADER_LENGTH, type Pdu } from './pdu.ts';
import { readInPlace } from './read-in-place.ts';
import { readPdus } from './read-pdus.ts';
import type { PduFault } from './rejection.ts';

const uid = fc.stringMatching(/^[0-9.]{1,64}$/);
const ae = fc.stringMatching(/^[A-Z0-9_]{1,16}$/);
const version = fc.stringMatching(/^[A-Z0-9_]{1,16}$/);
const octets = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
const associate = fc.record({
  protocolVersion: fc.nat(0xffff),
  calledAe: ae,
  callingAe: ae,
  applicationContext: uid,
  userInformation: fc.record({
    maxPduLength: fc.nat(),
    implementationClassUid: uid,
    implementationVersion: version,
    asyncOperations: fc.option(fc.record({ invoked: fc.nat(0xffff), performed: fc.nat(0xffff) })),
    roles: fc.array(fc.record({ sopClass: uid, scu: fc.boolean(), scp: fc.boolean() }), { maxLength: 3 }),
    extendedNegotiation: fc.array(fc.record({ sopClass: uid, information: octets }), { maxLength: 3 }),
    userIdentity: fc.option(
      fc.record({
        type: fc.integer({ min: 1, max: 5 }),
        wantsConfirmation: fc.boolean(),
        primary: octets,
        secondary: octets,
      }),
    ),
    isIdentityConfirmed: fc.boolean(),
  }),
});
const contexts = fc.uniqueArray(
  fc.record({
    id: fc.nat(127).map((half) => 2 * half + 1),
    abstractSyntax: uid,
    transferSyntaxes: fc.array(uid, { minLength: 1, maxLength: 4 }),
    result: fc.constant(0),
  }),
  { selector: (context) => context.id, maxLength: 6 },
);
const byte = fc.nat(255);
const pdu: fc.Arbitrary<Pdu> = fc.oneof(
  fc
    .tuple(associate, contexts)
    .map(([rest, list]) => ({ kind: 'associate-request' as const, ...rest, contexts: list })),
  fc.tuple(associate, contexts).map(([rest, list]) => ({
    kind: 'associate-accept' as const,
    ...rest,
    contexts: list.map((context) => ({ ...context, abstractSyntax: '' })),
  })),
  fc.record({ kind: fc.constant('associate-reject' as const), result: byte, source: byte, reason: byte }),
  fc.record({ kind: fc.constant('abort' as const), source: byte, reason: byte }),
  fc.record({ kind: fc.constantFrom('release-request' as const, 'release-response' as const) }),
  fc.record({
    kind: fc.constant('data' as const),
    pdvs: fc.array(
      fc.record({
        contextId: byte,
        isCommand: fc.boolean(),
        isLast: fc.boolean(),
        data: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  }),
);

function encode(one: Pdu): Buffer {
  return one.kind === 'data' ? Buffer.concat(encodeData(one.pdvs)) : Buffer.from(encodePdu(one));
}

/** What a connection brings, one PDU after the other; each is copied before the next is read over it. */
async function* read(source: Readable, maxPduLength: number): AsyncGenerator<Result<Pdu, PduFault>> {
  const pdus = readPdus(source, maxPduLength);
  for (;;) {
    const next = pdus.take();
    if (next?.done === true) return;
    if (next === null) await pdus.arrived();
    else yield next.value.ok ? ok(copied(next.value.value)) : next.value;
  }
}

function copied(one: Pdu): Pdu {
  return one.kind === 'data' ? { ...one, pdvs: one.pdvs.map((pdv) => ({ ...pdv, data: Buffer.from(pdv.data) })) } : one;
}

/** The bytes cut into pieces of so many. */
function cutUp(bytes: Buffer, length: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );
}

test('reads back every PDU it writes, however TCP cuts the stream', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(pdu, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 400 }),
      async (pdus, cut) => {
        const pieces = cutUp(Buffer.concat(pdus.map(encode)), cut);
        const seen: Pdu[] = [];
        for await (const one of read(Readable.from(pieces, { objectMode: false }), 100_000))
          if (one.ok) seen.push(one.value);
        expect(seen).toEqual(pdus);
      },
    ),
    { numRuns: 200 },
  );
});

/** PDUs with so many bytes of data each. */
const ofLengths = (lengths: readonly number[]): readonly Pdu[] =>
  lengths.map((length) => ({
    kind: 'data',
    pdvs: [{ contextId: 1, isCommand: false, isLast: true, data: randomBytes(length) }],
  }));

test.each([
  ['short ones, many in one read', Array.from({ length: 3000 }, (_, index) => index % 90), 65_536, 0],
  ['the longest, cut anywhere', [131_066, 131_066, 5, 131_066, 131_000, 0, 131_066], 50_001, 0],
  ['the longest and short ones for a reader that is slow', [131_066, 3, 4, 90_000, 131_066, 1], 200_000, 5],
  ['middling ones, many in one read', Array.from({ length: 60 }, (_, index) => 16_378 - index), 1_000_000, 0],
  ['a byte at a time', [20, 4000, 4090, 4091, 300], 1, 0],
])('reads in place what comes over a connection: %s', async (_what, lengths, cut, slowMs) => {
  const pdus = ofLengths(lengths);
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const peer = connect(port, '127.0.0.1').setNoDelay(true);
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const socket = readInPlace(accepted);
  expect(socket).not.toBe(accepted);
  const sent = (async () => {
    for (const piece of cutUp(Buffer.concat(pdus.map(encode)), cut)) if (!peer.write(piece)) await once(peer, 'drain');
    peer.end();
  })();
  const seen: Pdu[] = [];
  for await (const one of read(socket, 131_072)) {
    if (slowMs > 0) await pause(slowMs);
    if (one.ok) seen.push(one.value);
  }
  await sent;
  expect(seen).toEqual(pdus);
  socket.destroy();
  await new Promise((resolve) => server.close(resolve)); // its server heard of its end
});

test('reads no more than one long PDU ahead of its reader', async () => {
  const pdus = ofLengths(Array.from({ length: 200 }, () => 100_000));
  let taken = 0;
  const source = Readable.from(
    (function* () {
      for (const one of pdus) {
        taken += 1;
        yield encode(one);
      }
    })(),
    { objectMode: false },
  );
  const reader = readPdus(source, 131_072);
  await reader.arrived();
  expect(reader.take()?.value?.ok).toBe(true);
  await pause(50);
  expect(taken).toBeLessThan(6);
  source.destroy();
});

test('says why bytes are no PDU, and never throws', () => {
  fc.assert(
    fc.property(pdu, fc.nat(), fc.nat(), byte, (one, at, cut, value) => {
      const bytes = encode(one);
      bytes[PDU_HEADER_LENGTH + (at % Math.max(1, bytes.length - PDU_HEADER_LENGTH))] = value;
      const body = bytes.subarray(PDU_HEADER_LENGTH, bytes.length - (cut % 4));
      const type = bytes[0] ?? 0;
      const decoded = one.kind === 'data' ? decodeData(body) : decodePdu(type, body);
      if (!decoded.ok) expect(decoded.error.code).toMatch(/^(unrecognized-pdu|invalid-parameter-value)$/);
    }),
    { numRuns: 2000 },
  );
});

const header = (type: number, length: number) => {
  const bytes = Buffer.alloc(PDU_HEADER_LENGTH);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt32BE(length, 2);
  return bytes;
};

test.each([
  ['data longer than the maximum told', header(0x04, 16_385), 'invalid-parameter-value'],
  ['a gigabyte of association request', header(0x01, 0x4000_0000), 'invalid-parameter-value'],
  ['an abort with a tail', header(0x07, 5), 'invalid-parameter-value'],
  ['a type that does not exist', header(0x08, 4), 'unrecognized-pdu'],
])('refuses %s from its header alone', async (_name, bytes, code) => {
  const seen = [];
  for await (const one of read(Readable.from([bytes], { objectMode: false }), 16_384)) seen.push(one);
  expect(seen).toEqual([{ ok: false, error: { code } }]);
});
