import { expect, test } from 'vitest';
import { COLUMN_IDS, fittingColumns } from './columns.tsx';

test('every column fits the width of a 1280 pixel screen', () => {
  expect(fittingColumns([], 1280 - 15)).toEqual(COLUMN_IDS);
});

test('with little room the least needed go first, urgency and patient never', () => {
  const beside = fittingColumns([], 953);
  expect(beside).not.toContain('priors');
  expect(beside).toEqual(expect.arrayContaining(['urgency', 'due', 'patient', 'exam', 'ai']));
  expect(fittingColumns([], 300)).toEqual(expect.arrayContaining(['urgency', 'patient']));
});

test('what a person hid stays hidden however much room there is', () => {
  expect(fittingColumns(['images', 'waited'], 4000)).toEqual(
    COLUMN_IDS.filter((id) => id !== 'images' && id !== 'waited'),
  );
});
