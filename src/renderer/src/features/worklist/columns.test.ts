import { expect, test } from 'vitest';
import { COLUMNS_AS_DELIVERED, fittingColumns } from './columns.tsx';

test('every column but the order and for whom it is fits the width of a 1280 pixel screen; those a wider', () => {
  expect(fittingColumns(COLUMNS_AS_DELIVERED, 1280 - 15)).toEqual(
    COLUMNS_AS_DELIVERED.filter((id) => id !== 'order' && id !== 'routed'),
  );
  expect(fittingColumns(COLUMNS_AS_DELIVERED, 1920 - 15)).toEqual(COLUMNS_AS_DELIVERED);
});

test('with little room the least needed go first, urgency and patient never', () => {
  const beside = fittingColumns(COLUMNS_AS_DELIVERED, 953);
  expect(beside).not.toContain('priors');
  expect(beside).toEqual(expect.arrayContaining(['urgency', 'due', 'patient', 'exam', 'ai']));
  expect(fittingColumns([], 300)).toEqual(expect.arrayContaining(['urgency', 'patient']));
});

test('what a person left out stays out however much room there is', () => {
  expect(fittingColumns(['patient', 'ai', 'urgency'], 4000)).toEqual(['patient', 'ai', 'urgency']);
});
