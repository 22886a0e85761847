import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  SERVICE_LEVELS,
  type ServiceLevel,
  URGENCY_LEVELS,
  type UrgencyLevel,
} from '../../../shared/domain/urgency.ts';
import { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import { deadlinesOf } from './deadlines.ts';

const SHIPPED = path.resolve(import.meta.dirname, '../../../../resources/policies/triage.json');
const policy = TriagePolicySet.parse(JSON.parse(readFileSync(SHIPPED, 'utf8')));
/** A Monday, 09:00, where working days have ten hours. */
const COMPLETE_AT_MS = Date.parse('2026-03-02T09:00:00Z');
const WORKING_24_H = 52 * 60;

/** Open-by and report-by in minutes from images complete, with the starting values of DESIGN §5.5. */
const TARGETS: Readonly<Record<ServiceLevel, Readonly<Record<UrgencyLevel, readonly [number | null, number | null]>>>> =
  {
    critical: { critical: [15, 30], urgent: [15, 30], routine: [15, 30] },
    'stat-or-emergency': { critical: [15, 30], urgent: [30, 60], routine: [30, 60] },
    inpatient: { critical: [15, 30], urgent: [30, 60], routine: [null, 240] },
    outpatient: { critical: [15, 30], urgent: [30, 60], routine: [null, WORKING_24_H] },
    screening: { critical: [15, 30], urgent: [30, 60], routine: [null, 4320] },
  };

const cases = SERVICE_LEVELS.flatMap((serviceLevel) => URGENCY_LEVELS.map((level) => ({ serviceLevel, level })));

test.each(cases)('$serviceLevel, $level: the earlier target holds', ({ serviceLevel, level }) => {
  const { openByAtMs, reportByAtMs } = deadlinesOf(policy, {
    fromMs: COMPLETE_AT_MS,
    level,
    serviceLevel,
    zone: 'Etc/UTC',
  });
  const minutes = (atMs: number | null) => (atMs === null ? null : (atMs - COMPLETE_AT_MS) / 60_000);
  expect([minutes(openByAtMs), minutes(reportByAtMs)]).toEqual(TARGETS[serviceLevel][level]);
});

test('working hours are those of the site’s own zone', () => {
  const at = (zone: string) =>
    deadlinesOf(policy, { fromMs: COMPLETE_AT_MS, level: 'routine', serviceLevel: 'outpatient', zone }).reportByAtMs;
  // In Tokyo the working day of that Monday ended at 18:00, the moment the images were complete.
  expect([at('Etc/UTC'), at('Asia/Tokyo')].map((ms) => new Date(ms ?? 0).toISOString())).toEqual([
    '2026-03-04T13:00:00.000Z',
    '2026-03-05T03:00:00.000Z',
  ]);
});

test('a policy with a key nobody knows, or without a service level, is refused', () => {
  const raw = JSON.parse(readFileSync(SHIPPED, 'utf8')) as { serviceLevels: Record<string, unknown> };
  expect(TriagePolicySet.safeParse({ ...raw, extra: 1 }).success).toBe(false);
  const anHourAWeek = { weekdays: [1, 1, 1], fromHour: 8, toHour: 9 };
  const year = TriagePolicySet.safeParse({ ...raw, workingHours: anHourAWeek });
  expect(year.error?.issues.map(({ message }) => message)).toEqual(['working-hours-take-too-long']);
  const { inpatient: _inpatient, ...others } = raw.serviceLevels;
  expect(TriagePolicySet.safeParse({ ...raw, serviceLevels: others }).success).toBe(false);
  expect(TriagePolicySet.safeParse({ ...raw, workingHours: { weekdays: [1], fromHour: 18, toHour: 8 } }).success).toBe(
    false,
  );
});
