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

/**
 * Decodes the body of one P-DATA-TF (PS3.8 §9.3.5), given in the pieces it came in. Data are views on them: a PDV that lies
 * in several pieces is given as several fragments, of which only the last is the last.
 */
export function decodeData(pieces: readonly Buffer[]): Result<Pdu, PduFault> {
  const bytes = new Pieces(pieces);
  const pdvs: Pdv[] = [];
  while (bytes.left > 0) {
    if (bytes.left < PDV_HEADER_LENGTH) return err({ code: 'invalid-parameter-value' });
    const header = bytes.takeWhole(PDV_HEADER_LENGTH);
    const length = header.readUInt32BE(0) - 2;
    if (length < 0 || length > bytes.left) return err({ code: 'invalid-parameter-value' });
    const control = header.readUInt8(5);
    const isLast = (control & 2) === 2;
    const about = { contextId: header.readUInt8(4), isCommand: (control & 1) === 1 };
    for (let wanted = length; ; ) {
      const data = bytes.takeSome(wanted);
      wanted -= data.length;
      pdvs.push({ ...about, isLast: isLast && wanted === 0, data });
      if (wanted === 0) break;
    }
  }
  return pdvs.length === 0 ? err({ code: 'invalid-parameter-value' }) : ok({ kind: 'data', pdvs });
}

/** Bytes that lie in several pieces, taken from the front. */
class Pieces {
  readonly #pieces: readonly Buffer[];
  #index = 0;
  #at = 0;
  left: number;

  constructor(pieces: readonly Buffer[]) {
    this.#pieces = pieces;
    this.left = pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** Up to `length` bytes, as many as lie together. */
  takeSome(length: number): Buffer {
    let piece = this.#pieces[this.#index];
    while (piece !== undefined && this.#at === piece.length && length > 0) {
      this.#index += 1;
      this.#at = 0;
      piece = this.#pieces[this.#index];
    }
    const taken = piece?.subarray(this.#at, this.#at + length) ?? Buffer.alloc(0);
    this.#at += taken.length;
    this.left -= taken.length;
    return taken;
  }

  /** `length` bytes together; there must be as many. */
  takeWhole(length: number): Buffer {
    const first = this.takeSome(length);
    return first.length === length ? first : Buffer.concat([first, this.takeWhole(length - first.length)]);
  }
}

function frame(type: number, body: Uint8Array): Uint8Array {
  const header = Buffer.alloc(PDU_HEADER_LENGTH);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}
