import { MOST_EXPORTED, MOST_PRINTED } from '../../../shared/contract/worklist.ts';
import { actorOf, type Principal } from '../access/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { ReadableDb, WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { csvRows } from './csv-rows.ts';
import { searchRows } from './search-rows.ts';
import { type ListQuestion, listSlice } from './slices.ts';

/** What is taken out: a list, or only what a search finds of it, best first. */
export type TakeQuestion = ListQuestion & { readonly text?: string | undefined };

/** The first rows of what is asked for, as many as may be printed, and how many there are: null where a search finds more. */
export function rowsToTake(db: ReadableDb, question: TakeQuestion) {
  return firstRows(db, question, MOST_PRINTED);
}

/** A table for a spreadsheet of the first rows, as many as may be exported, and how many there are: null where a search finds more. */
export function tableToTake(db: ReadableDb, question: TakeQuestion) {
  const { rows, total } = firstRows(db, question, MOST_EXPORTED);
  return { csv: csvRows(rows), rows: rows.length, total };
}

function firstRows(db: ReadableDb, { text, ...question }: TakeQuestion, limit: number) {
  if (text === undefined) {
    const { rows, total } = listSlice(db, { ...question, before: 0, limit });
    return { rows, total };
  }
  const { rows, next } = searchRows(db, { ...question, text, limit });
  return { rows, total: next === null ? rows.length : null };
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
