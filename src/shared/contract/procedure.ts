import { type AnySchema, type ContractProcedure, type ErrorMap, oc } from '@orpc/contract';
import { z } from 'zod';
import type { Permission } from '../domain/permissions.ts';

/** What a caller must be: `public` needs no session, `signed-in` any session, else a permission of a role. */
export type Access = 'public' | 'signed-in' | Permission;

/** Every procedure declares who may call it. */
export type ProcedureMeta = { readonly access: Access };

/** A tree of procedures that all declare their access; a procedure without one does not fit and does not compile. */
export type GuardedRouter = {
  readonly [name: string]: GuardedRouter | ContractProcedure<AnySchema, AnySchema, ErrorMap, ProcedureMeta>;
};

/** Starts a procedure's contract; the only way to make one. */
export function procedure(access: Access) {
  return oc.$meta<ProcedureMeta>({ access }).errors({
    UNAUTHORIZED: { status: 401 },
    FORBIDDEN: { status: 403 },
    NOT_FOUND: { status: 404, data: z.object({ code: z.string() }).optional() },
    CONFLICT: { status: 409, data: z.object({ code: z.string() }) },
    TOO_MANY_REQUESTS: { status: 429, data: z.object({ retryAfterMs: z.number() }) },
    INTERNAL_SERVER_ERROR: { status: 500, data: z.object({ incidentId: z.string() }) },
  });
}
