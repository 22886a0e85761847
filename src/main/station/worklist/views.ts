import { WorklistQuestion, type WorklistView } from '../../../shared/contract/worklist.ts';
import { WorklistViewId } from '../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { actorOf, type Principal } from '../access/index.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** Views of one's own at most, and shared ones of a site: more than anybody looks through. */
const MOST_VIEWS = 100;

const LIST_VIEWS = `
  SELECT view_id AS viewId, owner_id AS ownerId, name, is_shared AS isShared, question FROM worklist_views
   WHERE site_id = @siteId AND (owner_id = @userId OR is_shared = 1) ORDER BY is_shared, name, view_id
`;
const FIND_VIEW = `
  SELECT view_id AS viewId, owner_id AS ownerId, name, is_shared AS isShared, question FROM worklist_views
   WHERE site_id = @siteId AND view_id = @viewId AND (owner_id = @userId OR is_shared = 1)
`;
const PUT_VIEW = `
  INSERT INTO worklist_views (view_id, site_id, owner_id, name, is_shared, question, changed_at_ms)
  VALUES (@viewId, @siteId, @userId, @name, @isShared, @question, @atMs)
  ON CONFLICT (view_id) DO UPDATE SET name = excluded.name, is_shared = excluded.is_shared, question = excluded.question, changed_at_ms = excluded.changed_at_ms
`;
const DELETE_VIEW = 'DELETE FROM worklist_views WHERE view_id = ?';
type ViewRow = {
  readonly viewId: string;
  readonly ownerId: string;
  readonly name: string;
  readonly isShared: 0 | 1;
  readonly question: string;
};
type Saved = Pick<WorklistView, 'name' | 'isShared' | 'question'> & { readonly viewId?: WorklistViewId | undefined };

/** The views this person may use: their own, then those shared at their site, each by name. One that no longer reads is left out. */
export function listViews(db: ReadableDb, { siteId, userId }: Principal): WorklistView[] {
  return prepared<ViewRow>(db, LIST_VIEWS)
    .all({ siteId, userId })
    .flatMap((row) => showView(row, userId) ?? []);
}

/**
 * Saves a view, with its event. A shared one, or one that was, takes the permission to share; a view of somebody else's that
 * is not shared is as one that is not there.
 */
export function saveView(
  db: WritableDb,
  principal: Principal,
  { viewId, name, isShared, question }: Saved,
  atMs: number,
): Result<WorklistView, { code: 'view-not-found' | 'may-not-share' | 'too-many-views' }> {
  const { siteId, userId } = principal;
  return inTransaction(db, () => {
    const before = viewId === undefined ? undefined : findView(db, principal, viewId);
    if (viewId !== undefined && before === undefined) return err({ code: 'view-not-found' });
    if ((isShared || before?.isShared === 1) && !mayShare(principal)) return err({ code: 'may-not-share' });
    if (before === undefined && listViews(db, principal).length >= MOST_VIEWS) return err({ code: 'too-many-views' });
    const saved = { viewId: viewId ?? WorklistViewId.parse(freshRowId()), name, isShared, question };
    prepared(db, PUT_VIEW).run({
      ...{ viewId: saved.viewId, siteId, userId, name, isShared: isShared ? 1 : 0, atMs },
      question: JSON.stringify(question),
    });
    tell(db, principal, { kind: 'worklist-view-saved', payload: { viewId: saved.viewId, isShared } }, atMs);
    return ok({ ...saved, isOwn: (before?.ownerId ?? userId) === userId });
  });
}

/** Deletes a view, with its event. */
export function deleteView(
  db: WritableDb,
  principal: Principal,
  viewId: WorklistViewId,
  atMs: number,
): Result<null, { code: 'view-not-found' | 'may-not-share' }> {
  return inTransaction(db, () => {
    const view = findView(db, principal, viewId);
    if (view === undefined) return err({ code: 'view-not-found' });
    if (view.isShared === 1 && !mayShare(principal)) return err({ code: 'may-not-share' });
    prepared(db, DELETE_VIEW).run(viewId);
    tell(db, principal, { kind: 'worklist-view-deleted', payload: { viewId } }, atMs);
    return ok(null);
  });
}

function findView(db: ReadableDb, { siteId, userId }: Principal, viewId: string): ViewRow | undefined {
  return prepared<ViewRow>(db, FIND_VIEW).get({ siteId, userId, viewId });
}

function showView(row: ViewRow, userId: string): WorklistView | null {
  const question = WorklistQuestion.safeParse(JSON.parse(row.question));
  if (!question.success) return null;
  const { name, ownerId } = row;
  return {
    ...{ name, question: question.data, isShared: row.isShared === 1, isOwn: ownerId === userId },
    viewId: WorklistViewId.parse(row.viewId),
  };
}

function mayShare({ permissions }: Principal): boolean {
  return permissions.includes('worklist.share');
}

function tell(
  db: WritableDb,
  principal: Principal,
  event:
    | { readonly kind: 'worklist-view-saved'; readonly payload: { viewId: string; isShared: boolean } }
    | { readonly kind: 'worklist-view-deleted'; readonly payload: { viewId: string } },
  atMs: number,
): void {
  appendEvent(db, {
    ...event,
    ...{ siteId: principal.siteId, actor: actorOf(principal), correlationId: freshRowId(), atMs },
  });
}
