import type { UpperLayer } from '../upper-layer/upper-layer.ts';
import { type Message, MessageReader, type MessagesEnd } from './receive-messages.ts';

type Limits = {
  /** Between two messages of an association, in milliseconds, while nothing is being answered. */
  readonly idleMs: number;
  /** For the next whole PDU within a message, in milliseconds. */
  readonly objectMs: number;
  /** Told when a message has begun. */
  readonly onBegun?: () => void;
};

/**
 * What one side of an association receives. The next message can be looked at while another is still being answered, so
 * that a C-CANCEL is noticed; it stays until it is taken.
 */
export class Inbox {
  readonly #reader: MessageReader;
  #arriving: Promise<Message | null> | null = null;
  /** While the first fragment of a message is waited for: resolving it ends the wait, and the association. */
  #patience: PromiseWithResolvers<void> | null = null;
  readonly #idleMs: number;

  /** Reads from `link`; nobody else may, until the last message has come. */
  constructor(link: UpperLayer, { idleMs, objectMs, onBegun }: Limits) {
    this.#idleMs = idleMs;
    this.#reader = new MessageReader(async (within) => {
      if (within === 'within-message') {
        onBegun?.();
        return link.receive(objectMs);
      }
      this.#patience = Promise.withResolvers();
      const indication = await link.receive(this.#patience.promise);
      this.#patience = null;
      return indication;
    });
  }

  /** How the association ended, once it has. */
  get end(): MessagesEnd | null {
    return this.#reader.end;
  }

  /** The next message, or null when none comes any more; without a limit of time, and without taking it. */
  peek(): Promise<Message | null> {
    this.#arriving ??= this.#reader.next();
    return this.#arriving;
  }

  /** Takes the message that `peek` gave. */
  take(): void {
    this.#arriving = null;
  }

  /** Takes the next message; where none begins within that time the association is aborted. */
  async next(withinMs: number = this.#idleMs): Promise<Message | null> {
    const timer = setTimeout(() => this.#patience?.resolve(), withinMs);
    try {
      return await this.peek();
    } finally {
      clearTimeout(timer);
      this.take();
    }
  }

  /** Resolves when nothing is being read any more: after an abort, once the connection is gone. */
  async rest(): Promise<void> {
    await this.#arriving;
  }

  /** Reads and drops what is left of the message taken last. */
  drain(): Promise<void> {
    return this.#reader.drain();
  }
}
