import type { Pdv } from '../upper-layer/pdu.ts';
import type { AssociationEnd, Indication } from '../upper-layer/upper-layer.ts';
import { type CommandSet, decodeCommandSet, NO_DATA_SET } from './command-set.ts';

/** One DIMSE message: its command, and its data set as it comes in. The body must be read to its end, or drained. */
export type Message = {
  readonly contextId: number;
  readonly command: CommandSet;
  /**
   * The data set's bytes, read from the network only as they are taken; null where none follows. Each piece is there until
   * the next is asked for: its memory is read into again.
   */
  readonly body: AsyncIterable<Uint8Array> | null;
};

/** Why no further message comes. `broken` is a peer that broke PS3.7 §6.3 or PS3.8 Annex E. */
export type MessagesEnd =
  | AssociationEnd
  | { readonly kind: 'release-requested' }
  | { readonly kind: 'released' }
  | { readonly kind: 'broken' };

/** Thrown out of a body when the association ends before the data set does. */
export class DataSetCutShort extends Error {
  override readonly name = 'DataSetCutShort';
}

/** A command set is a few hundred bytes; a peer that sends more is not speaking DIMSE. */
const MAX_COMMAND_LENGTH = 64 * 1024;

type Receive = (within: 'between-messages' | 'within-message') => Promise<Indication>;

/** Puts PDVs together into messages (PS3.8 Annex E): several per PDU, fragments over PDUs; interleaving is refused. */
export class MessageReader {
  readonly #receive: Receive;
  #pdvs: Pdv[] = [];
  #end: MessagesEnd | null = null;
  #openBody: AsyncIterator<Uint8Array> | null = null;

  /** Takes its PDVs from `receive`, one P-DATA-TF at a time and only when the last is used up. */
  constructor(receive: Receive) {
    this.#receive = receive;
  }

  /** How the association ended, once it has. */
  get end(): MessagesEnd | null {
    return this.#end;
  }

  /** The next message, or null when none comes any more: `end` then says why. */
  async next(): Promise<Message | null> {
    await this.drain();
    const parts: Uint8Array[] = [];
    let length = 0;
    let contextId = 0;
    for (;;) {
      const pdv = await this.#nextPdv(parts.length === 0 ? 'between-messages' : 'within-message');
      if (pdv === null) return null;
      if (!pdv.isCommand || (parts.length > 0 && pdv.contextId !== contextId)) return this.#break();
      contextId = pdv.contextId;
      parts.push(Buffer.from(pdv.data)); // the next fragment comes into the same memory
      length += pdv.data.length;
      if (length > MAX_COMMAND_LENGTH || parts.length > MAX_COMMAND_LENGTH) return this.#break();
      if (pdv.isLast) break;
    }
    const command = decodeCommandSet(Buffer.concat(parts));
    if (!command.ok) return this.#break();
    if (command.value.dataSetType === NO_DATA_SET) return { contextId, command: command.value, body: null };
    const body = this.#dataSet(contextId);
    this.#openBody = body;
    return { contextId, command: command.value, body };
  }

  /** Reads and drops what is left of the current body; what its reader did not want. */
  async drain(): Promise<void> {
    const body = this.#openBody;
    if (body === null) return;
    try {
      while (!(await body.next()).done);
    } catch (error) {
      if (!(error instanceof DataSetCutShort)) throw error; // the end is recorded: the next read tells it
    }
    this.#openBody = null;
  }

  /** Not a generator: leaving a `for await` early must not end it, so that `drain` can read on. */
  #dataSet(contextId: number): AsyncIterable<Uint8Array> & AsyncIterator<Uint8Array> {
    let isComplete = false;
    const body = {
      [Symbol.asyncIterator]: () => body,
      next: async (): Promise<IteratorResult<Uint8Array>> => {
        if (isComplete) return { done: true, value: undefined };
        const pdv = await this.#nextPdv('within-message');
        if (pdv !== null && (pdv.isCommand || pdv.contextId !== contextId)) this.#break();
        if (pdv === null || this.#end !== null) throw new DataSetCutShort('The association ended within a data set');
        isComplete = pdv.isLast;
        return { done: false, value: pdv.data };
      },
    };
    return body;
  }

  async #nextPdv(within: 'between-messages' | 'within-message'): Promise<Pdv | null> {
    while (this.#pdvs.length === 0 && this.#end === null) {
      const indication = await this.#receive(within);
      if (indication.kind === 'data') this.#pdvs = [...indication.pdvs];
      else if (indication.kind === 'release-requested' && within === 'within-message') this.#break();
      else this.#end = asEnd(indication);
    }
    return this.#end === null ? (this.#pdvs.shift() ?? null) : null;
  }

  #break(): null {
    this.#end = { kind: 'broken' };
    return null;
  }
}

function asEnd(indication: Exclude<Indication, { readonly kind: 'data' }>): MessagesEnd {
  switch (indication.kind) {
    case 'associate-requested':
    case 'associate-accepted':
    case 'associate-rejected':
      return { kind: 'broken' }; // the state table lets none of these through on an association
    default:
      return indication;
  }
}
