import { setTimeout as pause } from 'node:timers/promises';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type {
  AssociationFailure,
  Exchange,
  OpenAssociation,
  PeerRequestHandler,
  Response,
} from '../open-association.ts';
import type { AgreedContext } from '../upper-layer/negotiate.ts';
import type { UpperLayer } from '../upper-layer/upper-layer.ts';
import { COMMANDS, type CommandSet, NO_DATA_SET, RESPONSE } from './command-set.ts';
import { type IdentifierFailure, LONG_IDENTIFIER, readIdentifier } from './data-sets.ts';
import type { Inbox } from './inbox.ts';
import type { Message, MessagesEnd } from './receive-messages.ts';
import { DataSetUnreadable, type Pieces } from './send-message.ts';
import { DIMSE_STATUS, isPending } from './status.ts';

/** A requestor's association, once it is agreed on. */
type Line = {
  readonly link: UpperLayer;
  readonly inbox: Inbox;
  readonly contexts: ReadonlyMap<number, AgreedContext>;
  readonly send: (contextId: number, command: CommandSet, dataSet?: Pieces) => Promise<boolean>;
  readonly serve: PeerRequestHandler;
};

/** Asks one thing after the other, and answers what the peer asks meanwhile (PS3.7 §8.1). */
export function converse({ link, inbox, contexts, send, serve }: Line): Pick<OpenAssociation, 'request' | 'listen'> {
  let lastMessageId = 0;
  /** Answers one request of the peer's; false where it is none, or the association cannot go on. */
  const serveOne = async (message: Message): Promise<boolean> => {
    const { command, contextId } = message;
    const context = contexts.get(contextId);
    if (!context || (command.commandField & RESPONSE) !== 0) return false;
    if (command.commandField === COMMANDS['c-cancel']) return true;
    const given = await serve(context, message);
    await inbox.drain();
    if (inbox.end !== null) return false;
    return send(contextId, {
      ...(given ?? { status: DIMSE_STATUS['unrecognized-operation'] }),
      commandField: command.commandField | RESPONSE,
      respondsTo: command.messageId ?? 0,
      dataSetType: NO_DATA_SET,
    });
  };
  /** The last response to our request; pending ones go to `onPending`. */
  const awaitResponse = async (
    context: AgreedContext,
    asked: CommandSet,
    onPending: Exchange['onPending'],
  ): Promise<Result<Response, AssociationFailure>> => {
    for (;;) {
      const message = await inbox.next();
      if (message === null) return err({ code: inbox.end?.kind ?? 'closed' });
      const { command } = message;
      const isOurs = command.respondsTo === asked.messageId && command.commandField === (asked.commandField | RESPONSE);
      if (!isOurs || message.contextId !== context.id) {
        if (!isOurs && (await serveOne(message))) continue;
        if (inbox.end !== null) return err({ code: inbox.end.kind });
        await link.abort('service-provider', 'unexpected-pdu');
        return err({ code: 'unexpected-answer' });
      }
      const dataset = await readIdentifier(message, context.transferSyntax, LONG_IDENTIFIER);
      if (!dataset.ok) {
        const code = unreadable(dataset.error, inbox);
        if (code === 'unreadable-answer') await link.abort();
        return err({ code });
      }
      dataset.value.release(); // asked for by us, and taken in one after the other
      const response: Response = { command, dataset: dataset.value.dataset };
      if (!isPending(command.status ?? 0)) return ok(response);
      await onPending?.(response);
    }
  };
  return {
    request: async (context, command, dataSet, { onPending, cancel } = {}) => {
      lastMessageId = (lastMessageId % 0xffff) + 1;
      const messageId = lastMessageId;
      try {
        await send(context.id, { ...command, messageId }, dataSet); // where it fails, the next read says how
      } catch (error) {
        if (!(error instanceof DataSetUnreadable)) throw error;
        if (!error.hasBegun) return err({ code: 'unreadable-object' });
        await link.abort();
        return err({ code: 'object-cut-short' });
      }
      const sendCancel = () =>
        void send(context.id, {
          commandField: COMMANDS['c-cancel'],
          respondsTo: messageId,
          dataSetType: NO_DATA_SET,
        });
      if (cancel?.aborted) sendCancel();
      else cancel?.addEventListener('abort', sendCancel, { once: true });
      try {
        return await awaitResponse(context, { ...command, messageId }, onPending);
      } finally {
        cancel?.removeEventListener('abort', sendCancel);
      }
    },
    listen: async (forMs, isEnough) => {
      const over = pause(forMs, 'over' as const, { ref: false });
      while (!isEnough()) {
        const message = await Promise.race([inbox.peek(), over]);
        if (message === 'over') return true;
        inbox.take();
        if (message === null || !(await serveOne(message))) return false;
      }
      return true;
    },
  };
}

function unreadable({ code }: IdentifierFailure, inbox: Inbox): MessagesEnd['kind'] | 'unreadable-answer' {
  return code === 'cut-short' ? (inbox.end?.kind ?? 'closed') : 'unreadable-answer';
}
