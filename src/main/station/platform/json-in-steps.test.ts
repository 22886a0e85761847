import fc from 'fast-check';
import { expect, test } from 'vitest';
import { atOnce } from './in-turns.ts';
import { parseJsonInSteps } from './json-in-steps.ts';

const refs = Array.from({ length: 30_000 }, (_, n) => ({
  '00081150': { vr: 'UI', Value: ['1.2.840.10008.5.1.4.1.1.2'] },
  '00081155': { vr: 'UI', Value: [`1.2.826.0.1.3680043.10.1234.20261122.1.${n}`] },
}));

test('a step of 30,000 references is parsed in many steps, and is the same', () => {
  const step = {
    '00400340': { vr: 'SQ', Value: [{ '0020000E': { vr: 'UI', Value: ['1.2'] }, '00081140': { Value: refs } }] },
  };
  const text = JSON.stringify(step);
  const parsing = parseJsonInSteps(text);
  let steps = 0;
  for (;;) {
    const next = parsing.next();
    steps += 1;
    if (next.done !== true) continue;
    expect(next.value).toEqual(step);
    break;
  }
  expect(steps).toBeGreaterThan(200);
});

test('whatever JSON writes is read as JSON reads it, strings full of signs too', () => {
  const padding = 'x'.repeat(70_000);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.string(), (value, name) => {
      for (const all of [
        { [name]: value, padding, again: [value, name, `\\"${name}\\`, {}, [], padding, value] },
        [value, padding, { [name]: padding, value }, [], name],
        value,
      ]) {
        const text = JSON.stringify(all);
        expect(atOnce(parseJsonInSteps(text))).toEqual(JSON.parse(text));
      }
    }),
    { numRuns: 300 },
  );
});

test('what is cut short is no JSON', () => {
  const text = JSON.stringify({ refs });
  for (const cut of [1, 2, 3, 4, 7, 2_000_000])
    expect(() => atOnce(parseJsonInSteps(text.slice(0, -cut)))).toThrow(SyntaxError);
});
