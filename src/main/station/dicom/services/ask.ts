import { err, type Result } from '../../../../shared/domain/result.ts';
import { type DicomRecord, encodeDataset } from '../dataset/write-dataset.ts';
import { type CommandSet, NO_DATA_SET } from '../dimse/command-set.ts';
import {
  type AssociationFailure,
  type Exchange,
  openAssociation,
  type OpenAssociation,
  type PeerRequestHandler,
  type Proposal,
  type RemoteAe,
  type Response,
} from '../open-association.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';

/** Why a question had no answer. `context-refused`: the peer does not serve it. */
export type AskFailure = AssociationFailure | { readonly code: 'context-refused' };

/** What services' data sets are written in: every peer takes implicit (PS3.5 §10.1). */
export const SERVICE_SYNTAXES = [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN];

/** Asks one thing on an open association: the data set is written in the syntax agreed on for `sopClass`. */
export async function ask(
  association: OpenAssociation,
  sopClass: string,
  command: Omit<CommandSet, 'messageId' | 'dataSetType'>,
  record: DicomRecord | null,
  exchange?: Exchange,
): Promise<Result<Response, AskFailure>> {
  const context = association.contexts.find((one) => one.sopClass === sopClass);
  if (!context) return err({ code: 'context-refused' });
  const dataSet = record === null ? undefined : [encodeDataset(record, context.transferSyntax)];
  const dataSetType = record === null ? NO_DATA_SET : 1;
  return association.request(context, { ...command, dataSetType }, dataSet, exchange);
}

/** Opens an association for some work, and closes it: in an orderly way where the work went well. */
export async function onAssociation<Value, Failure extends { readonly code: string }>(
  remote: RemoteAe,
  proposals: readonly Proposal[],
  work: (association: OpenAssociation) => Promise<Result<Value, Failure>>,
  serve?: PeerRequestHandler,
): Promise<Result<Value, Failure | AssociationFailure>> {
  const opened = await openAssociation(remote, proposals, serve);
  if (!opened.ok) return opened;
  try {
    const done = await work(opened.value);
    // Where a context was refused the association itself is well.
    await (done.ok || done.error.code === 'context-refused' ? opened.value.release() : opened.value.abort());
    return done;
  } catch (error) {
    await opened.value.abort();
    throw error;
  }
}
