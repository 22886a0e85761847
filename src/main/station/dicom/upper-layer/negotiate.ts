import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../implementation.ts';
import {
  type AssociatePdu,
  CONTEXT_RESULTS,
  DICOM_APPLICATION_CONTEXT,
  type PresentationContext,
} from './associate-pdu.ts';
import type { RejectReason } from './rejection.ts';
import type { UserInformation } from './user-information.ts';

/** One SOP class an acceptor takes, with the transfer syntaxes it can read, dearest first. */
export type AcceptedClass = { readonly sopClass: string; readonly transferSyntaxes: readonly string[] };

/** A presentation context both sides agreed on. */
export type AgreedContext = { readonly id: number; readonly sopClass: string; readonly transferSyntax: string };

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
): readonly PresentationContext[] {
  return proposed.map((context) => {
    const ours = accepted.find((row) => row.sopClass === context.abstractSyntax);
    const chosen = ours?.transferSyntaxes.find((uid) => context.transferSyntaxes.includes(uid));
    const result =
      chosen !== undefined
        ? CONTEXT_RESULTS.accepted
        : ours
          ? CONTEXT_RESULTS['transfer-syntaxes-not-supported']
          : CONTEXT_RESULTS['abstract-syntax-not-supported'];
    // A refused context still carries one transfer syntax item; its value says nothing (PS3.8 §9.3.3.2).
    const transferSyntaxes = [chosen ?? context.transferSyntaxes[0] ?? ''];
    return { id: context.id, abstractSyntax: context.abstractSyntax, transferSyntaxes, result };
  });
}

/** The contexts both sides agreed on, from a proposal and its answer. */
export function agreedContexts(
  proposed: readonly PresentationContext[],
  answered: readonly PresentationContext[],
): ReadonlyMap<number, AgreedContext> {
  const agreed = new Map<number, AgreedContext>();
  for (const answer of answered) {
    const proposal = proposed.find((context) => context.id === answer.id);
    const transferSyntax = answer.transferSyntaxes[0];
    if (!proposal || answer.result !== CONTEXT_RESULTS.accepted || transferSyntax === undefined) continue;
    agreed.set(answer.id, { id: answer.id, sopClass: proposal.abstractSyntax, transferSyntax });
  }
  return agreed;
}

/** What we say of ourselves; async operations, roles and extensions are not offered, so their defaults apply. */
export function ourUserInformation(maxPduLength: number): UserInformation {
  return {
    maxPduLength,
    implementationClassUid: IMPLEMENTATION_CLASS_UID,
    implementationVersion: IMPLEMENTATION_VERSION_NAME,
    asyncOperations: null,
    roles: [],
    extendedNegotiation: [],
    userIdentityType: null,
  };
}
