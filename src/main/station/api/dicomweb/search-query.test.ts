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
    includefield: ['all', '00081030,PatientAge', 'RequestAttributesSequence.00400009'],
    fuzzymatching: 'true',
    'RequestAttributesSequence.RequestedProcedureID': 'RP*',
    '00400275.00400009': 'S1',
    PerformedProcedureStepStartDate: '20260101-',
  };
  expect(readSearchQuery('series', query)).toEqual({
    ok: true,
    value: {
      keys: {
        patientName: 'DOE*',
        patientId: '77',
        studyUids: ['1.2.3', '1.2.4'],
        modalitiesInStudy: ['CT', 'MR'],
        request: { requestedProcedureId: 'RP*', scheduledStepId: 'S1' },
        performedDate: { from: '20260101', to: null },
        fuzzyNames: true,
      },
      page,
      fields: [['00200010'], ['00080050'], ['00081030'], ['00101010'], ['00400275', '00400009']],
      ignored: [],
    },
  });
});

test.each([
  ['study', { PatientComments: 'x' }, 'key-not-matched', 'PatientComments'],
  ['study', { Modality: 'CT' }, 'key-not-matched', 'Modality'],
  ['series', { SOPInstanceUID: '1.2' }, 'key-not-matched', 'SOPInstanceUID'],
  ['study', { 'PatientName.nonsense': '1' }, 'key-not-matched', 'PatientName.nonsense'],
  ['study', { 'PatientName.DOE^JANE': '1' }, 'key-not-matched', '?'],
] as const)('refuses at %s level %j: %s', (level, query, code, parameter) => {
  expect(readSearchQuery(level, query)).toEqual({
    ok: false,
    error: { code, parameter },
  });
});

test.each([
  [{ nonsense: '1', PatientID: '7' }, ['nonsense']],
  [{ 'DOE JANE': '1', PatientID: '7' }, ['?']],
  [{ '1.2.840': '1', PatientID: '7' }, ['?']],
  [{ includefield: 'StudyDate,DOE^JANE,nothing', PatientID: '7' }, ['?', 'nothing']],
])('passes over what is no parameter in %j, and names it where that cannot be a value', (query, ignored) => {
  expect(readSearchQuery('study', query)).toMatchObject({ ok: true, value: { keys: { patientId: '7' }, ignored } });
});

test.each([
  ['20260101-20260131', { from: '20260101', to: '20260131' }],
  ['20260101', { from: '20260101', to: '20260101' }],
  ['20260101-', { from: '20260101', to: null }],
  ['-20260131', { from: null, to: '20260131' }],
])('the date range %s', (StudyDate, studyDate) => {
  expect(readSearchQuery('study', { StudyDate })).toEqual({
    ok: true,
    value: { keys: { studyDate }, page, fields: [], ignored: [] },
  });
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
  [{ fuzzymatching: 'perhaps' }],
])('refuses %j', (query) => {
  expect(readSearchQuery('instance', query)).toMatchObject({ ok: false, error: { code: 'query-malformed' } });
});

test('caps a page at a thousand', () => {
  expect(readSearchQuery('study', { limit: '100000', offset: '20' })).toMatchObject({
    value: { page: { limit: 1000, offset: 20 } },
  });
});

test.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('%s is no parameter', (name) => {
  expect(readSearchQuery('study', Object.fromEntries([[name, 'x']]))).toEqual({
    ok: true,
    value: { keys: {}, page, fields: [], ignored: [name === '__proto__' ? '?' : name] },
  });
});

test('a key longer than any attribute is refused, a long list of UIDs is none', () => {
  const long = '*a'.repeat(600);
  for (const name of ['StudyDescription', 'PatientName', 'RequestAttributesSequence.AccessionNumber'])
    expect(readSearchQuery('series', { [name]: long })).toEqual({
      ...{ ok: false, error: { code: 'query-malformed', parameter: name } },
    });
  const uids = Array.from({ length: 600 }, (_, at) => `1.2.${at}`);
  expect(readSearchQuery('study', { StudyInstanceUID: uids.join(',') })).toMatchObject({
    ...{ ok: true, value: { keys: { studyUids: uids } } },
  });
});
