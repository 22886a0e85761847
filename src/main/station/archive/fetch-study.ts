import type { RetrievalCode, RetrievalWay } from '../../../shared/domain/retrieval.ts';
import { v7 } from 'uuid';
import { number, text, texts } from '../dicom/dataset/values.ts';
import { classifyStatus, DIMSE_STATUS } from '../dicom/dimse/status.ts';
import type { RemoteAe } from '../dicom/open-association.ts';
import { DEFAULT_ACCEPTS } from '../dicom/server.ts';
import type { AskFailure } from '../dicom/services/ask.ts';
import { findAt } from '../dicom/services/find.ts';
import { getFrom, moveFrom, type RetrievalResult } from '../dicom/services/retrieve.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import type { Result } from '../../../shared/domain/result.ts';
import type { AcceptedClass } from '../dicom/upper-layer/negotiate.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { prepared } from '../platform/store/database.ts';
import { endAssociation, openRetrieving } from './associations.ts';
import { type Archive, receiveObject } from './receive-object.ts';
import type { Retrieval, RetrievalOutcome, RetrievalProgress } from './retrievals.ts';

type Fetch = {
  readonly archive: Archive;
  readonly remote: RemoteAe;
  readonly retrieval: Retrieval;
  /** Asks the peer to stop. */
  readonly cancel: AbortSignal;
  readonly progress: (progress: RetrievalProgress) => void;
};

/** With the model's own context no more than 128 fit into one association. */
const MOST_STORAGE_CONTEXTS = 127;

/**
 * Fetches a study from a peer: asks what it has, then has it sent, by C-GET over our own association or by C-MOVE to our own
 * title. What arrives goes through the same door as everything else, for comparison.
 */
export async function fetchStudy(fetch: Fetch): Promise<RetrievalOutcome> {
  const known = await askWhatThereIs(fetch);
  if ('state' in known) return known;
  const { wantedBy } = fetch.retrieval;
  const ways: readonly Exclude<RetrievalWay, 'automatic'>[] =
    wantedBy === 'automatic' ? ['c-get', 'c-move'] : [wantedBy];
  let best: Attempt | null = null;
  for (const how of ways) {
    let counts: Counts = { completed: 0, failed: 0 };
    const progress = (more: RetrievalProgress) => {
      counts = { completed: more.completed ?? counts.completed, failed: more.failed ?? counts.failed };
      fetch.progress(more);
    };
    fetch.progress({ how });
    const outcome = await (how === 'c-get' ? byGet : byMove)({ ...fetch, progress }, known);
    const attempt: Attempt = { how, outcome, counts };
    best = best === null || saysMore(attempt, best) ? attempt : best;
    if (fetch.cancel.aborted || !LEAVES_SOMETHING.has(outcome.code)) break;
  }
  if (best === null) return { state: 'failed', code: 'service-not-offered' };
  fetch.progress({ how: best.how, ...best.counts });
  return best.outcome.state === 'done' ? asFiled(fetch, best.outcome) : best.outcome;
}

type Counts = { readonly completed: number; readonly failed: number };
type Attempt = {
  readonly how: Exclude<RetrievalWay, 'automatic'>;
  readonly outcome: RetrievalOutcome;
  readonly counts: Counts;
};

/**
 * After these the other way may bring the rest: a peer that cannot unpack sends by C-GET only what it may send as it is,
 * and over an association of its own it proposes what it has.
 */
const LEAVES_SOMETHING: ReadonlySet<RetrievalCode | null> = new Set<RetrievalCode | null>([
  'service-not-offered',
  'some-failed',
  'some-missing',
  'none-arrived',
]);

/** What the second way came to, unless it never began and the first one did. */
function saysMore({ outcome, counts }: Attempt, first: Attempt): boolean {
  if (outcome.state === 'done' || outcome.isTransient === true || counts.completed > 0) return true;
  return first.counts.completed === 0 && outcome.code !== 'service-not-offered';
}

/** What was set aside of a study among what such a machine sent, under whatever of its entries. Walks quarantine_by_study. */
export const IS_SET_ASIDE = `
  SELECT 1 FROM studies s JOIN quarantine q ON q.study_id = s.study_id AND q.state = 'held'
    JOIN peers sender ON sender.peer_id = q.peer_id JOIN peers asked ON asked.ae_title = sender.ae_title AND asked.peer_id = @peerId
   WHERE s.study_id IN (SELECT study_id FROM studies WHERE site_id = @siteId AND study_uid = @studyUid
     UNION SELECT o.study_id FROM studies n JOIN studies o ON o.split_from = n.study_id WHERE n.site_id = @siteId AND n.study_uid = @studyUid)
   LIMIT 1
`;
const FIND_LET_GO = 'SELECT evicted_objects AS letGo FROM studies WHERE site_id = ? AND study_uid = ?';

/** A study that came is not here yet where some of it was set aside, or where what was to come back is still away. */
function asFiled({ archive: { db }, retrieval }: Fetch, done: RetrievalOutcome): RetrievalOutcome {
  const { siteId, studyUid, peerId, because } = retrieval;
  if (prepared(db, IS_SET_ASIDE).get({ siteId, studyUid, peerId }) !== undefined)
    return { state: 'failed', code: 'set-aside-here' };
  const letGo = prepared<{ letGo: number }>(db, FIND_LET_GO).get(siteId, studyUid)?.letGo ?? 0;
  return because === 'let-go-here' && letGo > 0 ? { state: 'failed', code: 'some-missing' } : done;
}

/** `expected`: how many objects the peer says it has; null where it does not say. */
type Known = { readonly accepts: readonly AcceptedClass[]; readonly expected: number | null };

/** How many objects the peer has and of which classes. A peer that cannot be asked may still send. */
async function askWhatThereIs({ remote, retrieval, cancel, progress }: Fetch): Promise<Known | RetrievalOutcome> {
  const classes = new Set<string>();
  let expected: number | null = null;
  const found = await findAt(
    remote,
    SERVICE_CLASSES['study-root-find'],
    {
      QueryRetrieveLevel: 'STUDY',
      StudyInstanceUID: retrieval.studyUid,
      NumberOfStudyRelatedInstances: null,
      SOPClassesInStudy: null,
    },
    {
      signal: cancel,
      onMatch: (match) => {
        if (text(match, 'StudyInstanceUID') !== retrieval.studyUid) return;
        const stated = number(match, 'NumberOfStudyRelatedInstances');
        if (stated !== null && Number.isInteger(stated) && stated >= 0) progress({ expected: (expected = stated) });
        for (const uid of texts(match, 'SOPClassesInStudy')) classes.add(uid);
      },
    },
  );
  if (!found.ok && found.error.code !== 'context-refused') return failureOf(found.error);
  if (found.ok && found.value.status === DIMSE_STATUS.success && found.value.matches === 0)
    return { state: 'failed', code: 'study-not-at-peer' };
  return { accepts: proposable(classes), expected };
}

/**
 * What is proposed for C-GET. Where the peer says which classes there are, each is proposed once with what is not compressed
 * and once with each compression, so that it need not unpack; where it does not say, each class once.
 */
function proposable(classes: ReadonlySet<string>): readonly AcceptedClass[] {
  const rows = DEFAULT_ACCEPTS.filter(({ sopClass }) => classes.size === 0 || classes.has(sopClass));
  const native = [EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN];
  const packed = rows.flatMap((row) =>
    row.transferSyntaxes.filter((uid) => !native.includes(uid)).map((uid) => ({ ...row, transferSyntaxes: [uid] })),
  );
  const plain = rows.map((row) => ({ ...row, transferSyntaxes: native }));
  return [...plain, ...(classes.size === 0 ? [] : packed)].slice(0, MOST_STORAGE_CONTEXTS);
}

async function byGet(
  { archive, remote, retrieval, cancel, progress }: Fetch,
  { accepts, expected }: Known,
): Promise<RetrievalOutcome> {
  const { clock, db } = archive;
  const association = openRetrieving(db, retrieval, v7(), clock.nowMs());
  let stored = 0;
  let refused = 0;
  let setAside = 0;
  let how: 'released' | 'failed' = 'failed';
  try {
    const got = await getFrom(remote, SERVICE_CLASSES['study-root-get'], keysOf(retrieval), {
      accepts,
      signal: cancel,
      store: async (incoming) => {
        const answer = await receiveObject(archive, { ...incoming, studyUid: retrieval.studyUid }, association);
        if (answer.status === 'success') stored += 1;
        else refused += 1;
        if (answer.became?.state === 'quarantined') setAside += 1;
        progress({ completed: stored, failed: refused });
        return answer;
      },
    });
    if (got.ok) how = 'released';
    const outcome = outcomeOf(got, progress, { expected, stored });
    return outcome.state === 'done' && setAside > 0 ? { state: 'failed', code: 'set-aside-here' } : outcome;
  } finally {
    endAssociation(db, association, { how, stored, refused, atMs: clock.nowMs(), rules: archive.quiet });
  }
}

async function byMove({ remote, retrieval, cancel, progress }: Fetch, { expected }: Known): Promise<RetrievalOutcome> {
  const moved = await moveFrom(remote, SERVICE_CLASSES['study-root-move'], keysOf(retrieval), remote.callingAe, {
    signal: cancel,
    onProgress: ({ completed, warning, failed }) => progress({ completed: completed + warning, failed }),
  });
  return outcomeOf(moved, progress, { expected, stored: null });
}

function keysOf({ studyUid }: Retrieval) {
  return { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: studyUid };
}

/**
 * `stored`: what we took in ourselves, and so know better than the peer; null where others took it in. A peer's success is
 * not taken for more than it sent: what came is held against how many it said it has.
 */
function outcomeOf(
  ended: Result<RetrievalResult, AskFailure>,
  progress: Fetch['progress'],
  { expected, stored }: { readonly expected: number | null; readonly stored: number | null },
): RetrievalOutcome {
  if (!ended.ok) return failureOf(ended.error);
  const { status, counts } = ended.value;
  const completed = stored ?? counts.completed + counts.warning;
  progress({ completed, failed: counts.failed });
  if (status === DIMSE_STATUS.cancelled) return { state: 'cancelled', code: null };
  if (status === DIMSE_STATUS['move-destination-unknown'])
    return { state: 'failed', code: 'destination-unknown-to-peer' };
  const hasRun = [
    DIMSE_STATUS.success,
    DIMSE_STATUS['suboperations-failed'],
    DIMSE_STATUS['suboperations-not-performed'],
  ];
  if (!hasRun.some((one) => one === status))
    return { state: 'failed', code: 'refused-by-peer', isTransient: classifyStatus(status) === 'refused-for-now' };
  if (completed === 0) return { state: 'failed', code: 'none-arrived' };
  if (counts.failed > 0) return { state: 'failed', code: 'some-failed' };
  return expected !== null && completed < expected
    ? { state: 'failed', code: 'some-missing' }
    : { state: 'done', code: null };
}

function failureOf(failure: AskFailure): RetrievalOutcome {
  const failed = (code: RetrievalCode, isTransient = false): RetrievalOutcome => ({
    state: 'failed',
    code,
    isTransient,
  });
  switch (failure.code) {
    case 'cannot-connect':
      return failed('peer-unreachable', true);
    case 'rejected':
      return failed('peer-refuses-us', 'isTransient' in failure && failure.isTransient);
    case 'context-refused':
      return failed('service-not-offered');
    case 'aborted-here':
      return { state: 'cancelled', code: 'broken-off' };
    default:
      return failed('association-lost', true);
  }
}
