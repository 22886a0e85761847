import type { RulesPreview } from '../../../shared/contract/triage.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import { moreUrgent, URGENCY_LEVELS, type UrgencyLevel, urgencyRank } from '../../../shared/domain/urgency.ts';
import type { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import type { TriageRules } from '../../../shared/domain/triage-rule.ts';
import { findStudyCard } from '../archive/index.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { levelOfRule } from './apply-rules.ts';
import { listAsks } from './asks.ts';
import { LIST_PLACED } from './replay-triage.ts';
import { compileRule, type RuleFacts } from './rule-language.ts';
import { factsOf } from './study-facts.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { findCurrentSet, policyInForce } from './triage-set-rows.ts';

/** Rules that are tried at a site. */
export type PreviewQuestion = {
  readonly siteId: string;
  readonly starting: TriagePolicySet;
  readonly rules: TriageRules;
};

const STUDIES = 500;
const MOST_TOLD = 100;

/**
 * What rules would make of the last 500 studies, held against the rules in force: classes before and after, each study that they
 * change with the values that make it so, and how often each rule holds or cannot be asked. Rules were checked before.
 */
export function previewRules(
  db: ReadableDb,
  { siteId, starting, rules }: PreviewQuestion,
  reading: TriagePolicy['reading'],
): RulesPreview {
  const { ceilings } = policyInForce(db, siteId, starting);
  const inForce = findCurrentSet(db, siteId, 'rules')?.body ?? [];
  const tally = new Map(rules.map(({ id }) => [id, { holds: 0, valueMissing: 0, failed: 0 }]));
  const ids = prepared<{ studyId: string }>(db, LIST_PLACED).all(siteId, 0, STUDIES);
  const tried = ids.flatMap(({ studyId }) => {
    const study = findStudyCard(db, studyId);
    if (study === null || !study.isShown) return [];
    const facts = factsOf(db, { reading }, study);
    const asks = listAsks(db, studyId);
    const spoken = asks.findLast(({ cause }) => cause === 'person');
    const base =
      spoken?.level ??
      asks.filter(({ cause }) => cause !== 'rule' && cause !== 'limit').reduce<UrgencyLevel>(highest, 'routine');
    const reasons = rules.flatMap((rule) => {
      if (!rule.isOn) return [];
      const outcome = compileRule(rule.when).ask(facts);
      const counted = tally.get(rule.id);
      if (counted !== undefined) counted[keyOf(outcome)] += outcome.state === 'does-not-hold' ? 0 : 1;
      return outcome.state === 'holds' ? [{ rule: rule.name, values: outcome.values }] : [];
    });
    const before = raisedBy(inForce, facts, base, ceilings);
    const after = raisedBy(rules, facts, base, ceilings);
    const { description, modality, receivedAtMs } = study;
    return [{ studyId: StudyId.parse(studyId), description, modality, receivedAtMs, before, after, reasons }];
  });
  const count = (side: 'before' | 'after') =>
    Object.fromEntries(
      URGENCY_LEVELS.map((level) => [level, tried.filter((one) => one[side] === level).length]),
    ) as Record<UrgencyLevel, number>;
  const changed = tried.filter(({ before, after }) => before !== after);
  return {
    ...{ studies: tried.length, before: count('before'), after: count('after'), changes: changed.length },
    changed: changed.slice(0, MOST_TOLD),
    rules: rules.map(({ id }) => ({ id, ...(tally.get(id) ?? { holds: 0, valueMissing: 0, failed: 0 }) })),
  };
}

const highest = (level: UrgencyLevel, ask: { readonly level: UrgencyLevel }) => moreUrgent(level, ask.level);

function keyOf(outcome: ReturnType<ReturnType<typeof compileRule>['ask']>): 'holds' | 'valueMissing' | 'failed' {
  if (outcome.state !== 'not-decided') return 'holds';
  return outcome.code === 'value-missing' ? 'valueMissing' : 'failed';
}

function raisedBy(
  rules: TriageRules,
  facts: RuleFacts,
  base: UrgencyLevel,
  ceilings: TriagePolicySet['ceilings'],
): UrgencyLevel {
  return rules
    .filter(({ isOn, when }) => isOn && compileRule(when).ask(facts).state === 'holds')
    .map((rule) => levelOfRule(rule, facts, ceilings))
    .reduce((level, to) => (urgencyRank(to) < urgencyRank(level) ? to : level), base);
}
