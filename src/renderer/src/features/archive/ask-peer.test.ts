import { expect, test } from 'vitest';
import { EMPTY_DRAFT, type QuestionDraft, questionOf } from './ask-peer.ts';

const asked = (draft: Partial<QuestionDraft>) => questionOf({ ...EMPTY_DRAFT, ...draft });

test('what people type becomes what peers match on: names by their beginning, descriptions by any part', () => {
  const draft = { patientName: ' Doe, Jane ', modality: 'ct', description: 'head', birthDate: '1960-01-02' };
  expect(asked({ ...draft, dateFrom: '2026-01-01', dateTo: '2026-01-01' })).toEqual({
    question: {
      ...{ patientName: 'Doe^Jane*', modality: 'CT', description: '*head*', birthDate: '19600102' },
      ...{ dateFrom: '20260101', dateTo: '20260101' },
    },
    problems: {},
  });
  expect(asked({ patientName: 'D?e', patientId: '47*' }).question).toEqual({ patientName: 'D?e', patientId: '47*' });
});

test.each([
  [{}, { whole: 'nothing-asked' }],
  [{ modality: 'CT' }, { whole: 'nothing-asked' }],
  [{ patientName: '*' }, { whole: 'nothing-asked' }],
  [{ patientId: '1\\2' }, { patientId: 'not-allowed' }],
  [{ accession: 'a'.repeat(17) }, { accession: 'too-long' }],
  [{ patientId: '1', modality: 'C T' }, { modality: 'not-allowed' }],
  [{ dateFrom: '2026-02-01', dateTo: '2026-01-01' }, { dateTo: 'before-from' }],
] as const)('what cannot be asked is said where it stands: %j', (draft, problems) => {
  expect(asked(draft)).toEqual({ question: null, problems });
});
