import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { UpperLayer } from '../upper-layer/upper-layer.ts';
import type { CommandSet } from './command-set.ts';
import type { Message } from './receive-messages.ts';
import { DataSetUnreadable, type MessageTarget, type Pieces, sendMessage } from './send-message.ts';

/** Why a request of ours to whoever requested the association had no answer. */
export type NoAnswer = { readonly code: 'association-ended' | 'timed-out' | 'unreadable-object' };

type Waiting = { readonly settle: (answer: Result<CommandSet, NoAnswer>) => void };

/**
 * What an acceptor sends: one message after the other, whoever asks (PS3.8 Annex E forbids mixing their fragments), and
 * requests of its own, which are the sub-operations of C-GET and N-EVENT-REPORT.
 */
export class Outbox {
  readonly #link: UpperLayer;
  readonly #target: Omit<MessageTarget, 'contextId'>;
  readonly #responseMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #last: Promise<unknown> = Promise.resolve();
  #lastMessageId = 0;

  constructor(link: UpperLayer, target: Omit<MessageTarget, 'contextId'>, responseMs: number) {
    this.#link = link;
    this.#target = target;
    this.#responseMs = responseMs;
  }

  /** Sends one message; false where the association is over. Rejects with what reading the data set throws. */
  send(contextId: number, command: CommandSet, dataSet?: Pieces): Promise<boolean> {
    const sent = this.#last.then(() => sendMessage(this.#link, { ...this.#target, contextId }, command, dataSet));
    this.#last = sent.catch(() => {}); // whoever sent it hears of it
    return sent;
  }

  /** Sends a request and waits for its answer. An object of which part has left when it turns out unreadable costs the association. */
  async request(
    contextId: number,
    command: Omit<CommandSet, 'messageId'>,
    dataSet?: Pieces,
  ): Promise<Result<CommandSet, NoAnswer>> {
    this.#lastMessageId = (this.#lastMessageId % 0xffff) + 1;
    const messageId = this.#lastMessageId;
    const { promise, resolve } = Promise.withResolvers<Result<CommandSet, NoAnswer>>();
    this.#waiting.set(messageId, { settle: resolve });
    const timer = setTimeout(() => resolve(err({ code: 'timed-out' })), this.#responseMs);
    try {
      if (!(await this.send(contextId, { ...command, messageId }, dataSet))) return err({ code: 'association-ended' });
      return await promise;
    } catch (error) {
      if (!(error instanceof DataSetUnreadable)) throw error;
      // Half an object is on its way and no rest will follow: only an abort tells the peer so (PS3.7 has no other word).
      if (error.hasBegun) await this.#link.abort();
      return err({ code: 'unreadable-object' });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(messageId);
    }
  }

  /** Gives a response to whoever waits for it; false where nobody does. */
  settle({ command }: Message): boolean {
    const waiting = this.#waiting.get(command.respondsTo ?? 0);
    waiting?.settle(ok(command));
    return waiting !== undefined;
  }

  /** The association is over: nobody waits any longer. */
  close(): void {
    for (const { settle } of this.#waiting.values()) settle(err({ code: 'association-ended' }));
  }
}
