import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../../../shared/contract/procedure.ts';
import { findSession, hasGoneIdle, type Session, type SessionLimits, touchSession } from '../access/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { HttpHost } from '../platform/http/server.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { refusalOf } from './call-context.ts';
import { tokenOf } from './credentials.ts';

/** Finds the session behind a request's headers. */
export type Authenticator = {
  /** The session, which counts as used; null without one. */
  use(headers: IncomingHttpHeaders): Session | null;
  /** The session, which does not count as used: nobody need be in front of what asks by itself. */
  find(headers: IncomingHttpHeaders): Session | null;
  /** Whether there was a session that only disuse ended. */
  hasGoneIdle(headers: IncomingHttpHeaders): boolean;
};

/** Sessions from the store, by cookie or Bearer. */
export function createAuthenticator(
  db: WritableDb,
  clock: Clock,
  limits: SessionLimits,
  host: HttpHost,
): Authenticator {
  return {
    use(headers) {
      const token = tokenOf(headers, host);
      return token === null ? null : touchSession(db, token, clock.nowMs(), limits);
    },
    find(headers) {
      const token = tokenOf(headers, host);
      return token === null ? null : findSession(db, token, clock.nowMs(), limits);
    },
    hasGoneIdle(headers) {
      const token = tokenOf(headers, host);
      return token !== null && hasGoneIdle(db, token, clock.nowMs(), limits);
    },
  };
}

/**
 * The session for a route outside the contract, where machines poll and viewers prefetch: it does not count as used.
 * Without one, or without its permission, the request is answered and this is null.
 */
export function requireSession(
  authenticator: Authenticator,
  access: Access,
  request: FastifyRequest,
  reply: FastifyReply,
): Session | null {
  const session = authenticator.find(request.headers);
  const refusal = refusalOf(session, access, () => authenticator.hasGoneIdle(request.headers));
  if (refusal === null) return session;
  const { status, code, data } = refusal;
  void reply.code(status).send({ code, ...(data && { data }) });
  return null;
}
