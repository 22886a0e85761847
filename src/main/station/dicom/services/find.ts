import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { ReadDataset } from '../dataset/dataset.ts';
import type { DicomRecord } from '../dataset/write-dataset.ts';
import { COMMANDS } from '../dimse/command-set.ts';
import { DIMSE_STATUS } from '../dimse/status.ts';
import type { RemoteAe } from '../open-association.ts';
import { type AskFailure, ask, onAssociation, SERVICE_SYNTAXES } from './ask.ts';

/** How a query ended: the peer's last status, and how many matches came. */
export type FindEnd = { readonly status: number; readonly errorComment: string | null; readonly matches: number };

/** How to ask. */
export type FindOptions = {
  /** Told each match in order; the next is read when it is done. */
  readonly onMatch: (identifier: ReadDataset) => void | Promise<void>;
  /** After so many matches the peer is asked to stop; more may still come and are passed over. */
  readonly limit?: number;
  /** Asks the peer to stop. */
  readonly signal?: AbortSignal;
};

/** Queries a peer (C-FIND, PS3.7 §9.1.2). `sopClass` is the information model; the keys are as PS3.4 Annex C or K asks. */
export function findAt(
  remote: RemoteAe,
  sopClass: string,
  keys: DicomRecord,
  { onMatch, limit = Number.POSITIVE_INFINITY, signal }: FindOptions,
): Promise<Result<FindEnd, AskFailure>> {
  return onAssociation(remote, [{ sopClass, transferSyntaxes: SERVICE_SYNTAXES }], async (association) => {
    const enough = new AbortController();
    const cancel = signal ? AbortSignal.any([signal, enough.signal]) : enough.signal;
    let matches = 0;
    const command = { commandField: COMMANDS['c-find'], affectedSopClass: sopClass, priority: 0 };
    const ended = await ask(association, sopClass, command, keys, {
      cancel,
      onPending: async ({ dataset }) => {
        if (dataset === null || matches >= limit) return;
        matches += 1;
        if (matches >= limit) enough.abort();
        await onMatch(dataset);
      },
    });
    if (!ended.ok) return ended;
    const { status = DIMSE_STATUS['processing-failure'], errorComment = null } = ended.value.command;
    return ok({ status, errorComment, matches });
  });
}
