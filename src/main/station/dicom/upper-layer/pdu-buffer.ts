import { err, type Result } from '../../../../shared/domain/result.ts';
import { decodeData, decodePdu, PDU_HEADER_LENGTH, PDU_TYPES, type Pdu } from './pdu.ts';
import type { PduFault } from './rejection.ts';

/** The longest association negotiation taken in: 128 contexts with every transfer syntax need a tenth of it. */
const MAX_ASSOCIATE_LENGTH = 1024 * 1024;

/** Memory that bytes come into; those from `start` to `end` have not been given on. */
type Block = { readonly bytes: Buffer; start: number; end: number };
type Frame =
  | { readonly state: 'partial'; readonly wanted: number }
  | { readonly state: 'whole'; readonly type: number; readonly length: number }
  | { readonly state: 'fault'; readonly fault: PduFault };

/** Between PDUs a connection holds the first; a PDU that is longer is read into the second, which takes the longest we offer. */
const BLOCK_BYTES = [4 * 1024, 132 * 1024] as const;
/** So many of each are kept for whoever reads next. */
const MOST_SPARE = 32;
/** Read along with the end of a long PDU: the header of the next, and not much of its body, which would have to be copied. */
const READ_AHEAD_BYTES = 64;

const spare = new Map<number, Buffer[]>(BLOCK_BYTES.map((bytes) => [bytes, []]));

/**
 * Finds PDUs in the bytes of a connection, in the memory that they were read into, which is used again and again: what a
 * PDU holds is there until the next one is taken. At most two long PDUs are held: one that is worked on, one that arrives.
 */
export class PduBuffer {
  readonly #maxPduLength: number;
  #arriving: Block = takeBlock(0);
  /** Holds whole PDUs alone. */
  #given: Block | null = null;
  #isBroken = false;

  /** A P-DATA-TF longer than `maxPduLength` bytes is a fault. */
  constructor(maxPduLength: number) {
    this.#maxPduLength = maxPduLength;
  }

  /** True where a further PDU waits behind the ones that are worked on: nothing more should be read. */
  get isFull(): boolean {
    return this.#isBroken || this.#frame(this.#arriving).state !== 'partial';
  }

  /** Where the next bytes are to be read to; it has room. */
  target(): Buffer {
    const { wanted } = this.#roomFor(0);
    const { bytes, start, end } = this.#arriving;
    return bytes.subarray(end, wanted > bytes.length / 2 ? start + wanted + READ_AHEAD_BYTES : bytes.length);
  }

  /** Says that so many bytes were read to the target. */
  filled(length: number): void {
    this.#arriving.end += length;
    if (this.#given === null) this.#give();
  }

  /** Takes bytes that were read elsewhere. */
  append(bytes: Uint8Array): void {
    this.#roomFor(bytes.length);
    this.#arriving.bytes.set(bytes, this.#arriving.end);
    this.filled(bytes.length);
  }

  /** The next whole PDU, or null where there is none yet. After a fault there is none: nothing that follows can be trusted. */
  take(): Result<Pdu, PduFault> | null {
    if (this.#isBroken) return null;
    if (this.#given !== null && this.#given.start === this.#given.end) {
      leaveBlock(this.#given);
      this.#given = null;
    }
    if (this.#given === null) this.#give();
    const block = this.#given ?? this.#arriving;
    const frame = this.#frame(block);
    if (frame.state === 'partial') return null;
    const pdu = frame.state === 'fault' ? err(frame.fault) : decode(block, frame);
    this.#isBroken = !pdu.ok;
    return pdu;
  }

  /** Sets the whole PDUs that have come apart from the beginning of the next. */
  #give(): void {
    const block = this.#arriving;
    const { start, end } = block;
    for (let frame = this.#frame(block); frame.state === 'whole'; frame = this.#frame(block))
      block.start += frame.length;
    if (block.start === start) return;
    this.#given = { bytes: block.bytes, start, end: block.start };
    this.#arriving = takeBlock(end - block.start);
    block.bytes.copy(this.#arriving.bytes, 0, block.start, end);
    this.#arriving.end = end - block.start;
  }

  /** Makes room for the PDU that arrives, and for so many bytes. */
  #roomFor(length: number): { readonly wanted: number } {
    const frame = this.#frame(this.#arriving);
    const wanted = frame.state === 'partial' ? frame.wanted : 0;
    const { bytes, start, end } = this.#arriving;
    const atLeast = Math.max(start + wanted, end + length, end + 1);
    if (atLeast <= bytes.length) return { wanted };
    const larger = takeBlock(Math.max(wanted + READ_AHEAD_BYTES, end - start + length + 1));
    bytes.copy(larger.bytes, 0, start, end);
    larger.end = end - start;
    leaveBlock(this.#arriving);
    this.#arriving = larger;
    return { wanted };
  }

  #frame({ bytes, start, end }: Block): Frame {
    if (end - start < PDU_HEADER_LENGTH) return { state: 'partial', wanted: PDU_HEADER_LENGTH };
    const type = bytes.readUInt8(start);
    const length = bytes.readUInt32BE(start + 2);
    const limit = longestBody(type, this.#maxPduLength);
    if (limit === null) return { state: 'fault', fault: { code: 'unrecognized-pdu' } };
    if (length > limit) return { state: 'fault', fault: { code: 'invalid-parameter-value' } };
    const whole = PDU_HEADER_LENGTH + length;
    return end - start < whole ? { state: 'partial', wanted: whole } : { state: 'whole', type, length: whole };
  }
}

function decode(block: Block, { type, length }: Frame & { state: 'whole' }): Result<Pdu, PduFault> {
  const body = block.bytes.subarray(block.start + PDU_HEADER_LENGTH, block.start + length);
  block.start += length;
  // What an association is opened with is kept for as long as it lasts.
  return type === PDU_TYPES.data ? decodeData(body) : decodePdu(type, Buffer.from(body));
}

function takeBlock(bytes: number): Block {
  const size = BLOCK_BYTES.find((one) => one >= bytes) ?? bytes;
  return { bytes: spare.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size), start: 0, end: 0 };
}

function leaveBlock({ bytes }: Block): void {
  const others = spare.get(bytes.length);
  if (others !== undefined && others.length < MOST_SPARE) others.push(bytes);
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
