import type { Readable } from 'node:stream';
import { err, type Result } from '../../../../shared/domain/result.ts';
import { decodePdu, PDU_HEADER_LENGTH, PDU_TYPES, type Pdu } from './pdu.ts';
import type { PduFault } from './rejection.ts';

/** The longest association negotiation taken in: 128 contexts with every transfer syntax need a tenth of it. */
export const MAX_ASSOCIATE_LENGTH = 1024 * 1024;

/**
 * The PDUs of a connection, one at a time: nothing is read before the last was taken, so pressure reaches TCP, and no
 * more than one PDU is held. Ends when the peer closes or the connection breaks, also in the middle of a PDU; ends after
 * the first fault, since nothing that follows can be trusted. A P-DATA-TF longer than `maxPduLength` bytes is a fault.
 */
export async function* readPdus(socket: Readable, maxPduLength: number): AsyncGenerator<Result<Pdu, PduFault>> {
  const source = socket.iterator({ destroyOnReturn: false });
  let chunks: Buffer[] = [];
  let held = 0;

  /** The next `length` bytes in one piece, or null at the end. */
  const take = async (length: number): Promise<Buffer | null> => {
    while (held < length) {
      const next = await source.next().catch(() => ({ done: true as const, value: undefined })); // a reset is an end
      if (next.done) return null;
      chunks.push(next.value);
      held += next.value.length;
    }
    const first = chunks[0] ?? Buffer.alloc(0);
    const all = chunks.length <= 1 ? first : Buffer.concat(chunks);
    held -= length;
    chunks = held === 0 ? [] : [all.subarray(length)];
    return all.subarray(0, length);
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
    const body = await take(length);
    if (body === null) return;
    const pdu = decodePdu(type, body);
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
