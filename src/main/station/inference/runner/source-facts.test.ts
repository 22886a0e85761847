import { expect, test } from 'vitest';
import { ModelInput } from '../../../../shared/domain/model-inputs.ts';
import { feedInputs } from './feed-inputs.ts';
import { factsOf, NO_FACTS } from './source-facts.ts';

const facts = { ...NO_FACTS, ageYears: 40, sex: 'F' as const, weightKg: 60, heightM: 1.6, tubeVoltageKv: 120 };

test('of a study given to another patient nothing counts that its objects say of a person; what they say of the scanner does', () => {
  expect(factsOf(facts, undefined)).toBe(facts);
  expect(factsOf(facts, { ageYears: 7.5, sex: null })).toEqual({ ...NO_FACTS, ageYears: 7.5, tubeVoltageKv: 120 });
});

test('a model that needs what nobody knows of the right patient is given nothing of the wrong one', () => {
  const sex = ModelInput.parse({ tensor: 'x', role: 'scalar', of: 'sex', codes: { M: 1, F: 0 } });
  const sample = { origin: [0, 0, 0], size: [1, 1, 1], channels: 1, depth: 1, values: Float32Array.of(0) } as const;
  const grid = { shape: [1, 1, 1], spacingMm: [null, null, null], extentsMm: null } as const;
  const given = (patient: Parameters<typeof factsOf>[1]) =>
    feedInputs([sex], [sample], { grid, facts: factsOf(facts, patient) });
  expect(given(undefined)).toMatchObject({ ok: true, value: { x: { data: Float32Array.of(0) } } });
  expect(given({ ageYears: 7.5, sex: 'M' })).toMatchObject({ ok: true, value: { x: { data: Float32Array.of(1) } } });
  expect(given({ ageYears: 7.5, sex: null })).toEqual({ ok: false, error: { code: 'scalar-missing' } });
});
