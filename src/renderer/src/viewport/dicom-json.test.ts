import { expect, test } from 'vitest';
import { entryOf, itemsOf, readDicomJson } from './dicom-json.ts';
import { presetsOf } from './window-presets.ts';

test('reads data sets whose attributes are in the DICOM JSON model, and nothing else', () => {
  const dataSets = [{}, { '00080018': { vr: 'UI', Value: ['1.2'] }, '7FE00010': { vr: 'OW', BulkDataURI: 'x' } }];
  expect(readDicomJson(dataSets)).toBe(dataSets);
  const others = [null, {}, 'x', [1], [null], [[]], [{ a: 1 }], [{ a: null }], [{ a: [] }], [{ a: { vr: 1 } }]];
  expect(others.map(readDicomJson)).toEqual(others.map(() => null));
  expect(readDicomJson([{}, { a: { Value: 'x' } }])).toBeNull();
});

test('gives of a sequence the items that are data sets', () => {
  const item = { '00080100': { vr: 'SH', Value: ['1'] } };
  expect(itemsOf({ '00081140': { vr: 'SQ', Value: [item, null, 'x', { a: 1 }] } }, '00081140')).toEqual([item]);
});

test('a table has no entry under what every object inherits: a file may say that word', () => {
  expect(['CT', 'MR', 'constructor', '__proto__'].map((name) => entryOf({ CT: 1 }, name))).toEqual([
    1,
    undefined,
    undefined,
    undefined,
  ]);
  expect(presetsOf('constructor')).toBe(presetsOf('MR'));
});
