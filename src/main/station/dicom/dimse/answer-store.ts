import type { IncomingObject, StoreAnswer } from '../server-options.ts';
import type { AgreedContext } from '../upper-layer/negotiate.ts';
import type { CommandSet } from './command-set.ts';
import { DataSetCutShort, type Message } from './receive-messages.ts';
import { DIMSE_STATUS } from './status.ts';

/** What storing takes. */
export type Storing = {
  readonly store: (incoming: IncomingObject) => Promise<StoreAnswer>;
  /** True for SOP classes of objects: not for verification, nor for a service. */
  readonly storesClass: (sopClass: string) => boolean;
  readonly onFailure: (error: unknown) => void;
};

/** A C-STORE response (PS3.7 §9.3.1.2): what `store` said, or why it was not asked. */
export async function answerStore(
  service: Storing,
  context: AgreedContext,
  message: Message,
): Promise<Partial<CommandSet>> {
  const { command, body } = message;
  const about = { affectedSopClass: command.affectedSopClass, affectedSopInstance: command.affectedSopInstance };
  const answered = (given: StoreAnswer): Partial<CommandSet> => ({
    ...(about.affectedSopClass !== undefined && { affectedSopClass: about.affectedSopClass }),
    ...(about.affectedSopInstance !== undefined && { affectedSopInstance: about.affectedSopInstance }),
    status: DIMSE_STATUS[given.status],
    ...(given.errorComment !== undefined && { errorComment: given.errorComment }),
    ...(given.offendingElements !== undefined && { offendingElements: given.offendingElements }),
  });
  if (command.affectedSopClass !== context.sopClass || !service.storesClass(context.sopClass)) {
    return answered({ status: 'sop-class-not-supported' });
  }
  if (!context.requestor.scu) return answered({ status: 'unrecognized-operation' }); // it asked to be served, not to send
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
      moveOriginatorMessageId: command.moveOriginatorMessageId ?? null,
      body,
    });
    return answered(given);
  } catch (error) {
    if (!(error instanceof DataSetCutShort)) service.onFailure(error);
    return answered({ status: 'processing-failure' });
  }
}
