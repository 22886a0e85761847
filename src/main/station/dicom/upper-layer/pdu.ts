import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { type AssociatePdu, decodeAssociate, encodeAssociate } from './associate-pdu.ts';
import type { PduFault, RejectionBytes } from './rejection.ts';

/** The type byte of each PDU (PS3.8 §9.3). */
export const PDU_TYPES = {
  'associate-request': 0x01,
  'associate-accept': 0x02,
  'associate-reject': 0x03,
  data: 0x04,
  'release-request': 0x05,
  'release-response': 0x06,
  abort: 0x07,
} as const;

/** One presentation data value: a piece of a command or of a data set (PS3.8 §9.3.5.1, Annex E). */
export type Pdv = {
  readonly contextId: number;
  readonly isCommand: boolean;
  readonly isLast: boolean;
  readonly data: Uint8Array;
};

/** One protocol data unit (PS3.8 §9.3.2 to §9.3.8). */
export type Pdu =
  | ({ readonly kind: 'associate-request' } & AssociatePdu)
  | ({ readonly kind: 'associate-accept' } & AssociatePdu)
  | ({ readonly kind: 'associate-reject' } & RejectionBytes)
  | { readonly kind: 'data'; readonly pdvs: readonly Pdv[] }
  | { readonly kind: 'release-request' }
  | { readonly kind: 'release-response' }
  | { readonly kind: 'abort'; readonly source: number; readonly reason: number };

/** Bytes before a PDU's body: type, reserved, length (PS3.8 §9.3.1). */
export const PDU_HEADER_LENGTH = 6;
/** Bytes a PDV adds to its data: length, context, control header. */
export const PDV_HEADER_LENGTH = 6;

/** Encodes everything but data, which `encodeData` frames without copying it. */
export function encodePdu(pdu: Exclude<Pdu, { readonly kind: 'data' }>): Uint8Array {
  switch (pdu.kind) {
    case 'associate-request':
    case 'associate-accept':
      return frame(PDU_TYPES[pdu.kind], encodeAssociate(pdu, pdu.kind));
    case 'associate-reject':
      return frame(PDU_TYPES[pdu.kind], Uint8Array.of(0, pdu.result, pdu.source, pdu.reason));
    case 'release-request':
    case 'release-response':
      return frame(PDU_TYPES[pdu.kind], new Uint8Array(4));
    case 'abort':
      return frame(PDU_TYPES[pdu.kind], Uint8Array.of(0, 0, pdu.source, pdu.reason));
  }
}

/** The pieces of one P-DATA-TF in order: headers are fresh, the data stay where they are (PS3.8 §9.3.5). */
export function encodeData(pdvs: readonly Pdv[]): readonly Uint8Array[] {
  const length = pdvs.reduce((sum, pdv) => sum + PDV_HEADER_LENGTH + pdv.data.length, 0);
  const pieces: Uint8Array[] = [];
  pdvs.forEach((pdv, index) => {
    const header = Buffer.alloc((index === 0 ? PDU_HEADER_LENGTH : 0) + PDV_HEADER_LENGTH);
    let at = 0;
    if (index === 0) {
      header.writeUInt8(PDU_TYPES.data, 0);
      header.writeUInt32BE(length, 2);
      at = PDU_HEADER_LENGTH;
    }
    header.writeUInt32BE(pdv.data.length + 2, at);
    header.writeUInt8(pdv.contextId, at + 4);
    header.writeUInt8((pdv.isCommand ? 1 : 0) | (pdv.isLast ? 2 : 0), at + 5);
    pieces.push(header, pdv.data);
  });
  return pieces;
}

/** Decodes the body of one PDU, or says why it is none; those of data are for `decodeData`. */
export function decodePdu(type: number, body: Buffer): Result<Pdu, PduFault> {
  switch (type) {
    case PDU_TYPES['associate-request']:
    case PDU_TYPES['associate-accept']: {
      const kind = type === PDU_TYPES['associate-request'] ? 'associate-request' : 'associate-accept';
      const decoded = decodeAssociate(body, kind);
      return decoded.ok ? ok({ kind, ...decoded.value }) : decoded;
    }
    case PDU_TYPES['associate-reject']:
      if (body.length !== 4) return err({ code: 'invalid-parameter-value' });
      return ok({ kind: 'associate-reject', result: body[1] ?? 0, source: body[2] ?? 0, reason: body[3] ?? 0 });
    case PDU_TYPES['release-request']:
    case PDU_TYPES['release-response']:
      if (body.length !== 4) return err({ code: 'invalid-parameter-value' });
      return ok({ kind: type === PDU_TYPES['release-request'] ? 'release-request' : 'release-response' });
    case PDU_TYPES.abort:
      if (body.length !== 4) return err({ code: 'invalid-parameter-value' });
      return ok({ kind: 'abort', source: body[2] ?? 0, reason: body[3] ?? 0 });
    default:
      return err({ code: 'unrecognized-pdu' });
  }
}

/** Decodes the body of one P-DATA-TF (PS3.8 §9.3.5); data are views on it. */
export function decodeData(body: Buffer): Result<Pdu, PduFault> {
  const pdvs: Pdv[] = [];
  for (let at = 0; at < body.length; ) {
    if (at + PDV_HEADER_LENGTH > body.length) return err({ code: 'invalid-parameter-value' });
    const end = at + 4 + body.readUInt32BE(at);
    const start = at + PDV_HEADER_LENGTH;
    if (end < start || end > body.length) return err({ code: 'invalid-parameter-value' });
    const control = body.readUInt8(at + 5);
    pdvs.push({
      contextId: body.readUInt8(at + 4),
      isCommand: (control & 1) === 1,
      isLast: (control & 2) === 2,
      data: body.subarray(start, end),
    });
    at = end;
  }
  return pdvs.length === 0 ? err({ code: 'invalid-parameter-value' }) : ok({ kind: 'data', pdvs });
}

function frame(type: number, body: Uint8Array): Uint8Array {
  const header = Buffer.alloc(PDU_HEADER_LENGTH);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}
