import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** How often a rule in force could not be asked of a study, by why. */
export type RuleFailures = {
  readonly ruleId: string;
  readonly valueMissing: number;
  readonly failed: number;
  readonly lastAtMs: number;
};

/** Walks the primary key by its site. */
const COUNT_FAILURES = `
  SELECT rule_id AS ruleId, sum(code = 'value-missing') AS valueMissing, sum(code = 'failed') AS failed, max(failed_at_ms) AS lastAtMs
    FROM rule_failures WHERE site_id = ? GROUP BY rule_id
`;

/** Which rules of a site could not be asked of studies since they were signed; of none that could. */
export function listRuleFailures(db: ReadableDb, siteId: string): readonly RuleFailures[] {
  return prepared<RuleFailures>(db, COUNT_FAILURES).all(siteId);
}
