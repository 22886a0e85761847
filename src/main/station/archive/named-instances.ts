import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';

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
const IS_HERE = 'SELECT 1 FROM instances WHERE site_id = ? AND sop_uid = ?';
const PUT_NAMED = `
  INSERT INTO named_instances (site_id, sop_uid, study_uid, is_named, is_withdrawn, is_here)
  VALUES (@siteId, @sopUid, @studyUid, @isNamed, @isWithdrawn, @isHere)
  ON CONFLICT (site_id, sop_uid) DO UPDATE
     SET is_named = excluded.is_named, is_withdrawn = excluded.is_withdrawn, is_here = excluded.is_here
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
 */
export function mentionInstances(
  db: WritableDb,
  study: { readonly siteId: string; readonly studyUid: string },
  sopUids: readonly string[],
  how: 'exists' | 'available' | 'unavailable',
): void {
  const changes = new Map<string, NamedCounts>();
  for (const sopUid of sopUids) {
    const known = find(db, study.siteId, sopUid);
    const before = known ?? { isNamed: 0, isWithdrawn: 0, isHere: isHere(db, study.siteId, sopUid) };
    const after: Mention = {
      isNamed: how === 'unavailable' ? before.isNamed : 1,
      isWithdrawn: how === 'exists' ? before.isWithdrawn : how === 'unavailable' ? 1 : 0,
      isHere: before.isHere,
    };
    // Said before: a modality repeats its list as it grows.
    if (known?.isNamed === after.isNamed && known.isWithdrawn === after.isWithdrawn) continue;
    const studyUid = known?.studyUid ?? study.studyUid;
    const change = put(db, { siteId: study.siteId, studyUid, sopUid }, before, after);
    const { named, awaited } = changes.get(studyUid) ?? NOTHING_NAMED;
    changes.set(studyUid, { named: named + change.named, awaited: awaited + change.awaited });
  }
  for (const [studyUid, change] of changes) count(db, study.siteId, studyUid, change);
}

/**
 * An instance arrived. True when it was the last one awaited of what is named of its study. Costs one look-up where nobody
 * named it, however much is named of its study.
 */
export function noteNamedArrival(db: WritableDb, siteId: string, sopUid: string): boolean {
  const known = find(db, siteId, sopUid);
  if (known === undefined || known.isHere === 1) return false;
  count(
    db,
    siteId,
    known.studyUid,
    put(db, { siteId, studyUid: known.studyUid, sopUid }, known, { ...known, isHere: 1 }),
  );
  return findNamedCounts(db, siteId, known.studyUid).awaited === 0;
}

const find = (db: ReadableDb, siteId: string, sopUid: string) => prepared<Known>(db, FIND_NAMED).get(siteId, sopUid);

const isHere = (db: ReadableDb, siteId: string, sopUid: string): Flag =>
  prepared(db, IS_HERE).get(siteId, sopUid) === undefined ? 0 : 1;

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
