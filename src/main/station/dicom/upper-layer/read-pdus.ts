import type { Readable } from 'node:stream';
import { err, type Result } from '../../../../shared/domain/result.ts';
import { decodeData, decodePdu, PDU_HEADER_LENGTH, PDU_TYPES, type Pdu } from './pdu.ts';
import type { PduFault } from './rejection.ts';

/** The longest association negotiation taken in: 128 contexts with every transfer syntax need a tenth of it. */
export const MAX_ASSOCIATE_LENGTH = 1024 * 1024;

/**
 * The PDUs of a connection, one at a time: nothing is read before the last was taken, so pressure reaches TCP, and no
 * more than one PDU is held. Ends when the peer closes or the connection breaks, also in the middle of a PDU; ends after
 * the first fault, since nothing that follows can be trusted. A P-DATA-TF longer than `maxPduLength` bytes is a fault. What
 * came of a PDV in several reads is given as several fragments of it.
 */
export async function* readPdus(socket: Readable, maxPduLength: number): AsyncGenerator<Result<Pdu, PduFault>> {
  const source = socket.iterator({ destroyOnReturn: false });
  const chunks: Buffer[] = [];
  let held = 0;

  /** The next `length` bytes as they came, uncopied, or null at the end. */
  const takePieces = async (length: number): Promise<Buffer[] | null> => {
    while (held < length) {
      const next = await source.next().catch(() => ({ done: true as const, value: undefined })); // a reset is an end
      if (next.done) return null;
      chunks.push(next.value);
      held += next.value.length;
    }
    held -= length;
    const pieces: Buffer[] = [];
    for (let wanted = length; wanted > 0; ) {
      const [first = Buffer.alloc(0)] = chunks;
      pieces.push(first.subarray(0, wanted));
      if (first.length > wanted) chunks[0] = first.subarray(wanted);
      else chunks.shift();
      wanted -= Math.min(wanted, first.length);
    }
    return pieces;
  };
  const take = async (length: number): Promise<Buffer | null> => {
    const pieces = await takePieces(length);
    return pieces === null ? null : pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  };

  for (;;) {
    const header = await take(PDU_HEADER_LENGTH);
    if (header === null) return;
    const type = header.readUInt8(0);
    const length = header.readUInt32BE(2);
    const limit = longestBody(type, maxPduLength);
    if (limit === null || length > limit) {
      yield err({ code: limit === null ? 'unrecognized-pdu' : 'invalid-parameter-value' });
      return;
    }
    const body = await takePieces(length);
    if (body === null) return;
    const pdu = type === PDU_TYPES.data ? decodeData(body) : decodePdu(type, Buffer.concat(body));
    yield pdu;
    if (!pdu.ok) return;
  }
}

function longestBody(type: number, maxPduLength: number): number | null {
  switch (type) {
    case PDU_TYPES['associate-request']:
    case PDU_TYPES['associate-accept']:
      return MAX_ASSOCIATE_LENGTH;
    case PDU_TYPES.data:
      return maxPduLength;
    case PDU_TYPES['associate-reject']:
    case PDU_TYPES['release-request']:
    case PDU_TYPES['release-response']:
    case PDU_TYPES.abort:
      return 4;
    default:
      return null;
  }
}
