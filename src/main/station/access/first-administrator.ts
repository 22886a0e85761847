import { randomInt } from 'node:crypto';
import { serviceActor } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { createUser } from './create-user.ts';
import { hashPassword } from './passwords.ts';
import { hasAdministrator, type Site } from './queries.ts';

/** No letter or digit that is read as another. */
const READABLE = 'abcdefghijkmnpqrstuvwxyz23456789';

/** The way in at first start: shown once, to whoever started the station. */
export type FirstAdministrator = { readonly username: string; readonly password: string };

/** Creates the first administrator with a password that must be changed; null when the station already has one. */
export async function createFirstAdministrator(
  db: WritableDb,
  site: Site,
  nowMs: () => number,
): Promise<FirstAdministrator | null> {
  if (hasAdministrator(db)) return null;
  const password = freshPassword();
  const passwordHash = await hashPassword(password);
  const username = 'administrator';
  const created = createUser(db, {
    username,
    displayName: 'Administrator',
    passwordHash,
    state: 'must-change-password',
    siteId: site.siteId,
    roles: ['administrator'],
    actor: serviceActor('first-start'),
    atMs: nowMs(),
  });
  return created.ok ? { username, password } : null;
}

/** Four groups of five: 100 bits, easy to type from a screen. */
function freshPassword(): string {
  const letters = Array.from({ length: 20 }, () => READABLE[randomInt(READABLE.length)]);
  return [0, 5, 10, 15].map((from) => letters.slice(from, from + 5).join('')).join('-');
}
