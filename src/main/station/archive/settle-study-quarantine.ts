import type { DiscardReason, Release } from '../../../shared/domain/correction.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { QuarantineReason } from '../../../shared/domain/study.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { fileQuarantined, type FilingAgainFailure } from './file-quarantined.ts';
import type { QuarantineRow } from './list-quarantine.ts';
import type { Archive } from './receive-object.ts';
import { discardQuarantined, type Settling } from './settle-quarantined.ts';
import { findOwnStudy } from './tell-correction.ts';

/** How a person settles everything that is set aside of a study. */
export type StudySettlement =
  | { readonly how: 'retry' }
  | { readonly how: 'release'; readonly release: Release }
  | { readonly how: 'discard'; readonly reason: DiscardReason };

/** A place among what is held of a study, oldest first. */
export type HeldPlace = { readonly receivedAtMs: number; readonly quarantineId: string };

/** What one step came to; `next` is where the step after it begins, null after the last. */
export type StudySettled = {
  readonly filed: number;
  readonly discarded: number;
  /** Filed again, and set aside all the same. */
  readonly stillHeld: number;
  readonly failed: readonly { readonly quarantineId: string; readonly code: FilingAgainFailure['code'] }[];
  readonly next: HeldPlace | null;
};

type Held = HeldPlace & { readonly reason: QuarantineReason };

/** Objects settled in one step, and the time after which it ends earlier: others wait meanwhile. */
const MOST_AT_ONCE = 50;
const STEP_MS = 2000;

/** Walks quarantine_by_study. */
export const LIST_HELD_OF_STUDY = `
  SELECT quarantine_id AS quarantineId, received_at_ms AS receivedAtMs, reason FROM quarantine INDEXED BY quarantine_by_study
   WHERE study_id = @studyId AND site_id = @siteId AND state = 'held' AND (@reason IS NULL OR reason = @reason)
     AND (received_at_ms, quarantine_id) > (@receivedAtMs, @quarantineId)
   ORDER BY received_at_ms, quarantine_id LIMIT @limit
`;
/** Walks quarantine_by_study. */
export const COUNT_HELD_OF_STUDY = `
  SELECT count(*) AS held FROM quarantine INDEXED BY quarantine_by_study
   WHERE study_id = ? AND site_id = ? AND state = 'held' AND reason = ?
`;
const BEGINNING: HeldPlace = { receivedAtMs: Number.MIN_SAFE_INTEGER, quarantineId: '' };

/**
 * Settles what is set aside of a study in the same way, one object after another and each with an event of its own: a step of
 * at most 50, to be asked for again from `next` until that is null. What does not apply to an object leaves it held, and is
 * said. `reason`: only what was set aside for that.
 */
export async function settleStudyQuarantine(
  archive: Archive,
  input: {
    readonly siteId: string;
    readonly studyId: string;
    readonly reason: QuarantineReason | null;
    readonly settlement: StudySettlement;
    readonly after: HeldPlace | null;
    readonly actor: Actor;
    readonly atMs: number;
  },
): Promise<Result<StudySettled, { code: 'study-not-found' }>> {
  const { db } = archive;
  const { siteId, studyId, reason, settlement, actor, atMs } = input;
  if (findOwnStudy(db, siteId, studyId) === null) return err({ code: 'study-not-found' });
  const rows = listHeld(db, { siteId, studyId, reason, ...(input.after ?? BEGINNING), limit: MOST_AT_ONCE + 1 });
  const counts = { filed: 0, discarded: 0, stillHeld: 0 };
  const failed: { quarantineId: string; code: FilingAgainFailure['code'] }[] = [];
  const begunAtMs = performance.now();
  let last: HeldPlace | null = null;
  for (const { quarantineId, receivedAtMs } of rows.slice(0, MOST_AT_ONCE)) {
    if (last !== null && performance.now() - begunAtMs > STEP_MS) break;
    const settled = await settleOne(archive, { siteId, quarantineId, actor, atMs }, settlement);
    if (settled.ok) counts[settled.value] += 1;
    else failed.push({ quarantineId, code: settled.error.code });
    last = { receivedAtMs, quarantineId };
  }
  const end = rows.at(-1);
  const isDone = last === null || last.quarantineId === end?.quarantineId;
  return ok({ ...counts, failed, next: isDone ? null : last });
}

/** How many objects are held of the study of this one for the same reason, itself among them; 0 where it is of none or is settled. */
export function countHeldAlike(
  db: ReadableDb,
  { siteId, studyId, state, reason }: Pick<QuarantineRow, 'siteId' | 'studyId' | 'state' | 'reason'>,
): number {
  if (studyId === null || state !== 'held') return 0;
  return prepared<{ held: number }>(db, COUNT_HELD_OF_STUDY).get(studyId, siteId, reason)?.held ?? 0;
}

async function settleOne(
  archive: Archive,
  settling: Settling,
  settlement: StudySettlement,
): Promise<Result<'filed' | 'discarded' | 'stillHeld', { readonly code: FilingAgainFailure['code'] }>> {
  if (settlement.how === 'discard') {
    const discarded = discardQuarantined(archive.db, { ...settling, reason: settlement.reason });
    return discarded.ok ? ok('discarded') : discarded;
  }
  const release = settlement.how === 'release' ? { release: settlement.release } : {};
  const filed = await fileQuarantined(archive, { ...settling, ...release });
  if (!filed.ok) return filed;
  return ok(filed.value.outcome === 'filed' ? 'filed' : 'stillHeld');
}

function listHeld(
  db: ReadableDb,
  query: HeldPlace & {
    readonly siteId: string;
    readonly studyId: string;
    readonly reason: QuarantineReason | null;
    readonly limit: number;
  },
): readonly Held[] {
  return prepared<Held>(db, LIST_HELD_OF_STUDY).all(query);
}
