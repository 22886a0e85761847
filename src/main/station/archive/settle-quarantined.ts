import type { DiscardReason } from '../../../shared/domain/correction.ts';
import type { EventPayload } from '../../../shared/domain/event-kinds.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { isHere } from './eviction.ts';
import { findQuarantined, type QuarantineRow } from './list-quarantine.ts';

/** Whose word settles which row, and when. */
export type Settling = {
  readonly siteId: string;
  readonly quarantineId: string;
  readonly actor: Actor;
  readonly atMs: number;
};

const claimed = new WeakMap<ReadableDb, Set<string>>();

/** Does what takes its time with a row while nobody else settles it; null where somebody is at it already. */
export async function whileClaimed<T>(db: ReadableDb, quarantineId: string, work: () => Promise<T>): Promise<T | null> {
  const rows = claimed.get(db) ?? new Set();
  claimed.set(db, rows);
  if (rows.has(quarantineId)) return null;
  rows.add(quarantineId);
  try {
    return await work();
  } finally {
    rows.delete(quarantineId);
  }
}

const SETTLE = `
  UPDATE quarantine SET state = @state, settled_at_ms = @atMs, settled_by = @by, settled_because = @because
   WHERE quarantine_id = @quarantineId AND state = 'held'
`;
const HOLD_AGAIN = `
  UPDATE quarantine SET state = 'held', settled_at_ms = NULL, settled_by = NULL, settled_because = NULL
   WHERE quarantine_id = ? AND state = 'discarded'
`;
/** Walks the unique index of quarantine by site and digest. */
export const LIST_HELD_OF_OBJECT = `
  SELECT quarantine_id AS quarantineId FROM quarantine
   WHERE site_id = ? AND digest = ? AND state = 'held' AND reason <> 'damaged-at-rest'
`;
/** Of a site, what was discarded before a moment and nothing else names: the retention rules may delete these files. */
export const LIST_DISCARDED = `
  SELECT q.digest FROM quarantine q
   WHERE q.site_id = ? AND q.state = 'discarded' AND q.settled_at_ms < ?
     AND NOT EXISTS (SELECT 1 FROM instance_versions v WHERE v.digest = q.digest)
     AND NOT EXISTS (SELECT 1 FROM quarantine other WHERE other.digest = q.digest AND other.state = 'held')
   ORDER BY q.digest
`;

/**
 * Gives an object up: it leaves the list of what waits for a person. Its bytes stay, and it can be taken back, until the
 * site's retention removes it; sent again it is not set aside anew.
 */
export function discardQuarantined(
  db: WritableDb,
  input: Settling & { readonly reason: DiscardReason },
): Result<null, { code: 'quarantined-not-found' | 'already-settled' | 'being-settled' }> {
  return inTransaction(db, () => {
    const row = findQuarantined(db, input.siteId, input.quarantineId);
    if (row === null) return err({ code: 'quarantined-not-found' });
    if (claimed.get(db)?.has(row.quarantineId) === true) return err({ code: 'being-settled' });
    const isSettled = settleRow(db, row, { ...input, state: 'discarded', how: 'discarded', because: input.reason });
    return isSettled ? ok(null) : err({ code: 'already-settled' });
  });
}

/** Takes a discarded object back into the list. */
export function takeBackQuarantined(
  db: WritableDb,
  input: Settling,
): Result<null, { code: 'quarantined-not-found' | 'not-discarded' }> {
  return inTransaction(db, () => {
    const row = findQuarantined(db, input.siteId, input.quarantineId);
    if (row === null) return err({ code: 'quarantined-not-found' });
    // What was deleted since cannot come back.
    if (!isHere(db, row.digest)) return err({ code: 'not-discarded' });
    if (prepared(db, HOLD_AGAIN).run(row.quarantineId).changes === 0) return err({ code: 'not-discarded' });
    tellSettled(db, row, { ...input, how: 'taken-back', because: row.settledBecause ?? '' });
    return ok(null);
  });
}

/**
 * Settles what is held of an object that became part of a study by another way, sent again say, after what stood against it was
 * gone; in the caller's transaction. What a person is settling is left to them, and damage to whatever heals it.
 */
export function settleFiled(
  db: WritableDb,
  filed: { readonly siteId: string; readonly digest: string; readonly actor: Actor; readonly atMs: number },
): void {
  const { siteId, digest, actor, atMs } = filed;
  for (const { quarantineId } of prepared<{ quarantineId: string }>(db, LIST_HELD_OF_OBJECT).all(siteId, digest)) {
    const row = claimed.get(db)?.has(quarantineId) === true ? null : findQuarantined(db, siteId, quarantineId);
    if (row !== null) settleRow(db, row, { state: 'released', how: 'filed', because: 'filed-again', actor, atMs });
  }
}

/** Files what were discarded before a moment, by digest, where nothing else names them. */
export function listDiscarded(db: ReadableDb, siteId: string, beforeMs: number): readonly string[] {
  return prepared<{ digest: string }>(db, LIST_DISCARDED)
    .all(siteId, beforeMs)
    .map(({ digest }) => digest);
}

type How = EventPayload<'quarantine-settled'>['how'];

/** Marks a row as settled and tells of it, in the caller's transaction; false where it is settled already, and nothing is told. */
export function settleRow(
  db: WritableDb,
  row: QuarantineRow,
  settled: {
    readonly state: 'released' | 'discarded';
    readonly how: How;
    readonly because: string;
    readonly actor: Actor;
    readonly atMs: number;
  },
): boolean {
  const { state, because, actor, atMs } = settled;
  const settling = { quarantineId: row.quarantineId, state, because, by: actor.id, atMs };
  if (prepared(db, SETTLE).run(settling).changes === 0) return false;
  tellSettled(db, row, settled);
  return true;
}

function tellSettled(
  db: WritableDb,
  { quarantineId, digest, siteId, studyId }: QuarantineRow,
  {
    how,
    because,
    actor,
    atMs,
  }: { readonly how: How; readonly because: string; readonly actor: Actor; readonly atMs: number },
): void {
  const payload = { quarantineId, digest, how, because };
  appendEvent(db, { kind: 'quarantine-settled', payload, siteId, studyId, actor, correlationId: quarantineId, atMs });
}
