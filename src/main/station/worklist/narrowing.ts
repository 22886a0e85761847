import type { WorklistNarrowing } from '../../../shared/contract/worklist.ts';
import { urgencyRank } from '../../../shared/domain/urgency.ts';

/** What a list may be narrowed by whose values are of a set; the column of each. */
const SETS = {
  levels: 'urgency_rank',
  modalities: 'modality',
  bodyParts: 'body_part',
  serviceLevels: 'service_level',
  orderPriorities: 'order_priority',
  aiStates: 'ai_state',
  completeness: 'completeness',
  inPacs: 'in_pacs',
  reports: 'report',
} as const satisfies Partial<Record<keyof WorklistNarrowing, string>>;

/** What the sets are called where their values are offered. */
export const NARROWING_SETS = Object.keys(SETS) as readonly (keyof typeof SETS)[];

/** One text for every narrowing: what is not asked is null and lets all rows through. An unknown age or date is in no range. */
export const NARROWED = [
  ...Object.entries(SETS).map(
    ([name, column]) => `(@${name} IS NULL OR ${column} IN (SELECT value FROM json_each(@${name})))`,
  ),
  '(@ageFrom IS NULL OR age_years >= @ageFrom)',
  '(@ageTo IS NULL OR age_years <= @ageTo)',
  "(@examFrom IS NULL OR (exam_at <> '' AND exam_at >= @examFrom))",
  "(@examTo IS NULL OR (exam_at <> '' AND exam_at < @examTo || '~'))",
].join(' AND ');

/** Nothing narrowed. */
export const NOTHING_NARROWED: WorklistNarrowing = {};

/** The parameters of `NARROWED`. */
export function narrowedBy(narrowing: WorklistNarrowing): Readonly<Record<string, string | number | null>> {
  const setOf = (values: readonly (string | number)[] | undefined) =>
    values === undefined ? null : JSON.stringify(values);
  const { levels, ageYears, examDates } = narrowing;
  return {
    ...Object.fromEntries(NARROWING_SETS.map((name) => [name, setOf(narrowing[name])])),
    levels: setOf(levels?.map(urgencyRank)),
    ageFrom: ageYears?.from ?? null,
    ageTo: ageYears?.to ?? null,
    examFrom: examDates?.from ?? null,
    examTo: examDates?.to ?? null,
  };
}

/** Whether anything is narrowed at all. */
export function isNarrowed(narrowing: WorklistNarrowing): boolean {
  return Object.values(narrowing).some((value) => value !== undefined);
}
