import { expect, test } from 'vitest';
import type { StudyDetail } from '../../../../shared/contract/studies.ts';
import { isFlaggedSince, newsOf, patientNow } from './study-news.ts';

/** The parts of a study that news are about; the rest plays no part. */
function study(revision: number, patient: Partial<StudyDetail['row']['patient']> = {}): StudyDetail {
  const known = { patientId: 'p1', name: 'DOE^JANE', birthDateRaw: '19580203', sex: 'F', mrn: 'M1', issuer: null };
  return {
    row: { revision, patient: { ...known, nameAlert: false, underInvestigation: false, ...patient } },
  } as StudyDetail;
}

test('tells new images from nothing, and a changed patient from both', () => {
  expect([
    newsOf(study(1), study(1)),
    newsOf(study(1), study(2)),
    newsOf(study(1), study(1, { mrn: 'M2' })),
    newsOf(study(1), study(2, { name: 'DOE^JOHN' })),
  ]).toEqual(['nothing', 'images', 'patient', 'patient']);
});

test('takes alerts for no change of the patient: they show at once anyway', () => {
  expect(newsOf(study(1), study(1, { underInvestigation: true, nameAlert: true }))).toBe('nothing');
});

test('shows whose it was on the screen, with the alerts of now', () => {
  const now = study(2, { name: 'DOE^JOHN', underInvestigation: true, nameAlert: true });
  expect(patientNow(study(1), now)).toEqual({
    ...study(1).row.patient,
    underInvestigation: true,
    nameAlert: true,
  });
});

test.each([
  ['critical', 1, 0, true],
  ['urgent', 2, 1, true],
  ['critical', 1, 1, false],
  ['routine', 1, 0, false],
] as const)('what is %s, raised %i times of which %i were seen, is news: %s', (level, raises, seen, isNews) => {
  const now = { row: { urgency: { level, standing: 'suspected', raises } } } as StudyDetail;
  expect(isFlaggedSince(seen, now)).toBe(isNews);
});
