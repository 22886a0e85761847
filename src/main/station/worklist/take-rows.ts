import { MOST_EXPORTED, MOST_PRINTED } from '../../../shared/contract/worklist.ts';
import { actorOf, type Principal } from '../access/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { ReadableDb, WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { csvRows } from './csv-rows.ts';
import { type ListQuestion, listSlice } from './slices.ts';

/** The rows of a list from its top, as many as may be printed, and how many it has. */
export function rowsToTake(db: ReadableDb, question: ListQuestion) {
  const { rows, total } = listSlice(db, { ...question, before: 0, limit: MOST_PRINTED });
  return { rows, total };
}

/** A table for a spreadsheet of the rows from its top, as many as may be exported, and how many it has. */
export function tableToTake(db: ReadableDb, question: ListQuestion) {
  const { rows, total } = listSlice(db, { ...question, before: 0, limit: MOST_EXPORTED });
  return { csv: csvRows(rows), rows: rows.length, total };
}

/** Records that somebody takes a list out of the station, before they have it. */
export function recordTaking(
  db: WritableDb,
  principal: Principal,
  taken: { readonly form: 'csv' | 'paper'; readonly filter: string; readonly rows: number },
  atMs: number,
): void {
  inTransaction(db, () =>
    appendEvent(db, {
      kind: 'worklist-taken',
      payload: taken,
      ...{ siteId: principal.siteId, actor: actorOf(principal), correlationId: freshRowId(), atMs },
    }),
  );
}
