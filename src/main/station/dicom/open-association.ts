import type { ConnectionOptions } from 'node:tls';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { ReadDataset } from './dataset/dataset.ts';
import type { CommandSet } from './dimse/command-set.ts';
import { converse } from './dimse/converse.ts';
import { Inbox } from './dimse/inbox.ts';
import type { Message, MessagesEnd } from './dimse/receive-messages.ts';
import { type Pieces, sendMessage, type Splitting } from './dimse/send-message.ts';
import { openSocket } from './open-socket.ts';
import type { TlsFiles } from './tls.ts';
import { CONTEXT_RESULTS, DICOM_APPLICATION_CONTEXT, type PresentationContext } from './upper-layer/associate-pdu.ts';
import { type AgreedContext, agreedContexts, ourUserInformation, type Roles } from './upper-layer/negotiate.ts';
import { nameRejection, type RejectReason } from './upper-layer/rejection.ts';
import type { RoleSelection, UserIdentity } from './upper-layer/user-information.ts';
import { UpperLayer } from './upper-layer/upper-layer.ts';

/** How long we wait as requestor, in ms, where nothing else is asked for (conformance table 4.1-4). */
export const REQUESTOR_TIMES = { connectMs: 10_000, artimMs: 30_000, responseMs: 120_000 } as const;

/** The peer to speak to and how. Times in milliseconds. */
export type RemoteAe = {
  readonly host: string;
  readonly port: number;
  readonly callingAe: string;
  readonly calledAe: string;
  readonly connectMs?: number;
  /** For the answer to the association request, and for the close at its end. */
  readonly artimMs?: number;
  /** For the answer to one message. */
  readonly responseMs?: number;
  readonly maxPduLength?: number;
  readonly splitting?: Splitting;
  readonly tls?: ConnectionOptions;
  /** TLS by files read as the connection is made, so that a renewed certificate counts at once; `certificate`: the one it must show. */
  readonly secured?: { readonly files: TlsFiles; readonly certificate: string | null };
  /** A name, and a passcode where there is one, for peers that ask for a user (PS3.7 §D.3.3.7). Never logged. */
  readonly user?: { readonly name: string; readonly passcode?: string };
  /** Aborts the association when it fires. */
  readonly signal?: AbortSignal;
  /** Told what came of asking for the association, unless we gave it up ourselves. */
  readonly onOpened?: (outcome: OpeningOutcome) => void;
};

/** Whether the peer is there: it takes us (or would, but for its load), it refuses us, or nothing sensible came back. */
export type OpeningOutcome = 'answered' | 'refused' | 'no-answer';

/**
 * Why there is no association, or none any more. `unreadable-object`: what was to be sent could not be read, and nothing of it
 * has left: the association is as it was. `object-cut-short`: part of it has, and the association is over.
 */
export type AssociationFailure =
  | { readonly code: 'cannot-connect'; readonly systemCode: string }
  | { readonly code: 'rejected'; readonly reason: RejectReason; readonly isTransient: boolean }
  | {
      readonly code:
        | MessagesEnd['kind']
        | 'unexpected-answer'
        | 'unreadable-answer'
        | 'unreadable-object'
        | 'object-cut-short';
    };

/** A response: its command, and its data set where it has one. */
export type Response = { readonly command: CommandSet; readonly dataset: ReadDataset | null };

/** How a request goes on besides its last response. */
export type Exchange = {
  /** Told each pending response in order; the next is read when it is done. */
  readonly onPending?: (response: Response) => void | Promise<void>;
  /** Sends C-CANCEL when it fires; the last response, most often `cancelled`, still comes. */
  readonly cancel?: AbortSignal;
};

/** An established association of which we are the requestor. One request at a time. */
export type OpenAssociation = {
  readonly contexts: readonly AgreedContext[];
  /** Sends one message and waits for its last answer. After a failure the association is over. */
  readonly request: (
    context: AgreedContext,
    command: Omit<CommandSet, 'messageId'>,
    dataSet?: Pieces,
    exchange?: Exchange,
  ) => Promise<Result<Response, AssociationFailure>>;
  /** Serves what the peer asks of us, N-EVENT-REPORT say, until that is enough or for `forMs`. False: the association is over. */
  readonly listen: (forMs: number, isEnough: () => boolean) => Promise<boolean>;
  readonly release: () => Promise<void>;
  readonly abort: () => Promise<void>;
};

/** Proposes one presentation context per row, in order, at most 128. */
export type Proposal = {
  readonly sopClass: string;
  readonly transferSyntaxes: readonly string[];
  /** What we would be; SCU only where absent (PS3.7 §D.3.3.4). */
  readonly roles?: Roles;
};

/** Answers a request that the peer makes of us on our own association; null: not one we serve. The body is drained after. */
export type PeerRequestHandler = (context: AgreedContext, message: Message) => Promise<Partial<CommandSet> | null>;

/** The most presentation contexts an association can carry: odd ids 1 to 255 (PS3.8 §9.3.2.2). */
export const MAX_CONTEXTS = 128;

/** How long an abort that was asked for may take to leave, in milliseconds. */
const LAST_WORDS_MS = 500;

/** Connects and negotiates (PS3.8 §7.1). `serve` answers what the peer asks of us meanwhile, as the SCP of C-GET's objects. */
export async function openAssociation(
  remote: RemoteAe,
  proposals: readonly Proposal[],
  serve: PeerRequestHandler = async () => null,
): Promise<Result<OpenAssociation, AssociationFailure>> {
  const opened = await negotiate(remote, proposals, serve);
  if (remote.signal?.aborted !== true) remote.onOpened?.(opened.ok ? 'answered' : outcomeOf(opened.error));
  return opened;
}

function outcomeOf(failure: AssociationFailure): OpeningOutcome {
  if (failure.code !== 'rejected') return 'no-answer';
  return failure.isTransient ? 'answered' : 'refused';
}

async function negotiate(
  remote: RemoteAe,
  proposals: readonly Proposal[],
  serve: PeerRequestHandler,
): Promise<Result<OpenAssociation, AssociationFailure>> {
  const { connectMs = REQUESTOR_TIMES.connectMs, artimMs = REQUESTOR_TIMES.artimMs } = remote;
  const { responseMs = REQUESTOR_TIMES.responseMs, maxPduLength = 128 * 1024 } = remote;
  if (remote.signal?.aborted) return err({ code: 'aborted-here' });
  const connected = await openSocket(remote, connectMs);
  if (!connected.ok) return connected;
  const link = new UpperLayer(connected.value, 'requestor', { maxPduLength, artimMs, writeMs: responseMs });
  const onAbort = () => {
    void link.abort();
    setTimeout(() => link.destroy(), LAST_WORDS_MS).unref(); // whatever the peer makes of it
  };
  remote.signal?.addEventListener('abort', onAbort, { once: true });
  const end = async () => {
    await link.finish();
    remote.signal?.removeEventListener('abort', onAbort);
  };

  const proposed = proposals.slice(0, MAX_CONTEXTS).map((proposal, index): PresentationContext => {
    const { sopClass, transferSyntaxes } = proposal;
    return { id: 2 * index + 1, abstractSyntax: sopClass, transferSyntaxes, result: CONTEXT_RESULTS.accepted };
  });
  await link.request({
    protocolVersion: 1,
    calledAe: remote.calledAe,
    callingAe: remote.callingAe,
    applicationContext: DICOM_APPLICATION_CONTEXT,
    contexts: proposed,
    userInformation: ourUserInformation(maxPduLength, {
      roles: proposedRoles(proposals),
      ...(remote.user && { userIdentity: identityOf(remote.user) }),
    }),
  });
  const answer = await link.receive(artimMs);
  if (answer.kind !== 'associate-accepted') {
    await end();
    if (answer.kind !== 'associate-rejected')
      return err({ code: answer.kind === 'data' ? 'broken' : failureKind(answer) });
    const reason = nameRejection(answer.rejection);
    return err({ code: 'rejected', reason, isTransient: answer.rejection.result === 2 });
  }
  const { accept } = answer;
  const inbox = new Inbox(link, { idleMs: responseMs, objectMs: responseMs });
  const contexts = agreedContexts(proposed, accept.contexts, accept.userInformation.roles);
  const send = (contextId: number, command: CommandSet, dataSet?: Pieces) => {
    const maxPeerLength = accept.userInformation.maxPduLength;
    const splitting = remote.splitting && { splitting: remote.splitting };
    return sendMessage(link, { contextId, maxPduLength: maxPeerLength, ...splitting }, command, dataSet);
  };
  return ok({
    contexts: [...contexts.values()],
    ...converse({ link, inbox, contexts, send, serve }),
    release: async () => {
      await link.askRelease();
      while ((await inbox.next(artimMs)) !== null); // what had been sent before the peer heard of it
      await end();
    },
    abort: async () => {
      await link.abort();
      await inbox.rest();
      await end();
    },
  });
}

/** One row per class whose role is not the default; a class proposed twice has the same role in both. */
function proposedRoles(proposals: readonly Proposal[]): readonly RoleSelection[] {
  const rows = proposals.flatMap(({ sopClass, roles }) => (roles ? [[sopClass, { sopClass, ...roles }] as const] : []));
  return [...new Map(rows).values()];
}

function identityOf({ name, passcode }: NonNullable<RemoteAe['user']>): UserIdentity {
  return {
    type: passcode === undefined ? 1 : 2,
    wantsConfirmation: false,
    primary: Buffer.from(name, 'utf8'),
    secondary: Buffer.from(passcode ?? '', 'utf8'),
  };
}

function failureKind(indication: { readonly kind: string }): MessagesEnd['kind'] {
  switch (indication.kind) {
    case 'aborted-by-peer':
    case 'aborted-here':
    case 'timed-out':
    case 'closed':
      return indication.kind;
    default:
      return 'broken';
  }
}
