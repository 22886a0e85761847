import type { Result } from '../../../shared/domain/result.ts';
import type { ReadDataset } from './dataset/dataset.ts';
import type { Tag } from './dataset/dictionary.ts';
import type { DicomRecord } from './dataset/write-dataset.ts';
import type { CommandSet } from './dimse/command-set.ts';
import type { NoAnswer } from './dimse/outbox.ts';
import type { DimseStatus } from './dimse/status.ts';
import type { RemoteAe } from './open-association.ts';
import type { OutgoingInstance } from './scu.ts';
import type { Association } from './server-options.ts';

/** What every service is told of a request. */
export type ServiceRequest<Context> = {
  readonly association: Association<Context>;
  /** The SOP class of the presentation context: the abstract syntax. */
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
  readonly messageId: number;
  /** Fires when the peer cancels, and when the association ends. */
  readonly signal: AbortSignal;
  /**
   * Sends an N-EVENT-REPORT over this association, now or after the answer (PS3.7 §10.1.1): the response's command set,
   * or why there was none. Where the association is over, a new one has to carry it.
   */
  readonly reportEvent: (event: OutgoingEvent) => Promise<Result<CommandSet, NoAnswer>>;
};

/** An event to report. */
export type OutgoingEvent = {
  readonly sopInstanceUid: string;
  readonly eventTypeId: number;
  readonly information: DicomRecord | null;
};

/** The last answer to a request. The comment is sent to the peer: no patient data; at most 64 characters. */
export type ServiceAnswer = {
  readonly status: DimseStatus;
  readonly errorComment?: string;
  readonly errorId?: number;
  /** Tags as 0xGGGGEEEE. */
  readonly offendingElements?: readonly Tag[];
};

/** One match of a query; `ignoresKeys` says that optional keys were not matched on (FF01). */
export type FindMatch = { readonly identifier: DicomRecord; readonly ignoresKeys?: boolean };

/** Answers C-FIND: yields the matches, then returns the last answer. It is left at the next match after a cancel. */
export type FindHandler<Context> = (
  identifier: ReadDataset,
  request: ServiceRequest<Context>,
) => AsyncGenerator<FindMatch, ServiceAnswer, void>;

/** What a retrieval sends, and who wants to know how it went; sub-operations follow the order of `instances`. */
export type Retrieval = {
  readonly instances: readonly OutgoingInstance[];
  /** UIDs that match but cannot be sent, damaged ones say: each counts as a failed sub-operation. */
  readonly unavailable?: readonly string[];
  readonly onDone?: (counts: RetrievalCounts) => void;
};

/** How the sub-operations went. */
export type RetrievalCounts = {
  readonly remaining: number;
  readonly completed: number;
  readonly failed: number;
  readonly warning: number;
};

/** Answers C-GET: what to send over this same association, or the refusal. */
export type GetHandler<Context> = (
  identifier: ReadDataset,
  request: ServiceRequest<Context>,
) => Promise<Retrieval | ServiceAnswer>;

/** Answers C-MOVE to the AE title named: what to send and where that title is, or the refusal. */
export type MoveHandler<Context> = (
  identifier: ReadDataset,
  destination: string,
  request: ServiceRequest<Context>,
) => Promise<(Retrieval & { readonly remote: RemoteAe }) | ServiceAnswer>;

/** An N-service request (PS3.7 §10.1). */
export type NormalizedRequest<Context> = ServiceRequest<Context> & {
  /** Requested or affected SOP Instance UID; empty where the peer leaves it to us, as N-CREATE may. */
  readonly sopInstanceUid: string;
  /** Action or event information, attribute or modification list; null where none came. */
  readonly dataset: ReadDataset | null;
};

/** The answer to an N-service request. */
export type NormalizedAnswer = ServiceAnswer & {
  /** Action or event reply, or the attributes; none where absent or null. */
  readonly dataset?: DicomRecord | null;
  /** The UID given to what was created, where the peer named none. */
  readonly sopInstanceUid?: string;
};

type NormalizedHandler<Context, More = unknown> = (
  request: NormalizedRequest<Context> & More,
) => Promise<NormalizedAnswer>;

/**
 * One SOP class served, with a handler per operation; an operation without one is answered 0211. The handlers of
 * `eventReport` serve a peer that is SCP on its own association, which needs role selection (PS3.4 §J.3.3).
 */
export type ServiceClass<Context> = {
  readonly sopClass: string;
  /** Explicit and implicit VR little endian where absent. */
  readonly transferSyntaxes?: readonly string[];
  /** Its data sets name images one by one and are read up to 4 MiB; where absent, as queries are, up to 256 KiB. */
  readonly takesLongLists?: boolean;
  /** What extended negotiation is answered with, as the service class defines the bytes. */
  readonly extendedAnswer?: readonly number[];
  readonly find?: FindHandler<Context>;
  readonly get?: GetHandler<Context>;
  readonly move?: MoveHandler<Context>;
  readonly action?: NormalizedHandler<Context, { readonly actionTypeId: number }>;
  readonly eventReport?: NormalizedHandler<Context, { readonly eventTypeId: number }>;
  readonly create?: NormalizedHandler<Context>;
  readonly set?: NormalizedHandler<Context>;
  readonly getAttributes?: NormalizedHandler<Context, { readonly attributes: readonly Tag[] }>;
  readonly remove?: NormalizedHandler<Context>;
};
