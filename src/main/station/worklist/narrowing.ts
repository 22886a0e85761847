import type { WorklistNarrowing } from '../../../shared/contract/worklist.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { listRanksOf } from './list-rank.ts';

/** What a list may be narrowed by whose values are of a set; the column of each. */
const SETS = {
  modalities: 'modality',
  bodyParts: 'body_part',
  serviceLevels: 'service_level',
  orderPriorities: 'order_priority',
  aiStates: 'ai_state',
  completeness: 'completeness',
  inPacs: 'in_pacs',
  reports: 'report',
} as const satisfies Partial<Record<keyof WorklistNarrowing, string>>;

/** Nothing narrowed. */
export const NOTHING_NARROWED: WorklistNarrowing = {};

/** A condition that lets all rows through. */
const NOTHING = '1';

/** A narrowing as SQL asks it of a row: nothing is said of what is not asked. */
export type Narrowed = {
  readonly condition: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  /** It asks for sets of values alone, which kinds of rows tell; not for an age or a day. */
  readonly isOfKinds: boolean;
};

/**
 * A narrowing in SQL. What is not asked is left out of the text: asking it of each of 100,000 rows would take twice as long as
 * the rest. An unknown age or date is in no range.
 */
export function narrowedBy(narrowing: WorklistNarrowing): Narrowed {
  const { levels, ageYears, examDates } = narrowing;
  const asked: (readonly [condition: string, parameters: Readonly<Record<string, string | number>>])[] = [];
  if (levels !== undefined) {
    // In the text: an index that begins with it, or holds nothing else, is then known to do.
    asked.push([`urgency_rank IN (${levels.flatMap(listRanksOf).join(', ')})`, {}]);
  }
  for (const [name, column] of Object.entries(SETS)) {
    const values = narrowing[name as keyof typeof SETS];
    if (values !== undefined)
      asked.push([`+${column} IN (SELECT value FROM json_each(@${name}))`, { [name]: JSON.stringify(values) }]);
  }
  const kinds = asked.length;
  if (ageYears?.from !== undefined) asked.push(['age_years >= @ageFrom', { ageFrom: ageYears.from }]);
  if (ageYears?.to !== undefined) asked.push(['age_years <= @ageTo', { ageTo: ageYears.to }]);
  if (examDates?.from !== undefined)
    asked.push(["(exam_at <> '' AND exam_at >= @examFrom)", { examFrom: examDates.from }]);
  if (examDates?.to !== undefined)
    asked.push(["(exam_at <> '' AND exam_at < @examTo || '~')", { examTo: examDates.to }]);
  return {
    condition: asked.length === 0 ? NOTHING : asked.map(([condition]) => condition).join(' AND '),
    parameters: Object.assign({}, ...asked.map(([, parameters]) => parameters)) as Narrowed['parameters'],
    isOfKinds: asked.length === kinds,
  };
}

/** The statement of a list. One that is narrowed is prepared each time (0.1 ms): there are thousands of ways to narrow, and none is kept. */
export function statementOf<Row>(db: ReadableDb, sql: string, narrowed: Narrowed): ReturnType<typeof prepared<Row>> {
  return narrowed.condition === NOTHING ? prepared<Row>(db, sql) : db.prepare<unknown[], Row>(sql);
}

/** Whether anything is narrowed at all. */
export function isNarrowed(narrowing: WorklistNarrowing): boolean {
  return Object.values(narrowing).some((value) => value !== undefined);
}
