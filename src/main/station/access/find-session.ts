import type { SiteId, UserId } from '../../../shared/domain/ids.ts';
import { ROLE_PERMISSIONS } from '../../../shared/domain/permissions.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { findSite, findUser, listRoles, listSitesOf } from './queries.ts';
import type { Session, SessionLimits } from './session.ts';
import { tokenDigest } from './session-token.ts';

const FIND_SESSION = `
  SELECT user_id AS userId, site_id AS siteId, kind, last_seen_at_ms AS lastSeenAtMs, expires_at_ms AS expiresAtMs
    FROM sessions WHERE token_digest = ? AND ended_at_ms IS NULL
`;
const TOUCH_SESSION = 'UPDATE sessions SET last_seen_at_ms = ? WHERE token_digest = ?';

/** Being seen is written down at most this often. */
const SEEN_EVERY_MS = 60_000;

type SessionRow = {
  readonly userId: UserId;
  readonly siteId: SiteId;
  readonly kind: 'page' | 'service';
  readonly lastSeenAtMs: number;
  readonly expiresAtMs: number;
};

/** The session behind a token, or null when it is unknown, ended, expired or idle too long, or its user may no longer sign in. */
export function findSession(db: ReadableDb, token: string, nowMs: number, limits: SessionLimits): Session | null {
  const digest = tokenDigest(token);
  const row = prepared<SessionRow>(db, FIND_SESSION).get(digest);
  if (row === undefined || row.expiresAtMs <= nowMs || isIdle(row, nowMs, limits)) return null;
  const user = findUser(db, row.userId);
  const site = findSite(db, row.siteId);
  if (user === null || site === null || user.state === 'disabled') return null;
  const roles = listRoles(db, row.userId, row.siteId);
  const permissions = [...new Set(roles.flatMap((role) => ROLE_PERMISSIONS[role]))];
  const { userId, username, displayName } = user;
  return {
    key: digest.toString('hex'),
    expiresAtMs: row.expiresAtMs,
    principal: { siteIds: [row.siteId], userId, roles, permissions, siteId: row.siteId, sessionKind: row.kind },
    user: {
      userId,
      username,
      displayName,
      roles: [...roles],
      permissions,
      site: { code: site.code, name: site.name, zone: site.zone },
      sites: listSitesOf(db, userId).map(({ code, name }) => ({ code, name })),
      mustChangePassword: user.state === 'must-change-password',
    },
  };
}

/** True where nothing but disuse ended the session, for whoever comes back to it wants to know. */
export function hasGoneIdle(db: ReadableDb, token: string, nowMs: number, limits: SessionLimits): boolean {
  const row = prepared<SessionRow>(db, FIND_SESSION).get(tokenDigest(token));
  return row !== undefined && row.expiresAtMs > nowMs && isIdle(row, nowMs, limits);
}

function isIdle(row: SessionRow, nowMs: number, limits: SessionLimits): boolean {
  return row.kind === 'page' && row.lastSeenAtMs + limits.idleMs <= nowMs;
}

/** As `findSession`, and the session counts as used now. */
export function touchSession(db: WritableDb, token: string, nowMs: number, limits: SessionLimits): Session | null {
  const session = findSession(db, token, nowMs, limits);
  if (session === null) return null;
  const digest = Buffer.from(session.key, 'hex');
  const row = prepared<SessionRow>(db, FIND_SESSION).get(digest);
  if (row !== undefined && nowMs - row.lastSeenAtMs >= SEEN_EVERY_MS) prepared(db, TOUCH_SESSION).run(nowMs, digest);
  return session;
}
