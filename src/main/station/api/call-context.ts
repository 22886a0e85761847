import { implement, type ImplementerInternalWithMiddlewares, ORPCError } from '@orpc/server';
import { type Contract, contract } from '../../../shared/contract/contract.ts';
import type { Access } from '../../../shared/contract/procedure.ts';
import type { Session } from '../access/index.ts';

/** What a call knows of its caller, whichever way it came. */
export type CallContext = {
  /** The caller's session as it stands at this moment; a socket outlives it. */
  readonly authenticate: (call: 'by-a-person' | 'by-itself') => Session | null;
  /** Whether only disuse ended the caller's session. */
  readonly hasGoneIdle: () => boolean;
  readonly address: string;
  /** Gives the session's cookie to the caller, or takes it back, where the answer can carry one. */
  readonly keepToken: (token: string) => void;
  readonly dropToken: () => void;
};

/** How the contract answers whoever may not do what they ask. */
export type AccessRefusal =
  | { readonly status: 401; readonly code: 'UNAUTHORIZED'; readonly data?: { readonly code: 'session-idle' } }
  | { readonly status: 403; readonly code: 'FORBIDDEN'; readonly data?: { readonly code: 'password-must-be-changed' } };

/** Why a session may not do what is asked; null where it may. */
export function refusalOf(session: Session | null, access: Access, hasGoneIdle: () => boolean): AccessRefusal | null {
  if (access === 'public') return null;
  if (session === null)
    return { status: 401, code: 'UNAUTHORIZED', ...(hasGoneIdle() && { data: { code: 'session-idle' } }) };
  if (access === 'own-session') return null;
  if (session.user.mustChangePassword === true)
    return { status: 403, code: 'FORBIDDEN', data: { code: 'password-must-be-changed' } };
  if (access === 'signed-in' || session.principal.permissions.includes(access)) return null;
  return { status: 403, code: 'FORBIDDEN' };
}

/** The contract's procedures, each to be given its handler; written out, for a compiler does not spell it any more. */
type Implementing<Context extends CallContext> = ImplementerInternalWithMiddlewares<Contract, CallContext, Context>;

// The session is asked for before the input is looked at, so that strangers learn nothing from what is refused.
const implementer = implement(contract, {
  initialInputValidationIndex: Number.POSITIVE_INFINITY,
}).$context<CallContext>();

/** Implements a procedure that needs a session; it is handed one that holds the permission the contract declares. */
export const guarded: Implementing<CallContext & { readonly session: Session }> = implementer.use(
  ({ context, procedure, next }) => {
    const { access, background = false } = procedure['~orpc'].meta;
    const session = context.authenticate(background ? 'by-itself' : 'by-a-person');
    const refusal = refusalOf(session, access, context.hasGoneIdle);
    if (refusal !== null) throw new ORPCError(refusal.code, { data: refusal.data });
    if (session === null) throw new ORPCError('UNAUTHORIZED');
    return next({ context: { session } });
  },
);

const forAnybody = implementer.use(({ procedure, next }) => {
  if (procedure['~orpc'].meta.access !== 'public') throw new ORPCError('FORBIDDEN');
  return next();
});

/** Implements a procedure that the contract calls public; any other one refuses everybody. */
export const open: Implementing<CallContext> = forAnybody;
