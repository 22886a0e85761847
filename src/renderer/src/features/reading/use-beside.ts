import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { station } from '../../bridge/queries.ts';
import { type UserPreference, useUserPreference } from '../../bridge/user-preferences.ts';
import { bestPrior } from './best-prior.ts';
import { ruleFor, rulesInOrder } from './hanging/hang.ts';
import { type HangingRule, HangingRules, SHIPPED_HANGING } from './hanging/hanging-rule.ts';

/** The rule a study opened by, and the prior that may hang beside it. */
export type Beside = {
  readonly rule: HangingRule | null;
  readonly hanging: UserPreference<HangingRules>;
  /** The prior's images; null until it came, and while none is wanted. */
  readonly prior: StudyDetail | null;
  readonly wanted: StudyId | null;
  readonly isFailed: boolean;
  /** Takes another prior beside, or none. */
  readonly choose: (studyId: StudyId | null) => void;
};

/** What a person set of hanging. */
export function useHangingRules(): UserPreference<HangingRules> {
  return useUserPreference('hanging-rules', HangingRules, SHIPPED_HANGING);
}

/** Finds the rule a study opens by, once, and fetches the prior that it hangs beside; another is chosen by hand. */
export function useBeside(study: StudyDetail): Beside {
  const hanging = useHangingRules();
  const [rule] = useState(() => ruleFor(rulesInOrder(hanging.value), study, bestPrior(study) !== null));
  const hangsPrior = rule?.panes.some((pane) => pane.study === 'prior') ?? false;
  const [wanted, choose] = useState<StudyId | null>(() => (hangsPrior ? (bestPrior(study)?.studyId ?? null) : null));
  const { data, isError } = useQuery({
    ...station.studies.get.queryOptions({ input: { studyId: wanted ?? study.row.studyId } }),
    enabled: wanted !== null,
    // As the study on the screen: it stays as it came until the reader chooses again.
    staleTime: Infinity,
  });
  return { rule, hanging, prior: wanted === null ? null : (data ?? null), wanted, isFailed: isError, choose };
}
