import { implement, ORPCError } from '@orpc/server';
import { contract } from '../../../shared/contract/contract.ts';
import type { Access } from '../../../shared/contract/procedure.ts';
import type { Session } from '../access/index.ts';

/** What a call knows of its caller, whichever way it came. */
export type CallContext = {
  /** The caller's session as it stands at this moment; a socket outlives it. */
  readonly authenticate: () => Session | null;
  readonly address: string;
  /** Gives the session's cookie to the caller, or takes it back, where the answer can carry one. */
  readonly keepToken: (token: string) => void;
  readonly dropToken: () => void;
};

/** Why a session may not do what is asked; null where it may. */
export function refusalOf(session: Session | null, access: Access): 'UNAUTHORIZED' | 'FORBIDDEN' | null {
  if (access === 'public') return null;
  if (session === null) return 'UNAUTHORIZED';
  if (access === 'signed-in') return null;
  return session.principal.permissions.includes(access) ? null : 'FORBIDDEN';
}

// The session is asked for before the input is looked at, so that strangers learn nothing from what is refused.
const implementer = implement(contract, {
  initialInputValidationIndex: Number.POSITIVE_INFINITY,
}).$context<CallContext>();

/** Implements a procedure that needs a session; it is handed one that holds the permission the contract declares. */
export const guarded = implementer.use(({ context, procedure, next }) => {
  const session = context.authenticate();
  const refusal = refusalOf(session, procedure['~orpc'].meta.access);
  if (refusal !== null || session === null) throw new ORPCError(refusal ?? 'UNAUTHORIZED');
  return next({ context: { session } });
});

/** Implements a procedure that the contract calls public; any other one refuses everybody. */
export const open = implementer.use(({ procedure, next }) => {
  if (procedure['~orpc'].meta.access !== 'public') throw new ORPCError('FORBIDDEN');
  return next();
});
