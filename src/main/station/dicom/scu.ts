import { open } from 'node:fs/promises';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { COMMANDS, NO_DATA_SET } from './dimse/command-set.ts';
import { classifyStatus } from './dimse/status.ts';
import {
  type AssociationFailure,
  MAX_CONTEXTS,
  openAssociation,
  type OpenAssociation,
  type RemoteAe,
} from './open-association.ts';
import type { AgreedContext } from './upper-layer/negotiate.ts';
import { PART10_HEAD_LENGTH, type Part10Failure, readPart10Header } from './part10.ts';
import { VERIFICATION } from './storage-classes.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from './transfer-syntaxes.ts';

/** One object to send: its data-set bytes go out unchanged, in the transfer syntax they are in. */
export type OutgoingInstance = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** The data set from its start; asked for once per sending. */
  readonly dataSet: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** The same object in other transfer syntaxes, for a peer that does not take its own; the first that it takes is sent. */
  readonly otherForms?: readonly Pick<OutgoingInstance, 'transferSyntaxUid' | 'dataSet'>[];
  /** Where a C-MOVE is what sends it: who asked, and in which message (PS3.7 §9.3.1.1). */
  readonly moveOriginator?: { readonly aeTitle: string; readonly messageId: number };
};

/** What became of one object. Only `accepted` means that the peer has it; `unknown` may be either. */
export type SendOutcome =
  | { readonly state: 'accepted'; readonly status: number }
  | { readonly state: 'refused'; readonly status: number; readonly isTransient: boolean }
  | {
      readonly state: 'never-left';
      /** `withheld`: the sender was told to stop before this one. */
      readonly failure: AssociationFailure | { readonly code: 'context-refused' | 'withheld' };
    }
  | { readonly state: 'unknown'; readonly failure: AssociationFailure };

/** Asks a peer whether it is there (C-ECHO, PS3.7 §9.1.5): its status, or why there was no answer. */
export async function echo(
  remote: RemoteAe,
): Promise<Result<number, AssociationFailure | { code: 'context-refused' }>> {
  const opened = await openAssociation(remote, [
    { sopClass: VERIFICATION, transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN] },
  ]);
  if (!opened.ok) return opened;
  const association = opened.value;
  const context = association.contexts[0];
  if (!context) {
    await association.release();
    return err({ code: 'context-refused' });
  }
  const answer = await association.request(context, {
    commandField: COMMANDS['c-echo'],
    affectedSopClass: VERIFICATION,
    dataSetType: NO_DATA_SET,
  });
  await (answer.ok ? association.release() : association.abort());
  return answer.ok ? ok(answer.value.command.status ?? 0) : answer;
}

/**
 * Sends objects over one association, or several where they need more than 128 presentation contexts, one after the
 * other. Gives one outcome per object in the order given; after a failure the rest of that association never left. `mayGoOn`
 * is asked before each object, and ends the sending in an orderly way.
 */
export async function sendInstances(
  remote: RemoteAe,
  instances: readonly OutgoingInstance[],
  onOutcome?: (index: number, outcome: SendOutcome) => void,
  mayGoOn: () => boolean = () => true,
): Promise<readonly SendOutcome[]> {
  const outcomes: SendOutcome[] = [];
  const settle = (outcome: SendOutcome) => {
    outcomes.push(outcome);
    onOutcome?.(outcomes.length - 1, outcome);
  };
  const batches = [...byAssociation(instances)];
  for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
    if (!mayGoOn()) {
      for (const _withheld of batch) settle({ state: 'never-left', failure: { code: 'withheld' } });
      continue;
    }
    const pairs = new Map(batch.flatMap(formsOf).map((form) => [contextKey(form), form]));
    const opened = await openAssociation(
      remote,
      [...pairs.values()].map(({ sopClassUid, transferSyntaxUid }) => ({
        sopClass: sopClassUid,
        transferSyntaxes: [transferSyntaxUid],
      })),
    );
    let failure: AssociationFailure | null = opened.ok ? null : opened.error;
    for (const [index, instance] of batch.entries()) {
      const outcome: SendOutcome =
        failure || !opened.ok
          ? { state: 'never-left', failure: failure ?? { code: 'closed' } }
          : mayGoOn()
            ? await sendOne(opened.value, instance)
            : { state: 'never-left', failure: { code: 'withheld' } };
      if (outcome.state === 'unknown') failure = outcome.failure;
      settle(outcome);
      if (outcome.state === 'never-left' && outcome.failure.code === 'object-cut-short') {
        // The object's fault, not the peer's: what follows it deserves an association of its own.
        if (index + 1 < batch.length) batches.unshift(batch.slice(index + 1));
        failure = outcome.failure;
        break;
      }
    }
    if (opened.ok) await (failure ? opened.value.abort() : opened.value.release());
  }
  return outcomes;
}

async function sendOne(association: OpenAssociation, instance: OutgoingInstance): Promise<SendOutcome> {
  const [form, context] = agreedForm(association, instance);
  if (!form || !context) return { state: 'never-left', failure: { code: 'context-refused' } };
  const { moveOriginator } = instance;
  const answer = await association.request(
    context,
    {
      commandField: COMMANDS['c-store'],
      affectedSopClass: instance.sopClassUid,
      affectedSopInstance: instance.sopInstanceUid,
      priority: 0,
      dataSetType: 1,
      ...(moveOriginator && {
        moveOriginatorAe: moveOriginator.aeTitle,
        moveOriginatorMessageId: moveOriginator.messageId,
      }),
    },
    form.dataSet(),
  );
  // The peer cannot have what was not sent to its end.
  const isOurs = !answer.ok && ['unreadable-object', 'object-cut-short'].includes(answer.error.code);
  if (isOurs) return { state: 'never-left', failure: answer.error };
  if (!answer.ok) return { state: 'unknown', failure: answer.error };
  const status = answer.value.command.status ?? 0x0110; // an answer without a status promises nothing
  const meaning = classifyStatus(status);
  if (meaning === 'accepted') return { state: 'accepted', status };
  return { state: 'refused', status, isTransient: meaning === 'refused-for-now' };
}

/** An object from a Part-10 file in memory; nothing is copied. */
export function instanceFromBytes(file: Uint8Array): Result<OutgoingInstance, Part10Failure> {
  const header = readPart10Header(file);
  if (!header.ok) return header;
  const { dataSetOffset, ...meta } = header.value;
  return ok({ ...meta, dataSet: () => [file.subarray(dataSetOffset)] });
}

/** An object from a Part-10 file on disk, read as it is sent. Rejects with the system's error when it cannot be opened. */
export async function instanceFromFile(path: string): Promise<Result<OutgoingInstance, Part10Failure>> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(PART10_HEAD_LENGTH), 0, PART10_HEAD_LENGTH, 0);
    const header = readPart10Header(buffer.subarray(0, bytesRead));
    if (!header.ok) return header;
    const { dataSetOffset, ...meta } = header.value;
    return ok({ ...meta, dataSet: () => readFrom(path, dataSetOffset) });
  } finally {
    await file.close();
  }
}

async function* readFrom(path: string, start: number): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  yield* file.createReadStream({ start, highWaterMark: 128 * 1024 });
}

type Form = Pick<OutgoingInstance, 'sopClassUid' | 'transferSyntaxUid' | 'dataSet'>;

/** The ways in which an object can be sent, its own bytes first. */
function formsOf(instance: OutgoingInstance): readonly Form[] {
  const { sopClassUid, otherForms = [] } = instance;
  return [instance, ...otherForms.map((form) => ({ ...form, sopClassUid }))];
}

function agreedForm(
  { contexts }: OpenAssociation,
  instance: OutgoingInstance,
): readonly [Form | undefined, AgreedContext | undefined] {
  for (const form of formsOf(instance)) {
    const context = contexts.find(
      ({ sopClass, transferSyntax }) => sopClass === form.sopClassUid && transferSyntax === form.transferSyntaxUid,
    );
    if (context) return [form, context];
  }
  return [undefined, undefined];
}

function contextKey({ sopClassUid, transferSyntaxUid }: Form): string {
  return `${sopClassUid} ${transferSyntaxUid}`;
}

/** Runs of objects that together need no more contexts than an association has. */
function byAssociation(instances: readonly OutgoingInstance[]): readonly (readonly OutgoingInstance[])[] {
  const batches: OutgoingInstance[][] = [];
  let keys = new Set<string>();
  for (const instance of instances) {
    const own = formsOf(instance).map(contextKey);
    const last = batches.at(-1);
    const all = new Set([...keys, ...own]);
    if (!last || all.size > MAX_CONTEXTS) {
      batches.push([instance]);
      keys = new Set(own);
    } else {
      last.push(instance);
      keys = all;
    }
  }
  return batches;
}
