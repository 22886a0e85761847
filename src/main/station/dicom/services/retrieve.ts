import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { DicomRecord } from '../dataset/write-dataset.ts';
import { texts } from '../dataset/values.ts';
import { COMMANDS, type CommandSet } from '../dimse/command-set.ts';
import { DIMSE_STATUS } from '../dimse/status.ts';
import { MAX_CONTEXTS, type PeerRequestHandler, type RemoteAe, type Response } from '../open-association.ts';
import type { IncomingObject, StoreAnswer } from '../server-options.ts';
import type { RetrievalCounts } from '../server-services.ts';
import type { AcceptedClass } from '../upper-layer/negotiate.ts';
import { type AskFailure, ask, onAssociation, SERVICE_SYNTAXES } from './ask.ts';

/** How a retrieval ended: the peer's last status and counts, and the UIDs it says have failed. */
export type RetrievalResult = {
  readonly status: number;
  readonly errorComment: string | null;
  readonly counts: RetrievalCounts;
  readonly failedUids: readonly string[];
};

/** What both ways of retrieving take. */
export type RetrieveOptions = {
  /** Told what the peer says of its progress. */
  readonly onProgress?: (counts: RetrievalCounts) => void;
  /** Asks the peer to stop. */
  readonly signal?: AbortSignal;
};

/** Has a peer send objects to an AE title that it knows (C-MOVE, PS3.7 §9.1.4); they arrive on associations of their own. */
export function moveFrom(
  remote: RemoteAe,
  sopClass: string,
  keys: DicomRecord,
  destination: string,
  { onProgress, signal }: RetrieveOptions,
): Promise<Result<RetrievalResult, AskFailure>> {
  const command = {
    commandField: COMMANDS['c-move'],
    affectedSopClass: sopClass,
    moveDestination: destination,
    priority: 0,
  };
  return onAssociation(remote, [{ sopClass, transferSyntaxes: SERVICE_SYNTAXES }], async (association) => {
    const ended = await ask(association, sopClass, command, keys, exchangeOf(onProgress, signal));
    return ended.ok ? ok(resultOf(ended.value)) : ended;
  });
}

/** Fetches objects over one association (C-GET, PS3.7 §9.1.3): each goes to `store`, like one that a peer sends of itself. */
export function getFrom(
  remote: RemoteAe,
  sopClass: string,
  keys: DicomRecord,
  options: RetrieveOptions & {
    /** What is taken in; with the model itself at most 128 contexts, so that only the first 127 are proposed. */
    readonly accepts: readonly AcceptedClass[];
    readonly store: (incoming: IncomingObject) => Promise<StoreAnswer>;
  },
): Promise<Result<RetrievalResult, AskFailure>> {
  const { accepts, store, onProgress, signal } = options;
  const command = { commandField: COMMANDS['c-get'], affectedSopClass: sopClass, priority: 0 };
  const storage = accepts.slice(0, MAX_CONTEXTS - 1).map((row) => ({ ...row, roles: { scu: false, scp: true } }));
  return onAssociation(
    remote,
    [{ sopClass, transferSyntaxes: SERVICE_SYNTAXES }, ...storage],
    async (association) => {
      const ended = await ask(association, sopClass, command, keys, exchangeOf(onProgress, signal));
      return ended.ok ? ok(resultOf(ended.value)) : ended;
    },
    storing(store),
  );
}

function exchangeOf(onProgress: RetrieveOptions['onProgress'], signal: AbortSignal | undefined) {
  return {
    onPending: ({ command }: Response) => onProgress?.(countsOf(command)),
    ...(signal && { cancel: signal }),
  };
}

function storing(store: (incoming: IncomingObject) => Promise<StoreAnswer>): PeerRequestHandler {
  return async (context, { command, body }) => {
    if (command.commandField !== COMMANDS['c-store'] || !context.requestor.scp || body === null) return null;
    const { affectedSopClass, affectedSopInstance = '' } = command;
    const about = { ...(affectedSopClass !== undefined && { affectedSopClass }), affectedSopInstance };
    const answered = ({ status, errorComment, offendingElements }: StoreAnswer): Partial<CommandSet> => ({
      ...about,
      status: DIMSE_STATUS[status],
      ...(errorComment !== undefined && { errorComment }),
      ...(offendingElements !== undefined && { offendingElements }),
    });
    if (affectedSopClass !== context.sopClass) return answered({ status: 'sop-class-not-supported' });
    if (!/^[0-9.]{1,64}$/.test(affectedSopInstance)) return answered({ status: 'invalid-object-instance' });
    return answered(
      await store({
        sopClassUid: context.sopClass,
        sopInstanceUid: affectedSopInstance,
        transferSyntaxUid: context.transferSyntax,
        messageId: command.messageId ?? 0,
        moveOriginatorAe: null,
        moveOriginatorMessageId: null,
        body,
      }),
    );
  };
}

function resultOf({ command, dataset }: Response): RetrievalResult {
  return {
    status: command.status ?? DIMSE_STATUS['processing-failure'],
    errorComment: command.errorComment ?? null,
    counts: countsOf(command),
    failedUids: dataset ? texts(dataset, 'FailedSOPInstanceUIDList') : [],
  };
}

/** What is not said is nothing, as some peers leave out zeros. */
function countsOf(command: CommandSet): RetrievalCounts {
  return {
    remaining: command.remainingSuboperations ?? 0,
    completed: command.completedSuboperations ?? 0,
    failed: command.failedSuboperations ?? 0,
    warning: command.warningSuboperations ?? 0,
  };
}
