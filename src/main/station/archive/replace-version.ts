import { z } from 'zod';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { countCurrentAway, isHere } from './eviction.ts';
import type { CurrentVersion, Filing } from './filing.ts';
import { RETIRE_VERSIONS } from './file-version.ts';
import { withdrawProof } from './held-elsewhere.ts';
import { applyMarks } from './hidden-marks.ts';
import { holdDamage, settleReplacedDamage } from './integrity.ts';
import { freshChangeId, recordChange } from './identity-changes.ts';
import { changeContent } from './tell-correction.ts';

const ReplacedInverse = z.object({
  siteId: z.string(),
  sopUid: z.string(),
  digest: z.string(),
  seriesId: z.string(),
  /** Left out in corrections made before it was kept: then the doubt stays. */
  was: z.object({ studyId: z.string(), isStatedOtherwise: z.union([z.literal(0), z.literal(1)]) }).optional(),
});
/** Walks the unique index of instances. */
const FIND_NOW = `
  SELECT i.instance_id AS instanceId, i.study_id AS studyId, v.digest, v.study_revision AS revision FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.site_id = @siteId AND i.sop_uid = @sopUid
`;
const MAKE_CURRENT = `
  UPDATE instance_versions SET is_current = 1 WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest
`;

const IS_ON_RECORD =
  'SELECT 1 FROM instance_versions WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest';
/** Only within a study: people may have split it off meanwhile. */
const MOVE_BACK = `
  UPDATE instances SET series_id = @seriesId
   WHERE instance_id = @instanceId AND series_id <> @seriesId
     AND EXISTS (SELECT 1 FROM series x WHERE x.series_id = @seriesId AND x.study_id = instances.study_id)
`;

/** Unless something that came later may say otherwise as well. */
const DOUBT_NO_MORE = `
  UPDATE studies SET is_stated_otherwise = 0
   WHERE study_id = @studyId AND NOT EXISTS (
     SELECT 1 FROM instances i JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
      WHERE i.study_id = @studyId AND v.study_revision > @revision)
`;

/** Keeps on record that a person let another object take the place of one, and which one that was; in the transaction that does it. */
export function recordReplaced(
  db: WritableDb,
  replaced: {
    readonly filing: Filing;
    readonly current: CurrentVersion;
    /** Whether objects of the study said two things of its patient before. */
    readonly wasStatedOtherwise: 0 | 1;
    readonly actor: Actor;
  },
): void {
  const { filing, current, wasStatedOtherwise, actor } = replaced;
  const { siteId } = filing.association.peer;
  const { sopUid } = filing.instance;
  const { studyId, seriesId, digest } = current;
  recordChange(db, {
    ...{ changeId: freshChangeId(), siteId, kind: 'version-replaced', reason: 'as-current-version', actor },
    detail: { studyId, sopUid, digest: filing.object.digest, wasHere: isHere(db, digest) },
    inverse: { siteId, sopUid, digest, seriesId, was: { studyId, isStatedOtherwise: wasStatedOtherwise } },
    subjects: { changes: [`object ${sopUid}`], concerns: [studyId] },
    atMs: filing.atMs,
  });
}

/**
 * Makes the version current again that a person had another take the place of, in whatever study it is now; what came since is
 * kept as an earlier one. It goes back to the series it was in, unless it was split off; and an archive may have the other one
 * under its UID by now: it stays here until it is proven anew. What the other one alone said of the patient is forgotten. Gives the
 * study; null where it was deleted meanwhile.
 */
export function restoreReplaced(
  db: WritableDb,
  inverse: unknown,
  { actor, atMs }: { readonly actor: Actor; readonly atMs: number },
): { readonly studyId: string } | null {
  const former = ReplacedInverse.parse(inverse);
  const now = prepared<{ instanceId: string; studyId: string; digest: string; revision: number }>(db, FIND_NOW).get(
    former,
  );
  if (now === undefined || prepared(db, IS_ON_RECORD).get(former) === undefined) return null;
  const { studyId } = now;
  prepared(db, RETIRE_VERSIONS).run(now.instanceId);
  prepared(db, MAKE_CURRENT).run(former);
  prepared(db, MOVE_BACK).run({ seriesId: former.seriesId, instanceId: now.instanceId });
  applyMarks(db, studyId);
  withdrawProof(db, former, atMs);
  settleReplacedDamage(db, { siteId: former.siteId, digest: now.digest, actor, atMs });
  holdDamage(db, { ...former, studyId }, atMs);
  if (former.was?.isStatedOtherwise === 0 && former.was.studyId === studyId)
    prepared(db, DOUBT_NO_MORE).run({ studyId, revision: now.revision });
  const [isAway, wasAway] = [!isHere(db, former.digest), !isHere(db, now.digest)];
  if (isAway !== wasAway) countCurrentAway(db, studyId, isAway ? 1 : -1, atMs);
  changeContent(db, studyId);
  return { studyId };
}
