import { encodeDataset } from '../dataset/write-dataset.ts';
import type { FindHandler, FindMatch, ServiceAnswer, ServiceRequest } from '../server-services.ts';
import type { ReadDataset } from '../dataset/dataset.ts';
import type { Pieces } from './send-message.ts';
import type { DimseStatus } from './status.ts';

/** Sends one response to the request being answered; false where the association is over. */
export type Respond = (status: DimseStatus, dataSet: Pieces) => Promise<boolean>;

/**
 * Sends the matches as they come, one pending response each (PS3.7 §9.1.2), and gives the last answer; `cancelled` once the
 * peer has asked for that. A handler that is waiting is not waited for: it hears of it by its signal.
 */
export async function answerFind<Context>(
  find: FindHandler<Context>,
  identifier: ReadDataset,
  request: ServiceRequest<Context>,
  respond: Respond,
): Promise<ServiceAnswer> {
  const matches = find(identifier, request);
  const stopped = new Promise<'stopped'>((resolve) => {
    request.signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  for (;;) {
    const step = request.signal.aborted ? 'stopped' : await Promise.race([matches.next(), stopped]);
    if (step === 'stopped') {
      void matches.return({ status: 'cancelled' }).catch(() => {}); // its failure no longer concerns anyone
      return { status: 'cancelled' };
    }
    if (step.done) return step.value;
    await respond(statusOf(step.value), [encodeDataset(step.value.identifier, request.transferSyntaxUid)]);
  }
}

function statusOf(match: FindMatch): DimseStatus {
  return match.ignoresKeys ? 'pending-keys-ignored' : 'pending';
}
