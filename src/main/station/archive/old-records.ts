import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** Records that name people or files and that no study stands behind any more, by id. */
export type OldRecords = {
  readonly stepIds: readonly string[];
  readonly noticeIds: readonly string[];
  readonly importIds: readonly string[];
};

/** At most so many of each are looked up for one run. */
const MOST_AT_ONCE = 5_000;
/** Forgotten in one transaction. */
const STEP = 16;

/** A step is an orphan where none of the studies it names is here. */
const IS_ORPHAN_STEP = `
  NOT EXISTS (SELECT 1 FROM performed_step_studies l JOIN studies s ON s.site_id = l.site_id AND s.study_uid = l.study_uid
    WHERE l.step_id = p.step_id)
`;
/** Walks performed_steps_by_age. */
export const LIST_OLD_STEPS = `
  SELECT p.step_id AS id FROM performed_steps p WHERE p.site_id = @siteId AND p.started_at_ms < @beforeMs AND ${IS_ORPHAN_STEP}
   ORDER BY p.started_at_ms LIMIT @most
`;
const IS_ORPHAN_NOTICE =
  'NOT EXISTS (SELECT 1 FROM studies s WHERE s.site_id = n.site_id AND s.study_uid = n.study_uid)';
/** Walks availability_notices_by_age. */
export const LIST_OLD_NOTICES = `
  SELECT n.notice_id AS id FROM availability_notices n WHERE n.site_id = @siteId AND n.received_at_ms < @beforeMs AND ${IS_ORPHAN_NOTICE}
   ORDER BY n.received_at_ms LIMIT @most
`;
/** Walks imports_in_order. */
export const LIST_OLD_IMPORTS = `
  SELECT i.import_id AS id FROM imports i WHERE i.site_id = @siteId AND i.started_at_ms < @beforeMs AND i.ended_at_ms < @beforeMs
     AND (EXISTS (SELECT 1 FROM import_refusals r WHERE r.import_id = i.import_id)
       OR EXISTS (SELECT 1 FROM import_studies s WHERE s.import_id = i.import_id))
   ORDER BY i.started_at_ms DESC LIMIT @most
`;
const FORGET_STEP = `DELETE FROM performed_steps AS p WHERE p.step_id = @id AND p.started_at_ms < @beforeMs AND ${IS_ORPHAN_STEP}`;
const FORGET_STEP_LINKS = `
  DELETE FROM performed_step_studies WHERE step_id = @id
     AND EXISTS (SELECT 1 FROM performed_steps p WHERE p.step_id = @id AND p.started_at_ms < @beforeMs AND ${IS_ORPHAN_STEP})
`;
const FORGET_NOTICE = `
  DELETE FROM availability_notices AS n WHERE n.notice_id = @id AND n.received_at_ms < @beforeMs AND ${IS_ORPHAN_NOTICE}
`;
/** Of an import its counts stay. */
const FORGET_IMPORT = [
  'DELETE FROM import_refusals WHERE import_id = @id',
  'DELETE FROM import_studies WHERE import_id = @id',
];

/**
 * What a site keeps from before a moment that belongs to no study: steps and announcements of studies that never came, and
 * what imports named. On a reader thread.
 */
export function listOldRecords(db: ReadableDb, siteId: string, beforeMs: number): OldRecords {
  const ids = (sql: string) =>
    prepared<{ id: string }>(db, sql)
      .all({ siteId, beforeMs, most: MOST_AT_ONCE })
      .map(({ id }) => id);
  return { stepIds: ids(LIST_OLD_STEPS), noticeIds: ids(LIST_OLD_NOTICES), importIds: ids(LIST_OLD_IMPORTS) };
}

/** How many records those are. */
export function countRecords({ stepIds, noticeIds, importIds }: OldRecords): number {
  return stepIds.length + noticeIds.length + importIds.length;
}

/**
 * Forgets such records, each judged anew, some at a time with `pause` awaited between; how many stands in the ledger. What
 * they named stays counted by UID alone: a study that comes after all is held against it.
 */
export async function forgetRecords(
  db: WritableDb,
  records: OldRecords,
  { siteId, beforeMs, atMs }: { readonly siteId: string; readonly beforeMs: number; readonly atMs: number },
  pause: () => Promise<void>,
): Promise<void> {
  const all = [
    ...records.stepIds.map((id) => ({ what: 'steps', id }) as const),
    ...records.noticeIds.map((id) => ({ what: 'notices', id }) as const),
    ...records.importIds.map((id) => ({ what: 'imports', id }) as const),
  ];
  for (let from = 0; from < all.length; from += STEP) {
    await pause();
    inTransaction(db, () => {
      const counts = { steps: 0, notices: 0, imports: 0 };
      for (const { what, id } of all.slice(from, from + STEP)) counts[what] += forget(db, what, { id, beforeMs });
      if (counts.steps + counts.notices + counts.imports === 0) return;
      appendEvent(db, {
        kind: 'records-forgotten',
        payload: counts,
        ...{ siteId, actor: serviceActor('archive'), correlationId: freshRowId(), atMs },
      });
    });
  }
}

function forget(
  db: WritableDb,
  what: 'steps' | 'notices' | 'imports',
  of: { readonly id: string; readonly beforeMs: number },
): 0 | 1 {
  const run = (sql: string) => prepared(db, sql).run(of).changes;
  if (what === 'notices') return run(FORGET_NOTICE) > 0 ? 1 : 0;
  if (what === 'imports') return FORGET_IMPORT.map(run).some((changes) => changes > 0) ? 1 : 0;
  // Its links are what tells whether a study of it came: first whether it is one, then they, then itself.
  run(FORGET_STEP_LINKS);
  return run(FORGET_STEP) > 0 ? 1 : 0;
}
