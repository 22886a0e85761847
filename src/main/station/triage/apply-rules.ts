import { moreUrgent, type UrgencyLevel, urgencyRank } from '../../../shared/domain/urgency.ts';
import type { TriageRule } from '../../../shared/domain/triage-rule.ts';
import type { StudyCard } from '../archive/index.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { raise } from './raise.ts';
import { compileRule, type RuleFacts, type RuleOutcome } from './rule-language.ts';
import { factsOf } from './study-facts.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { findCurrentSet, policyInForce } from './triage-set-rows.ts';
import { findUrgency } from './urgency-rows.ts';

const PUT_FAILURE = `
  INSERT INTO rule_failures (site_id, rule_id, study_id, version, code, failed_at_ms) VALUES (@siteId, @ruleId, @studyId, @version, @code, @atMs)
  ON CONFLICT (site_id, rule_id, study_id) DO UPDATE SET version = excluded.version, code = excluded.code, failed_at_ms = excluded.failed_at_ms
   WHERE version <> excluded.version OR code <> excluded.code
`;
const DROP_FAILURE = 'DELETE FROM rule_failures WHERE site_id = ? AND rule_id = ? AND study_id = ?';

/** Asks the site's signed rules of a study as it stands now. One that cannot be asked is kept as that, and leaves the study as it was. */
export function applyRules(db: WritableDb, policy: TriagePolicy, study: StudyCard, atMs: number): void {
  const set = findCurrentSet(db, study.siteId, 'rules');
  const rules = set?.body.filter(({ isOn }) => isOn) ?? [];
  if (set === null || rules.length === 0 || findUrgency(db, study.studyId) === null) return;
  const facts = factsOf(db, policy, study);
  const { ceilings } = policyInForce(db, study.siteId, policy.starting);
  for (const rule of rules) {
    const outcome = compileRule(rule.when).ask(facts);
    noteOutcome(db, study, { ruleId: rule.id, version: set.version, outcome, atMs });
    if (outcome.state !== 'holds') continue;
    const current = findUrgency(db, study.studyId);
    if (current === null) return;
    const params = { ruleId: rule.id, rule: rule.name, version: set.version, facts: outcome.values };
    raise(db, policy, study, current, {
      ...{ to: levelOfRule(rule, facts, ceilings), cause: 'rule', source: rule.id, revision: study.revision, atMs },
      ask: `rule:${rule.id}@${set.version}:${study.revision}`,
      reasons: [{ code: 'rule', params }],
      replaces: ({ code, params: said }) => code === 'rule' && said.ruleId === rule.id,
    });
  }
}

/** What a rule that holds raises to: its class, and where it looks at findings no more than the most dangerous of them may. */
export function levelOfRule(
  { when, raisesTo }: Pick<TriageRule, 'when' | 'raisesTo'>,
  { findings }: RuleFacts,
  ceilings: Readonly<Record<1 | 2 | 3, UrgencyLevel>>,
): UrgencyLevel {
  if (!compileRule(when).looksAtFindings) return raisesTo;
  const highest = findings
    .map(({ category }) => ceilings[Number(category) as 1 | 2 | 3])
    .reduce<UrgencyLevel>(moreUrgent, 'routine');
  return urgencyRank(raisesTo) < urgencyRank(highest) ? highest : raisesTo;
}

type Noted = {
  readonly ruleId: string;
  readonly version: number;
  readonly outcome: RuleOutcome;
  readonly atMs: number;
};

function noteOutcome(db: WritableDb, study: StudyCard, { ruleId, version, outcome, atMs }: Noted): void {
  const { siteId, studyId } = study;
  if (outcome.state !== 'not-decided') {
    prepared(db, DROP_FAILURE).run(siteId, ruleId, studyId);
    return;
  }
  const { code } = outcome;
  const isNew = prepared(db, PUT_FAILURE).run({ siteId, ruleId, studyId, version, code, atMs }).changes > 0;
  // An unknown age is no fault of the rule: it is counted where rules are shown, and told nobody.
  if (!isNew || code === 'value-missing') return;
  appendEvent(db, {
    kind: 'triage-rule-failed',
    payload: { ruleId, version, code },
    ...{ siteId, studyId, patientId: study.patient.patientId, actor: serviceActor('triage') },
    ...{ correlationId: study.correlationId, atMs },
  });
}
