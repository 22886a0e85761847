import type { Association, AssociationCounts, AssociationOutcome, ServerTimeouts } from '../server-options.ts';
import type { ServiceClass } from '../server-services.ts';
import { VERIFICATION } from '../storage-classes.ts';
import type { AgreedContext } from '../upper-layer/negotiate.ts';
import type { UpperLayer } from '../upper-layer/upper-layer.ts';
import { askerOf } from './answer-normalized.ts';
import { type Answering, beginAnswer } from './answer-request.ts';
import { answerStore, type Storing } from './answer-store.ts';
import { COMMANDS, type CommandSet, NO_DATA_SET, RESPONSE } from './command-set.ts';
import { Inbox } from './inbox.ts';
import { Outbox } from './outbox.ts';
import type { Message, MessagesEnd } from './receive-messages.ts';
import { DIMSE_STATUS } from './status.ts';

type Service<Context> = Storing & {
  readonly link: UpperLayer;
  readonly association: Association<Context>;
  readonly contexts: ReadonlyMap<number, AgreedContext>;
  readonly services: readonly ServiceClass<Context>[];
  readonly peerMaxPduLength: number;
  readonly timeouts: ServerTimeouts;
  /** Told when a message is under way and when none is. */
  readonly setBusy: (isBusy: boolean) => void;
  readonly isClosing: () => boolean;
};

/** How the association went; `code` says why, where it was not the peer's wish. */
export type ServedAssociation = {
  readonly outcome: AssociationOutcome;
  readonly counts: AssociationCounts;
  readonly code: string | null;
};

/** Counted up while the association lasts, so that they stand also where serving it fails. */
export type Counts = { -readonly [Name in keyof AssociationCounts]: number };

/** Answers the messages of one accepted association, one after the other, until it ends (PS3.7 §9.1, §9.3, §10.3). */
export async function serveAssociation<Context>(service: Service<Context>, counts: Counts): Promise<ServedAssociation> {
  const { link, timeouts } = service;
  const inbox = new Inbox(link, { ...timeouts, onBegun: () => service.setBusy(true) });
  const outbox = new Outbox(link, { maxPduLength: service.peerMaxPduLength }, timeouts.objectMs);
  try {
    for (;;) {
      service.setBusy(false);
      const message = service.isClosing() ? null : await inbox.next();
      if (message === null) break;
      service.setBusy(true);
      const context = service.contexts.get(message.contextId);
      if (!context) return await endBroken(service, counts);
      await answer(service, context, message, inbox, outbox, counts);
    }
    return await endOf(service, inbox.end, counts);
  } finally {
    outbox.close();
  }
}

async function answer<Context>(
  service: Service<Context>,
  context: AgreedContext,
  message: Message,
  inbox: Inbox,
  outbox: Outbox,
  counts: Counts,
): Promise<void> {
  const { command } = message;
  let response: Partial<CommandSet>;
  switch (command.commandField) {
    case COMMANDS['c-echo']:
      counts.echoes += 1;
      response = { affectedSopClass: VERIFICATION, status: DIMSE_STATUS.success };
      break;
    case COMMANDS['c-store']:
      response = await answerStore(service, context, message);
      break;
    case COMMANDS['c-cancel']:
      return; // what it would cancel has been answered, and a cancel has no answer
    default: {
      if ((command.commandField & RESPONSE) !== 0) {
        // Where nobody waits for it, it is not ours: there is nothing to answer.
        if (!outbox.settle(message)) await service.link.abort('service-provider', 'unexpected-pdu');
        return;
      }
      const served = service.services.find(({ sopClass }) => sopClass === context.sopClass);
      if (served && context.requestor[askerOf(command.commandField)]) {
        const isWhole = await answerWatching(service, context, served, message, inbox, outbox);
        counts[isWhole ? 'operations' : 'cutShort'] += 1;
        return;
      }
      response = { status: DIMSE_STATUS['unrecognized-operation'] };
    }
  }
  await inbox.drain();
  if (inbox.end !== null) {
    counts.cutShort += 1;
    return;
  }
  if (command.commandField === COMMANDS['c-store']) {
    counts[response.status === DIMSE_STATUS.success ? 'stored' : 'refused'] += 1;
  }
  await outbox.send(message.contextId, {
    ...response,
    commandField: command.commandField | RESPONSE,
    respondsTo: command.messageId ?? 0,
    dataSetType: NO_DATA_SET,
  });
}

/** Answers a service's request, reading on meanwhile: a C-CANCEL stops it, responses go to whoever waits for them. False: cut short. */
async function answerWatching<Context>(
  service: Service<Context>,
  context: AgreedContext,
  served: ServiceClass<Context>,
  message: Message,
  inbox: Inbox,
  outbox: Outbox,
): Promise<boolean> {
  const { association, onFailure, link } = service;
  const tools: Answering<Context> = { association, contexts: [...service.contexts.values()], outbox, onFailure };
  const underWay = await beginAnswer(tools, context, served, message);
  if (underWay === null) return false;
  const { done, cancel, abandon } = underWay;
  await inbox.drain(); // what was too long to be read
  const finished = done.then(() => 'finished' as const);
  for (;;) {
    const next = await Promise.race([finished, inbox.peek()]);
    if (next === 'finished') return true;
    if (next === null) {
      abandon();
      outbox.close();
      await done;
      return true;
    }
    const { command } = next;
    if (command.commandField === COMMANDS['c-cancel']) {
      inbox.take();
      if (command.respondsTo === message.command.messageId) cancel();
    } else if ((command.commandField & RESPONSE) !== 0) {
      inbox.take();
      if (!outbox.settle(next)) await link.abort('service-provider', 'unexpected-pdu');
    } else if (message.command.commandField === COMMANDS['c-get']) {
      // One operation at a time was agreed; this one would stand before the answers that our sub-operations wait for.
      await link.abort('service-provider', 'unexpected-pdu');
      inbox.take();
    } else {
      await done; // its turn comes
      return true;
    }
  }
}

async function endBroken<Context>(service: Service<Context>, counts: AssociationCounts): Promise<ServedAssociation> {
  await service.link.abort('service-provider', 'invalid-parameter-value');
  return { outcome: 'failed', counts, code: 'protocol-broken' };
}

async function endOf<Context>(
  service: Service<Context>,
  end: MessagesEnd | null,
  counts: AssociationCounts,
): Promise<ServedAssociation> {
  if (end === null || (end.kind === 'closed' && service.isClosing())) {
    await service.link.abort();
    return { outcome: 'aborted', counts, code: 'closing' };
  }
  switch (end.kind) {
    case 'release-requested':
      await service.link.grantRelease();
      return { outcome: 'released', counts, code: null };
    case 'released':
      return { outcome: 'released', counts, code: null };
    case 'broken':
      return endBroken(service, counts);
    case 'aborted-by-peer':
      return { outcome: 'aborted', counts, code: null };
    case 'aborted-here':
      return { outcome: 'failed', counts, code: end.reason };
    case 'timed-out':
    case 'closed':
      return { outcome: 'failed', counts, code: end.kind };
  }
}
