import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../implementation.ts';
import {
  type AssociatePdu,
  CONTEXT_RESULTS,
  DICOM_APPLICATION_CONTEXT,
  type PresentationContext,
} from './associate-pdu.ts';
import type { RejectReason } from './rejection.ts';
import type { RoleSelection, UserIdentity, UserInformation } from './user-information.ts';

/** Who asks and who serves. Without role selection the requestor is SCU only (PS3.7 §D.3.3.4). */
export type Roles = { readonly scu: boolean; readonly scp: boolean };
const DEFAULT_ROLES: Roles = { scu: true, scp: false };

/** One SOP class an acceptor takes, with the transfer syntaxes it can read, dearest first. */
export type AcceptedClass = {
  readonly sopClass: string;
  readonly transferSyntaxes: readonly string[];
  /** What the requestor may be, where it asks; SCU only where absent. */
  readonly requestor?: Roles;
  /** What extended negotiation is answered with, as its service class defines the bytes; absent: not answered. */
  readonly extendedAnswer?: readonly number[];
};

/** A presentation context both sides agreed on, and what its requestor is. */
export type AgreedContext = {
  readonly id: number;
  readonly sopClass: string;
  readonly transferSyntax: string;
  readonly requestor: Roles;
};

/** What the upper layer itself refuses (PS3.8 §9.3.2): another protocol version or application context; null is fine. */
export function refuseUnspeakable(request: AssociatePdu): RejectReason | null {
  if ((request.protocolVersion & 1) === 0) return 'protocol-version-not-supported';
  if (request.applicationContext !== DICOM_APPLICATION_CONTEXT) return 'application-context-not-supported';
  return null;
}

/** Answers every proposed context: of the syntaxes offered, the one we hold dearest (PS3.8 §9.3.3.2). */
export function answerContexts(
  proposed: readonly PresentationContext[],
  accepted: readonly AcceptedClass[],
  roles: readonly RoleSelection[] = [],
): readonly PresentationContext[] {
  return proposed.map((context) => {
    const ours = accepted.find((row) => row.sopClass === context.abstractSyntax);
    const chosen = ours?.transferSyntaxes.find((uid) => context.transferSyntaxes.includes(uid));
    const result = !ours
      ? CONTEXT_RESULTS['abstract-syntax-not-supported']
      : chosen === undefined
        ? CONTEXT_RESULTS['transfer-syntaxes-not-supported']
        : isNeither(answerRole(ours, roles))
          ? CONTEXT_RESULTS['user-rejection'] // nothing could be done in it
          : CONTEXT_RESULTS.accepted;
    // A refused context still carries one transfer syntax item; its value says nothing (PS3.8 §9.3.3.2).
    const transferSyntaxes = [chosen ?? context.transferSyntaxes[0] ?? ''];
    return { id: context.id, abstractSyntax: context.abstractSyntax, transferSyntaxes, result };
  });
}

/** The role answered for a class: of what the requestor would be, what it may be; the default where it asks for nothing. */
function answerRole(ours: AcceptedClass, proposed: readonly RoleSelection[]): Roles {
  const asked = proposed.find((role) => role.sopClass === ours.sopClass) ?? DEFAULT_ROLES;
  const allowed = ours.requestor ?? DEFAULT_ROLES;
  return { scu: asked.scu && allowed.scu, scp: asked.scp && allowed.scp };
}

function isNeither(roles: Roles): boolean {
  return !roles.scu && !roles.scp;
}

/** The contexts both sides agreed on, from a proposal and its answer; a role not answered is the default one. */
export function agreedContexts(
  proposed: readonly PresentationContext[],
  answered: readonly PresentationContext[],
  answeredRoles: readonly RoleSelection[] = [],
): ReadonlyMap<number, AgreedContext> {
  const agreed = new Map<number, AgreedContext>();
  for (const answer of answered) {
    const proposal = proposed.find((context) => context.id === answer.id);
    const transferSyntax = answer.transferSyntaxes[0];
    if (!proposal || answer.result !== CONTEXT_RESULTS.accepted || transferSyntax === undefined) continue;
    const sopClass = proposal.abstractSyntax;
    const { scu, scp } = answeredRoles.find((role) => role.sopClass === sopClass) ?? DEFAULT_ROLES;
    agreed.set(answer.id, { id: answer.id, sopClass, transferSyntax, requestor: { scu, scp } });
  }
  return agreed;
}

/** What we say of ourselves, and what we ask for as requestor. We keep one operation at a time: no window is offered. */
export function ourUserInformation(
  maxPduLength: number,
  asked: { readonly roles?: readonly RoleSelection[]; readonly userIdentity?: UserIdentity } = {},
): UserInformation {
  return {
    maxPduLength,
    implementationClassUid: IMPLEMENTATION_CLASS_UID,
    implementationVersion: IMPLEMENTATION_VERSION_NAME,
    asyncOperations: null,
    roles: asked.roles ?? [],
    extendedNegotiation: [],
    userIdentity: asked.userIdentity ?? null,
    isIdentityConfirmed: false,
  };
}

/**
 * An acceptor's answer to what the requestor asks for besides contexts: one operation at a time where it asks for a window
 * (PS3.7 §D.3.3.3), each role it may have (§D.3.3.4), how far each class is supported (§D.3.3.5), and that its identity was
 * taken, where it is a name and it wants to hear (§D.3.3.7.2).
 */
export function answerUserInformation(
  asked: UserInformation,
  accepted: readonly AcceptedClass[],
  maxPduLength: number,
): UserInformation {
  const find = (sopClass: string) => accepted.find((row) => row.sopClass === sopClass);
  return {
    ...ourUserInformation(maxPduLength),
    asyncOperations: asked.asyncOperations && { invoked: 1, performed: 1 },
    roles: asked.roles.flatMap((role) => {
      const ours = find(role.sopClass);
      return ours ? [{ sopClass: role.sopClass, ...answerRole(ours, asked.roles) }] : [];
    }),
    extendedNegotiation: asked.extendedNegotiation.flatMap(({ sopClass, information }) => {
      const answer = find(sopClass)?.extendedAnswer;
      return answer ? [{ sopClass, information: Uint8Array.from(answer.slice(0, information.length)) }] : [];
    }),
    isIdentityConfirmed: asked.userIdentity?.wantsConfirmation === true && asked.userIdentity.type <= 2,
  };
}
