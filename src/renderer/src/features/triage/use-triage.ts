import { useQueries, useQuery } from '@tanstack/react-query';
import type { StudyTriage, TriageReplay, TriageState } from '../../../../shared/contract/triage.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { LONGEST_EXPRESSION, type RuleFault, type TriageRules } from '../../../../shared/domain/triage-rule.ts';
import { type Answer, answerOf } from '../../bridge/answer.ts';
import { station } from '../../bridge/queries.ts';

/** What others do, and what oneself did on another page, shows when one comes back and soon after it happens. */
const LOOKED_AT_ANEW = { refetchOnMount: 'always', refetchInterval: 15_000 } as const;

/** How studies are placed at the site now, and every version of it. */
export function useTriage(): Answer<TriageState> {
  return answerOf(useQuery({ ...station.triage.state.queryOptions(), ...LOOKED_AT_ANEW }));
}

/** Why one study stands where it does. */
export function useStudyTriage(studyId: StudyId): Answer<StudyTriage> {
  return answerOf(useQuery({ ...station.triage.study.queryOptions({ input: { studyId } }), ...LOOKED_AT_ANEW }));
}

/** The log of the last days worked anew without one model (its digest), or `all`; each look at it stands on record. */
export function useReplay(days: number, without: string): Answer<TriageReplay> {
  const input = { days, without: without === 'all' ? ('all' as const) : [without] };
  return answerOf(useQuery({ ...station.triage.replay.queryOptions({ input }), staleTime: Number.POSITIVE_INFINITY }));
}

/** The log of the last days worked anew under these rules; asked for by hand. */
export function useReplayUnder(rules: TriageRules, days: number): Answer<TriageReplay> {
  const input = { days, without: [], rules };
  return answerOf(
    useQuery({ ...station.triage.replay.queryOptions({ input }), staleTime: Number.POSITIVE_INFINITY, retry: false }),
  );
}

/** What is wrong with each expression, by the expression as it is written; of those nobody answered for yet, nothing. */
export function useRuleFaults(expressions: readonly string[]): ReadonlyMap<string, RuleFault | null> {
  const asked = [...new Set(expressions)].filter((when) => when.trim() !== '' && when.length <= LONGEST_EXPRESSION);
  const answers = useQueries({
    queries: asked.map((when) => ({
      ...station.triage.checkRule.queryOptions({ input: { when } }),
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  return new Map(asked.flatMap((when, at) => (answers[at]?.data === undefined ? [] : [[when, answers[at].data]])));
}
