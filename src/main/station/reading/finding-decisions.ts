import type { FindingVerdict, ModifiedAspect, RejectionReason } from '../../../shared/domain/finding-decision.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** What stands decided of a finding: who said what of it, and when. */
export type StandingDecision = {
  readonly decisionId: string;
  readonly decision: FindingVerdict['decision'];
  /** Null of what was accepted or modified. */
  readonly reason: RejectionReason | null;
  readonly aspects: readonly ModifiedAspect[];
  readonly words: string | null;
  readonly userId: string;
  readonly atMs: number;
};

/** Walks finding_decisions_by_finding, which holds rows as they were written: the last word comes first, though a clock was set back. */
export const FIND_DECISION = `
  SELECT decision_id AS decisionId, decision, reason, aspects, words, decided_by AS userId, decided_at_ms AS atMs
    FROM finding_decisions WHERE finding_id = ? ORDER BY rowid DESC LIMIT 1
`;

/** What a reader last decided of a finding; null while nobody did, or it was taken back. */
export function findDecision(db: ReadableDb, findingId: string): FindingVerdict['decision'] | null {
  return findStandingDecision(db, findingId)?.decision ?? null;
}

/** The decision that stands of a finding, whole; null while nobody decided, or it was taken back. */
export function findStandingDecision(db: ReadableDb, findingId: string): StandingDecision | null {
  type Row = Omit<StandingDecision, 'decision' | 'aspects'> & {
    readonly decision: StandingDecision['decision'] | 'withdrawn';
    readonly aspects: string;
  };
  const row = prepared<Row>(db, FIND_DECISION).get(findingId);
  if (row === undefined || row.decision === 'withdrawn') return null;
  const { decision, aspects, ...said } = row;
  return { ...said, decision, aspects: JSON.parse(aspects) as StandingDecision['aspects'] };
}
