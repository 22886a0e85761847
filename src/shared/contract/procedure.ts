import { type AnySchema, type ContractProcedure, type ErrorMap, oc } from '@orpc/contract';
import { z } from 'zod';
import type { Permission } from '../domain/permissions.ts';

/**
 * What a caller must be: `public` needs no session, `own-session` any session, `signed-in` one whose password need not be
 * changed first, else a permission of a role besides.
 */
export type Access = 'public' | 'own-session' | 'signed-in' | Permission;

/** Every procedure declares who may call it, and whether pages call it by themselves: then no call of it counts as use. */
export type ProcedureMeta = { readonly access: Access; readonly background?: true };

/** For procedures that a page asks again at every hint or every few seconds, with nobody in front of it. */
export const BACKGROUND = { background: true } as const;

/** A tree of procedures that all declare their access; a procedure without one does not fit and does not compile. */
export type GuardedRouter = {
  readonly [name: string]: GuardedRouter | ContractProcedure<AnySchema, AnySchema, ErrorMap, ProcedureMeta>;
};

/** Starts a procedure's contract; the only way to make one. */
export function procedure(access: Access, how: Omit<ProcedureMeta, 'access'> = {}) {
  return oc.$meta<ProcedureMeta>({ access, ...how }).errors({
    UNAUTHORIZED: { status: 401, data: z.object({ code: z.literal('session-idle') }).optional() },
    FORBIDDEN: { status: 403, data: z.object({ code: z.literal('password-must-be-changed') }).optional() },
    NOT_FOUND: { status: 404, data: z.object({ code: z.string() }).optional() },
    CONFLICT: { status: 409, data: z.object({ code: z.string() }) },
    TOO_MANY_REQUESTS: { status: 429, data: z.object({ retryAfterMs: z.number() }) },
    INSUFFICIENT_STORAGE: { status: 507, data: z.object({ code: z.literal('disk-full') }) },
    INTERNAL_SERVER_ERROR: { status: 500, data: z.object({ incidentId: z.string() }) },
  });
}
