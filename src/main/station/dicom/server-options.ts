import type { SecureContextOptions } from 'node:tls';
import type { DimseStatus } from './dimse/status.ts';
import type { ServiceClass } from './server-services.ts';
import type { AcceptedClass } from './upper-layer/negotiate.ts';
import type { RejectReason } from './upper-layer/rejection.ts';
import type { UserIdentity } from './upper-layer/user-information.ts';

/** What a peer says when it asks for an association; nothing of it is proof of who it is. */
export type AssociationOffer = {
  readonly calledAe: string;
  readonly callingAe: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly implementationClassUid: string;
  readonly implementationVersion: string;
  /** By TLS: the names of its verified client certificate (`certificateNames`), none without one; null without TLS. */
  readonly certificates: readonly string[] | null;
  readonly sopClasses: readonly string[];
};

/** The answer to an offer. `context` travels with the association to every callback. */
export type PolicyAnswer<Context> =
  | {
      readonly accept: true;
      /** Follows the study from here to the last acknowledgement. */
      readonly correlationId: string;
      readonly context: Context;
      /** Takes the place of the server's own list for this peer. */
      readonly accepts?: readonly AcceptedClass[];
      /** The service SOP classes this peer may use; absent: all that the server has. */
      readonly services?: readonly string[];
    }
  | { readonly accept: false; readonly reason: RejectReason };

/** An association that was accepted. */
export type Association<Context> = AssociationOffer & {
  readonly correlationId: string;
  readonly context: Context;
  readonly acceptedAtMs: number;
};

/** One object on its way in. */
export type IncomingObject = {
  /** From the command (PS3.7 §9.3.1.1), not from the data set. */
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly messageId: number;
  /** AE title of the C-MOVE this object answers, or null. */
  readonly moveOriginatorAe: string | null;
  /** Message id of that C-MOVE request, or null. */
  readonly moveOriginatorMessageId: number | null;
  /**
   * The data set's bytes as received; read from the network as they are taken. A piece is there until the next is asked for.
   * Throws `DataSetCutShort`.
   */
  readonly body: AsyncIterable<Uint8Array>;
};

/** The answer to one object. The comment is sent to the peer: no patient data. At most 64 characters. */
export type StoreAnswer = {
  readonly status: DimseStatus;
  readonly errorComment?: string;
  /** Tags as 0xGGGGEEEE. */
  readonly offendingElements?: readonly number[];
};

/** How an association came to its end. */
export type AssociationOutcome = 'released' | 'aborted' | 'failed';

/** What passed over an association. */
export type AssociationCounts = {
  readonly stored: number;
  /** Answered with anything but success. */
  readonly refused: number;
  /** Cut off before they were whole: never answered. */
  readonly cutShort: number;
  readonly echoes: number;
  /** Requests to services, queries say, however they were answered. */
  readonly operations: number;
};

/** All times in milliseconds. */
export type ServerTimeouts = {
  /** ARTIM: from connection to request, and from our last word to the close. */
  readonly artimMs: number;
  /** Between two messages of an association. */
  readonly idleMs: number;
  /** For the next whole PDU while an object is under way. */
  readonly objectMs: number;
  /** For a whole object, however steadily it trickles; its association is then aborted. */
  readonly wholeObjectMs: number;
};

/** Something the log may hold: codes, AE titles and addresses, never data. */
export type DicomEvent =
  | { readonly kind: 'association-aborted-here'; readonly correlationId: string; readonly code: string }
  | { readonly kind: 'connection-dropped'; readonly remoteAddress: string; readonly code: string }
  /** A bug, or a failure of the system; the correlation id is empty outside an association. */
  | { readonly kind: 'callback-failed'; readonly correlationId: string; readonly error: unknown };

/** Everything a DICOM server is told when it starts. */
export type DicomServerOptions<Context> = {
  readonly host: string;
  /** 0 is any free port. */
  readonly port: number;
  /** Called AE titles answered to; every other is refused before `policy` is asked. Absent: `policy` decides. */
  readonly aeTitles?: readonly string[];
  readonly maxAssociations: number;
  /** Of one calling AE title; as many as there may be at all where it is left out. */
  readonly maxAssociationsPerPeer?: number;
  readonly timeouts: ServerTimeouts;
  /** The longest P-DATA-TF body taken in, in bytes. */
  readonly maxPduLength: number;
  /** Verification is always among them. */
  readonly accepts: readonly AcceptedClass[];
  /** What is served besides storage, one row per SOP class. */
  readonly services?: readonly ServiceClass<Context>[];
  /** A second listener by TLS (PS3.15 B.12), under the same limits and policy. */
  readonly secured?: {
    /** 0 is any free port. */
    readonly port: number;
    readonly context: SecureContextOptions;
    /** Refuses whoever shows no certificate that an authority of the context signed. */
    readonly requiresCertificate: boolean;
  };
  /** A TLS handshake that failed: from where, and OpenSSL's or the system's code. */
  readonly onUnauthenticated?: (remoteAddress: string, code: string) => void;
  readonly policy: (offer: AssociationOffer, identity: UserIdentity | null) => Promise<PolicyAnswer<Context>>;
  /** Success is said only once this says so. A throw is answered 0110; what it leaves unread is drained. */
  readonly store: (incoming: IncomingObject, association: Association<Context>) => Promise<StoreAnswer>;
  readonly onAssociationEnd?: (
    association: Association<Context>,
    outcome: AssociationOutcome,
    counts: AssociationCounts,
  ) => void;
  readonly onRefused?: (offer: AssociationOffer, reason: RejectReason) => void;
  readonly log?: (event: DicomEvent) => void;
  /** For tests; the time of acceptance. */
  readonly now?: () => number;
};
