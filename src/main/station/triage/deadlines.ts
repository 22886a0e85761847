import { z } from 'zod';
import { ServiceLevel, type UrgencyLevel } from '../../../shared/domain/urgency.ts';
import { addWorkingHours, WorkingHours } from './working-hours.ts';

const Target = z.strictObject({
  openMinutes: z.number().positive().optional(),
  reportMinutes: z.number().positive().optional(),
  reportWorkingHours: z.number().positive().optional(),
});

/** The site's deadlines as data (`resources/policies/deadlines.json`); the medical lead signs them. */
export const DeadlinePolicy = z.strictObject({
  comment: z.string(),
  urgency: z.strictObject({ critical: Target, urgent: Target }),
  serviceLevels: z.record(ServiceLevel, Target),
  workingHours: WorkingHours,
});
export type DeadlinePolicy = z.infer<typeof DeadlinePolicy>;

export type Deadlines = { readonly openByAtMs: number | null; readonly reportByAtMs: number | null };

/** Open-by and report-by, counted from one moment on: of urgency class and service level the earlier target holds. */
export function deadlinesOf(
  policy: DeadlinePolicy,
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
