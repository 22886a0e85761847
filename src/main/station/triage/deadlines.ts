import type { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import type { ServiceLevel, UrgencyLevel } from '../../../shared/domain/urgency.ts';
import { addWorkingHours } from './working-hours.ts';

/** When a study must be opened and reported, where that is promised. */
export type Deadlines = { readonly openByAtMs: number | null; readonly reportByAtMs: number | null };

/** Open-by and report-by, counted from one moment on: of urgency class and service level the earlier target holds. */
export function deadlinesOf(
  policy: Pick<TriagePolicySet, 'urgency' | 'serviceLevels' | 'workingHours'>,
  study: {
    /** Images complete, or later where a person made the study a new one. */
    readonly fromMs: number;
    readonly level: UrgencyLevel;
    readonly serviceLevel: ServiceLevel;
    readonly zone: string;
  },
): Deadlines {
  const targets = [
    policy.serviceLevels[study.serviceLevel],
    ...(study.level === 'routine' ? [] : [policy.urgency[study.level]]),
  ];
  const open = targets.flatMap(({ openMinutes }) =>
    openMinutes === undefined ? [] : [study.fromMs + openMinutes * 60_000],
  );
  const report = targets.flatMap(({ reportMinutes, reportWorkingHours }) => [
    ...(reportMinutes === undefined ? [] : [study.fromMs + reportMinutes * 60_000]),
    ...(reportWorkingHours === undefined
      ? []
      : [addWorkingHours(study.fromMs, reportWorkingHours, policy.workingHours, study.zone)]),
  ]);
  return { openByAtMs: earliest(open), reportByAtMs: earliest(report) };
}

function earliest(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.min(...times);
}
