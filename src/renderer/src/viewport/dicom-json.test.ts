import { expect, test } from 'vitest';
import { itemsOf, readDicomJson } from './dicom-json.ts';

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
