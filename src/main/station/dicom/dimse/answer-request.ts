import type { ReadDataset } from '../dataset/dataset.ts';
import { encodeDataset } from '../dataset/write-dataset.ts';
import type { Association } from '../server-options.ts';
import type { RetrievalCounts, ServiceAnswer, ServiceClass, ServiceRequest } from '../server-services.ts';
import type { AgreedContext } from '../upper-layer/negotiate.ts';
import { answerFind } from './answer-find.ts';
import { answerNormalized, isNormalized, repeated } from './answer-normalized.ts';
import { answerGet, answerMove, countElements, failedList, type RetrievalEnd } from './answer-retrieve.ts';
import { COMMANDS, type CommandSet, NO_DATA_SET, RESPONSE } from './command-set.ts';
import {
  type HeldIdentifier,
  type IdentifierFailure,
  LONG_IDENTIFIER,
  readIdentifier,
  SHORT_IDENTIFIER,
} from './data-sets.ts';
import type { Outbox } from './outbox.ts';
import type { Pieces } from './send-message.ts';
import type { Message } from './receive-messages.ts';
import { DIMSE_STATUS, type DimseStatus } from './status.ts';

/** What answering takes besides the message. */
export type Answering<Context> = {
  readonly association: Association<Context>;
  readonly contexts: readonly AgreedContext[];
  readonly outbox: Outbox;
  readonly onFailure: (error: unknown) => void;
};

/** The request of a service's SOP class while it is answered; `cancel` asks it to stop, `abandon` says that nobody hears it any more. */
export type AnswerUnderWay = {
  readonly done: Promise<void>;
  readonly cancel: () => void;
  readonly abandon: () => void;
};

/** How an identifier that could not be had is answered; where the association ended within it nobody would hear. */
const UNREADABLE: Readonly<Record<IdentifierFailure['code'], ServiceAnswer | null>> = {
  'too-long': { status: 'out-of-resources', errorComment: 'The data set is too long' },
  unreadable: { status: 'cannot-understand', errorComment: 'The data set cannot be read' },
  'cut-short': null,
};

/** Reads the request's data set, then answers it; what may still arrive meanwhile is the caller's to read. Null: cut short. */
export async function beginAnswer<Context>(
  tools: Answering<Context>,
  context: AgreedContext,
  service: ServiceClass<Context>,
  message: Message,
): Promise<AnswerUnderWay | null> {
  const stop = new AbortController();
  const left = new AbortController();
  const answer = new Answer(tools, context, service, message.command, stop.signal, left.signal);
  const identifier = await readIdentifier(
    message,
    context.transferSyntax,
    service.takesLongLists === true ? LONG_IDENTIFIER : SHORT_IDENTIFIER,
  );
  const under = (done: Promise<void>): AnswerUnderWay => ({
    done,
    cancel: () => stop.abort(),
    abandon() {
      stop.abort();
      left.abort();
    },
  });
  if (identifier.ok) return under(answer.give(identifier.value));
  const refusal = UNREADABLE[identifier.error.code];
  if (refusal === null) return null;
  const isLong = identifier.error.code === 'too-long' && isNormalized(message.command.commandField);
  return under(answer.end(isLong ? { ...refusal, status: 'resource-limitation' } : refusal));
}

class Answer<Context> {
  readonly #tools: Answering<Context>;
  readonly #context: AgreedContext;
  readonly #service: ServiceClass<Context>;
  readonly #command: CommandSet;
  readonly #request: ServiceRequest<Context>;
  readonly #left: AbortSignal;

  constructor(
    tools: Answering<Context>,
    context: AgreedContext,
    service: ServiceClass<Context>,
    command: CommandSet,
    signal: AbortSignal,
    left: AbortSignal,
  ) {
    this.#left = left;
    this.#tools = tools;
    this.#context = context;
    this.#service = service;
    this.#command = command;
    this.#request = {
      association: tools.association,
      sopClassUid: context.sopClass,
      transferSyntaxUid: context.transferSyntax,
      messageId: command.messageId ?? 0,
      signal,
      reportEvent: ({ sopInstanceUid, eventTypeId, information }) =>
        tools.outbox.request(
          context.id,
          {
            commandField: COMMANDS['n-event-report'],
            affectedSopClass: context.sopClass,
            affectedSopInstance: sopInstanceUid,
            eventTypeId,
            dataSetType: information === null ? NO_DATA_SET : 1,
          },
          information === null ? undefined : [encodeDataset(information, context.transferSyntax)],
        ),
    };
  }

  async give(held: HeldIdentifier): Promise<void> {
    try {
      await this.#give(held);
    } catch (error) {
      this.#tools.onFailure(error);
      await this.end({ status: 'processing-failure' });
    } finally {
      held.release();
    }
  }

  async #give({ dataset: identifier, release }: HeldIdentifier): Promise<void> {
    const { commandField } = this.#command;
    if (isNormalized(commandField)) {
      const answer = await answerNormalized(this.#service, this.#command, identifier, this.#request);
      release(); // a peer that does not read its answer keeps nobody waiting
      const dataSet = answer.dataset ? [encodeDataset(answer.dataset, this.#context.transferSyntax)] : null;
      await this.#respond(answer, repeated(this.#command, answer), dataSet);
      return;
    }
    if (identifier === null) return this.end({ status: 'data-set-does-not-match', errorComment: 'No identifier' });
    switch (commandField) {
      case COMMANDS['c-find']:
        return this.#find(identifier);
      case COMMANDS['c-get']:
        return this.#get(identifier);
      case COMMANDS['c-move']:
        return this.#move(identifier);
      default:
        return this.end({ status: 'unrecognized-operation' });
    }
  }

  async #find(identifier: ReadDataset): Promise<void> {
    const { find } = this.#service;
    if (!find) return this.end({ status: 'unrecognized-operation' });
    await this.end(
      await answerFind(find, identifier, this.#request, (status, dataSet) => this.#respond({ status }, {}, dataSet)),
    );
  }

  async #get(identifier: ReadDataset): Promise<void> {
    const retrieval = this.#service.get && (await this.#service.get(identifier, this.#request));
    if (!retrieval) return this.end({ status: 'unrecognized-operation' });
    if ('status' in retrieval) return this.end(retrieval);
    const { contexts, outbox } = this.#tools;
    await this.#endRetrieval(
      await answerGet(retrieval, contexts, outbox, this.#request, (counts) => this.#progress(counts)),
    );
  }

  async #move(identifier: ReadDataset): Promise<void> {
    const destination = this.#command.moveDestination ?? '';
    const retrieval = this.#service.move && (await this.#service.move(identifier, destination, this.#request));
    if (!retrieval) return this.end({ status: 'unrecognized-operation' });
    if ('status' in retrieval) return this.end(retrieval);
    const originator = { aeTitle: this.#request.association.callingAe, messageId: this.#request.messageId };
    // Nobody waits for what a stalled destination says once the association is over.
    const { remote } = retrieval;
    const signal = remote.signal ? AbortSignal.any([remote.signal, this.#left]) : this.#left;
    const bound = { ...retrieval, remote: { ...remote, signal } };
    await this.#endRetrieval(await answerMove(bound, originator, this.#request, (counts) => this.#progress(counts)));
  }

  async #progress(counts: RetrievalCounts): Promise<void> {
    await this.#respond({ status: 'pending' }, countElements(counts, 'pending'), null);
  }

  async #endRetrieval(end: RetrievalEnd): Promise<void> {
    const failed = failedList(end, this.#context.transferSyntax);
    await this.#respond({ status: end.status }, countElements(end.counts, end.status), failed);
  }

  /** The last response, without a data set. */
  async end(answer: ServiceAnswer): Promise<void> {
    await this.#respond(answer, {}, null);
  }

  #respond(answer: ServiceAnswer, more: Partial<CommandSet>, dataSet: Pieces | null): Promise<boolean> {
    const { commandField, messageId = 0, affectedSopClass } = this.#command;
    const response: CommandSet = {
      ...(affectedSopClass !== undefined && { affectedSopClass }),
      ...more,
      ...refusalElements(answer),
      status: DIMSE_STATUS[answer.status satisfies DimseStatus],
      commandField: commandField | RESPONSE,
      respondsTo: messageId,
      dataSetType: dataSet === null ? NO_DATA_SET : 1,
    };
    return this.#tools.outbox.send(this.#context.id, response, dataSet ?? undefined);
  }
}

function refusalElements({ errorComment, errorId, offendingElements }: ServiceAnswer): Partial<CommandSet> {
  return {
    ...(errorComment !== undefined && { errorComment }),
    ...(errorId !== undefined && { errorId }),
    ...(offendingElements !== undefined && { offendingElements }),
  };
}
