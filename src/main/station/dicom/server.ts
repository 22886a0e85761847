import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  type Server as TlsServer,
  TLSSocket,
} from 'node:tls';
import { type Counts, serveAssociation } from './dimse/serve-association.ts';
import type { AssociationOffer, AssociationOutcome, DicomServerOptions, PolicyAnswer } from './server-options.ts';
import { type AssociatePdu, DICOM_APPLICATION_CONTEXT } from './upper-layer/associate-pdu.ts';
import { agreedContexts, answerContexts, answerUserInformation, refuseUnspeakable } from './upper-layer/negotiate.ts';
import type { RejectReason } from './upper-layer/rejection.ts';
import { readInPlace } from './upper-layer/read-in-place.ts';
import { UpperLayer } from './upper-layer/upper-layer.ts';
import { certificateNames } from './tls.ts';
import { STORAGE_CLASSES, VERIFICATION } from './storage-classes.ts';
import { ACCEPTED_TRANSFER_SYNTAXES, EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from './transfer-syntaxes.ts';
import { asAcceptedClass, storedClasses } from './services/accepted-classes.ts';
import type { AcceptedClass } from './upper-layer/negotiate.ts';

/** A DICOM server that listens. */
export type DicomServer = {
  readonly port: number;
  /** The port listened on by TLS, or null. */
  readonly securedPort: number | null;
  /** What the TLS listener shows from the next connection on. */
  readonly renewCertificate: (context: SecureContextOptions) => void;
  /** Takes no more associations, lets objects under way finish for up to `graceMs`, then aborts what is left. */
  readonly close: (graceMs: number) => Promise<void>;
};

/** Connections without an association; one more, and the oldest of them goes: who speaks, speaks at once. */
const MAX_UNASSOCIATED = 256;

/** How long the last abort may take to leave, in milliseconds. */
const LAST_WORDS_MS = 500;

const ECHO: AcceptedClass = {
  sopClass: VERIFICATION,
  transferSyntaxes: [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN],
};

/** Every storage class and transfer syntax this product takes in. */
export const DEFAULT_ACCEPTS: readonly AcceptedClass[] = STORAGE_CLASSES.map(({ uid }) => ({
  sopClass: uid,
  transferSyntaxes: ACCEPTED_TRANSFER_SYNTAXES.map((syntax) => syntax.uid),
}));

/** Listens for DICOM associations and serves C-ECHO and C-STORE. Rejects with the system's error when it cannot listen. */
export async function startDicomServer<Context>(options: DicomServerOptions<Context>): Promise<DicomServer> {
  const reception = new Reception(options);
  const { host, port, secured, log } = options;
  const plain = createServer({ pauseOnConnect: true });
  const listeners = [
    await listen(plain, { host, port }, log, (accepted) => {
      const socket = readInPlace(accepted);
      reception.receive(socket);
      return socket;
    }),
  ];
  const behindTls = secured === undefined ? null : secure(secured, options, reception);
  if (secured !== undefined && behindTls !== null) {
    try {
      listeners.push(await listen(behindTls, { host, port: secured.port }, log));
    } catch (error) {
      plain.close();
      throw error;
    }
  }
  const [first, second] = listeners;
  return {
    port: first?.port ?? port,
    securedPort: second?.port ?? null,
    renewCertificate: (context) => behindTls?.setSecureContext(context),
    close: async (graceMs) => {
      const closed = Promise.all(listeners.map(({ stop }) => stop()));
      await reception.close(graceMs);
      await Promise.race([closed, pause(LAST_WORDS_MS, undefined, { ref: false })]);
      for (const { sockets } of listeners) for (const socket of sockets) socket.destroy(); // a peer that does not read, or never finished its TLS handshake
      await closed;
    },
  };
}

function secure<Context>(
  secured: NonNullable<DicomServerOptions<Context>['secured']>,
  { timeouts, onUnauthenticated, log }: DicomServerOptions<Context>,
  reception: Reception<Context>,
): TlsServer {
  const server = createTlsServer(
    {
      ...secured.context,
      handshakeTimeout: timeouts.artimMs,
      requestCert: true,
      rejectUnauthorized: secured.requiresCertificate,
    },
    (socket) => reception.receive(socket),
  );
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    try {
      // A reset socket has forgotten its address.
      onUnauthenticated?.(socket.remoteAddress ?? '', error.code ?? 'unknown');
    } catch (failure) {
      log?.({ kind: 'callback-failed', correlationId: '', error: failure });
    }
    socket.destroy();
  });
  return server;
}

/** One association as its server sees it. */
type Guest = {
  readonly link: UpperLayer;
  readonly done: Promise<void>;
  readonly remoteAddress: string;
  isAssociated: boolean;
  isBusy: boolean;
};

/** Counts who is in, refuses who is too many, and sends everyone home at the end. */
class Reception<Context> {
  readonly #options: DicomServerOptions<Context>;
  readonly #guests = new Set<Guest>();
  #associations = 0;
  readonly #ofPeer = new Map<string, number>();
  #isClosing = false;

  constructor(options: DicomServerOptions<Context>) {
    this.#options = options;
  }

  receive(socket: Socket): void {
    const remoteAddress = socket.remoteAddress ?? '';
    if (this.#isClosing) {
      this.#options.log?.({ kind: 'connection-dropped', remoteAddress, code: 'closing' });
      socket.destroy();
      return;
    }
    if (this.#guests.size >= this.#options.maxAssociations + MAX_UNASSOCIATED) this.#dropOldestWaiting();
    const { timeouts, maxPduLength } = this.#options;
    const link = new UpperLayer(socket, 'acceptor', {
      maxPduLength,
      artimMs: timeouts.artimMs,
      writeMs: timeouts.objectMs,
    });
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const guest: Guest = { link, done, remoteAddress, isAssociated: false, isBusy: false };
    this.#guests.add(guest);
    void this.#serve(socket, guest)
      .catch((error: unknown) => this.#options.log?.({ kind: 'callback-failed', correlationId: '', error }))
      .finally(() => {
        link.destroy();
        this.#guests.delete(guest);
        resolve();
      });
  }

  /** Nobody without an association can hold a place against others who want one. */
  #dropOldestWaiting(): void {
    const oldest = this.#guests.values().find((guest) => !guest.isAssociated);
    if (oldest === undefined) return;
    const { remoteAddress } = oldest;
    this.#options.log?.({ kind: 'connection-dropped', remoteAddress, code: 'too-many-connections' });
    this.#guests.delete(oldest);
    oldest.link.destroy();
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    for (const guest of this.#guests) if (!guest.isBusy) void guest.link.abort();
    const all = Promise.all([...this.#guests].map((guest) => guest.done));
    await Promise.race([all, pause(graceMs, undefined, { ref: false })]);
    for (const guest of this.#guests) {
      await guest.link.abort();
      guest.link.destroy();
    }
    await all;
  }

  async #serve(socket: Socket, guest: Guest): Promise<void> {
    const { link } = guest;
    const first = await link.receive(this.#options.timeouts.artimMs);
    if (first.kind !== 'associate-requested') {
      this.#options.log?.({
        kind: 'connection-dropped',
        remoteAddress: socket.remoteAddress ?? '',
        code: first.kind === 'aborted-here' ? first.reason : first.kind,
      });
      return link.finish();
    }
    const offer = describeOffer(first.request, socket);
    const { maxAssociations, maxAssociationsPerPeer = maxAssociations } = this.#options;
    const ofPeer = this.#ofPeer.get(offer.callingAe) ?? 0;
    if (this.#associations >= maxAssociations || ofPeer >= maxAssociationsPerPeer) {
      return this.#refuse(link, offer, 'local-limit-exceeded');
    }
    this.#associations += 1;
    this.#ofPeer.set(offer.callingAe, ofPeer + 1);
    guest.isAssociated = true;
    let refusal: RejectReason | null = null;
    try {
      const answer = await this.#decide(first.request, offer);
      if (answer.accept) await this.#entertain(guest, first.request, offer, answer);
      else refusal = answer.reason;
    } finally {
      this.#associations -= 1;
      guest.isAssociated = false;
      const left = (this.#ofPeer.get(offer.callingAe) ?? 1) - 1;
      if (left === 0) this.#ofPeer.delete(offer.callingAe);
      else this.#ofPeer.set(offer.callingAe, left);
    }
    // No longer counted: how long the peer takes to hang up is its own affair.
    await (refusal === null ? link.finish() : this.#refuse(link, offer, refusal));
  }

  async #decide(request: AssociatePdu, offer: AssociationOffer): Promise<PolicyAnswer<Context>> {
    const unspeakable = refuseUnspeakable(request);
    if (unspeakable) return { accept: false, reason: unspeakable };
    if (this.#isClosing) return { accept: false, reason: 'temporary-congestion' };
    if (this.#options.aeTitles && !this.#options.aeTitles.includes(offer.calledAe)) {
      return { accept: false, reason: 'called-ae-not-recognized' };
    }
    const { userIdentity } = request.userInformation;
    try {
      return await this.#options.policy(offer, userIdentity);
    } catch (error) {
      this.#options.log?.({ kind: 'callback-failed', correlationId: '', error });
      return { accept: false, reason: 'temporary-congestion' };
    } finally {
      // The request lives as long as its association; a credential must not.
      userIdentity?.primary.fill(0);
      userIdentity?.secondary.fill(0);
    }
  }

  async #refuse(link: UpperLayer, offer: AssociationOffer, reason: RejectReason): Promise<void> {
    try {
      this.#options.onRefused?.(offer, reason);
    } catch (error) {
      // A refusal nobody could write down, on a full disk say, is owed to the peer all the same.
      this.#options.log?.({ kind: 'callback-failed', correlationId: '', error });
    }
    await link.reject(reason);
    await link.finish();
  }

  /** A peer that sends without pause but without end is cut off: it would hold its place for ever. */
  async #withinTime<T>({ link }: Guest, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(() => void link.abort(), this.#options.timeouts.wholeObjectMs);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }

  async #entertain(
    guest: Guest,
    request: AssociatePdu,
    offer: AssociationOffer,
    answer: PolicyAnswer<Context> & { readonly accept: true },
  ): Promise<void> {
    const { log, now = Date.now, onAssociationEnd } = this.#options;
    const services = (this.#options.services ?? []).filter(
      ({ sopClass }) => answer.services === undefined || answer.services.includes(sopClass),
    );
    const stored = storedClasses(answer.accepts ?? this.#options.accepts, services);
    const accepted = [ECHO, ...services.map(asAcceptedClass), ...stored];
    const { roles } = request.userInformation;
    const contexts = answerContexts(request.contexts, accepted, roles);
    const answered = answerUserInformation(request.userInformation, accepted, this.#options.maxPduLength);
    const association = {
      ...offer,
      correlationId: answer.correlationId,
      context: answer.context,
      acceptedAtMs: now(),
    };
    const counts: Counts = { stored: 0, refused: 0, cutShort: 0, echoes: 0, operations: 0 };
    let outcome: AssociationOutcome = 'failed';
    try {
      await guest.link.accept({
        protocolVersion: 1,
        calledAe: request.calledAe,
        callingAe: request.callingAe,
        applicationContext: DICOM_APPLICATION_CONTEXT,
        contexts,
        userInformation: answered,
      });
      const served = await serveAssociation(
        {
          link: guest.link,
          association,
          contexts: agreedContexts(request.contexts, contexts, answered.roles),
          services,
          storesClass: (sopClass) => stored.some((row) => row.sopClass === sopClass),
          peerMaxPduLength: request.userInformation.maxPduLength,
          timeouts: this.#options.timeouts,
          store: (incoming) => this.#withinTime(guest, () => this.#options.store(incoming, association)),
          onFailure: (error) => log?.({ kind: 'callback-failed', correlationId: association.correlationId, error }),
          setBusy: (isBusy) => {
            guest.isBusy = isBusy;
          },
          isClosing: () => this.#isClosing,
        },
        counts,
      );
      outcome = served.outcome;
      const { code } = served;
      if (code) log?.({ kind: 'association-aborted-here', correlationId: association.correlationId, code });
    } finally {
      // Whoever was let in is told off again, whatever went wrong between: an association left open holds up its studies.
      onAssociationEnd?.(association, outcome, counts);
    }
  }
}

function describeOffer(request: AssociatePdu, socket: Socket): AssociationOffer {
  const isSecured = socket instanceof TLSSocket;
  return {
    calledAe: request.calledAe,
    callingAe: request.callingAe,
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    implementationClassUid: request.userInformation.implementationClassUid,
    implementationVersion: request.userInformation.implementationVersion,
    certificates: isSecured ? (socket.authorized ? certificateNames(socket.getPeerCertificate()) : []) : null,
    sopClasses: [...new Set(request.contexts.map((context) => context.abstractSyntax))],
  };
}

type Listener = { readonly port: number; readonly sockets: ReadonlySet<Socket>; stop(): Promise<void> };

async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  log: DicomServerOptions<unknown>['log'],
  takeIn = (accepted: Socket) => accepted,
): Promise<Listener> {
  const sockets = new Set<Socket>();
  server.on('connection', (accepted: Socket) => {
    const socket = takeIn(accepted);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A connection that could not be accepted, for want of file handles say, must not end the process.
  server.on('error', (error) => log?.({ kind: 'callback-failed', correlationId: '', error }));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    sockets,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
