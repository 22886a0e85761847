import type { ExportCode, ExportForm, ExportState } from '../../../shared/domain/media.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** A study written into a folder, and how far that is; `name` is what is made in the folder. */
export type Export = {
  readonly exportId: string;
  readonly siteId: string;
  readonly studyId: string;
  readonly form: ExportForm;
  readonly folder: string;
  readonly name: string;
  readonly state: ExportState;
  readonly code: ExportCode | null;
  readonly total: number;
  readonly written: number;
  readonly missing: number;
  readonly askedByKind: Actor['kind'];
  readonly askedBy: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
};

const COLUMNS = `
  export_id AS exportId, site_id AS siteId, study_id AS studyId, form, folder, name, state, code, total, written, missing,
  asked_by_kind AS askedByKind, asked_by AS askedBy, started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs
`;
const INSERT = `
  INSERT INTO exports (export_id, site_id, study_id, form, folder, name, state, total, asked_by_kind, asked_by, started_at_ms)
  VALUES (@exportId, @siteId, @studyId, @form, @folder, @name, 'running', @total, @askedByKind, @askedBy, @atMs)
`;
const GET = `SELECT ${COLUMNS} FROM exports WHERE export_id = ?`;
/** Walks exports_in_order. */
export const LIST_EXPORTS = `
  SELECT ${COLUMNS} FROM exports WHERE site_id = @siteId ORDER BY started_at_ms DESC, export_id DESC LIMIT @limit
`;
/** Walks exports_running. */
export const LIST_RUNNING_EXPORTS = `SELECT ${COLUMNS} FROM exports WHERE state = 'running'`;
const NOTE = 'UPDATE exports SET written = @written, missing = @missing WHERE export_id = @exportId';
const END =
  'UPDATE exports SET state = @state, code = @code, ended_at_ms = @atMs WHERE export_id = @exportId AND ended_at_ms IS NULL';

/** A study begins to leave: who takes what of it, recorded before the first byte. */
export type Leaving = {
  readonly siteId: string;
  readonly studyId: string;
  readonly form: ExportForm;
  readonly objects: number;
  readonly missing: number;
  readonly actor: Actor;
  readonly atMs: number;
};

/** Records that a study leaves as a download. */
export function recordDownload(db: WritableDb, leaving: Leaving): void {
  inTransaction(db, () => recordLeaving(db, leaving, 'download', freshRowId()));
}

/** Begins an export into a folder. */
export function startExport(db: WritableDb, { folder, ...leaving }: Leaving & { readonly folder: string }): Export {
  return inTransaction(db, () => {
    const exportId = freshRowId();
    const { siteId, studyId, form, objects, actor, atMs } = leaving;
    const stamp = new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
    const name = `WETREAD-${stamp}-${exportId.slice(-6)}`;
    prepared(db, INSERT).run({
      ...{ exportId, siteId, studyId, form, folder, name, total: objects, atMs },
      ...{ askedByKind: actor.kind, askedBy: actor.id },
    });
    recordLeaving(db, leaving, 'folder', exportId);
    return getExport(db, exportId);
  });
}

/** Notes how far an export is. */
export function noteExport(db: WritableDb, exportId: string, counts: { written: number; missing: number }): void {
  inTransaction(db, () => prepared(db, NOTE).run({ exportId, ...counts }));
}

/** Ends an export and says so, once. */
export function endExport(
  db: WritableDb,
  exportId: string,
  { state, code }: { readonly state: Exclude<ExportState, 'running'>; readonly code: ExportCode | null },
  actor: Actor,
  atMs: number,
): void {
  inTransaction(db, () => {
    if (prepared(db, END).run({ exportId, state, code, atMs }).changes === 0) return;
    const { siteId, studyId, written, missing } = getExport(db, exportId);
    appendEvent(db, {
      kind: 'export-ended',
      payload: { exportId, state, code, written, missing },
      ...{ siteId, studyId, actor, atMs, correlationId: exportId },
    });
  });
}

/** At a start: exports that a stopped process left half done, which have failed by this. */
export function endExportsLeftRunning(db: WritableDb, atMs: number): readonly Export[] {
  const left = prepared<Export>(db, LIST_RUNNING_EXPORTS).all();
  for (const { exportId } of left)
    endExport(db, exportId, { state: 'failed', code: 'station-restarted' }, serviceActor('export'), atMs);
  return left;
}

/** The newest exports of a site. */
export function listExports(db: ReadableDb, siteId: string, limit: number): readonly Export[] {
  return prepared<Export>(db, LIST_EXPORTS).all({ siteId, limit });
}

/** An export of a site, or null. */
export function findExport(db: ReadableDb, siteId: string, exportId: string): Export | null {
  const row = prepared<Export>(db, GET).get(exportId);
  return row === undefined || row.siteId !== siteId ? null : row;
}

function getExport(db: ReadableDb, exportId: string): Export {
  const row = prepared<Export>(db, GET).get(exportId);
  if (row === undefined) throw new Error('an export is not there');
  return row;
}

function recordLeaving(db: WritableDb, leaving: Leaving, to: 'download' | 'folder', correlationId: string): void {
  const { siteId, studyId, form, objects, missing, actor, atMs } = leaving;
  appendEvent(db, {
    kind: 'study-exported',
    payload: { form, to, objects, missing },
    ...{ siteId, studyId, actor, atMs, correlationId },
  });
}
