import { encodeDataset } from '../dataset/write-dataset.ts';
import { type OutgoingInstance, type SendOutcome, sendInstances } from '../scu.ts';
import type { Retrieval, RetrievalCounts, ServiceRequest } from '../server-services.ts';
import type { RemoteAe } from '../open-association.ts';
import type { AgreedContext } from '../upper-layer/negotiate.ts';
import { COMMANDS, type CommandSet } from './command-set.ts';
import type { Outbox } from './outbox.ts';
import { classifyStatus, type DimseStatus } from './status.ts';

/** The end of a retrieval (PS3.4 §C.4.2.1.5): its status, its counts, and the UIDs that failed. */
export type RetrievalEnd = {
  readonly status: DimseStatus;
  readonly counts: RetrievalCounts;
  readonly failed: readonly string[];
};

/** Tells the peer how far it is. */
export type Progress = (counts: RetrievalCounts) => Promise<void>;

type Tally = { remaining: number; completed: number; failed: number; warning: number };

/** Pending responses no closer than this, in milliseconds: a peer that shows progress needs no more. */
const PROGRESS_EVERY_MS = 500;

/** Sends each object as a sub-operation of a C-GET, on the contexts for which the peer is a storage SCP. */
export async function answerGet(
  retrieval: Retrieval,
  contexts: readonly AgreedContext[],
  outbox: Outbox,
  request: Pick<ServiceRequest<unknown>, 'signal'>,
  progress: Progress,
): Promise<RetrievalEnd> {
  const course = new Course(retrieval, progress);
  for (const instance of retrieval.instances) {
    if (request.signal.aborted) break;
    await course.note(instance, await sendOver(instance, contexts, outbox));
  }
  return course.end(request.signal.aborted);
}

async function sendOver(
  instance: OutgoingInstance,
  contexts: readonly AgreedContext[],
  outbox: Outbox,
): Promise<'completed' | 'warning' | 'failed'> {
  for (const form of [instance, ...(instance.otherForms ?? [])]) {
    const context = contexts.find(
      ({ sopClass, transferSyntax, requestor }) =>
        requestor.scp && sopClass === instance.sopClassUid && transferSyntax === form.transferSyntaxUid,
    );
    if (!context) continue;
    const answer = await outbox.request(
      context.id,
      {
        commandField: COMMANDS['c-store'],
        affectedSopClass: instance.sopClassUid,
        affectedSopInstance: instance.sopInstanceUid,
        priority: 0,
        dataSetType: 1,
      },
      form.dataSet(),
    );
    return answer.ok ? resultOf(answer.value) : 'failed';
  }
  return 'failed';
}

function resultOf({ status = 0x0110 }: CommandSet): 'completed' | 'warning' | 'failed' {
  if (classifyStatus(status) !== 'accepted') return 'failed';
  return status === 0 ? 'completed' : 'warning';
}

/** Sends the objects to where a C-MOVE wants them, over associations of their own. */
export async function answerMove(
  retrieval: Retrieval & { readonly remote: RemoteAe },
  originator: { readonly aeTitle: string; readonly messageId: number },
  request: Pick<ServiceRequest<unknown>, 'signal'>,
  progress: Progress,
): Promise<RetrievalEnd> {
  const course = new Course(retrieval, progress);
  const instances = retrieval.instances.map((instance) => ({ ...instance, moveOriginator: originator }));
  const told: Promise<void>[] = [];
  const isOver = () => request.signal.aborted;
  await sendInstances(
    retrieval.remote,
    instances,
    (index, outcome) => {
      const instance = instances[index];
      if (instance && !wasWithheld(outcome)) told.push(course.note(instance, outcomeOf(outcome)));
    },
    () => !isOver(),
  );
  await Promise.all(told);
  return course.end(isOver());
}

function wasWithheld(outcome: SendOutcome): boolean {
  return outcome.state === 'never-left' && outcome.failure.code === 'withheld';
}

function outcomeOf(outcome: SendOutcome): 'completed' | 'warning' | 'failed' {
  if (outcome.state !== 'accepted') return 'failed';
  return outcome.status === 0 ? 'completed' : 'warning';
}

/** Counts sub-operations, and says now and then how far they are. */
class Course {
  readonly #tally: Tally;
  readonly #failed: string[];
  readonly #retrieval: Retrieval;
  readonly #progress: Progress;
  #toldAtMs = 0;

  constructor(retrieval: Retrieval, progress: Progress) {
    const { instances, unavailable = [] } = retrieval;
    this.#retrieval = retrieval;
    this.#progress = progress;
    this.#failed = [...unavailable];
    this.#tally = { remaining: instances.length, completed: 0, failed: unavailable.length, warning: 0 };
  }

  async note(instance: OutgoingInstance, result: 'completed' | 'warning' | 'failed'): Promise<void> {
    this.#tally.remaining -= 1;
    this.#tally[result] += 1;
    if (result === 'failed') this.#failed.push(instance.sopInstanceUid);
    const nowMs = performance.now();
    if (this.#tally.remaining === 0 || nowMs - this.#toldAtMs < PROGRESS_EVERY_MS) return;
    this.#toldAtMs = nowMs;
    await this.#progress({ ...this.#tally });
  }

  end(isCancelled: boolean): RetrievalEnd {
    const counts = { ...this.#tally };
    this.#retrieval.onDone?.(counts);
    return { status: finalStatus(counts, isCancelled), counts, failed: this.#failed };
  }
}

function finalStatus({ remaining, completed, failed, warning }: RetrievalCounts, isCancelled: boolean): DimseStatus {
  if (isCancelled && remaining > 0) return 'cancelled';
  if (failed === 0 && warning === 0) return 'success';
  return completed + warning === 0 ? 'suboperations-not-performed' : 'suboperations-failed';
}

/** A UI element in explicit VR has 16 bits for its length (PS3.5 §7.1.2), and lengths are even. */
const LONGEST_LIST = 0xfffe;

/**
 * The data set of a last response that is not a success: which objects failed (PS3.4 §C.4.2.1.4.2), as many as the element
 * holds, some 1,000. The counts beside it are whole.
 */
export function failedList({ failed }: RetrievalEnd, transferSyntaxUid: string): readonly Uint8Array[] | null {
  if (failed.length === 0) return null;
  let length = -1;
  const tooMany = failed.findIndex((uid) => (length += uid.length + 1) > LONGEST_LIST);
  const listed = tooMany === -1 ? failed : failed.slice(0, tooMany);
  return [encodeDataset({ FailedSOPInstanceUIDList: listed }, transferSyntaxUid)];
}

/** The counts as a response carries them; `remaining` only where something remains to be done (PS3.7 §9.1.4.1). */
export function countElements(counts: RetrievalCounts, status: DimseStatus): Partial<CommandSet> {
  return {
    ...((status === 'pending' || status === 'cancelled') && { remainingSuboperations: counts.remaining }),
    completedSuboperations: counts.completed,
    failedSuboperations: counts.failed,
    warningSuboperations: counts.warning,
  };
}
