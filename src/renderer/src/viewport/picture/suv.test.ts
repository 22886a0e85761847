import { expect, test } from 'vitest';
import { uptakeOf } from './suv.ts';

const value = (...Value: readonly (number | string)[]) => ({ Value: [...Value] });
const DRUG = { '00181074': value(370_000_000), '00181075': value(6586.2), '00181072': value('090000.00') };
const PET = {
  '00080060': value('PT'),
  '00541001': value('BQML'),
  '00541102': value('START'),
  '00280051': value('DECY', 'ATTN'),
  '00101030': value(70),
  '00080021': value('20260105'),
  '00080031': value('100000'),
  '00080022': value('20260105'),
  '00080032': value('100500'),
  '00540016': { vr: 'SQ', Value: [DRUG] },
};
const drug = (change: Readonly<Record<string, unknown>>, without = '') => {
  const item = Object.fromEntries(Object.entries({ ...DRUG, ...change }).filter(([tag]) => tag !== without));
  return { ...PET, '00540016': { vr: 'SQ', Value: [item] } };
};
const factorOf = (dataSet: Parameters<typeof uptakeOf>[0]) => uptakeOf(dataSet)?.factor ?? null;

test('by body weight, the dose decayed from injection to the start of the series', () => {
  const expected = 70_000 / (370_000_000 * 2 ** (-3600 / 6586.2));
  expect(factorOf(PET)).toBeCloseTo(expected, 12);
  expect(factorOf(drug({ '00181078': value('20260105090000.000000+0100') }, '00181072'))).toBeCloseTo(expected, 12);
  // Written in UTC, with the series' clock two hours ahead.
  const universal = drug({ '00181078': value('20260105070000+0000') }, '00181072');
  expect(factorOf({ ...universal, '00080201': value('+0200') })).toBeCloseTo(expected, 12);
  expect(uptakeOf(PET)?.unit).toBe('SUVbw');
  // Injected before midnight, imaged after it.
  const late = { ...drug({ '00181072': value('233000') }), '00080031': value('003000'), '00080032': value('003500') };
  expect(factorOf(late)).toBeCloseTo(expected, 12);
  expect(factorOf({ ...PET, '00541102': value('ADMIN') })).toBeCloseTo(70_000 / 370_000_000, 12);
});

test.each<[string, Readonly<Record<string, unknown>>]>([
  ['weight', { ...PET, '00101030': undefined }],
  ['weight', { ...PET, '00101030': value(0) }],
  // In grams.
  ['weight', { ...PET, '00101030': value(70_000) }],
  ['not-corrected', { ...PET, '00280051': value('DECY') }],
  ['not-corrected', { ...PET, '00280051': value('ATTN') }],
  ['decay-correction', { ...PET, '00541102': value('NONE') }],
  ['decay-correction', { ...PET, '00541102': undefined }],
  ['times', { ...PET, '00080031': value('110000') }],
  ['times', drug({}, '00181072')],
  ['times', drug({ '00181078': value('20260103090000') }, '00181072')],
  ['dose', drug({ '00181074': value(0) })],
  // In megabecquerels.
  ['dose', drug({ '00181074': value(370) })],
  ['dose', { ...PET, '00540016': undefined }],
  ['several-drugs', { ...PET, '00540016': { vr: 'SQ', Value: [DRUG, DRUG] } }],
  ['half-life', drug({}, '00181075')],
])('without %s values stay in the raw unit, and say why', (why, dataSet) => {
  expect(uptakeOf(dataSet as typeof PET)).toEqual({ factor: null, unit: 'Bq/mL', why });
});

test('what the maker stored as uptake stays so, by what it is of; what is no activity is not made uptake', () => {
  const stored = (unit: string, type?: string) =>
    uptakeOf({ ...PET, '00541001': value(unit), ...(type !== undefined && { '00541006': value(type) }) });
  expect([stored('GML'), stored('GML', 'LBM'), stored('CM2ML', 'BSA'), stored('GML', 'OTHER'), stored('CNTS')]).toEqual(
    [
      { factor: 1, unit: 'SUVbw' },
      { factor: 1, unit: 'SUVlbm' },
      { factor: 1, unit: 'SUVbsa' },
      { factor: null, unit: 'GML', why: 'units' },
      { factor: null, unit: 'counts', why: 'units' },
    ],
  );
  expect(uptakeOf({ ...PET, '00080060': value('CT') })).toBeNull();
  // Corrected to the injection, no time since then matters.
  expect(factorOf({ ...drug({}, '00181075'), '00541102': value('ADMIN') })).toBeCloseTo(70_000 / 370_000_000, 12);
});
