import { expect, test } from 'vitest';
import { DELIVERY_STATES, type DeliveryState } from '../../../shared/domain/delivery.ts';
import { DELIVERY_SIGNALS, type DeliverySignal, statesBefore, TRANSITIONS } from './delivery-states.ts';

/** Every state by every signal, written out: a dash changes nothing. */
const TABLE = `
            claim    left  accepted   again   refused   stuck  lost    retry   cancel
queued      claimed  -     -          -       -         -      -       queued  cancelled
claimed     -        sent  delivered  queued  rejected  held   queued  -       cancelled
sent        -        sent  delivered  queued  rejected  held   queued  -       cancelled
held        -        -     -          -       -         -      -       queued  cancelled
delivered   -        -     -          -       -         -      -       -       -
rejected    -        -     -          -       -         -      -       queued  cancelled
cancelled   -        -     -          -       -         -      -       -       -
`;

const [head = '', ...lines] = TABLE.trim().split('\n');
const signals = head.trim().split(/\s+/) as DeliverySignal[];
const pairs = lines.flatMap((line) => {
  const [state = '', ...next] = line.trim().split(/\s+/);
  return next.map((to, index) => [state as DeliveryState, signals[index] as DeliverySignal, to] as const);
});

test('every pair of a state and a signal is written down', () => {
  expect(signals).toEqual([...DELIVERY_SIGNALS]);
  expect(lines.map((line) => line.split(/\s+/)[0])).toEqual([...DELIVERY_STATES]);
  expect(pairs).toHaveLength(DELIVERY_STATES.length * DELIVERY_SIGNALS.length);
});

test.each(pairs)('%s, %s: %s', (state, signal, to) => {
  expect(TRANSITIONS[state][signal] ?? '-').toBe(to);
  expect(statesBefore(signal).includes(state)).toBe(to !== '-');
});
