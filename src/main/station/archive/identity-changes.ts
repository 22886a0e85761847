import type { CorrectionKind } from '../../../shared/domain/correction.ts';
import { freshRowId } from '../platform/ids.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

/**
 * What a correction touches, by the ids of studies and patients: it changes a subject, or relies on how that is. What it
 * merely concerns is named for the history.
 */
export type Subjects = {
  readonly changes?: readonly string[];
  readonly reliesOn?: readonly string[];
  readonly concerns?: readonly string[];
};

/** A correction about to be kept; detail and inverse hold ids and codes only. */
export type NewChange = {
  readonly changeId: string;
  readonly siteId: string;
  readonly kind: CorrectionKind;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly inverse: Readonly<Record<string, unknown>>;
  readonly subjects: Subjects;
  readonly actor: Actor;
  readonly atMs: number;
};

/** A correction on record. */
export type IdentityChange = {
  /** Rises with every correction; the key of a page. */
  readonly changeSeq: number;
  readonly changeId: string;
  readonly siteId: string;
  readonly kind: CorrectionKind;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly inverse: Readonly<Record<string, unknown>>;
  readonly madeBy: Actor;
  readonly madeAtMs: number;
  readonly undoneBy: string | null;
  readonly undoneAtMs: number | null;
};

const INSERT_CHANGE = `
  INSERT INTO identity_changes (change_id, site_id, kind, reason, detail, inverse, made_by_kind, made_by, made_at_ms)
  VALUES (@changeId, @siteId, @kind, @reason, @detail, @inverse, @madeByKind, @madeBy, @atMs)
`;
const INSERT_SUBJECT =
  'INSERT OR IGNORE INTO identity_change_subjects (site_id, subject, change_id, hold) VALUES (?, ?, ?, ?)';
const CHANGE_COLUMNS = `
  c.change_seq AS changeSeq, c.change_id AS changeId, c.site_id AS siteId, c.kind, c.reason, c.detail, c.inverse,
  c.made_by_kind AS madeByKind, c.made_by AS madeBy, c.made_at_ms AS madeAtMs, c.undone_by AS undoneBy, c.undone_at_ms AS undoneAtMs
`;
const FIND_CHANGE = `SELECT ${CHANGE_COLUMNS} FROM identity_changes c WHERE c.change_id = ?`;
/** Walks identity_changes_in_order backwards. */
export const LIST_CHANGES = `
  SELECT ${CHANGE_COLUMNS} FROM identity_changes c WHERE c.site_id = ? AND c.change_seq < ? ORDER BY c.change_seq DESC LIMIT ?
`;
/** Walks the primary key of the subjects. */
export const LIST_CHANGES_OF = `
  SELECT ${CHANGE_COLUMNS} FROM identity_change_subjects s JOIN identity_changes c ON c.change_id = s.change_id
   WHERE s.site_id = ? AND s.subject = ? ORDER BY c.change_seq DESC LIMIT 100
`;
/** A later correction that still stands and shares a subject, unless both only rely on it or one merely concerns it. */
export const FIND_LATER = `
  SELECT later.change_id AS changeId FROM identity_changes undone
    JOIN identity_change_subjects own ON own.change_id = undone.change_id
    JOIN identity_change_subjects other ON other.site_id = own.site_id AND other.subject = own.subject
    JOIN identity_changes later ON later.change_id = other.change_id AND later.change_seq > undone.change_seq
   WHERE undone.change_id = ? AND later.undone_at_ms IS NULL AND own.hold <> 'concerns' AND other.hold <> 'concerns'
     AND (own.hold = 'changes' OR other.hold = 'changes') LIMIT 1
`;
const MARK_UNDONE =
  'UPDATE identity_changes SET undone_by = ?, undone_at_ms = ? WHERE change_id = ? AND undone_at_ms IS NULL';

type ChangeRow = Omit<IdentityChange, 'detail' | 'inverse' | 'madeBy'> & {
  readonly detail: string;
  readonly inverse: string;
  readonly madeByKind: Actor['kind'];
  readonly madeBy: string;
};

/** An id for a correction. */
export function freshChangeId(): string {
  return freshRowId();
}

/** Keeps a correction with what undoes it, in the transaction that makes it. */
export function recordChange(db: WritableDb, change: NewChange): void {
  const { changeId, siteId, kind, reason, detail, inverse, subjects, actor, atMs } = change;
  prepared(db, INSERT_CHANGE).run({
    ...{ changeId, siteId, kind, reason, atMs },
    detail: JSON.stringify(detail),
    inverse: JSON.stringify(inverse),
    madeByKind: actor.kind,
    madeBy: actor.id,
  });
  const { changes = [], reliesOn = [], concerns = [] } = subjects;
  for (const subject of changes) prepared(db, INSERT_SUBJECT).run(siteId, subject, changeId, 'changes');
  for (const subject of reliesOn) prepared(db, INSERT_SUBJECT).run(siteId, subject, changeId, 'relies-on');
  for (const subject of concerns) noteConcerned(db, siteId, subject, changeId);
}

/** Puts a correction into the history of one more study. */
export function noteConcerned(db: WritableDb, siteId: string, subject: string, changeId: string): void {
  prepared(db, INSERT_SUBJECT).run(siteId, subject, changeId, 'concerns');
}

/** A correction by its id, or null. The caller holds the site against its own. */
export function findChange(db: ReadableDb, changeId: string): IdentityChange | null {
  const row = prepared<ChangeRow>(db, FIND_CHANGE).get(changeId);
  return row === undefined ? null : parseChange(row);
}

/** A site's corrections, newest first, before a key. */
export function listChanges(
  db: ReadableDb,
  siteId: string,
  before: number | null,
  limit: number,
): readonly IdentityChange[] {
  return prepared<ChangeRow>(db, LIST_CHANGES)
    .all(siteId, before ?? Number.MAX_SAFE_INTEGER, limit)
    .map(parseChange);
}

/** The corrections that touch a study or a patient, newest first. */
export function listChangesOf(db: ReadableDb, siteId: string, subject: string): readonly IdentityChange[] {
  return prepared<ChangeRow>(db, LIST_CHANGES_OF).all(siteId, subject).map(parseChange);
}

/** True where a later correction that stands builds on this one: that one has to be undone first. */
export function hasLaterChange(db: ReadableDb, changeId: string): boolean {
  return prepared(db, FIND_LATER).get(changeId) !== undefined;
}

/** Marks a correction as undone, by whom. */
export function markUndone(db: WritableDb, changeId: string, actor: Actor, atMs: number): void {
  prepared(db, MARK_UNDONE).run(actor.id, atMs, changeId);
}

function parseChange({ detail, inverse, madeByKind, madeBy, ...row }: ChangeRow): IdentityChange {
  return {
    ...row,
    detail: JSON.parse(detail) as IdentityChange['detail'],
    inverse: JSON.parse(inverse) as IdentityChange['inverse'],
    madeBy: { kind: madeByKind, id: madeBy },
  };
}
