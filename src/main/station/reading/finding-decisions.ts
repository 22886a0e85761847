import { prepared, type ReadableDb } from '../platform/store/database.ts';

const FIND_DECISION = `
  SELECT decision FROM finding_decisions WHERE finding_id = ? ORDER BY decided_at_ms DESC, decision_id DESC LIMIT 1
`;

/** What a reader last decided of a finding; null while nobody did, or it was taken back. */
export function findDecision(db: ReadableDb, findingId: string): 'accepted' | 'modified' | 'rejected' | null {
  type Row = { readonly decision: 'accepted' | 'modified' | 'rejected' | 'withdrawn' };
  const decision = prepared<Row>(db, FIND_DECISION).get(findingId)?.decision ?? null;
  return decision === 'withdrawn' ? null : decision;
}
