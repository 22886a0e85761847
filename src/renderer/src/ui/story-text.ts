import type { TFunction } from 'i18next';
import type { Reason } from '../../../shared/domain/urgency.ts';

/** A reason in words; a code this page does not know is named as such, with its values. */
export function reasonText(reason: Reason, t: TFunction): string {
  const values = codedValues(reason.params, t);
  const known = 'knownSince' in reason.params ? [`reason.${reason.code}-known`] : [];
  return t([...known, `reason.${reason.code}`, 'reason.unknown'], {
    ...values,
    code: reason.code,
    values: listOf(values),
  });
}

/** A ledger event in words; a kind this page does not know is named as such. */
export function eventText(kind: string, payload: Readonly<Record<string, unknown>> | null, t: TFunction): string {
  if (payload === null) return t([`eventKind.${kind}`, 'event.unknown'], { kind });
  const values = codedValues(payload, t);
  const { differing } = payload;
  if (Array.isArray(differing) && differing.length > 0) {
    return t([`event.${kind}-differing`, 'event.unknown'], { ...values, kind, differing: differing.join(', ') });
  }
  return t([`event.${kind}`, 'event.unknown'], { ...values, kind });
}

/** The values of a payload with its codes turned into words where the page has words for them. */
function codedValues(params: Readonly<Record<string, unknown>>, t: TFunction): Record<string, string | number> {
  const said: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === 'number') said[name] = value;
    if (typeof value === 'string') said[name] = t(wordsOf(name, value), { defaultValue: value });
    if (Array.isArray(value)) said[name] = value.length;
  }
  return said;
}

/** Where a code's words may stand: reasons of AI runs and of quarantine have words of their own. */
function wordsOf(name: string, code: string): string[] {
  const own = `code.${name}.${code}`;
  return name === 'reason' ? [own, `ai.reason.${code}`, `quarantine.${code}`] : [own];
}

function listOf(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
