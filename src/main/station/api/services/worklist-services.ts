import type {
  WorklistChoices,
  WorklistCounts,
  WorklistFilter,
  WorklistQuestion,
  WorklistRow,
  WorklistSlice,
  WorklistView,
  WorklistWindow,
} from '../../../../shared/contract/worklist.ts';
import type { WorklistViewId } from '../../../../shared/domain/ids.ts';
import type { Result } from '../../../../shared/domain/result.ts';
import type { Principal, Scope } from '../../access/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { durable } from '../../platform/store/durability.ts';
import type { WritableDb } from '../../platform/store/database.ts';
import {
  countFilters,
  deleteView,
  findNextUnread,
  listViews,
  listWindow,
  recordTaking,
  saveView,
  type SearchQuery,
  type SliceQuery,
  type WindowQuery,
} from '../../worklist/index.ts';
import type { Readers } from './readers.ts';

type Asked<Query> = Omit<Query, 'siteIds' | 'userId'>;
type Asking = WorklistQuestion & { readonly text?: string | undefined };
type Taken = { readonly rows: number; readonly total: number | null };

/** The worklist as the api has it. What walks far runs on the reader threads. */
export type WorklistServices = {
  list(principal: Principal, query: Asked<WindowQuery>): WorklistWindow;
  slice(principal: Principal, query: Asked<SliceQuery>): Promise<WorklistSlice>;
  search(principal: Principal, query: Asked<SearchQuery>): Promise<WorklistWindow>;
  counts(principal: Principal): WorklistCounts;
  choices(scope: Scope, filter: WorklistFilter): Promise<WorklistChoices>;
  next(scope: Scope): WorklistRow | null;
  /** Recorded before anything is handed out. */
  export(principal: Principal, question: Asking): Promise<Taken & { fileName: string; csv: string }>;
  print(principal: Principal, question: Asking): Promise<{ rows: WorklistRow[]; total: number | null; atMs: number }>;
  views(principal: Principal): WorklistView[];
  saveView(
    principal: Principal,
    view: Pick<WorklistView, 'name' | 'isShared' | 'question'> & { readonly viewId?: WorklistViewId | undefined },
  ): Result<WorklistView, { readonly code: 'view-not-found' | 'may-not-share' | 'too-many-views' }>;
  deleteView(
    principal: Principal,
    viewId: WorklistViewId,
  ): Result<null, { readonly code: 'view-not-found' | 'may-not-share' }>;
};

/** Binds the worklist. */
export function worklistServices(db: WritableDb, clock: Clock, readers: Readers): WorklistServices {
  const asks = ({ siteIds, userId }: Principal) => ({ siteIds, userId });
  return {
    list: (principal, query) => listWindow(db, { ...query, ...asks(principal) }),
    slice: (principal, query) => readers.run('list-slice', { ...query, ...asks(principal) }),
    search: (principal, query) => readers.run('search-rows', { ...query, ...asks(principal) }),
    counts: ({ siteIds, userId }) => countFilters(db, siteIds, userId),
    choices: ({ siteIds }, filter) => readers.run('list-choices', { siteIds, filter }),
    next: ({ siteIds }) => findNextUnread(db, siteIds),
    async export(principal, question) {
      const { csv, rows, total } = await readers.run('table-to-take', { ...question, ...asks(principal) });
      const atMs = clock.nowMs();
      recordTaking(db, principal, { form: 'csv', filter: question.filter, rows }, atMs);
      await durable(db);
      const stamp = new Date(atMs).toISOString().slice(0, 16).replace(/[-:]/g, '');
      return { fileName: `worklist-${stamp}Z.csv`, csv, rows, total };
    },
    async print(principal, question) {
      const { rows, total } = await readers.run('rows-to-take', { ...question, ...asks(principal) });
      const atMs = clock.nowMs();
      recordTaking(db, principal, { form: 'paper', filter: question.filter, rows: rows.length }, atMs);
      await durable(db);
      return { rows, total, atMs };
    },
    views: (principal) => listViews(db, principal),
    saveView: (principal, view) => saveView(db, principal, view, clock.nowMs()),
    deleteView: (principal, viewId) => deleteView(db, principal, viewId, clock.nowMs()),
  };
}
