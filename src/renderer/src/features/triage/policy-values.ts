import type { TFunction } from 'i18next';
import type { TriagePolicySet } from '../../../../shared/domain/triage-policy.ts';
import { SERVICE_LEVELS } from '../../../../shared/domain/urgency.ts';

/** Every single value of a policy, by where it stands, in the order people read it. */
export function valuesOf(policy: TriagePolicySet): readonly (readonly [path: string, value: string | number | null])[] {
  const target = (
    path: string,
    { openMinutes, reportMinutes, reportWorkingHours }: TriagePolicySet['urgency']['urgent'],
  ) =>
    [
      [`${path}.openMinutes`, openMinutes ?? null],
      [`${path}.reportMinutes`, reportMinutes ?? null],
      [`${path}.reportWorkingHours`, reportWorkingHours ?? null],
    ] as const;
  const { urgency, serviceLevels, workingHours, ceilings, bounds, alertBudget } = policy;
  return [
    ...target('urgency.critical', urgency.critical),
    ...target('urgency.urgent', urgency.urgent),
    ...SERVICE_LEVELS.flatMap((level) => target(`serviceLevels.${level}`, serviceLevels[level])),
    ['workingHours.weekdays', workingHours.weekdays.toSorted((a, b) => a - b).join(' ')],
    ['workingHours.fromHour', workingHours.fromHour],
    ['workingHours.toHour', workingHours.toHour],
    ...([1, 2, 3] as const).map((category) => [`ceilings.${category}`, ceilings[category]] as const),
    ['bounds.routineShare', bounds.routineShare],
    ['bounds.urgentMinutes', bounds.urgentMinutes],
    ['alertBudget.falseAlarmsADay', alertBudget.falseAlarmsADay],
  ];
}

/** What differs between two policies, value by value. */
export function changesOf(before: TriagePolicySet, after: TriagePolicySet) {
  const was = new Map(valuesOf(before));
  return valuesOf(after)
    .filter(([path, value]) => was.get(path) !== value)
    .map(([path, value]) => ({ path, before: was.get(path) ?? null, after: value }));
}

/** Where a value stands, in words. */
export function pathText(path: string, t: TFunction): string {
  const [area = '', name = '', field] = path.split('.');
  if (field === undefined) return t(`value.${area}.${name}`);
  return `${t(area === 'urgency' ? `app:urgency.${name}` : `app:serviceLevel.${name}`)}: ${t(`value.target.${field}`)}`;
}

/** A value in words; what is not promised is said. */
export function valueText(path: string, value: string | number | null, t: TFunction): string {
  if (value === null) return t('notPromised');
  if (path.startsWith('ceilings.')) return t(`app:urgency.${value}`);
  if (path === 'bounds.routineShare') return `${Math.round(Number(value) * 100)} %`;
  if (path === 'workingHours.weekdays')
    return String(value)
      .split(' ')
      .map((day) => t(`weekday.${day}`))
      .join(' ');
  return String(value);
}
