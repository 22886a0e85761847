import type { WritableDb } from './database.ts';

/** A disk that has no room whenever the test says so. */
export type FullDisk = {
  fill(): void;
  makeRoom(): void;
  /** How many writes found no room. */
  refused(): number;
};

/** Makes writes to these tables fail as SQLite fails them on a full disk, while it is full. */
export function openFullDisk(db: WritableDb, tables: readonly string[]): FullDisk {
  let isFull = false;
  let refused = 0;
  db.function('ask_for_room', { deterministic: false }, () => {
    if (!isFull) return 0;
    refused += 1;
    throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
  });
  for (const table of tables)
    for (const write of ['INSERT', 'UPDATE', 'DELETE'])
      db.exec(
        `CREATE TEMP TRIGGER full_${table}_${write} BEFORE ${write} ON main.${table} BEGIN SELECT ask_for_room(); END`,
      );
  return {
    fill: () => (isFull = true),
    makeRoom: () => (isFull = false),
    refused: () => refused,
  };
}
