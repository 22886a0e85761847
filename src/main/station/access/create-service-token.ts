import type { UserId } from '../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { createUser } from './create-user.ts';
import { NO_PASSWORD } from './passwords.ts';
import { findUserByName, listRoles } from './queries.ts';
import { startSession } from './start-session.ts';

/** A machine that may ask: its name, its site, and until when. */
export type NewServiceToken = {
  readonly name: string;
  readonly siteId: string;
  readonly expiresAtMs: number;
  readonly actor: Actor;
  readonly atMs: number;
};

/** A Bearer token for a service, made known to the ledger; its user is created with the first token. A person's name is refused. */
export function createServiceToken(
  db: WritableDb,
  input: NewServiceToken,
): Result<{ readonly userId: UserId; readonly token: string }, { code: 'username-taken' }> {
  return inTransaction(db, () => {
    const service = findService(db, input) ?? createService(db, input);
    if (!service.ok) return service;
    const { siteId, atMs, expiresAtMs } = input;
    const userId = service.value;
    const token = startSession(db, { userId, siteId, kind: 'service', atMs, expiresAtMs });
    appendEvent(db, {
      kind: 'service-token-created',
      payload: { userId, expiresAtMs },
      siteId,
      actor: input.actor,
      correlationId: freshRowId(),
      atMs,
    });
    return ok({ userId, token });
  });
}

function findService(db: WritableDb, input: NewServiceToken): Result<UserId, { code: 'username-taken' }> | null {
  const known = findUserByName(db, input.name);
  if (known === null) return null;
  const isService = listRoles(db, known.userId, input.siteId).includes('service');
  return isService ? ok(known.userId) : err({ code: 'username-taken' });
}

function createService(db: WritableDb, input: NewServiceToken): Result<UserId, { code: 'username-taken' }> {
  return createUser(db, {
    username: input.name,
    displayName: input.name,
    passwordHash: NO_PASSWORD,
    state: 'active',
    siteId: input.siteId,
    roles: ['service'],
    actor: input.actor,
    atMs: input.atMs,
  });
}
