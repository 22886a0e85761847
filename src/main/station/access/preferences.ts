import { z } from 'zod';
import type { UserId } from '../../../shared/domain/ids.ts';
import { PREFERENCE_KEYS, type PreferenceKey } from '../../../shared/domain/preference-keys.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

const LIST = 'SELECT key, value FROM user_preferences WHERE user_id = ? ORDER BY key';
const PUT = `
  INSERT INTO user_preferences (user_id, key, value, set_at_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value, set_at_ms = excluded.set_at_ms
`;
const FORGET = 'DELETE FROM user_preferences WHERE user_id = ? AND key = ?';

const Rows = z.array(z.object({ key: z.enum(PREFERENCE_KEYS), value: z.string() }));

/** One thing a person set for themselves; the station keeps the JSON and reads nothing into it. */
export type Preference = { readonly key: PreferenceKey; readonly value: z.core.util.JSONType };

/** Everything this person set. */
export function listPreferences(db: ReadableDb, userId: UserId): Preference[] {
  return Rows.parse(prepared(db, LIST).all(userId)).map(({ key, value }) => ({
    key,
    value: z.json().parse(JSON.parse(value)),
  }));
}

/** Keeps what a person set in place of what they had set before. How a page looks is no clinical act: the ledger says nothing of it. */
export function putPreference(db: WritableDb, userId: UserId, { key, value }: Preference, atMs: number): void {
  prepared(db, PUT).run(userId, key, JSON.stringify(value), atMs);
}

/** Forgets what a person set, if they did. */
export function forgetPreference(db: WritableDb, userId: UserId, key: PreferenceKey): void {
  prepared(db, FORGET).run(userId, key);
}
