import type { ReadableDb } from './database.ts';

/** What SQLite would do for a statement, step by step: which index it walks, and whether it sorts. */
export function planOf(db: ReadableDb, sql: string): readonly string[] {
  const named = [...sql.matchAll(/[@:]([a-zA-Z]\w*)/g)].map(([, name]) => [name, null]);
  const positional = [...sql.matchAll(/\?/g)].map(() => null);
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...(positional.length > 0 ? positional : named.length > 0 ? [Object.fromEntries(named)] : []))
    .map((step) => (step as { detail: string }).detail);
}
