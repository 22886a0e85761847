import { DAY_MS } from '../../../shared/domain/durations.ts';
import { err, type Result } from '../../../shared/domain/result.ts';
import type { RetrievalReason } from '../../../shared/domain/retrieval.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import type { Log } from '../platform/log.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { listDamaged } from './integrity.ts';
import { listPeers } from './peers.ts';
import type { Archive } from './receive-object.ts';
import { findLatestRetrieval, requestRetrieval, type Retrieval } from './retrievals.ts';

/** Asks peers again, little by little, for what is damaged here. */
export type Refetcher = {
  start(): void;
  /** Looks once at every site: what `start` does again and again. Gives how many retrievals were asked for. */
  runOnce(): number;
  stop(): void;
};

const LOOK_EVERY_MS = 15_000;
/** Studies of a site that are fetched again at the same time. */
const AT_ONCE = 2;
const LOOK_AT = 500;
/** A peer that could not give it is asked again after this time. */
const ASK_AGAIN_AFTER_MS = DAY_MS;

const FIND_STUDY = `
  SELECT s.site_id AS siteId, coalesce(o.study_uid, s.study_uid) AS askedUid, s.evicted_objects AS letGo
    FROM studies s LEFT JOIN studies o ON o.study_id = s.split_from WHERE s.study_id = ? AND s.deleted_at_ms IS NULL
`;
/** Who is known to hold some of it, judged by its first objects. */
const LIST_PROVEN_HOLDERS = `
  WITH some AS (SELECT site_id, sop_uid FROM instances WHERE study_id = ? LIMIT 200)
  SELECT p.peer_id AS peerId FROM some JOIN archive_proofs p ON p.site_id = some.site_id AND p.sop_uid = some.sop_uid
   GROUP BY p.peer_id ORDER BY count(*) DESC
`;
/** Walks retrievals_by_study. */
export const LIST_ASKED = `
  SELECT peer_id AS peerId, requested_at_ms AS requestedAtMs, ended_at_ms IS NULL AS isOpen FROM retrievals
   WHERE site_id = ? AND study_uid = ? AND because = 'damaged-here' ORDER BY requested_at_ms DESC LIMIT 50
`;

/**
 * The peers to ask for a study, in this order: who is known to hold it, what is an archive, and who else can be called. What
 * is none of the first two may have it too, a workstation or the modality itself.
 */
function listHoldersOf(db: ReadableDb, siteId: string, studyId: string): { peerIds: readonly string[]; sure: number } {
  const callable = listPeers(db, siteId).filter(({ host }) => host !== null);
  const proven = prepared<{ peerId: string }>(db, LIST_PROVEN_HOLDERS)
    .all(studyId)
    .map(({ peerId }) => peerId)
    .filter((peerId) => callable.some((peer) => peer.peerId === peerId));
  const archives = callable.filter(({ isArchive }) => isArchive).map(({ peerId }) => peerId);
  const sure = new Set([...proven, ...archives]);
  return { peerIds: [...new Set([...sure, ...callable.map(({ peerId }) => peerId)])], sure: sure.size };
}

/** How many objects of a study are with the archive only. */
export function countLetGo(db: ReadableDb, studyId: string): number {
  return prepared<{ letGo: number }>(db, FIND_STUDY).get(studyId)?.letGo ?? 0;
}

/** Puts a study that was let go from the cache into the queue of retrievals, from who is known to hold it or else an archive. */
export function recallStudy(
  db: WritableDb,
  input: { readonly siteId: string; readonly studyId: string; readonly actor: Actor; readonly atMs: number },
): Result<Retrieval, { code: 'study-not-found' | 'study-is-here' | 'no-archive-to-ask' }> {
  return inTransaction(db, () => {
    const { siteId, studyId } = input;
    const study = prepared<{ siteId: string; askedUid: string; letGo: number }>(db, FIND_STUDY).get(studyId);
    if (study === undefined || study.siteId !== siteId) return err({ code: 'study-not-found' });
    if (study.letGo === 0) return err({ code: 'study-is-here' });
    const { peerIds, sure } = listHoldersOf(db, siteId, studyId);
    const [peerId] = peerIds;
    if (peerId === undefined || sure === 0) return err({ code: 'no-archive-to-ask' });
    const asked = ask(db, { ...input, peerId, studyUid: study.askedUid, because: 'let-go-here' });
    return asked.ok ? asked : err({ code: 'no-archive-to-ask' });
  });
}

/** How the last attempt to fetch a study back went, or goes on; null: it was not fetched again for that. */
export function findFetchAgain(
  db: ReadableDb,
  studyId: string,
  because: Extract<RetrievalReason, 'let-go-here' | 'damaged-here'>,
): Retrieval | null {
  const study = prepared<{ siteId: string; askedUid: string }>(db, FIND_STUDY).get(studyId);
  return study === undefined
    ? null
    : findLatestRetrieval(db, { siteId: study.siteId, studyUid: study.askedUid, because });
}

/**
 * Fetches a study with damaged objects again on a person's word: from the likeliest peer not asked for it lately, or else
 * from the one whose turn was longest ago. One under way stands in for it.
 */
export function refetchDamaged(
  db: WritableDb,
  input: { readonly siteId: string; readonly studyId: string; readonly actor: Actor; readonly atMs: number },
): Result<Retrieval, { code: 'study-not-found' | 'study-is-sound' | 'nobody-to-ask' }> {
  return inTransaction(db, () => {
    const { siteId, studyId } = input;
    const study = prepared<{ siteId: string; askedUid: string }>(db, FIND_STUDY).get(studyId);
    if (study === undefined || study.siteId !== siteId) return err({ code: 'study-not-found' });
    if (!listDamaged(db, siteId).some((one) => one.studyId === studyId)) return err({ code: 'study-is-sound' });
    const studyUid = study.askedUid;
    const before = prepared<Asked>(db, LIST_ASKED).all(siteId, studyUid);
    const askedAtMs = (peerId: string) => before.find((one) => one.peerId === peerId)?.requestedAtMs ?? 0;
    const under = before.find(({ isOpen }) => isOpen === 1);
    const [next] = listHoldersOf(db, siteId, studyId).peerIds.toSorted((a, b) => askedAtMs(a) - askedAtMs(b));
    const peerId = under?.peerId ?? next;
    if (peerId === undefined) return err({ code: 'nobody-to-ask' });
    const asked = ask(db, { ...input, peerId, studyUid, because: 'damaged-here' });
    return asked.ok ? asked : err({ code: 'nobody-to-ask' });
  });
}

/** An earlier retrieval of a study for what is damaged of it. */
type Asked = { readonly peerId: string; readonly requestedAtMs: number; readonly isOpen: 0 | 1 };

type Ask = {
  readonly siteId: string;
  readonly peerId: string;
  readonly studyUid: string;
  readonly because: RetrievalReason;
  readonly actor: Actor;
  readonly atMs: number;
};

function ask(db: WritableDb, { siteId, peerId, studyUid, because, actor, atMs }: Ask) {
  return requestRetrieval(db, { siteId, peerId, studyUid, because, actor, atMs, wantedBy: 'automatic' });
}

/** Makes it; it does nothing until it is started or asked. `asked` is told when the queue got something. */
export function createRefetcher(
  { db, clock }: Pick<Archive, 'db' | 'clock'>,
  siteIds: readonly string[],
  asked: () => void,
  log: Log,
): Refetcher {
  let timer: NodeJS.Timeout | null = null;

  function lookAt(siteId: string): number {
    const studies = new Set(listDamaged(db, siteId, LOOK_AT).map(({ studyId }) => studyId));
    let open = 0;
    let count = 0;
    for (const studyId of studies) {
      if (open >= AT_ONCE) break;
      const state = askNext(siteId, studyId);
      if (state !== 'nobody') open += 1;
      if (state === 'asked') count += 1;
    }
    return count;
  }

  /** One peer after the other, each once a day. */
  function askNext(siteId: string, studyId: string): 'asked' | 'under-way' | 'nobody' {
    const study = prepared<{ askedUid: string }>(db, FIND_STUDY).get(studyId);
    if (study === undefined) return 'nobody';
    const studyUid = study.askedUid;
    const before = prepared<Asked>(db, LIST_ASKED).all(siteId, studyUid);
    if (before.some(({ isOpen }) => isOpen === 1)) return 'under-way';
    const atMs = clock.nowMs();
    const resting = new Set(
      before.filter(({ requestedAtMs }) => requestedAtMs > atMs - ASK_AGAIN_AFTER_MS).map(({ peerId }) => peerId),
    );
    const peerId = listHoldersOf(db, siteId, studyId).peerIds.find((one) => !resting.has(one));
    if (peerId === undefined) return 'nobody';
    const actor = serviceActor('integrity');
    return ask(db, { siteId, peerId, studyUid, because: 'damaged-here', actor, atMs }).ok ? 'asked' : 'nobody';
  }

  function runOnce(): number {
    const count = siteIds.reduce((sum, siteId) => sum + lookAt(siteId), 0);
    if (count > 0) asked();
    return count;
  }

  return {
    start() {
      timer = setInterval(() => {
        try {
          runOnce();
        } catch (error) {
          log.incident('refetching-failed', error);
        }
      }, LOOK_EVERY_MS).unref();
    },
    runOnce,
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
