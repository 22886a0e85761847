import type { Steps } from '../platform/in-turns.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** What others name as part of a study and is here or may come, and how much of that has not come. */
export type NamedCounts = { readonly named: number; readonly awaited: number };

type Flag = 0 | 1;
/** What is known of one instance. */
type Mention = { readonly isNamed: Flag; readonly isWithdrawn: Flag; readonly isHere: Flag };
type Known = Mention & { readonly studyUid: string };

/** Walks the primary key. */
export const FIND_NAMED = `
  SELECT study_uid AS studyUid, is_named AS isNamed, is_withdrawn AS isWithdrawn, is_here AS isHere
    FROM named_instances WHERE site_id = ? AND sop_uid = ?
`;
/** The study whose UID an instance carries, which a person may have split since. */
const FIND_STUDY_UID = `
  SELECT coalesce(o.study_uid, s.study_uid) AS studyUid FROM instances i JOIN studies s ON s.study_id = i.study_id
    LEFT JOIN studies o ON o.study_id = s.split_from WHERE i.site_id = ? AND i.sop_uid = ?
`;
/** A step that is of both studies: what it names may be of either. */
export const SHARE_A_STEP = `
  SELECT 1 FROM performed_step_studies a JOIN performed_step_studies b ON b.step_id = a.step_id
   WHERE a.site_id = @siteId AND a.study_uid = @one AND b.site_id = @siteId AND b.study_uid = @other LIMIT 1
`;
const PUT_NAMED = `
  INSERT INTO named_instances (site_id, sop_uid, study_uid, is_named, is_withdrawn, is_here)
  VALUES (@siteId, @sopUid, @studyUid, @isNamed, @isWithdrawn, @isHere)
  ON CONFLICT (site_id, sop_uid) DO UPDATE
     SET study_uid = excluded.study_uid, is_named = excluded.is_named, is_withdrawn = excluded.is_withdrawn, is_here = excluded.is_here
`;
const START_COUNT = 'INSERT OR IGNORE INTO named_counts (site_id, study_uid, named, awaited) VALUES (?, ?, 0, 0)';
const COUNT = 'UPDATE named_counts SET named = named + ?, awaited = awaited + ? WHERE site_id = ? AND study_uid = ?';
/** Walks the primary key. */
export const FIND_COUNTS = 'SELECT named, awaited FROM named_counts WHERE site_id = ? AND study_uid = ?';
const NOTHING_NAMED: NamedCounts = { named: 0, awaited: 0 };

/** What of a study is named and awaited; nothing where nobody named any of it. */
export function findNamedCounts(db: ReadableDb, siteId: string, studyUid: string): NamedCounts {
  return prepared<NamedCounts>(db, FIND_COUNTS).get(siteId, studyUid) ?? NOTHING_NAMED;
}

/**
 * Somebody says of instances of a study that they exist, or their holder that they are available, or are not. Each counts
 * once, whoever else names it and in whatever order things come: only what a holder says later replaces what it said.
 * `alsoOf`: other studies that it may be of, where who names it does not say of which.
 */
export function mentionInstances(
  db: WritableDb,
  study: { readonly siteId: string; readonly studyUid: string; readonly alsoOf?: readonly string[] },
  sopUids: readonly string[],
  how: 'exists' | 'available' | 'unavailable',
): void {
  const changes = new Map<string, NamedCounts>();
  for (const sopUid of sopUids) {
    const known = find(db, study.siteId, sopUid);
    const place = known === undefined ? findPlace(db, study, sopUid) : known;
    const before: Mention = known ?? { isNamed: 0, isWithdrawn: 0, isHere: place.isHere };
    const after: Mention = {
      isNamed: how === 'unavailable' ? before.isNamed : 1,
      isWithdrawn: how === 'exists' ? before.isWithdrawn : how === 'unavailable' ? 1 : 0,
      isHere: before.isHere,
    };
    // Said before: a modality repeats its list as it grows.
    if (known?.isNamed === after.isNamed && known.isWithdrawn === after.isWithdrawn) continue;
    const { studyUid } = place;
    const change = put(db, { siteId: study.siteId, studyUid, sopUid }, before, after);
    const { named, awaited } = changes.get(studyUid) ?? NOTHING_NAMED;
    changes.set(studyUid, { named: named + change.named, awaited: awaited + change.awaited });
  }
  for (const [studyUid, change] of changes) count(db, study.siteId, studyUid, change);
}

/** A message may name so many instances; a longer list is refused, not cut. */
export const MOST_NAMED = 40_000;
/** Named within the transaction of the message itself, up to so many at a time. */
const NAMED_AT_ONCE = 256;

/**
 * Mentions a long list a part at a time, each in a transaction of its own, ahead of the message that names it; gives what
 * is left for the message's own transaction. Where the rest never comes, a study awaits what it will then be told of again,
 * and nothing is complete by it: what counts is the step or notice, written last.
 */
export function* mentionAhead(
  db: WritableDb,
  study: { readonly siteId: string; readonly studyUid: string; readonly alsoOf?: readonly string[] },
  sopUids: readonly string[],
  how: 'exists' | 'available' | 'unavailable',
): Steps<readonly string[]> {
  if (sopUids.length <= NAMED_AT_ONCE) return sopUids;
  for (let at = 0; at < sopUids.length; at += NAMED_AT_ONCE) {
    inTransaction(db, () => mentionInstances(db, study, sopUids.slice(at, at + NAMED_AT_ONCE), how));
    yield;
  }
  return [];
}

/**
 * An instance of a study arrived. True when it was the last one awaited of what is named of that study. Costs one look-up
 * where nobody named it, however much is named of its study. One named of another study is still awaited there, unless one
 * step is of both: then it was this one's all the time.
 */
export function noteNamedArrival(
  db: WritableDb,
  { siteId, studyUid, sopUid }: { readonly siteId: string; readonly studyUid: string; readonly sopUid: string },
): boolean {
  const known = find(db, siteId, sopUid);
  if (known === undefined || known.isHere === 1) return false;
  const isMeant = known.studyUid === studyUid || shareAStep(db, siteId, known.studyUid, studyUid);
  if (!isMeant) return false;
  const arrived: Mention = { ...known, isHere: 1 };
  put(db, { siteId, studyUid, sopUid }, known, arrived);
  const [was, is] = [countsOf(known), countsOf(arrived)];
  count(db, siteId, known.studyUid, { named: -was.named, awaited: -was.awaited });
  count(db, siteId, studyUid, is);
  return findNamedCounts(db, siteId, studyUid).awaited === 0;
}

const shareAStep = (db: ReadableDb, siteId: string, one: string, other: string): boolean =>
  prepared(db, SHARE_A_STEP).get({ siteId, one, other }) !== undefined;

const find = (db: ReadableDb, siteId: string, sopUid: string) => prepared<Known>(db, FIND_NAMED).get(siteId, sopUid);

/** Of which of the studies an instance is that is named for the first time, and whether it is here. */
function findPlace(
  db: ReadableDb,
  { siteId, studyUid, alsoOf = [] }: { siteId: string; studyUid: string; alsoOf?: readonly string[] },
  sopUid: string,
): { readonly studyUid: string; readonly isHere: Flag } {
  const here = prepared<{ studyUid: string }>(db, FIND_STUDY_UID).get(siteId, sopUid)?.studyUid;
  if (here !== undefined && (here === studyUid || alsoOf.includes(here))) return { studyUid: here, isHere: 1 };
  return { studyUid, isHere: 0 };
}

/** Writes down what is known of one instance, and gives by how much it changes its study's counts. */
function put(
  db: WritableDb,
  instance: { readonly siteId: string; readonly studyUid: string; readonly sopUid: string },
  before: Mention,
  after: Mention,
): NamedCounts {
  const { isNamed, isWithdrawn, isHere: here } = after;
  prepared(db, PUT_NAMED).run({ ...instance, isNamed, isWithdrawn, isHere: here });
  const [was, is] = [countsOf(before), countsOf(after)];
  return { named: is.named - was.named, awaited: is.awaited - was.awaited };
}

function count(db: WritableDb, siteId: string, studyUid: string, change: NamedCounts): void {
  if (change.named === 0 && change.awaited === 0) return;
  prepared(db, START_COUNT).run(siteId, studyUid);
  prepared(db, COUNT).run(change.named, change.awaited, siteId, studyUid);
}

/** How one instance counts: named unless it will never come, awaited until it is here. */
function countsOf({ isNamed, isWithdrawn, isHere: here }: Mention): NamedCounts {
  const mayCome = isWithdrawn === 0;
  return {
    named: isNamed === 1 && (here === 1 || mayCome) ? 1 : 0,
    awaited: isNamed === 1 && here === 0 && mayCome ? 1 : 0,
  };
}
