import { UserCard } from '../../../shared/contract/users.ts';
import { Role } from '../../../shared/domain/permissions.ts';
import type { SiteId, UserId } from '../../../shared/domain/ids.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** A tenant: everything clinical belongs to one. */
export type Site = { readonly siteId: SiteId; readonly code: string; readonly name: string; readonly zone: string };

/** Whether a user may sign in, and whether they must choose a new password. */
export type UserState = 'active' | 'must-change-password' | 'disabled';

/** A user as stored. */
export type User = {
  readonly userId: UserId;
  readonly username: string;
  readonly displayName: string;
  readonly passwordHash: string;
  readonly state: UserState;
};

const SITE_COLUMNS = 'site_id AS siteId, code, name, zone';
const USER_COLUMNS = 'user_id AS userId, username, display_name AS displayName, password_hash AS passwordHash, state';

const FIND_SITE_BY_CODE = `SELECT ${SITE_COLUMNS} FROM sites WHERE code = ?`;
const FIND_SITE = `SELECT ${SITE_COLUMNS} FROM sites WHERE site_id = ?`;
const FIND_USER_BY_NAME = `SELECT ${USER_COLUMNS} FROM users WHERE username = ?`;
const FIND_USER = `SELECT ${USER_COLUMNS} FROM users WHERE user_id = ?`;
const LIST_USERS = `
  SELECT user_id AS userId, username, display_name AS displayName, state, json_group_array(role ORDER BY role) AS roles
    FROM users JOIN user_roles USING (user_id) WHERE site_id = ? GROUP BY user_id ORDER BY username
`;
const LIST_ROLES = 'SELECT role FROM user_roles WHERE user_id = ? AND site_id = ? ORDER BY role';
const LIST_SITES_OF = `
  SELECT DISTINCT sites.site_id AS siteId, code, name, zone, created_at_ms FROM user_roles JOIN sites USING (site_id)
   WHERE user_id = ? ORDER BY sites.created_at_ms, sites.site_id
`;
const COUNT_ADMINISTRATORS = `SELECT count(*) AS administrators FROM user_roles WHERE role = 'administrator'`;
const HAS_ANY_SIGN_IN = "SELECT 1 FROM sessions WHERE kind = 'page' LIMIT 1";
const COUNT_SIGNED_IN = `
  SELECT count(DISTINCT sessions.user_id) AS users FROM sessions
    JOIN user_roles ON user_roles.user_id = sessions.user_id AND user_roles.site_id = sessions.site_id
   WHERE sessions.kind = 'page' AND sessions.ended_at_ms IS NULL AND sessions.expires_at_ms > @nowMs
     AND sessions.last_seen_at_ms > @seenAfterMs AND user_roles.role = @role AND sessions.site_id = @siteId
`;

/** Walks sessions_by_user. */
const IS_SIGNED_IN = `
  SELECT 1 FROM sessions
   WHERE user_id = ? AND expires_at_ms > ? AND site_id = ? AND kind = 'page' AND ended_at_ms IS NULL AND last_seen_at_ms > ? LIMIT 1
`;

/** The site of that code, or null. */
export function findSiteByCode(db: ReadableDb, code: string): Site | null {
  return prepared<Site>(db, FIND_SITE_BY_CODE).get(code) ?? null;
}

/** The site of that id, or null. */
export function findSite(db: ReadableDb, siteId: string): Site | null {
  return prepared<Site>(db, FIND_SITE).get(siteId) ?? null;
}

/** The user of that name, whatever its case, or null. */
export function findUserByName(db: ReadableDb, username: string): User | null {
  return prepared<User>(db, FIND_USER_BY_NAME).get(username) ?? null;
}

/** The user of that id, or null. */
export function findUser(db: ReadableDb, userId: string): User | null {
  return prepared<User>(db, FIND_USER).get(userId) ?? null;
}

/** What a user is called, for showing an actor's id to people; null for an unknown id. */
export function findDisplayName(db: ReadableDb, userId: string): string | null {
  return findUser(db, userId)?.displayName ?? null;
}

/** The roles a user holds at a site. */
export function listRoles(db: ReadableDb, userId: string, siteId: string): readonly Role[] {
  return prepared<{ role: string }>(db, LIST_ROLES)
    .all(userId, siteId)
    .map(({ role }) => Role.parse(role));
}

/** Everybody with a role at a site, services too, by name; without their passwords. */
export function listUsers(db: ReadableDb, siteId: string): readonly UserCard[] {
  return prepared<Omit<UserCard, 'roles'> & { roles: string }>(db, LIST_USERS)
    .all(siteId)
    .map((user) => UserCard.parse({ ...user, roles: JSON.parse(user.roles) }));
}

/** The sites at which a user has a role, the oldest first: there they sign in where they name none. */
export function listSitesOf(db: ReadableDb, userId: string): readonly Site[] {
  return prepared<Site>(db, LIST_SITES_OF)
    .all(userId)
    .map(({ siteId, code, name, zone }) => ({ siteId, code, name, zone }));
}

/** The site of that code, where the user has a role there; without a code the first of theirs; or null. */
export function findSiteOf(db: ReadableDb, userId: string, code: string | undefined): Site | null {
  return listSitesOf(db, userId).find((site) => code === undefined || site.code === code) ?? null;
}

/** True once anybody administers the station. */
export function hasAdministrator(db: ReadableDb): boolean {
  return (prepared<{ administrators: number }>(db, COUNT_ADMINISTRATORS).get()?.administrators ?? 0) > 0;
}

/** True once anybody has ever signed in with a password. */
export function hasAnySignIn(db: ReadableDb): boolean {
  return prepared(db, HAS_ANY_SIGN_IN).get() !== undefined;
}

/** How many users of a role have a page session at a site that was used after the given time. */
export function countSignedIn(db: ReadableDb, siteId: string, role: Role, seenAfterMs: number, nowMs: number): number {
  return prepared<{ users: number }>(db, COUNT_SIGNED_IN).get({ siteId, role, seenAfterMs, nowMs })?.users ?? 0;
}

/** Whether a user has a page session at a site that was used after the given time. */
export function isSignedIn(
  db: ReadableDb,
  userId: string,
  siteId: string,
  seenAfterMs: number,
  nowMs: number,
): boolean {
  return prepared(db, IS_SIGNED_IN).get(userId, nowMs, siteId, seenAfterMs) !== undefined;
}
