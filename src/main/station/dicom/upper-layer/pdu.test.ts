import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeData, decodePdu, encodeData, encodePdu, PDU_HEADER_LENGTH, type Pdu, type Pdv } from './pdu.ts';
import { readPdus } from './read-pdus.ts';

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

/** A PDU whose fragments are put together again: what came in two reads is two of them, and means the same. */
function mended(one: Pdu): Pdu {
  if (one.kind !== 'data') return one;
  const pdvs: Pdv[] = [];
  for (const pdv of one.pdvs) {
    const before = pdvs.at(-1);
    const goesOn =
      before !== undefined &&
      !before.isLast &&
      before.contextId === pdv.contextId &&
      before.isCommand === pdv.isCommand;
    if (goesOn) pdvs[pdvs.length - 1] = { ...pdv, data: Buffer.concat([before.data, pdv.data]) };
    else pdvs.push(pdv);
  }
  return { kind: 'data', pdvs };
}

test('reads back every PDU it writes, however TCP cuts the stream', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(pdu, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 400 }),
      async (pdus, cut) => {
        const stream = Buffer.concat(pdus.map(encode));
        const pieces = Array.from({ length: Math.ceil(stream.length / cut) }, (_, index) =>
          stream.subarray(index * cut, (index + 1) * cut),
        );
        const seen: Pdu[] = [];
        for await (const one of readPdus(Readable.from(pieces, { objectMode: false }), 100_000)) {
          if (one.ok) seen.push(one.value);
        }
        expect(seen.map(mended)).toEqual(pdus.map(mended));
      },
    ),
    { numRuns: 200 },
  );
});

test('says why bytes are no PDU, and never throws', () => {
  fc.assert(
    fc.property(pdu, fc.nat(), fc.nat(), byte, (one, at, cut, value) => {
      const bytes = encode(one);
      bytes[PDU_HEADER_LENGTH + (at % Math.max(1, bytes.length - PDU_HEADER_LENGTH))] = value;
      const body = bytes.subarray(PDU_HEADER_LENGTH, bytes.length - (cut % 4));
      const type = bytes[0] ?? 0;
      const halves = [body.subarray(0, at % 50), body.subarray(at % 50)];
      const decoded = one.kind === 'data' ? decodeData(halves) : decodePdu(type, body);
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
  for await (const one of readPdus(Readable.from([bytes], { objectMode: false }), 16_384)) seen.push(one);
  expect(seen).toEqual([{ ok: false, error: { code } }]);
});
