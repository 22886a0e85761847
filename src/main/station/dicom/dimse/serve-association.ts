import type {
  AssociationCounts,
  AssociationOutcome,
  IncomingObject,
  ServerTimeouts,
  StoreAnswer,
} from '../server-options.ts';
import { VERIFICATION } from '../storage-classes.ts';
import type { AgreedContext } from '../upper-layer/negotiate.ts';
import type { UpperLayer } from '../upper-layer/upper-layer.ts';
import { COMMANDS, type CommandSet, NO_DATA_SET, RESPONSE } from './command-set.ts';
import { DataSetCutShort, type Message, MessageReader, type MessagesEnd } from './receive-messages.ts';
import { sendMessage } from './send-message.ts';
import { DIMSE_STATUS } from './status.ts';

type Service = {
  readonly link: UpperLayer;
  readonly contexts: ReadonlyMap<number, AgreedContext>;
  readonly peerMaxPduLength: number;
  readonly timeouts: ServerTimeouts;
  readonly store: (incoming: IncomingObject) => Promise<StoreAnswer>;
  readonly onFailure: (error: unknown) => void;
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

/** Answers the messages of one accepted association, one after the other, until it ends (PS3.7 §9.1, §9.3). */
export async function serveAssociation(service: Service, counts: Counts): Promise<ServedAssociation> {
  const { link, timeouts } = service;
  const reader = new MessageReader((within) => {
    if (within === 'within-message') service.setBusy(true);
    return link.receive(within === 'within-message' ? timeouts.objectMs : timeouts.idleMs);
  });
  for (;;) {
    service.setBusy(false);
    const message = service.isClosing() ? null : await reader.next();
    if (message === null) break;
    service.setBusy(true);
    const context = service.contexts.get(message.contextId);
    if (!context) return endBroken(service, counts);
    await answer(service, context, message, reader, counts);
  }
  return endOf(service, reader.end, counts);
}

async function answer(
  service: Service,
  context: AgreedContext,
  message: Message,
  reader: MessageReader,
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
      return; // nothing we serve can be cancelled, and a cancel has no answer
    default:
      response = { status: DIMSE_STATUS['unrecognized-operation'] };
  }
  await reader.drain();
  if (reader.end !== null) {
    counts.cutShort += 1;
    return;
  }
  if (command.commandField === COMMANDS['c-store']) {
    counts[response.status === DIMSE_STATUS.success ? 'stored' : 'refused'] += 1;
  }
  if ((command.commandField & RESPONSE) !== 0) {
    await service.link.abort('service-provider', 'unexpected-pdu'); // we asked nothing: there is nothing to answer
    return;
  }
  await sendMessage(
    service.link,
    { contextId: message.contextId, maxPduLength: service.peerMaxPduLength },
    {
      ...response,
      commandField: command.commandField | RESPONSE,
      respondsTo: command.messageId ?? 0,
      dataSetType: NO_DATA_SET,
    },
  );
}

/** A C-STORE response (PS3.7 §9.3.1.2): what `store` said, or why it was not asked. */
async function answerStore(service: Service, context: AgreedContext, message: Message): Promise<Partial<CommandSet>> {
  const { command, body } = message;
  const about = { affectedSopClass: command.affectedSopClass, affectedSopInstance: command.affectedSopInstance };
  const answered = (given: StoreAnswer): Partial<CommandSet> => ({
    ...(about.affectedSopClass !== undefined && { affectedSopClass: about.affectedSopClass }),
    ...(about.affectedSopInstance !== undefined && { affectedSopInstance: about.affectedSopInstance }),
    status: DIMSE_STATUS[given.status],
    ...(given.errorComment !== undefined && { errorComment: given.errorComment }),
    ...(given.offendingElements !== undefined && { offendingElements: given.offendingElements }),
  });
  if (command.affectedSopClass !== context.sopClass || context.sopClass === VERIFICATION) {
    return answered({ status: 'sop-class-not-supported' });
  }
  const sopInstanceUid = command.affectedSopInstance ?? '';
  if (!/^[0-9.]{1,64}$/.test(sopInstanceUid)) return answered({ status: 'invalid-object-instance' });
  if (body === null) return answered({ status: 'cannot-understand', errorComment: 'No data set' });
  try {
    const given = await service.store({
      sopClassUid: context.sopClass,
      sopInstanceUid,
      transferSyntaxUid: context.transferSyntax,
      messageId: command.messageId ?? 0,
      moveOriginatorAe: command.moveOriginatorAe ?? null,
      body,
    });
    return answered(given);
  } catch (error) {
    if (!(error instanceof DataSetCutShort)) service.onFailure(error);
    return answered({ status: 'processing-failure' });
  }
}

async function endBroken(service: Service, counts: AssociationCounts): Promise<ServedAssociation> {
  await service.link.abort('service-provider', 'invalid-parameter-value');
  return { outcome: 'failed', counts, code: 'protocol-broken' };
}

async function endOf(service: Service, end: MessagesEnd | null, counts: AssociationCounts): Promise<ServedAssociation> {
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
