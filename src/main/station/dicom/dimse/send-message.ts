import { PDV_HEADER_LENGTH, type Pdv } from '../upper-layer/pdu.ts';
import type { UpperLayer } from '../upper-layer/upper-layer.ts';
import { type CommandSet, encodeCommandSet } from './command-set.ts';

/** Bytes of a data set, in pieces. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** How a message is cut up. Tests split it in odd ways; otherwise each PDU carries one PDV as long as the peer takes. */
export type Splitting = {
  /** The length of the next fragment's data, in bytes; an odd one is against PS3.8 Annex E.1, which some peers mind. */
  readonly nextFragmentLength: () => number;
  /** How many fragments the next PDU carries, where they fit. */
  readonly nextFragmentCount: () => number;
};

/** Where a message goes. */
export type MessageTarget = {
  readonly contextId: number;
  /** The longest P-DATA-TF body the peer takes; 0 is no limit (PS3.8 §D.1). */
  readonly maxPduLength: number;
  readonly splitting?: Splitting;
};

/** Thrown where a data set could not be read to its end; `hasBegun`: some of the message has left, and the association is of no more use. */
export class DataSetUnreadable extends Error {
  override readonly name = 'DataSetUnreadable';
  readonly hasBegun: boolean;
  constructor(hasBegun: boolean, cause: unknown) {
    super('A data set could not be read to its end', { cause });
    this.hasBegun = hasBegun;
  }
}

const UNLIMITED_PDU_LENGTH = 128 * 1024;

/**
 * Sends a command and its data set, unchanged, in as many PDUs as it takes (PS3.8 Annex E). False where the association
 * ended before the last byte was given to the network. Rejects with `DataSetUnreadable` where reading the data set throws.
 */
export async function sendMessage(
  link: UpperLayer,
  target: MessageTarget,
  command: CommandSet,
  dataSet?: Pieces,
): Promise<boolean> {
  const packer = new Packer(link, target);
  for await (const pdv of fragments(target, true, [encodeCommandSet(command)])) {
    if (!(await packer.add(pdv))) return false;
  }
  if (dataSet) {
    const pdvs = fragments(target, false, reading(dataSet, packer));
    for await (const pdv of pdvs) if (!(await packer.add(pdv))) return false;
  }
  return packer.flush();
}

async function* reading(dataSet: Pieces, packer: Packer): AsyncGenerator<Uint8Array> {
  try {
    yield* dataSet;
  } catch (error) {
    throw new DataSetUnreadable(packer.hasSent, error);
  }
}

/** Gathers PDVs into PDUs. A command and the first data fragments may share one, where the splitting says so. */
class Packer {
  readonly #link: UpperLayer;
  readonly #target: MessageTarget;
  #pdvs: Pdv[] = [];
  #length = 0;
  #count: number;
  #hasSent = false;

  /** True once any of the message has left. */
  get hasSent(): boolean {
    return this.#hasSent;
  }

  constructor(link: UpperLayer, target: MessageTarget) {
    this.#link = link;
    this.#target = target;
    this.#count = target.splitting?.nextFragmentCount() ?? 1;
  }

  async add(pdv: Pdv): Promise<boolean> {
    const length = PDV_HEADER_LENGTH + pdv.data.length;
    const isFull = this.#pdvs.length >= this.#count || this.#length + length > pduLength(this.#target);
    if (isFull && this.#pdvs.length > 0 && !(await this.flush())) return false;
    this.#pdvs.push(pdv);
    this.#length += length;
    return true;
  }

  async flush(): Promise<boolean> {
    if (this.#pdvs.length === 0) return true;
    this.#hasSent = true;
    const sent = await this.#link.send(this.#pdvs);
    this.#pdvs = [];
    this.#length = 0;
    this.#count = this.#target.splitting?.nextFragmentCount() ?? 1;
    return sent;
  }
}

/** Cuts bytes into PDVs; the last one says so, and an empty data set is one empty fragment. */
async function* fragments(
  target: MessageTarget,
  isCommand: boolean,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Pdv> {
  // Fragments have an even length (PS3.8 Annex E.1); DCMTK aborts at an odd one.
  const longest = Math.max(2, (pduLength(target) - PDV_HEADER_LENGTH) & ~1);
  const nextLength = () => Math.max(1, Math.min(longest, target.splitting?.nextFragmentLength() ?? longest));
  const pdv = (data: Uint8Array, isLast: boolean): Pdv => ({ contextId: target.contextId, isCommand, isLast, data });
  let rest: Uint8Array = new Uint8Array(0);
  let length = nextLength();
  for await (const piece of pieces) {
    let bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (bytes.length > length) {
      yield pdv(bytes.subarray(0, length), false);
      bytes = bytes.subarray(length);
      length = nextLength();
    }
    rest = bytes;
  }
  yield pdv(rest, true);
}

function pduLength({ maxPduLength }: MessageTarget): number {
  return maxPduLength === 0 ? UNLIMITED_PDU_LENGTH : Math.min(maxPduLength, UNLIMITED_PDU_LENGTH);
}
