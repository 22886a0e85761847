import { expect, test } from 'vitest';
import { readSearchQuery } from './search-query.ts';

const page = { limit: 100, offset: 0 };

test('reads keys by keyword and by tag, and empty ones as anything', () => {
  const query = {
    PatientName: 'DOE*',
    '00100020': '77',
    '0020000d': '1.2.3,1.2.4',
    ModalitiesInStudy: 'CT\\MR',
    StudyID: '',
    AccessionNumber: '*',
    includefield: 'all',
    fuzzymatching: 'true',
  };
  expect(readSearchQuery(query)).toEqual({
    ok: true,
    value: {
      keys: { patientName: 'DOE*', patientId: '77', studyUids: ['1.2.3', '1.2.4'], modalitiesInStudy: ['CT', 'MR'] },
      page,
      ignored: [],
    },
  });
});

test('says which keys are not matched on', () => {
  expect(readSearchQuery({ PatientComments: 'x', '00180015': 'HEAD', nonsense: '1' })).toEqual({
    ok: true,
    value: { keys: {}, page, ignored: ['PatientComments', '00180015', 'nonsense'] },
  });
});

test.each([
  ['20260101-20260131', { from: '20260101', to: '20260131' }],
  ['20260101', { from: '20260101', to: '20260101' }],
  ['20260101-', { from: '20260101', to: null }],
  ['-20260131', { from: null, to: '20260131' }],
])('the date range %s', (StudyDate, studyDate) => {
  expect(readSearchQuery({ StudyDate })).toEqual({ ok: true, value: { keys: { studyDate }, page, ignored: [] } });
});

test.each([
  [{ StudyDate: '2026-01-01-2026-02-01' }],
  [{ StudyDate: '-' }],
  [{ StudyTime: '25x' }],
  [{ StudyInstanceUID: 'DOE^JANE' }],
  [{ SeriesNumber: 'one' }],
  [{ limit: '-1' }],
  [{ limit: ['1', '2'] }],
  [{ offset: 'many' }],
])('refuses %j', (query) => {
  expect(readSearchQuery(query)).toEqual({ ok: false, error: { code: 'query-malformed' } });
});

test('caps a page at a thousand', () => {
  expect(readSearchQuery({ limit: '100000', offset: '20' })).toMatchObject({
    value: { page: { limit: 1000, offset: 20 } },
  });
});

test('takes a parameter named like a property of every object for one that is not matched on', () => {
  const query = Object.fromEntries(
    ['__proto__', 'constructor', 'hasOwnProperty', 'toString'].map((name) => [name, 'x']),
  );
  expect(readSearchQuery(query)).toEqual({ ok: true, value: { keys: {}, page, ignored: Object.keys(query) } });
});
