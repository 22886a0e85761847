import type { Socket } from 'node:net';
import type { AssociatePdu } from './associate-pdu.ts';
import { encodeData, encodePdu, type Pdu, type Pdv } from './pdu.ts';
import {
  ABORT_REASONS,
  ABORT_SOURCES,
  type AbortReason,
  type AbortSource,
  type PduFault,
  REJECTIONS,
  type RejectionBytes,
  type RejectReason,
} from './rejection.ts';
import { type Action, type Event, type State, transition } from './state-table.ts';
import type { Read } from './read-pdus.ts';
import { Transport } from './transport.ts';

/** How an association ends other than by release. */
export type AssociationEnd =
  | { readonly kind: 'aborted-by-peer'; readonly source: number; readonly reason: number }
  | { readonly kind: 'aborted-here'; readonly reason: AbortReason }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'closed' };

/** What the upper layer tells its user (PS3.8 §7): the outcome of one PDU, or the end. */
export type Indication =
  | { readonly kind: 'associate-requested'; readonly request: AssociatePdu }
  | { readonly kind: 'associate-accepted'; readonly accept: AssociatePdu }
  | { readonly kind: 'associate-rejected'; readonly rejection: RejectionBytes }
  | { readonly kind: 'data'; readonly pdvs: readonly Pdv[] }
  | { readonly kind: 'release-requested' }
  | { readonly kind: 'released' }
  | AssociationEnd;

/** The limits of one connection. */
export type UpperLayerLimits = {
  /** The longest P-DATA-TF body received, in bytes: told to the peer, and enforced. */
  readonly maxPduLength: number;
  /** The ARTIM timer (PS3.8 §9.1.5), in milliseconds. */
  readonly artimMs: number;
  /** How long a write may wait for the peer to read, in milliseconds. */
  readonly writeMs: number;
};

type Outgoing = Exclude<Pdu, { readonly kind: 'data' }>;
type Cause = { readonly pdu?: Pdu; readonly fault?: PduFault; readonly send?: Outgoing };

const RECEIVED: Readonly<Record<Pdu['kind'], Event>> = {
  'associate-request': 'associate-request-received',
  'associate-accept': 'associate-accept-received',
  'associate-reject': 'associate-reject-received',
  data: 'data-received',
  'release-request': 'release-request-received',
  'release-response': 'release-response-received',
  abort: 'abort-received',
};

/** One connection driven by the state table of PS3.8 §9.2, for either role. Only one `receive` may run at a time. */
export class UpperLayer {
  readonly #transport: Transport;
  readonly #role: 'acceptor' | 'requestor';
  readonly #artimMs: number;
  #state: State = 'Sta1';
  #hasExpired = false;

  /** Takes over a connected socket; an acceptor's ARTIM timer starts now. */
  constructor(socket: Socket, role: 'acceptor' | 'requestor', limits: UpperLayerLimits) {
    this.#transport = new Transport(socket, limits.maxPduLength, limits.writeMs);
    this.#role = role;
    this.#artimMs = limits.artimMs;
    if (role === 'acceptor') void this.#signal('transport-accepted');
  }

  /** The state of PS3.8 §9.2.2. */
  get state(): State {
    return this.#state;
  }

  /** Requestor: proposes an association. */
  async request(request: AssociatePdu): Promise<void> {
    await this.#signal('associate-asked');
    await this.#signal('transport-opened', { send: { kind: 'associate-request', ...request } });
  }

  /** Acceptor: answers a proposal with an acceptance. */
  async accept(accept: AssociatePdu): Promise<void> {
    if (this.#state !== 'Sta3') return; // the peer has gone meanwhile
    await this.#signal('accept-answered', { send: { kind: 'associate-accept', ...accept } });
  }

  /** Acceptor: refuses a proposal. */
  async reject(reason: RejectReason): Promise<void> {
    if (this.#state !== 'Sta3') return;
    await this.#signal('reject-answered', { send: { kind: 'associate-reject', ...REJECTIONS[reason] } });
  }

  /** Sends one P-DATA-TF; false where the association is over. Resolves when the connection can take more. */
  async send(pdvs: readonly Pdv[]): Promise<boolean> {
    if (this.#state !== 'Sta6' && this.#state !== 'Sta8') return false;
    await this.#signal('data-asked');
    await this.#transport.write(encodeData(pdvs));
    return this.#transport.isWritable;
  }

  /** Asks for release; `receive` then gives `released`. */
  async askRelease(): Promise<void> {
    if (this.#state === 'Sta6') await this.#signal('release-asked', { send: { kind: 'release-request' } });
  }

  /** Grants the release the peer asked for. */
  async grantRelease(): Promise<void> {
    if (this.#state === 'Sta8') await this.#signal('release-answered', { send: { kind: 'release-response' } });
  }

  /** Aborts, from whatever state; `provider` says that the peer broke the protocol. */
  async abort(source: AbortSource = 'service-user', reason: AbortReason = 'none'): Promise<void> {
    if (this.#state === 'Sta1' || this.#state === 'Sta13') return;
    if (this.#state === 'Sta2') {
      this.#close(); // no association yet: there is no one to tell
      return;
    }
    await this.#signal('abort-asked', { send: abortPdu(source, reason) });
  }

  /**
   * The next indication. Aborts and says `timed-out` when nothing whole came on an association within `limit`: so many
   * milliseconds, or until that promise resolves.
   */
  async receive(limit: number | Promise<void>): Promise<Indication> {
    while (this.#state !== 'Sta1') {
      const timed = this.#state !== 'Sta2' && this.#state !== 'Sta13'; // there ARTIM runs
      const read = await this.#transport.read(timed ? limit : null);
      if (read === 'timed-out') {
        await this.abort();
        return { kind: 'timed-out' };
      }
      if ((this.#state as State) === 'Sta1') break; // ARTIM closed the connection meanwhile
      const indication = await this.#handle(read);
      if (indication !== null) return indication;
    }
    return { kind: this.#hasExpired ? 'timed-out' : 'closed' };
  }

  /** Waits until the connection is gone, passing over what still comes; ARTIM bounds the wait. */
  async finish(): Promise<void> {
    while (this.#state !== 'Sta1') await this.receive(this.#artimMs);
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#close();
  }

  async #handle(read: Read): Promise<Indication | null> {
    if (read.done) {
      // After a fault the reader ends before the connection does: leave the peer its time to take our abort.
      if (this.#state === 'Sta13') await this.#transport.drain();
      return this.#state === 'Sta1' ? null : this.#signal('transport-closed');
    }
    if (!read.value.ok) return this.#signal('invalid-pdu-received', { fault: read.value.error });
    return this.#signal(RECEIVED[read.value.value.kind], { pdu: read.value.value });
  }

  async #signal(event: Event, cause: Cause = {}): Promise<Indication | null> {
    const next = transition(this.#state, event, this.#role);
    if (next === null) throw new Error(`PS3.8 Table 9-10 has no action for ${event} in ${this.#state}`);
    const [action, state] = next;
    this.#state = state;
    return this.#perform(action, cause);
  }

  async #perform(action: Action, { pdu, fault, send }: Cause): Promise<Indication | null> {
    switch (action) {
      case 'AE-1':
      case 'AA-6':
      case 'DT-1':
      case 'AR-7':
        return null;
      case 'AE-2':
      case 'AE-7':
      case 'AR-1':
      case 'AR-9':
        if (send) await this.#writePdu(send);
        return null;
      case 'AE-3':
        return pdu?.kind === 'associate-accept' ? { kind: 'associate-accepted', accept: pdu } : null;
      case 'AE-4':
        this.#close();
        return pdu?.kind === 'associate-reject' ? { kind: 'associate-rejected', rejection: pdu } : null;
      case 'AE-5':
        this.#startArtim();
        return null;
      case 'AE-6':
        this.#transport.stopArtim();
        return pdu?.kind === 'associate-request' ? { kind: 'associate-requested', request: pdu } : null;
      case 'AE-8':
      case 'AR-4':
        this.#startArtim();
        if (send) await this.#writePdu(send);
        return null;
      case 'DT-2':
      case 'AR-6':
        return pdu?.kind === 'data' ? { kind: 'data', pdvs: pdu.pdvs } : null;
      case 'AR-2':
        return { kind: 'release-requested' };
      case 'AR-3':
        this.#close();
        return { kind: 'released' };
      case 'AR-8':
        if (this.#role === 'requestor') await this.#signal('release-answered', { send: { kind: 'release-response' } });
        return null;
      case 'AR-10':
        return this.#signal('release-answered', { send: { kind: 'release-response' } });
      case 'AA-1':
        this.#startArtim();
        await this.#writePdu(send ?? abortPdu('service-user', 'none'));
        return fault || pdu ? { kind: 'aborted-here', reason: fault?.code ?? 'unexpected-pdu' } : null;
      case 'AA-3':
        this.#close();
        return pdu?.kind === 'abort' ? { kind: 'aborted-by-peer', source: pdu.source, reason: pdu.reason } : null;
      case 'AA-7':
        await this.#writePdu(abortPdu('service-provider', fault?.code ?? 'unexpected-pdu'));
        return null;
      case 'AA-8':
        this.#startArtim();
        await this.#writePdu(abortPdu('service-provider', fault?.code ?? 'unexpected-pdu'));
        return { kind: 'aborted-here', reason: fault?.code ?? 'unexpected-pdu' };
      case 'AA-2':
      case 'AA-4':
      case 'AA-5':
      case 'AR-5':
        this.#close();
        return { kind: this.#hasExpired ? 'timed-out' : 'closed' };
    }
  }

  #writePdu(pdu: Outgoing): Promise<void> {
    return this.#transport.write([encodePdu(pdu)]);
  }

  #startArtim(): void {
    this.#transport.startArtim(this.#artimMs, () => {
      this.#hasExpired = true;
      void this.#signal('artim-expired');
    });
  }

  #close(): void {
    this.#state = 'Sta1';
    this.#transport.close();
  }
}

function abortPdu(source: AbortSource, reason: AbortReason): Outgoing {
  return { kind: 'abort', source: ABORT_SOURCES[source], reason: ABORT_REASONS[reason] };
}
