import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { type CommandSet, RESPONSE } from './dimse/command-set.ts';
import { MessageReader, type MessagesEnd } from './dimse/receive-messages.ts';
import { sendMessage, type Splitting } from './dimse/send-message.ts';
import { CONTEXT_RESULTS, DICOM_APPLICATION_CONTEXT, type PresentationContext } from './upper-layer/associate-pdu.ts';
import { type AgreedContext, agreedContexts, ourUserInformation } from './upper-layer/negotiate.ts';
import { nameRejection, type RejectReason } from './upper-layer/rejection.ts';
import { connectionOptions, type TlsFiles } from './tls.ts';
import { UpperLayer } from './upper-layer/upper-layer.ts';

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
  /** Aborts the association when it fires. */
  readonly signal?: AbortSignal;
};

/** Why there is no association, or none any more. */
export type AssociationFailure =
  | { readonly code: 'cannot-connect'; readonly systemCode: string }
  | { readonly code: 'rejected'; readonly reason: RejectReason; readonly isTransient: boolean }
  | { readonly code: MessagesEnd['kind'] | 'unexpected-answer' };

/** An established association of which we are the requestor. One request at a time. */
export type OpenAssociation = {
  readonly contexts: readonly AgreedContext[];
  /** Sends one message and waits for its answer. After a failure the association is over. */
  readonly request: (
    context: AgreedContext,
    command: Omit<CommandSet, 'messageId'>,
    dataSet?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  ) => Promise<Result<CommandSet, AssociationFailure>>;
  readonly release: () => Promise<void>;
  readonly abort: () => Promise<void>;
};

/** Proposes one presentation context per row, in order, at most 128. */
export type Proposal = { readonly sopClass: string; readonly transferSyntaxes: readonly string[] };

/** The most presentation contexts an association can carry: odd ids 1 to 255 (PS3.8 §9.3.2.2). */
export const MAX_CONTEXTS = 128;

/** Connects and negotiates (PS3.8 §7.1). */
export async function openAssociation(
  remote: RemoteAe,
  proposals: readonly Proposal[],
): Promise<Result<OpenAssociation, AssociationFailure>> {
  const { connectMs = 10_000, artimMs = 30_000, responseMs = 120_000, maxPduLength = 128 * 1024 } = remote;
  if (remote.signal?.aborted) return err({ code: 'aborted-here' });
  const connected = await openSocket(remote, connectMs);
  if (!connected.ok) return connected;
  const link = new UpperLayer(connected.value, 'requestor', { maxPduLength, artimMs, writeMs: responseMs });
  const onAbort = () => void link.abort();
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
    userInformation: ourUserInformation(maxPduLength),
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
  const reader = new MessageReader(() => link.receive(responseMs));
  let lastMessageId = 0;
  return ok({
    contexts: [...agreedContexts(proposed, accept.contexts).values()],
    request: async (context, command, dataSet) => {
      lastMessageId = (lastMessageId % 0xffff) + 1;
      const messageId = lastMessageId;
      const target = {
        contextId: context.id,
        maxPduLength: accept.userInformation.maxPduLength,
        ...(remote.splitting && { splitting: remote.splitting }),
      };
      await sendMessage(link, target, { ...command, messageId }, dataSet); // where it fails, the next read says how
      const response = await reader.next();
      if (response === null) return err({ code: reader.end?.kind ?? 'closed' });
      await reader.drain();
      const isOurs =
        response.command.respondsTo === messageId &&
        response.command.commandField === (command.commandField | RESPONSE);
      if (isOurs) return ok(response.command);
      await link.abort('service-provider', 'unexpected-pdu');
      return err({ code: 'unexpected-answer' });
    },
    release: async () => {
      await link.askRelease();
      await link.receive(artimMs);
      await end();
    },
    abort: async () => {
      await link.abort();
      await end();
    },
  });
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

function openSocket(remote: RemoteAe, connectMs: number): Promise<Result<Socket, AssociationFailure>> {
  return new Promise((resolve) => {
    const { host, port, secured } = remote;
    let tls: ConnectionOptions | undefined;
    try {
      tls = secured === undefined ? remote.tls : connectionOptions(secured.files, secured.certificate);
    } catch (error) {
      resolve(err({ code: 'cannot-connect', systemCode: (error as NodeJS.ErrnoException).code ?? 'unknown' }));
      return;
    }
    const socket = tls ? connectTls({ ...tls, host, port }) : connect({ host, port });
    const fail = (systemCode: string) => {
      socket.destroy();
      resolve(err({ code: 'cannot-connect', systemCode }));
    };
    const timer = setTimeout(() => fail('ETIMEDOUT'), connectMs);
    const onError = (error: NodeJS.ErrnoException) => fail(error.code ?? 'unknown');
    socket.once('error', onError);
    socket.once('close', () => clearTimeout(timer));
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      socket.off('error', onError);
      resolve(ok(socket));
    });
  });
}
