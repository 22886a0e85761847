import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { findObject, isExpected, type ObjectRecord, recordEvicted } from '../platform/objects/records.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { EvictionCause } from '../../../shared/contract/keeping.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Completeness } from '../../../shared/domain/study.ts';
import { isCorrected, isHeldElsewhere } from './held-elsewhere.ts';
import { isHeld } from './holds.ts';
import { keepPixelDigests, type PixelDigests, pixelDigestsOf, type PixelTools } from './pixel-digests.ts';
import { isInQuarantine } from './quarantine.ts';

/** A study that is old enough to leave. `keptSinceMs`: when its last object came, or came back. */
export type EvictionCandidate = {
  readonly studyId: string;
  readonly lastReceivedAtMs: number;
  readonly keptSinceMs: number;
};

/** A place in the walk over a site's studies, oldest first. */
export type EvictionPlace = Pick<EvictionCandidate, 'lastReceivedAtMs' | 'studyId'>;

/** Files that no row asks for any more. */
export type FreedFiles = readonly Pick<ObjectRecord, 'digest' | 'encoding'>[];

/** Walks studies_kept_by_age. */
export const LIST_KEPT_BY_AGE = `
  SELECT study_id AS studyId, last_received_at_ms AS lastReceivedAtMs,
         max(last_received_at_ms, coalesce(returned_at_ms, 0)) AS keptSinceMs
    FROM studies INDEXED BY studies_kept_by_age
   WHERE site_id = @siteId AND deleted_at_ms IS NULL AND evicted_at_ms IS NULL
     AND (last_received_at_ms, study_id) > (@lastReceivedAtMs, @studyId) AND last_received_at_ms < @beforeMs
   ORDER BY last_received_at_ms, study_id LIMIT 50
`;
const FIND_STUDY = `
  SELECT site_id AS siteId, patient_id AS patientId, correlation_id AS correlationId, completeness FROM studies
   WHERE study_id = ? AND deleted_at_ms IS NULL AND evicted_at_ms IS NULL
`;
/** Walks instances_by_study. */
const LIST_CURRENT = `
  SELECT v.sop_uid AS sopUid, v.digest, v.transfer_syntax_uid AS transferSyntaxUid FROM instances i JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.study_id = ?
`;
/** Every site that has an instance, each found by one step into their unique index. */
const HOLDING_SITES = `
  WITH RECURSIVE holding (site_id) AS (
    SELECT min(site_id) FROM instances
    UNION ALL SELECT (SELECT min(i.site_id) FROM instances i WHERE i.site_id > holding.site_id) FROM holding WHERE site_id IS NOT NULL)
`;
/**
 * An object is one file whichever sites have it: another study that counts on it keeps it, and so does the quarantine of any
 * site, also where it was discarded: it may be taken back.
 */
export const FIND_OTHER_USE = `
  ${HOLDING_SITES}
  SELECT 1 FROM holding JOIN instance_versions v ON v.site_id = holding.site_id AND v.sop_uid = @sopUid AND v.digest = @digest
    JOIN instances i ON i.instance_id = v.instance_id JOIN studies s ON s.study_id = i.study_id
   WHERE i.study_id <> @studyId AND s.evicted_at_ms IS NULL
  UNION ALL
  SELECT 1 FROM quarantine q WHERE q.digest = @digest AND +q.state <> 'released'
  LIMIT 1
`;
const MARK_EVICTED = 'UPDATE studies SET evicted_at_ms = ? WHERE study_id = ?';
const COUNT_GONE = `
  ${HOLDING_SITES}
  UPDATE studies SET evicted_objects = evicted_objects + @gone,
         evicted_at_ms = iif(@gone < 0, NULL, evicted_at_ms), returned_at_ms = iif(@gone < 0, @atMs, returned_at_ms)
   WHERE study_id IN (SELECT i.study_id FROM holding
     JOIN instance_versions v ON v.site_id = holding.site_id AND v.sop_uid = @sopUid AND v.digest = @digest AND v.is_current = 1
     JOIN instances i ON i.instance_id = v.instance_id)
`;

const COUNT_CURRENT_AWAY = `
  UPDATE studies SET evicted_objects = max(0, evicted_objects + @away), evicted_at_ms = NULL, returned_at_ms = @atMs WHERE study_id = @studyId
`;

/** Objects let go in one transaction, on the main thread. */
const STEP = 64;

/** Studies of a site that came before a moment and are here, oldest first, from a place on; at most 50. */
export function listKeptByAge(
  db: ReadableDb,
  siteId: string,
  beforeMs: number,
  after: EvictionPlace = { lastReceivedAtMs: Number.MIN_SAFE_INTEGER, studyId: '' },
): readonly EvictionCandidate[] {
  return prepared<EvictionCandidate>(db, LIST_KEPT_BY_AGE).all({ siteId, beforeMs, ...after });
}

/** What keeps a study that came to an end from leaving. */
export type EvictionObstacle = 'held' | 'corrected' | 'in-quarantine' | 'unproven';
type EvictionRefusal = { readonly code: 'not-here' | 'still-receiving' | EvictionObstacle };

/**
 * The first thing that keeps a study here: somebody holds it; people corrected whose it is, so that what an archive gives back
 * would not be what is here; something of it waits for a person; no archive is known to hold all of it. Null: nothing does.
 */
export function findObstacle(db: ReadableDb, studyId: string): EvictionObstacle | null {
  if (isHeld(db, studyId)) return 'held';
  if (isCorrected(db, studyId)) return 'corrected';
  if (isInQuarantine(db, studyId)) return 'in-quarantine';
  return isHeldElsewhere(db, studyId) ? null : 'unproven';
}

/**
 * Lets a study's files go, a step of at most 64 objects at a time: their rows say so first, and the files given to `freed` are
 * then nobody's. Only where the study came to an end and nothing keeps it here. A file that another study or quarantine counts
 * on stays. The study itself is marked last: cut short, it is a candidate again, and the rest goes then. A study that is still to
 * be read may go as well: it is fetched again when asked for. Of every object it is kept what its pixels are known by, so that
 * what comes back can be told from something else.
 */
export async function evictStudy(
  db: WritableDb,
  { studyId, because, atMs }: { readonly studyId: string; readonly because: EvictionCause; readonly atMs: number },
  freed: (files: FreedFiles) => Promise<void>,
  pixels: PixelTools,
): Promise<Result<{ readonly objects: number; readonly bytes: number }, EvictionRefusal>> {
  const before = findEvictable(db, studyId);
  if (!before.ok) return before;
  const current = prepared<Current>(db, LIST_CURRENT).all(studyId);
  let [objects, bytes] = [0, 0];
  for (let from = 0; from < current.length; from += STEP) {
    const part: (Current & { readonly kept: PixelDigests | null })[] = [];
    for (const one of current.slice(from, from + STEP))
      part.push({ ...one, kept: await pixelDigestsOf({ db, ...pixels }, one) });
    const step = inTransaction(db, () => {
      const study = findEvictable(db, studyId);
      if (!study.ok) return study;
      for (const { digest, kept } of part) if (kept !== null) keepPixelDigests(db, digest, kept);
      return ok(freeStep(db, studyId, part, atMs));
    });
    if (!step.ok) return step;
    objects += step.value.length;
    bytes += step.value.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    await freed(step.value);
  }
  return inTransaction(db, () => {
    const study = findEvictable(db, studyId);
    if (!study.ok) return study;
    const { siteId, patientId, correlationId } = study.value;
    prepared(db, MARK_EVICTED).run(atMs, studyId);
    appendEvent(db, {
      kind: 'study-evicted',
      payload: { objects, bytes, because },
      ...{ siteId, studyId, patientId, correlationId, actor: serviceActor('archive'), atMs },
    });
    return ok({ objects, bytes });
  });
}

type Current = { readonly sopUid: string; readonly digest: string; readonly transferSyntaxUid: string };
type Evictable = { siteId: string; patientId: string; correlationId: string; completeness: Completeness };

/** Asked before every step: what happens between two of them may speak against the next. */
function findEvictable(db: ReadableDb, studyId: string): Result<Evictable, EvictionRefusal> {
  const study = prepared<Evictable>(db, FIND_STUDY).get(studyId);
  if (study === undefined) return err({ code: 'not-here' });
  const obstacle = findObstacle(db, studyId);
  if (obstacle !== null) return err({ code: obstacle });
  return study.completeness === 'receiving' ? err({ code: 'still-receiving' }) : ok(study);
}

function freeStep(
  db: WritableDb,
  studyId: string,
  step: readonly { readonly sopUid: string; readonly digest: string }[],
  atMs: number,
): readonly ObjectRecord[] {
  const files: ObjectRecord[] = [];
  for (const { sopUid, digest } of step) {
    const object = freeObject(db, { studyId, sopUid, digest }, atMs);
    if (object === null) continue;
    prepared(db, COUNT_GONE).run({ gone: 1, sopUid, digest, atMs });
    files.push(object);
  }
  return files;
}

/** Marks an object's file as gone where only this study counts on it; null where it stays, or was gone before. */
export function freeObject(
  db: WritableDb,
  use: { readonly studyId: string; readonly sopUid: string; readonly digest: string },
  atMs: number,
): ObjectRecord | null {
  const object = findObject(db, use.digest);
  if (object === null || prepared(db, FIND_OTHER_USE).get(use) !== undefined) return null;
  return recordEvicted(db, use.digest, atMs) ? object : null;
}

/** Before an object is recorded: where its file had been let go it is here again, and its studies are kept anew from now. */
export function noteReturn(db: WritableDb, object: ObjectRecord, sopUid: string, atMs: number): void {
  if (findObject(db, object.digest) === null || isHere(db, object.digest)) return;
  prepared(db, COUNT_GONE).run({ gone: -1, sopUid, digest: object.digest, atMs });
}

/** Another version of an instance became current: one more (1) or one fewer (-1) of the study's current objects is away. */
export function countCurrentAway(db: WritableDb, studyId: string, away: 1 | -1, atMs: number): void {
  prepared(db, COUNT_CURRENT_AWAY).run({ studyId, away, atMs });
}

/** Whether an object's file is here, as far as its record says. */
export function isHere(db: ReadableDb, digest: string): boolean {
  const known = findObject(db, digest);
  return known !== null && isExpected(db, known.digest, known.encoding);
}
