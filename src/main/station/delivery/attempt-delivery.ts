import type { DeliveryCode } from '../../../shared/domain/delivery.ts';
import {
  findRemote,
  findStudyCard,
  noteSentVersions,
  outgoingObjects,
  type OutgoingPath,
  type OutgoingTools,
} from '../archive/index.ts';
import { type SendOutcome, sendInstances } from '../dicom/scu.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type ImageDelivery, type ItemOutcome, listItems, moveDelivery, noteItems } from './deliveries.ts';

/** What an attempt needs of the station. */
export type AttemptTools = Omit<OutgoingTools, 'db'> & {
  readonly db: WritableDb;
  readonly nowMs: () => number;
  /** The current objects of a study that nobody hid, off the main thread. */
  readonly listSendable: (siteId: string, studyUid: string) => Promise<readonly OutgoingPath[]>;
  /** For the answer to one object, in ms. */
  readonly responseMs?: number;
};

/** How an attempt went. `again`: trying later may help; `status`: the DIMSE status behind the code, where the peer gave one. */
export type Attempt =
  | { readonly how: 'delivered'; readonly sopUids: readonly string[] }
  | { readonly how: 'again'; readonly code: DeliveryCode; readonly status: number | null; readonly gotFurther: boolean }
  | { readonly how: 'rejected'; readonly code: DeliveryCode; readonly status: number | null }
  | { readonly how: 'stopped' };

/** What one object's outcome means for it, and whether the rest of the attempt is worth trying. */
type Meaning =
  | { readonly item: 'sent' | 'refused'; readonly code: DeliveryCode | null; readonly status: number | null }
  | {
      readonly item: 'again';
      readonly code: DeliveryCode;
      readonly status: number | null;
      readonly endsAttempt: boolean;
    }
  | { readonly item: 'peer-refuses-us' }
  | { readonly item: 'withheld' };

/** Objects looked up and sent over one association; the main thread is let go in between. */
const AT_ONCE = 100;
const FLUSH_EVERY_MS = 500;

/**
 * Sends what the peer has not taken yet of a delivery: the objects that are current now, undamaged and not hidden, read from
 * the store only as they leave. What the peer said of each is noted as it goes. `mayGoOn` is asked before each object.
 */
export async function attemptDelivery(
  tools: AttemptTools,
  delivery: ImageDelivery,
  signal: AbortSignal,
  mayGoOn: () => boolean,
): Promise<Attempt> {
  const { db } = tools;
  const { deliveryId, siteId, studyId, peerId, seriesIds } = delivery;
  const remote = findRemote(db, { siteId, peerId });
  if (remote === null) return { how: 'rejected', code: 'peer-not-callable', status: null };
  const study = findStudyCard(db, studyId);
  const found = study === null ? [] : await tools.listSendable(siteId, study.studyUid);
  const wanted = found.filter(
    (one) => one.studyId === studyId && (seriesIds === null || seriesIds.includes(one.seriesId)),
  );
  // A person corrected it since it was asked for: its bytes still name whom they named.
  const known = listItems(db, deliveryId);
  // Each attempt begins elsewhere, so that an object at which the peer breaks off keeps back no other.
  const todo = rotated(
    wanted.filter((path) => !isOf(known.get(path.sopUid), path)),
    delivery.attempts,
  );
  const refusals = wanted.flatMap((path) => {
    const item = known.get(path.sopUid);
    return item !== undefined && isOf(item, path) && item.state === 'refused' ? [item] : [];
  });
  noteItems(db, deliveryId, [], wanted.length);
  if (wanted.length === 0) return { how: 'rejected', code: 'nothing-to-send', status: null };

  let refusal: { readonly code: DeliveryCode; readonly status: number | null } | null = null;
  for (const { status } of refusals) refusal ??= { code: codeOfRefusal(status), status };
  let later: { readonly code: DeliveryCode; readonly status: number | null } | null = null;
  let hasLeft = false;
  let gotFurther = false;
  let areSomeAway = false;
  let isPeerGone = false;
  let refusesUs = false;
  const notes = noteNowAndThen(db, delivery);
  for (let start = 0; start < todo.length && !isPeerGone && mayGoOn(); start += AT_ONCE) {
    const part = todo.slice(start, start + AT_ONCE);
    const { instances, unavailable } = outgoingObjects(tools, part);
    areSomeAway ||= unavailable.length > 0;
    const bySop = new Map(part.map((path) => [path.sopUid, path]));
    const onOutcome = (index: number, outcome: SendOutcome) => {
      const path = bySop.get(instances[index]?.sopInstanceUid ?? '');
      if (path === undefined) throw new Error('an outcome is of no object');
      if (outcome.state !== 'never-left' && !hasLeft) {
        hasLeft = true;
        moveDelivery(db, deliveryId, 'left', { atMs: tools.nowMs() });
      }
      if (outcome.state === 'accepted' || outcome.state === 'unknown') notes.mayBeThere(path);
      const meaning = meaningOf(outcome);
      if (meaning.item === 'peer-refuses-us') refusesUs = true;
      if (meaning.item === 'peer-refuses-us' || (meaning.item === 'again' && meaning.endsAttempt)) isPeerGone = true;
      if (meaning.item === 'again') later ??= { code: meaning.code, status: meaning.status };
      if (meaning.item !== 'sent' && meaning.item !== 'refused') return;
      gotFurther ||= meaning.item === 'sent';
      if (meaning.code !== null) refusal ??= { code: meaning.code, status: meaning.status };
      const { sopUid, digest } = path;
      const correctedAtMs = path.servedAs?.correctedAtMs ?? null;
      notes.add({ sopUid, digest, correctedAtMs, state: meaning.item, status: meaning.status });
    };
    const timeouts = tools.responseMs === undefined ? {} : { responseMs: tools.responseMs };
    await sendInstances({ ...remote, ...timeouts, signal }, instances, onOutcome, () => !isPeerGone && mayGoOn());
    notes.flush();
  }
  if (!mayGoOn()) return { how: 'stopped' };
  if (refusesUs) return { how: 'rejected', code: 'peer-refuses-us', status: null };
  if (areSomeAway) later ??= { code: 'objects-not-here', status: null };
  if (later !== null) return { how: 'again', ...later, gotFurther };
  if (refusal !== null) return { how: 'rejected', ...refusal };
  return { how: 'delivered', sopUids: wanted.map(({ sopUid }) => sopUid) };
}

/** What a peer took under another patient, before a correction or before its undoing, it has not taken. */
function isOf(item: ItemOutcome | undefined, { digest, servedAs }: OutgoingPath): boolean {
  return item?.digest === digest && item.correctedAtMs === (servedAs?.correctedAtMs ?? null);
}

/** What each outcome means, by STANDARDS §1.4 note 2: C-STORE deduplicates, so what may or may not have arrived is sent again. */
export function meaningOf(outcome: SendOutcome): Meaning {
  switch (outcome.state) {
    case 'accepted':
      return { item: 'sent', code: null, status: outcome.status };
    case 'refused':
      return outcome.isTransient
        ? { item: 'again', code: 'refused-for-now', status: outcome.status, endsAttempt: outcome.status >> 8 === 0xa7 }
        : { item: 'refused', code: 'refused-by-peer', status: outcome.status };
    case 'unknown':
      return { item: 'again', code: 'association-lost', status: null, endsAttempt: true };
    case 'never-left':
      return meaningOfUnsent(outcome.failure);
  }
}

function meaningOfUnsent(failure: Extract<SendOutcome, { state: 'never-left' }>['failure']): Meaning {
  switch (failure.code) {
    case 'withheld':
      return { item: 'withheld' };
    case 'context-refused':
      return { item: 'refused', code: 'class-not-taken', status: null };
    case 'unreadable-object':
    case 'object-cut-short':
      return { item: 'again', code: 'objects-not-here', status: null, endsAttempt: false };
    case 'rejected':
      return 'isTransient' in failure && failure.isTransient
        ? { item: 'again', code: 'peer-unreachable', status: null, endsAttempt: true }
        : { item: 'peer-refuses-us' };
    case 'cannot-connect':
      return { item: 'again', code: 'peer-unreachable', status: null, endsAttempt: true };
    default:
      return { item: 'again', code: 'association-lost', status: null, endsAttempt: true };
  }
}

function rotated<T>(list: readonly T[], by: number): readonly T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

const codeOfRefusal = (status: number | null): DeliveryCode =>
  status === null ? 'class-not-taken' : 'refused-by-peer';

/** Writes what the peer said no oftener than twice a second; what is lost in a crash is sent again, which does no harm. */
function noteNowAndThen(db: WritableDb, { deliveryId, siteId, peerId }: ImageDelivery) {
  let outcomes: ItemOutcome[] = [];
  let versions: Pick<OutgoingPath, 'sopUid' | 'digest'>[] = [];
  let writtenAtMs = performance.now();
  const flush = () => {
    inTransaction(db, () => {
      if (outcomes.length > 0) noteItems(db, deliveryId, outcomes);
      if (versions.length > 0) noteSentVersions(db, { siteId, peerId, versions });
    });
    [outcomes, versions] = [[], []];
    writtenAtMs = performance.now();
  };
  return {
    /** The peer took it, or did not say. */
    mayBeThere(version: Pick<OutgoingPath, 'sopUid' | 'digest'>) {
      versions.push(version);
    },
    add(outcome: ItemOutcome) {
      outcomes.push(outcome);
      if (performance.now() - writtenAtMs >= FLUSH_EVERY_MS) flush();
    },
    flush,
  };
}
