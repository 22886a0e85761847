import type { Role } from '../../../shared/domain/permissions.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { createUser } from './create-user.ts';
import { hashPassword } from './passwords.ts';
import { findUserByName, type Site } from './queries.ts';

/** The password of every demo user; `signIn` takes it from loopback addresses only. */
export const DEMO_PASSWORD = 'demo';

const DEMO_USERS = [
  { username: 'radiologist', displayName: 'Demo Radiologist' },
  { username: 'technologist', displayName: 'Demo Technologist' },
  { username: 'coordinator', displayName: 'Demo Coordinator' },
  { username: 'administrator', displayName: 'Demo Administrator' },
  { username: 'medical-lead', displayName: 'Demo Medical Lead' },
  { username: 'model-owner', displayName: 'Demo Model Owner' },
  { username: 'truth-reader', displayName: 'Demo Reference Reader' },
] as const satisfies readonly { readonly username: Role; readonly displayName: string }[];

/** Makes the users that the demo's sign-in page names; only for a demo data directory, and idempotent. */
export async function createDemoUsers(db: WritableDb, site: Site, nowMs: () => number): Promise<void> {
  const missing = DEMO_USERS.filter(({ username }) => findUserByName(db, username) === null);
  if (missing.length === 0) return;
  const passwordHash = await hashPassword(DEMO_PASSWORD); // one for all: whoever sees that they are alike learns what the page says
  for (const { username, displayName } of missing) {
    createUser(db, {
      username,
      displayName,
      passwordHash,
      state: 'active',
      siteId: site.siteId,
      roles: [username],
      actor: serviceActor('demo'),
      atMs: nowMs(),
    });
  }
}
