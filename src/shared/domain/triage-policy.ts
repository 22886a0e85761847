import { z } from 'zod';
import { type AcrCategory, ceilingOfCategory, ServiceLevel, UrgencyLevel, urgencyRank } from './urgency.ts';

const LONGEST_MINUTES = 60 * 24 * 90;
/** Working hours are counted one by one: of a site that works an hour a week, a thousand would be twenty years. */
const LONGEST_WEEKS = 13;
const minutes = z.number().int().positive().max(LONGEST_MINUTES);

/** When a study must be opened and reported, from images complete; what is missing is not promised. */
export const Target = z
  .strictObject({
    openMinutes: minutes.optional(),
    reportMinutes: minutes.optional(),
    reportWorkingHours: z.number().positive().max(1000).optional(),
  })
  .refine(({ openMinutes = 0, reportMinutes }) => reportMinutes === undefined || openMinutes <= reportMinutes, {
    message: 'report-before-open',
  });
export type Target = z.infer<typeof Target>;

/** When a site works: ISO weekdays (1 is Monday) and whole local hours. */
export const WorkingHours = z
  .strictObject({
    weekdays: z.array(z.number().int().min(1).max(7)).min(1),
    fromHour: z.number().int().min(0).max(23),
    toHour: z.number().int().min(1).max(24),
  })
  .refine(({ fromHour, toHour }) => fromHour < toHour, { message: 'working-day-ends-before-it-begins' });
export type WorkingHours = z.infer<typeof WorkingHours>;

const isWithin = (category: AcrCategory) => (level: UrgencyLevel) =>
  urgencyRank(level) >= urgencyRank(ceilingOfCategory(category));
const ceiling = (category: AcrCategory) => UrgencyLevel.refine(isWithin(category), { message: 'above-the-category' });
const reported = ({ reportMinutes }: Target) => reportMinutes ?? Number.POSITIVE_INFINITY;
const opened = ({ openMinutes }: Target) => openMinutes ?? Number.POSITIVE_INFINITY;

/**
 * How a site places its studies, as data that its medical lead signs: deadlines, how far AI may raise by ACR category (never
 * further than the category allows), how long a study may wait because others were raised, and how many false alarms a day
 * each model may cause before its flags raise a class less.
 */
export const TriagePolicySet = z
  .strictObject({
    urgency: z.strictObject({ critical: Target, urgent: Target }),
    serviceLevels: z.record(ServiceLevel, Target),
    workingHours: WorkingHours,
    ceilings: z.strictObject({ 1: ceiling(1), 2: ceiling(2), 3: ceiling(3) }),
    bounds: z.strictObject({
      /** Of the time until its report is due: so long a Routine study may be overtaken. */
      routineShare: z.number().min(0.1).max(1),
      /** From becoming Urgent on. */
      urgentMinutes: z.number().int().min(15).max(1440),
    }),
    alertBudget: z.strictObject({
      /** Expected: each flag that raised counts for one less the share of its model's flags that were right here. */
      falseAlarmsADay: z.number().int().min(1).max(1000),
    }),
  })
  .refine(
    ({ urgency: { critical, urgent } }) => opened(critical) <= opened(urgent) && reported(critical) <= reported(urgent),
    { message: 'critical-later-than-urgent' },
  )
  .refine(
    ({ urgency, serviceLevels, workingHours: { weekdays, fromHour, toHour } }) =>
      [...Object.values(urgency), ...Object.values(serviceLevels)].every(
        ({ reportWorkingHours = 0 }) =>
          reportWorkingHours <= LONGEST_WEEKS * new Set(weekdays).size * (toHour - fromHour),
      ),
    { message: 'working-hours-take-too-long' },
  );
export type TriagePolicySet = z.infer<typeof TriagePolicySet>;
