import { EVIDENCE_KINDS } from '../../../shared/domain/study.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { pauseAfter } from './commitment-asked.ts';
import type { QuietTimes } from './completeness.ts';
import { getProgress } from './completeness-facts.ts';
import { rankOfRule } from './completeness-rules.ts';
import { expectInstances } from './expectations.ts';

/** A study of which an archive that sent it is to be asked how many instances it has. */
export type OwedCount = {
  readonly studyId: string;
  readonly siteId: string;
  readonly studyUid: string;
  readonly peerId: string;
  readonly attempts: number;
  readonly dueAtMs: number;
};

/** Why a count was not had: `isFinal` where asking again would give the same. */
export type CountFailure = { readonly code: string; readonly isFinal: boolean };

/** Whoever has not told after so many times is not asked any more: quiet time decides. */
const MOST_ATTEMPTS = 6;
const COUNTED = EVIDENCE_KINDS.indexOf('count-at-sender');

/** The archive that sent, under the entry by which it can be called: it may call from elsewhere. */
const FIND_ARCHIVE = `
  SELECT p.peer_id AS peerId FROM peers c JOIN peers p ON p.site_id = c.site_id AND p.ae_title = c.ae_title
   WHERE c.peer_id = ? AND p.state = 'active' AND p.is_archive = 1 AND p.host IS NOT NULL ORDER BY p.peer_id LIMIT 1
`;
const OWE = `
  INSERT INTO sender_counts (study_id, peer_id, due_at_ms) VALUES (?, ?, ?)
  ON CONFLICT (study_id, peer_id) DO UPDATE SET attempts = 0, due_at_ms = excluded.due_at_ms
`;
/** Walks sender_counts_due. */
export const LIST_DUE_COUNTS = `
  SELECT c.study_id AS studyId, s.site_id AS siteId, s.study_uid AS studyUid, c.peer_id AS peerId, c.attempts, c.due_at_ms AS dueAtMs
    FROM sender_counts c JOIN studies s ON s.study_id = c.study_id WHERE c.due_at_ms <= ? ORDER BY c.due_at_ms LIMIT 16
`;
/** Only as it was when it was asked: more may have come meanwhile. */
const FORGET = 'DELETE FROM sender_counts WHERE study_id = ? AND peer_id = ? AND due_at_ms = ?';
const POSTPONE = `
  UPDATE sender_counts SET attempts = attempts + 1, due_at_ms = ? WHERE study_id = ? AND peer_id = ? AND due_at_ms = ?
`;
const SHIFT_DUE = 'UPDATE sender_counts SET due_at_ms = due_at_ms + ?';

/**
 * When an association of an archive that can be called has ended: each of its studies is owed the question how many instances
 * the archive has, once no further association follows; unless something stronger than a count has settled it, or counts
 * are no evidence for its modality.
 */
export function oweCounts(
  db: WritableDb,
  { studyIds, peerId }: { readonly studyIds: readonly string[]; readonly peerId: string },
  rules: QuietTimes,
  atMs: number,
): void {
  const archive = prepared<{ peerId: string }>(db, FIND_ARCHIVE).get(peerId);
  if (archive === undefined) return;
  for (const studyId of studyIds) {
    const { modality, completeness, evidence } = getProgress(db, studyId);
    const isSettled = completeness === 'complete' && rankOfRule(evidence?.rule ?? null) < COUNTED;
    const kinds = rules.evidence[modality] ?? rules.evidenceOther;
    if (!isSettled && kinds.includes('count-at-sender'))
      prepared(db, OWE).run(studyId, archive.peerId, atMs + rules.settleMs);
  }
}

/** The counts that are due, the oldest first, some at a time. */
export function listDueCounts(db: ReadableDb, nowMs: number): readonly OwedCount[] {
  return prepared<OwedCount>(db, LIST_DUE_COUNTS).all(nowMs);
}

/** What the archive said: the study is judged by it, and the question is answered, in one transaction. */
export function takeCount(db: WritableDb, owed: OwedCount, instances: number, rules: QuietTimes, atMs: number): void {
  inTransaction(db, () => {
    const expectation = { what: 'count-at-sender', source: owed.peerId, instances } as const;
    expectInstances(db, owed.studyId, expectation, { actor: serviceActor('archive'), rules, atMs });
    prepared(db, FORGET).run(owed.studyId, owed.peerId, owed.dueAtMs);
  });
}

/** The archive gave no count: it is asked again after a growing pause, or not any more. */
export function noteNoCount(db: WritableDb, owed: OwedCount, { isFinal }: CountFailure, atMs: number): void {
  const { studyId, peerId, attempts, dueAtMs } = owed;
  inTransaction(db, () => {
    if (isFinal || attempts + 1 >= MOST_ATTEMPTS) prepared(db, FORGET).run(studyId, peerId, dueAtMs);
    else prepared(db, POSTPONE).run(atMs + pauseAfter(attempts + 1), studyId, peerId, dueAtMs);
  });
}

/** The wall clock was moved by so much: what waits for a time to pass moves with it. */
export function shiftDueCounts(db: WritableDb, byMs: number): void {
  inTransaction(db, () => prepared(db, SHIFT_DUE).run(byMs));
}
