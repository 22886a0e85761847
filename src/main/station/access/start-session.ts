import { prepared, type WritableDb } from '../platform/store/database.ts';
import { freshToken, tokenDigest } from './session-token.ts';

const INSERT_SESSION = `
  INSERT INTO sessions (token_digest, user_id, site_id, kind, created_at_ms, last_seen_at_ms, expires_at_ms)
  VALUES (@digest, @userId, @siteId, @kind, @atMs, @atMs, @expiresAtMs)
`;

/** Whose session, where, and until when at the latest. */
export type NewSession = {
  readonly userId: string;
  readonly siteId: string;
  readonly kind: 'page' | 'service';
  readonly atMs: number;
  readonly expiresAtMs: number;
};

/** Starts a session within its verb's transaction, and returns the token, which is kept nowhere. */
export function startSession(db: WritableDb, session: NewSession): string {
  const token = freshToken();
  prepared(db, INSERT_SESSION).run({ ...session, digest: tokenDigest(token) });
  return token;
}
