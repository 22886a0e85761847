import type { ImportCode, ImportFileCode, ImportSource, ImportState } from '../../../shared/domain/media.ts';
import type { QuarantineReason } from '../../../shared/domain/study.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** How many files of an import came to what. */
export type ImportCounts = {
  readonly found: number;
  readonly stored: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly notDicom: number;
  readonly failed: number;
};

/** An import and how far it is; `place` is the configured folder's name and the path in it. */
export type Import = ImportCounts & {
  readonly importId: string;
  readonly siteId: string;
  readonly source: ImportSource;
  readonly place: string | null;
  readonly state: ImportState;
  readonly code: ImportCode | null;
  readonly askedByKind: Actor['kind'];
  readonly askedBy: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly studies: number;
  /** How often it went on after it was interrupted, since a person last asked for it. */
  readonly resumed: number;
};

/** What an import brought of one study. */
export type ImportedStudy = {
  readonly studyUid: string;
  readonly stored: number;
  readonly duplicates: number;
  readonly quarantined: number;
};

/** A file not taken, by its path as it came. */
export type ImportRefusal = { readonly name: string; readonly code: ImportFileCode | QuarantineReason };

const COLUMNS = `
  import_id AS importId, site_id AS siteId, source, place, state, code, asked_by_kind AS askedByKind, asked_by AS askedBy, found, stored,
  duplicates, quarantined, not_dicom AS notDicom, failed, started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs, resumed,
  (SELECT count(*) FROM import_studies s WHERE s.import_id = imports.import_id) AS studies
`;
const INSERT = `
  INSERT INTO imports (import_id, site_id, source, place, state, asked_by_kind, asked_by, started_at_ms)
  VALUES (@importId, @siteId, @source, @place, 'running', @askedByKind, @askedBy, @atMs)
`;
const GET = `SELECT ${COLUMNS} FROM imports WHERE import_id = ?`;
/** Walks imports_in_order. */
export const LIST_IMPORTS = `
  SELECT ${COLUMNS} FROM imports WHERE site_id = @siteId ORDER BY started_at_ms DESC, import_id DESC LIMIT @limit
`;
/** Walks imports_running. */
export const LIST_RUNNING_IMPORTS = "SELECT import_id AS importId FROM imports WHERE state = 'running'";
const NOTE = `
  UPDATE imports SET found = @found, stored = @stored, duplicates = @duplicates, quarantined = @quarantined, not_dicom = @notDicom,
         failed = @failed
   WHERE import_id = @importId AND state = 'running'
`;
const PUT_STUDY = `
  INSERT INTO import_studies (import_id, site_id, study_uid, stored, duplicates, quarantined)
  VALUES (@importId, @siteId, @studyUid, @stored, @duplicates, @quarantined)
  ON CONFLICT (import_id, study_uid) DO UPDATE
     SET stored = excluded.stored, duplicates = excluded.duplicates, quarantined = excluded.quarantined
`;
const PUT_REFUSAL = `
  INSERT INTO import_refusals (import_id, site_id, ordinal, name, code) VALUES (@importId, @siteId, @ordinal, @name, @code)
`;
const END =
  'UPDATE imports SET state = @state, code = @code, ended_at_ms = @atMs WHERE import_id = @importId AND ended_at_ms IS NULL';
const RESUME = `
  UPDATE imports SET state = 'running', code = NULL, ended_at_ms = NULL, resumed = @resumed,
         found = 0, stored = 0, duplicates = 0, quarantined = 0, not_dicom = 0, failed = 0
   WHERE import_id = @importId
`;
const FORGET_STUDIES = 'DELETE FROM import_studies WHERE import_id = ?';
const FORGET_REFUSALS = 'DELETE FROM import_refusals WHERE import_id = ?';
/** Walks the primary key of instance_versions. */
export const WAS_BROUGHT = `
  SELECT 1 FROM instance_versions WHERE site_id = @siteId AND sop_uid = @sopUid AND +peer_id = @peerId AND +received_at_ms >= @sinceMs LIMIT 1
`;
const LIST_STUDIES = `
  SELECT study_uid AS studyUid, stored, duplicates, quarantined FROM import_studies WHERE import_id = ? ORDER BY study_uid
`;
const LIST_REFUSALS = 'SELECT name, code FROM import_refusals WHERE import_id = ? ORDER BY ordinal';

/** Begins an import, on the ledger too. */
export function startImport(
  db: WritableDb,
  input: {
    readonly siteId: string;
    readonly source: ImportSource;
    readonly place: string | null;
    readonly actor: Actor;
    readonly atMs: number;
  },
): Import {
  return inTransaction(db, () => {
    const importId = freshRowId();
    const { siteId, source, place, actor, atMs } = input;
    prepared(db, INSERT).run({
      ...{ importId, siteId, source, place, atMs },
      ...{ askedByKind: actor.kind, askedBy: actor.id },
    });
    appendEvent(db, {
      kind: 'import-started',
      payload: { importId, source },
      ...{ siteId, actor, atMs, correlationId: importId },
    });
    return getImport(db, importId);
  });
}

/** What is newly known of a running import. `refusals` begin at the ordinal given. */
export type ImportNote = {
  readonly counts: ImportCounts;
  readonly studies: readonly ImportedStudy[];
  readonly refusals: readonly ImportRefusal[];
  readonly firstOrdinal: number;
};

/** Notes how far an import is. */
export function noteImport(db: WritableDb, { importId, siteId }: Import, note: ImportNote): void {
  inTransaction(db, () => {
    prepared(db, NOTE).run({ importId, ...note.counts });
    for (const study of note.studies) prepared(db, PUT_STUDY).run({ importId, siteId, ...study });
    for (const [index, refusal] of note.refusals.entries())
      prepared(db, PUT_REFUSAL).run({ importId, siteId, ordinal: note.firstOrdinal + index, ...refusal });
  });
}

/** Ends an import and says so, once; `actor` is who ended it. */
export function endImport(
  db: WritableDb,
  importId: string,
  { state, code }: { readonly state: Exclude<ImportState, 'running'>; readonly code: ImportCode | null },
  actor: Actor,
  atMs: number,
): void {
  inTransaction(db, () => {
    if (prepared(db, END).run({ importId, state, code, atMs }).changes === 0) return;
    const { siteId, found, stored, duplicates, quarantined, notDicom, failed } = getImport(db, importId);
    appendEvent(db, {
      kind: 'import-ended',
      payload: { importId, state, code, found, stored, duplicates, quarantined, refused: notDicom + failed },
      ...{ siteId, actor, atMs, correlationId: importId },
    });
  });
}

/**
 * Lets an import that was interrupted, or ended before its time, run again under its own name, and says so. Everything is
 * looked at once more and counted from nothing, so that the counts are right whatever was lost with them.
 */
export function resumeImport(db: WritableDb, importId: string, resumed: number, actor: Actor, atMs: number): Import {
  return inTransaction(db, () => {
    prepared(db, RESUME).run({ importId, resumed });
    prepared(db, FORGET_STUDIES).run(importId);
    prepared(db, FORGET_REFUSALS).run(importId);
    const one = getImport(db, importId);
    appendEvent(db, {
      kind: 'import-resumed',
      payload: { importId, source: one.source },
      ...{ siteId: one.siteId, actor, atMs, correlationId: importId },
    });
    return one;
  });
}

/** Whether an object that is here already came with this import, before it was interrupted. */
export function wasBroughtBy(db: ReadableDb, { siteId, startedAtMs }: Import, peerId: string, sopUid: string): boolean {
  return prepared(db, WAS_BROUGHT).get({ siteId, sopUid, peerId, sinceMs: startedAtMs }) !== undefined;
}

/** Imports that an earlier process left running. */
export function listImportsLeftRunning(db: ReadableDb): readonly Import[] {
  return prepared<{ importId: string }>(db, LIST_RUNNING_IMPORTS)
    .all()
    .map(({ importId }) => getImport(db, importId));
}

/** The newest imports of a site. */
export function listImports(db: ReadableDb, siteId: string, limit: number): readonly Import[] {
  return prepared<Import>(db, LIST_IMPORTS).all({ siteId, limit });
}

/** An import of a site, or null. */
export function findImport(db: ReadableDb, siteId: string, importId: string): Import | null {
  const row = prepared<Import>(db, GET).get(importId);
  return row === undefined || row.siteId !== siteId ? null : row;
}

/** What an import brought, study by study. */
export function listImportedStudies(db: ReadableDb, importId: string): readonly ImportedStudy[] {
  return prepared<ImportedStudy>(db, LIST_STUDIES).all(importId);
}

/** Files not taken, in the order they were met; as many as were kept by name. */
export function listImportRefusals(db: ReadableDb, importId: string): readonly ImportRefusal[] {
  return prepared<ImportRefusal>(db, LIST_REFUSALS).all(importId);
}

function getImport(db: ReadableDb, importId: string): Import {
  const row = prepared<Import>(db, GET).get(importId);
  if (row === undefined) throw new Error('an import is not there');
  return row;
}
