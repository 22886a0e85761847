import type { TriageReplay } from '../../../shared/contract/triage.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import type { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import type { TriageRules } from '../../../shared/domain/triage-rule.ts';
import { findStudyCard } from '../archive/index.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { levelOfRule } from './apply-rules.ts';
import { type Ask, listAsks } from './asks.ts';
import { deadlinesOf } from './deadlines.ts';
import { curveOf, highestAsked, type LoggedStudy, replayList } from './replay-list.ts';
import { compileRule } from './rule-language.ts';
import { factsOf } from './study-facts.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { policyInForce } from './triage-set-rows.ts';
import { findFirstOpening, findUrgency } from './urgency-rows.ts';

/** What of a site's log is worked anew, and how. */
export type ReplayQuestion = {
  readonly siteId: string;
  readonly starting: TriagePolicySet;
  readonly zone: string;
  readonly sinceMs: number;
  /** Models whose flags are left out: all, or those of these digests. */
  readonly without: 'all' | readonly string[];
  /** Rules in the place of those that were in force; null leaves what they asked. */
  readonly rules: TriageRules | null;
};

/** So many studies at most: the newest of the span. */
export const MOST_REPLAYED = 1000;
const MOST_TOLD = 100;

/** Walks study_urgency_by_placing backwards. */
export const LIST_PLACED = `
  SELECT study_id AS studyId FROM study_urgency WHERE site_id = ? AND counts_from_ms >= ? ORDER BY counts_from_ms DESC LIMIT ?
`;

/**
 * Works a site's own log twice, as it was asked and with something left out or changed, both times with readers who open what stands
 * first at the moments at which they opened something. Gives each study's wait both ways, and curves of them.
 */
export function replayTriage(db: ReadableDb, question: ReplayQuestion, reading: TriagePolicy['reading']): TriageReplay {
  const policy = policyInForce(db, question.siteId, question.starting);
  const ids = prepared<{ studyId: string }>(db, LIST_PLACED).all(question.siteId, question.sinceMs, MOST_REPLAYED);
  const studies = ids.flatMap(({ studyId }) => logged(db, question, policy, reading, studyId) ?? []);
  const isLeftOut = ({ cause, source }: Pick<Ask, 'cause' | 'source'>) =>
    cause === 'ai' && (question.without === 'all' || (source !== null && question.without.includes(source)));
  const isAsItWas = ({ source }: { readonly source: string | null }) => source === null || !source.startsWith(CHANGED);
  const isChanged: (ask: LoggedStudy['asks'][number]) => boolean =
    question.rules === null
      ? (ask) => !isLeftOut(ask)
      : (ask) => !isLeftOut(ask) && (ask.cause !== 'rule' || !isAsItWas(ask));
  const before = replayList(studies, policy.bounds, isAsItWas);
  const after = replayList(studies, policy.bounds, isChanged);
  const compared = studies.flatMap((study) => {
    const [asItWasMs, changedMs] = [before.get(study.studyId), after.get(study.studyId)];
    if (asItWasMs === undefined || changedMs === undefined) return [];
    const actualMs = study.openedAtMs === null ? null : study.openedAtMs - study.countsFromMs;
    const isFlagged = study.asks.some(({ cause }) => cause === 'ai');
    const levels = { before: highestAsked(study, isAsItWas), after: highestAsked(study, isChanged) };
    return [{ studyId: StudyId.parse(study.studyId), isFlagged, actualMs, asItWasMs, changedMs, levels }];
  });
  const group = (isFlagged: boolean) => {
    const of = compared.filter((one) => one.isFlagged === isFlagged);
    return {
      studies: of.length,
      actual: [...curveOf(of.flatMap(({ actualMs }) => actualMs ?? []))],
      asItWas: [...curveOf(of.map(({ asItWasMs }) => asItWasMs))],
      changed: [...curveOf(of.map(({ changedMs }) => changedMs))],
    };
  };
  return {
    ...{ studies: studies.length, isCut: ids.length === MOST_REPLAYED },
    ...{ flagged: group(true), others: group(false) },
    most: compared
      .filter(({ asItWasMs, changedMs }) => asItWasMs !== changedMs)
      .toSorted((a, b) => Math.abs(b.changedMs - b.asItWasMs) - Math.abs(a.changedMs - a.asItWasMs))
      .slice(0, MOST_TOLD),
  };
}

/** Marks asks of the rules that are tried. */
const CHANGED = 'tried:';

function logged(
  db: ReadableDb,
  { zone, rules }: ReplayQuestion,
  policy: TriagePolicySet,
  reading: TriagePolicy['reading'],
  studyId: string,
): LoggedStudy | null {
  const urgency = findUrgency(db, studyId);
  const study = findStudyCard(db, studyId);
  if (urgency === null || study === null || !study.isShown) return null;
  const { countsFromMs: fromMs, serviceLevel } = urgency;
  const due = (level: 'critical' | 'urgent' | 'routine') => {
    const { openByAtMs, reportByAtMs } = deadlinesOf(policy, { fromMs, level, serviceLevel, zone });
    return openByAtMs ?? reportByAtMs ?? Number.MAX_SAFE_INTEGER;
  };
  const asks = listAsks(db, studyId).flatMap(({ askedAtMs: atMs, cause, level, source }) =>
    cause === 'limit' ? [] : [{ atMs, cause, level, source }],
  );
  return {
    ...{ studyId, countsFromMs: fromMs, openedAtMs: openedAfter(findFirstOpening(db, studyId), fromMs) },
    dueAtMs: { critical: due('critical'), urgent: due('urgent'), routine: due('routine') },
    asks: [...asks, ...tried()],
  };

  /** What the rules that are tried ask, by what is known of the study now: what they look at in AI from its first flag on. */
  function tried(): LoggedStudy['asks'] {
    if (rules === null || study === null) return [];
    const facts = factsOf(db, { reading }, study);
    const flaggedAtMs = asks.find(({ cause }) => cause === 'ai')?.atMs ?? fromMs;
    return rules.flatMap((rule) => {
      const { ask, looksAtFindings } = compileRule(rule.when);
      if (!rule.isOn || ask(facts).state !== 'holds') return [];
      const atMs = looksAtFindings ? Math.max(fromMs, flaggedAtMs) : fromMs;
      return [
        {
          ...{ atMs, source: `${CHANGED}${rule.id}` },
          cause: 'rule',
          level: levelOfRule(rule, facts, policy.ceilings),
        },
      ];
    });
  }
}

/** A study may be opened before its images are complete; its wait is none then. */
function openedAfter(openedAtMs: number | null, fromMs: number): number | null {
  return openedAtMs === null ? null : Math.max(openedAtMs, fromMs);
}
