import { z } from 'zod';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { countCurrentAway, isHere } from './eviction.ts';
import type { CurrentVersion, Filing } from './filing.ts';
import { RETIRE_VERSIONS } from './file-version.ts';
import { freshChangeId, recordChange } from './identity-changes.ts';
import { changeContent } from './tell-correction.ts';

const ReplacedInverse = z.object({ siteId: z.string(), sopUid: z.string(), digest: z.string() });
/** Walks the unique index of instances. */
const FIND_NOW = `
  SELECT i.instance_id AS instanceId, i.study_id AS studyId, v.digest FROM instances i
    JOIN instance_versions v ON v.instance_id = i.instance_id AND v.is_current = 1
   WHERE i.site_id = @siteId AND i.sop_uid = @sopUid
`;
const MAKE_CURRENT = `
  UPDATE instance_versions SET is_current = 1 WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest
`;

/** Keeps on record that a person let another object take the place of one, and which one that was; in the transaction that does it. */
export function recordReplaced(
  db: WritableDb,
  { filing, current, actor }: { readonly filing: Filing; readonly current: CurrentVersion; readonly actor: Actor },
): void {
  const { siteId } = filing.association.peer;
  const { sopUid } = filing.instance;
  const { studyId, digest } = current;
  recordChange(db, {
    ...{ changeId: freshChangeId(), siteId, kind: 'version-replaced', reason: 'as-current-version', actor },
    detail: { studyId, sopUid, digest: filing.object.digest, wasHere: isHere(db, digest) },
    inverse: { siteId, sopUid, digest },
    subjects: { changes: [`object ${sopUid}`], concerns: [studyId] },
    atMs: filing.atMs,
  });
}

/**
 * Makes the version current again that a person had another take the place of, in whatever study it is now; what came since is
 * kept as an earlier one. Gives the study; null where the object was deleted meanwhile.
 */
export function restoreReplaced(db: WritableDb, inverse: unknown, atMs: number): { readonly studyId: string } | null {
  const former = ReplacedInverse.parse(inverse);
  const now = prepared<{ instanceId: string; studyId: string; digest: string }>(db, FIND_NOW).get(former);
  if (now === undefined) return null;
  const { studyId } = now;
  prepared(db, RETIRE_VERSIONS).run(now.instanceId);
  if (prepared(db, MAKE_CURRENT).run(former).changes === 0) throw new Error('a former version is not on record');
  const [isAway, wasAway] = [!isHere(db, former.digest), !isHere(db, now.digest)];
  if (isAway !== wasAway) countCurrentAway(db, studyId, isAway ? 1 : -1, atMs);
  changeContent(db, studyId);
  return { studyId };
}
