import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { StudyIdentity } from '../../src/shared/contract/identity.ts';
import { QuarantineWindow } from '../../src/shared/contract/quarantine.ts';
import { WorklistWindow } from '../../src/shared/contract/worklist.ts';
import { launchChromium } from '../chromium.ts';
import { type Asker, jsonBody, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import type { SentObject, SentStudy } from '../system/support/studies.ts';
import { arrive } from './support/arrivals.ts';
import { judgePage } from './support/judge-page.ts';
import { openPage } from './support/open-page.ts';

const JANE = { PatientName: 'Muster^Jane', PatientID: '4711', PatientBirthDate: '19600102', PatientSex: 'F' };
const ANNA = { PatientName: 'Beispiel^Anna', PatientID: '4713', PatientBirthDate: '19710506', PatientSex: 'F' };
const JOHN = { PatientName: 'Muster^John', PatientID: '4712', PatientBirthDate: '19580304', PatientSex: 'M' };

let station: RunningStation;
let browser: Browser;
let who: Asker;
let janes: string;
let johns: string;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
  who = await signIn(station, 'technologist', 'demo');
  await arrive(station, [aStudy('2.25.810', JANE), aStudy('2.25.820', JOHN)]);
  janes = (await rowOf(who, '2.25.810', ({ images }) => images.received === 10)).studyId;
  johns = (await rowOf(who, '2.25.820', ({ images }) => images.received === 10)).studyId;
  const brighter = aSlice('2.25.810', 1, 1, { ...JANE, StudyDescription: 'CT head, repeated' }, 900);
  const somebodyElse = aSlice('2.25.810', 2, 9, JOHN);
  await arrive(station, [{ studyUid: '2.25.810', objects: [brighter, somebodyElse] }]);
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

function aStudy(studyUid: string, patient: Readonly<Record<string, string>>): SentStudy {
  const objects = [1, 2].flatMap((series) => [1, 2, 3, 4, 5].map((n) => aSlice(studyUid, series, n, patient)));
  return { studyUid, objects };
}

function aSlice(
  studyUid: string,
  series: number,
  n: number,
  changes: Readonly<Record<string, string>>,
  value = n,
): SentObject {
  const seriesUid = `${studyUid}.${series}`;
  const sopUid = `${seriesUid}.${n}`;
  const file = encodeInstance({
    SpecificCharacterSet: 'ISO_IR 192',
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    ...{ SOPInstanceUID: sopUid, StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid },
    ...{ Modality: 'CT', SeriesNumber: series, SeriesDescription: `Head ${series}`, InstanceNumber: n },
    ...{ StudyDescription: 'CT head', StudyDate: '20260115', StudyTime: '090000', AccessionNumber: 'C1' },
    ...{ ImagePositionPatient: [0, 0, n * 5], ImageOrientationPatient: [1, 0, 0, 0, 1, 0], SliceThickness: 5 },
    ...{ Rows: 4, Columns: 4, SamplesPerPixel: 1, PhotometricInterpretation: 'MONOCHROME2', PixelSpacing: [1, 1] },
    ...{ BitsAllocated: 16, BitsStored: 12, HighBit: 11, PixelRepresentation: 0 },
    PixelData: new Uint16Array(16).fill(value),
    ...changes,
  });
  return { studyUid, seriesUid, sopUid, file };
}

const json = async (path_: string, init?: RequestInit) => {
  const answer = await who.fetch(`/api/v1${path_}`, init);
  expect([path_, answer.status, answer.status < 300 ? '' : answer.text]).toEqual([path_, answer.status, '']);
  return JSON.parse(answer.text) as unknown;
};
const held = async () => QuarantineWindow.parse(await json('/quarantine'));
const identityOf = async (studyId: string) => StudyIdentity.parse(await json(`/studies/${studyId}/identity`));

test('what was set aside stands beside what is stored, is exported and audited, and a person settles it', async () => {
  expect((await held()).held).toEqual([
    { reason: 'same-uid-other-patient', count: 1 },
    { reason: 'same-uid-other-pixels', count: 1 },
  ]);
  const { page, complaints, close } = await openPage(browser, station, { as: 'technologist', at: '/quarantine' });
  const grid = page.getByRole('grid', { name: 'Objects set aside' });
  await grid.getByText('same identifier, other pixels').click();
  const aside = page.getByRole('complementary', { name: 'The object set aside' });
  await aside.getByText('CT head, repeated').waitFor();
  await aside.getByRole('row').nth(1).waitFor();
  const compared = await aside.getByRole('row').allInnerTexts();
  expect(compared[1]).toMatch(/StudyDescription[\s\S]*CT head, repeated[\s\S]*CT head/);
  const faults = [...(await judgePage(page, 'quarantine', { inEverySize: true }))];
  const href = (await aside.getByRole('link', { name: 'Export file' }).getAttribute('href')) ?? '';
  const file = await who.fetch(href);
  expect([file.status, file.headers.get('content-type')]).toEqual([200, 'application/dicom']);
  expect(Buffer.from(file.bytes.subarray(128, 132)).toString()).toBe('DICM');
  await aside.getByRole('button', { name: 'Make it the current one' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Muster, Jane').waitFor();
  faults.push(...(await judgePage(page, 'quarantine-release')));
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await grid.getByText('same identifier, other pixels').waitFor({ state: 'detached' });
  expect((await held()).entries.map(({ reason }) => reason)).toEqual(['same-uid-other-patient']);
  expect([complaints, faults]).toEqual([[], []]);
  await close();
});

test('a page without the right to settle offers only to look; nobody else finds the page', async () => {
  const { page, close } = await openPage(browser, station, { as: 'coordinator', at: '/quarantine' });
  await page.getByRole('grid', { name: 'Objects set aside' }).getByText('other patient').click();
  await page.getByText('Your role may look, not settle.').waitFor();
  await close();
  const radiologist = await signIn(station, 'radiologist', 'demo');
  expect((await radiologist.fetch('/api/v1/quarantine')).status).toBe(403);
});

test('a study is given to another patient on the page, shows it at once everywhere, and is given back', async () => {
  const { page, complaints, close } = await openPage(browser, station, {
    as: 'technologist',
    at: `/identity/${janes}`,
  });
  await page.getByText('UNDER INVESTIGATION: this study').waitFor();
  const faults = [...(await judgePage(page, 'identity', { inEverySize: true }))];
  await page
    .getByRole('region', { name: 'Patients of the same' })
    .getByRole('button', { name: 'Give the study to this patient' })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('article').nth(1).waitFor();
  const cards = await dialog.getByRole('article').allInnerTexts();
  for (const words of ['Muster, Jane', '1960-01-02', '4711', 'Muster, John', '1958-03-04', '4712'])
    expect(cards.join()).toContain(words);
  await dialog.getByRole('combobox', { name: 'Reason' }).click();
  await page.getByRole('option', { name: 'wrong worklist entry' }).click();
  faults.push(...(await judgePage(page, 'identity-move')));
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('study moved: wrong worklist entry').waitFor();
  faults.push(...(await judgePage(page, 'identity-moved')));
  const moved = await rowOf(who, '2.25.810', ({ patient }) => patient.mrn === '4712');
  expect(moved).toMatchObject({ patient: { name: 'Muster^John' }, priors: 1 });
  expect(await rowOf(who, '2.25.820', ({ priors }) => priors === 1)).toMatchObject({ studyId: johns });
  // The one before it let an object in from quarantine.
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await page.getByText('undone by').waitFor();
  expect(await rowOf(who, '2.25.810', ({ patient }) => patient.mrn === '4711')).toMatchObject({ priors: 0 });
  expect([complaints, faults]).toEqual([[], []]);
  await close();
});

test('what is split off and hidden is served so by QIDO and WADO, and the history leads back', async () => {
  const before = await identityOf(johns);
  const [, second] = before.series;
  const said = { identityVersion: before.patient.identityVersion, reason: 'studies-mixed' };
  const stale = {
    ...said,
    identityVersion: said.identityVersion + 7,
    seriesIds: [second?.seriesId],
    sopUids: [],
    to: null,
  };
  const refused = await who.fetch(`/api/v1/studies/${johns}/splits`, jsonBody(stale));
  expect([refused.status, refused.text]).toEqual([409, expect.stringContaining('identity-changed')]);
  const wish = { ...said, seriesIds: [second?.seriesId], sopUids: [], to: null };
  const { newStudyId } = (await json(`/studies/${johns}/splits`, jsonBody(wish))) as { newStudyId: string };
  const { study } = await identityOf(newStudyId);
  const found = async (query: string) => {
    const answer = await who.fetch(`/dicomweb/demo/${query}`, { headers: { accept: 'application/dicom+json' } });
    return answer.status === 204 ? [] : (JSON.parse(answer.text) as Record<string, { Value?: unknown[] }>[]);
  };
  expect(study.studyUid).toMatch(/^2\.25\./);
  expect(await found(`studies/${study.studyUid}/instances`)).toHaveLength(5);
  const metadata = await found(`studies/${study.studyUid}/metadata`);
  expect(new Set(metadata.map((one) => one['0020000D']?.Value?.[0]))).toEqual(new Set([study.studyUid]));
  await json(`/studies/${newStudyId}/hidings`, jsonBody({ level: 'study', subjects: [], reason: 'test-images' }));
  expect(await found(`studies?StudyInstanceUID=${study.studyUid}`)).toEqual([]);
  expect((await who.fetch(`/dicomweb/demo/studies/${study.studyUid}/metadata`)).status).toBe(404);
  const { page, complaints, close } = await openPage(browser, station, { as: 'coordinator', at: '/corrections' });
  await page.getByText('objects hidden: test images').waitFor();
  const faults = await judgePage(page, 'corrections', { inEverySize: true });
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await page.getByText('undone by').first().waitFor();
  expect(await found(`studies?StudyInstanceUID=${study.studyUid}`)).toHaveLength(1);
  expect([complaints, faults]).toEqual([[], []]);
  await close();
});

test('a whole series of somebody else is let out as one study of theirs, with what became of it told', async () => {
  await arrive(station, [aStudy('2.25.830', ANNA)]);
  await rowOf(who, '2.25.830', ({ images }) => images.received === 10);
  const strays = [11, 12, 13].map((n) => aSlice('2.25.830', 3, n, JOHN));
  await arrive(station, [{ studyUid: '2.25.830', objects: strays }]);
  const { page, complaints, close } = await openPage(browser, station, { as: 'technologist', at: '/quarantine' });
  const grid = page.getByRole('grid', { name: 'Objects set aside' });
  await grid.getByText('Beispiel, Anna').first().click();
  const aside = page.getByRole('complementary', { name: 'The object set aside' });
  await aside.getByText('3 objects of this study wait for this reason').waitFor();
  const opener = aside.getByRole('button', { name: 'Let it in as a study of its own' });
  await opener.click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Cancel' }).last().click();
  await dialog.waitFor({ state: 'detached' });
  expect(await opener.evaluate((one) => one === document.activeElement)).toBe(true);
  await page.keyboard.press('Enter');
  await dialog.getByRole('radio', { name: 'All 3 of this study' }).check();
  const faults = [...(await judgePage(page, 'quarantine-all'))];
  await dialog.getByRole('button', { name: 'Confirm for all 3' }).click();
  await dialog.getByText('3 filed: part of a study now').waitFor();
  faults.push(...(await judgePage(page, 'quarantine-all-done')));
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  await grid.getByText('Beispiel, Anna').first().waitFor({ state: 'detached' });
  await aside.getByText('Settled by').waitFor();
  expect((await held()).entries.every(({ study }) => study?.patientName !== ANNA.PatientName)).toBe(true);
  const { rows } = WorklistWindow.parse(await json('/worklist'));
  expect(rows.filter(({ patient }) => patient.mrn === '4712').map(({ images }) => images.received)).toContain(3);
  expect([complaints, faults]).toEqual([[], []]);
  await close();
});
