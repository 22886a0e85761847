import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice, OTHER_CLASSES, without } from '../testing/objects.ts';
import { findSeries, findStudies, getStudyCard } from './index.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

const ALL = { limit: 10, offset: 0 };
const sites = () => [clinic.north.siteId];
const found = (keys: Parameters<typeof findStudies>[2]) => findStudies(clinic.db, sites(), keys, ALL).length;
const changes = () => clinic.events('study-attributes-changed').map(({ payload }) => payload.keywords);
const EXAM = ['AccessionNumber', 'StudyDescription', 'StudyDate', 'StudyTime', 'BodyPartExamined'] as const;

test('what the first object leaves out, a later one says: the study is found by it', async () => {
  const id = await clinic.send([
    without(aSlice(1), ...EXAM, 'SeriesDescription'),
    aSlice(2, { ReferringPhysicianName: 'House^Greg' }),
    aSlice(3),
  ]);
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    ...{ accession: 'A1', description: 'CT Head', dateRaw: '20260301', timeRaw: '101500', bodyPart: 'HEAD' },
  });
  expect([found({ accession: 'A1' }), found({ referringPhysician: 'HOUSE*' })]).toEqual([1, 1]);
  expect(findSeries(clinic.db, sites(), {}, ALL)).toMatchObject([{ description: 'Head 5mm', bodyPart: 'HEAD' }]);
  // Keywords alone, and nothing of objects that say the same.
  expect(changes().map((keywords) => (keywords as string[]).toSorted())).toEqual([
    [...EXAM, 'BodyPartExamined', 'ReferringPhysicianName', 'SeriesDescription'].toSorted(),
  ]);
});

test('a new version of an object says otherwise, and the study and series follow', async () => {
  const id = await clinic.send([aSlice(1), aSlice(2)]);
  const changed = { StudyDescription: 'CT Neck', SeriesDescription: 'Neck 5mm', AccessionNumber: 'A2' };
  await clinic.send([aSlice(2, changed)]);
  expect(getStudyCard(clinic.db, id)).toMatchObject({ description: 'CT Neck', accession: 'A2' });
  expect([found({ accession: 'A2' }), found({ accession: 'A1' })]).toEqual([1, 0]);
  expect(findSeries(clinic.db, sites(), {}, ALL)).toMatchObject([{ description: 'Neck 5mm' }]);
  expect(changes()).toEqual([['AccessionNumber', 'StudyDescription', 'SeriesDescription']]);
  // A version that differs in something else brings back nothing.
  await clinic.send([aSlice(1, { InstitutionName: 'Elsewhere' })]);
  expect(getStudyCard(clinic.db, id)).toMatchObject({ description: 'CT Neck', accession: 'A2' });
  expect(changes()).toHaveLength(1);
});

test('another object that merely contradicts the first changes nothing, and another day lends no time', async () => {
  const id = await clinic.send([
    without(aSlice(1), 'StudyTime'),
    aSlice(2, { StudyDescription: 'CT Neck', StudyDate: '20260202', StudyTime: '230000', AccessionNumber: 'A2' }),
  ]);
  expect(getStudyCard(clinic.db, id)).toMatchObject({
    ...{ accession: 'A1', description: 'CT Head', dateRaw: '20260301', timeRaw: null },
  });
  expect(changes()).toEqual([]);
});

test('a study of both sides is of neither alone, and a report says nothing of a side', async () => {
  const breast = (n: number, ImageLaterality: string) =>
    aSlice(n, { StudyInstanceUID: '1.2.20', Modality: 'MG', ImageLaterality });
  const report = without(
    aSlice(9, { StudyInstanceUID: '1.2.20', SeriesInstanceUID: '1.2.20.9', Laterality: 'L', Modality: 'SR' }),
    ...['PixelData', 'Rows', 'Columns'],
  );
  const id = await clinic.send([breast(1, 'R'), { ...report, SOPClassUID: OTHER_CLASSES.report }]);
  expect(getStudyCard(clinic.db, id).laterality).toBe('R');
  await clinic.send([breast(2, 'L')]);
  expect(getStudyCard(clinic.db, id).laterality).toBe('B');
  await clinic.send([breast(3, 'R')]);
  expect(getStudyCard(clinic.db, id).laterality).toBe('B');
});

test('an accession keeps the issuer it came with', async () => {
  const issuer = (LocalNamespaceEntityID: string) => [{ LocalNamespaceEntityID }];
  const id = await clinic.send([
    aSlice(1),
    aSlice(2, { AccessionNumber: 'A2', IssuerOfAccessionNumberSequence: issuer('OTHER') }),
    aSlice(3, { IssuerOfAccessionNumberSequence: issuer('RIS') }),
  ]);
  expect(getStudyCard(clinic.db, id).accession).toBe('A1');
  const issuers = clinic.db.prepare('SELECT accession_issuer AS issuer FROM studies').all();
  expect(issuers).toEqual([{ issuer: 'RIS' }]);
});
