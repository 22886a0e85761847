import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from '../../../shared/contract/procedure.ts';
import { findSession, type Session, type SessionLimits, touchSession } from '../access/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { HttpHost } from '../platform/http/server.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { refusalOf } from './call-context.ts';
import { tokenOf } from './credentials.ts';

/** Finds the session behind a request's headers. */
export type Authenticator = {
  /** The session, which counts as used; null without one. */
  use(headers: IncomingHttpHeaders): Session | null;
  /** Whether the session stands, without using it. */
  stands(headers: IncomingHttpHeaders): boolean;
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
    stands(headers) {
      const token = tokenOf(headers, host);
      return token !== null && findSession(db, token, clock.nowMs(), limits) !== null;
    },
  };
}

/** The session for a route outside the contract; without one, or without its permission, the request is answered and this is null. */
export function requireSession(
  authenticator: Authenticator,
  access: Access,
  request: FastifyRequest,
  reply: FastifyReply,
): Session | null {
  const session = authenticator.use(request.headers);
  const refusal = refusalOf(session, access);
  if (refusal === null) return session;
  void reply.code(refusal === 'UNAUTHORIZED' ? 401 : 403).send({ code: refusal });
  return null;
}
