import type { Browser, Locator, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeStudy, type PlannedStudy, type StudyKind } from '../../demo/make-study.ts';
import { PEOPLE } from '../../demo/people.ts';
import { type DicomRecord, encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { launchChromium } from '../chromium.ts';
import { type Asker, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { objectsOf, type SentStudy } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { arrive, studyWithoutImages } from './support/arrivals.ts';
import { isForPictures, keepPicture } from './support/judge-page.ts';
import { openPage } from './support/open-page.ts';

// What the reading page shows of every kind of study, in full size: too much to draw where no pictures are wanted. That these states
// come about as they should is held by reading.test.ts and overlays.test.ts.

let station: RunningStation;
let browser: Browser;
let who: Asker;

beforeAll(async () => {
  if (!isForPictures) return;
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
  who = await signIn(station, 'coordinator', 'demo');
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

/** Sends a study and opens it as a radiologist does. */
async function read(study: SentStudy, isFlagged = false) {
  await arrive(station, [study]);
  const { studyId } = await rowOf(
    who,
    study.studyUid,
    ({ images, ai }) => images.received === study.objects.length && (!isFlagged || ai.state === 'flagged'),
  );
  return openPage(browser, station, { as: 'radiologist', at: `/reading/${studyId}` });
}

const MINUTES = 60_000;

async function made(kind: StudyKind, person: number, change: Partial<PlannedStudy> = {}): Promise<SentStudy> {
  const one = PEOPLE[person];
  if (one === undefined) throw new Error(`the demo has no person ${person}`);
  const wish = { seed: 40 + person, person: one, accession: `P${person}`, atMs: Date.now() - 40 * MINUTES };
  const study = await makeStudy({ kind, size: 'full', wish, ...change });
  return { studyUid: study.studyUid, objects: objectsOf(study) };
}

async function untilDrawn(page: Page): Promise<void> {
  await page.locator('[data-image]').first().waitFor();
  await page.waitForTimeout(3_000); // every pane, thumbnails and masks
}

async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  await page.locator('[data-image]').first().focus();
  for (const key of keys) await page.keyboard.press(key);
}

async function drag(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const box = await page.locator('[data-image]').first().boundingBox();
  if (box === null) throw new Error('no viewport');
  await page.mouse.move(box.x + box.width * from[0], box.y + box.height * from[1]);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to[0], box.y + box.height * to[1], { steps: 5 });
  await page.mouse.up();
}

/** How many pixels in the middle of this are seen in the colour of AI's marks; of the screen, for asking a canvas makes it right. */
async function marksSeen(page: Page, pane: Locator): Promise<number> {
  const box = await pane.boundingBox();
  if (box === null) throw new Error('no pane');
  const { x, y, width, height } = box;
  const clip = { x: x + width * 0.2, y: y + height * 0.2, width: width * 0.6, height: height * 0.5 };
  const taken = (await page.screenshot({ clip })).toString('base64');
  return page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
    context?.drawImage(picture, 0, 0);
    const data = context?.getImageData(0, 0, picture.width, picture.height).data ?? new Uint8ClampedArray();
    let count = 0;
    for (let at = 0; at < data.length; at += 4) if ((data[at + 2] ?? 0) - (data[at] ?? 0) > 60) count += 1;
    return count;
  }, taken);
}

describe.runIf(isForPictures)('pictures', () => {
  test('a tilted head with measurements, in several layouts, with keys and commands, and why it has no planes', async () => {
    const head = await made('head-ct', 12, { bleed: { kind: 'intraparenchymal', volumeMl: 28 }, withThinBone: true });
    const { page, close } = await read(head, true);
    await untilDrawn(page);
    const image = page.locator('[data-image]').first();
    expect(await marksSeen(page, image)).toBeGreaterThan(20);
    await press(page, 'Home');
    await page.waitForTimeout(1_500);
    expect(await marksSeen(page, image)).toBe(0);
    await page.reload();
    await untilDrawn(page);
    await press(page, 'l');
    await drag(page, [0.42, 0.35], [0.6, 0.5]);
    await press(page, 'g');
    await drag(page, [0.35, 0.6], [0.45, 0.7]);
    await page.mouse.click(700, 420);
    await press(page, 'e');
    await drag(page, [0.55, 0.6], [0.64, 0.68]);
    await keepPicture(page, 'reading-measurements');
    await press(page, 'w');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await keepPicture(page, 'reading-keys');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Command palette' }).waitFor();
    await keepPicture(page, 'command-palette');
    await page.keyboard.press('Escape');
    await page.getByText('2×2', { exact: true }).click();
    await untilDrawn(page);
    await keepPicture(page, 'reading-2x2');
    await page.reload();
    await untilDrawn(page);
    await press(page, 'x');
    await page.getByText('The gantry was tilted').waitFor();
    await keepPicture(page, 'reading-planes-refused');
    await close();
  });

  test('a head in three planes, leaning, as a slab and as a body', async () => {
    const wish = { seed: 11, person: PEOPLE[11]!, accession: 'P11', atMs: Date.now() - 40 * MINUTES };
    const head = await made('head-ct', 11, { wish, bleed: { kind: 'intraparenchymal', volumeMl: 24 } });
    const { page, complaints, close } = await read(head, true);
    await untilDrawn(page);
    await press(page, 'x');
    const [axial, coronal] = [page.locator('[data-mpr="axial"]'), page.locator('[data-mpr="coronal"]')];
    await axial.waitFor();
    await page.keyboard.press('1');
    await keepPicture(page, 'reading-planes', { settleMs: 2_500 });
    await axial.focus();
    for (const _ of [1, 2, 3]) await page.keyboard.press(')');
    await until(async () => (await coronal.getAttribute('data-lean')) === '15.0');
    await keepPicture(page, 'reading-planes-oblique', { settleMs: 1_500 });
    expect(await marksSeen(page, coronal)).toBeGreaterThan(20);
    await page.getByText('MIP', { exact: true }).click();
    await page.getByText('marks are not drawn in slabs').waitFor();
    await page.locator('[data-mpr="coronal"] canvas[data-marks="0"]').waitFor();
    await keepPicture(page, 'reading-planes-slab', { settleMs: 1_500 });
    expect(await marksSeen(page, coronal)).toBe(0);
    await page.getByRole('button', { name: 'Back to the images' }).click();
    await axial.waitFor({ state: 'detached' });
    await press(page, '#');
    await page.locator('[data-body="ready"]').waitFor();
    await keepPicture(page, 'reading-body', { settleMs: 3_000 });
    await close();
    expect(complaints).toEqual([]);
  });

  test('a chest with its prior, and the fusion of a PET with its CT', async () => {
    const nodule = { kind: 'isolated', diameterMm: 14 } as const;
    const wish = { seed: 43, person: PEOPLE[3]!, accession: 'P3', atMs: Date.now() - 40 * MINUTES };
    const before = { ...wish, accession: 'P2', atMs: Date.now() - 200 * 24 * 60 * MINUTES };
    const prior = await made('chest-ct', 3, { size: 'small', wish: before, nodule: { ...nodule, diameterMm: 8 } });
    await arrive(station, [prior], { callingAe: 'OLDPACS' });
    const chest = await read(await made('chest-ct', 3, { size: 'small', wish, nodule, visit: 1 }));
    await untilDrawn(chest.page);
    await keepPicture(chest.page, 'reading-chest-prior', { settleMs: 3_000 });
    for (const [button, name] of [
      ['Link', 'links'],
      ['Hanging', 'hanging'],
    ] as const) {
      await chest.page.getByRole('button', { name: button, exact: true }).click();
      await keepPicture(chest.page, `reading-${name}`);
      await chest.page.keyboard.press('Escape');
    }
    for (const [item, name] of [
      ['My hanging rules…', 'hanging-rules'],
      ['Keep what hangs now for such studies', 'hanging-new'],
    ] as const) {
      await chest.page.getByRole('button', { name: 'Hanging', exact: true }).click();
      await chest.page.getByRole('menuitem', { name: item }).click();
      await keepPicture(chest.page, `reading-${name}`, { settleMs: 1_000 });
      await chest.page.keyboard.press('Escape');
      await chest.page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await chest.close();
    const pet = await read(await made('pet-ct', 4));
    await pet.page.locator('[data-body="ready"][data-preset="pet-mip"]').waitFor();
    await pet.page.locator('[data-image] canvas[data-fused="true"]').waitFor();
    const faults = [...(await keepPicture(pet.page, 'reading-pet-ct', { settleMs: 4_000, inEverySize: true }))];
    await pet.page.getByRole('button', { name: 'PET over these images' }).click();
    await keepPicture(pet.page, 'reading-pet-fusion', { settleMs: 1_500 });
    await pet.close();
    expect([...chest.complaints, ...pet.complaints, ...faults]).toEqual([]);
  });

  test('breasts, an ultrasound, a brain and radiographs as they hang', async () => {
    const kinds = [
      ['mammogram', 5, { nodule: { kind: 'isolated', diameterMm: 14 } }],
      ['ultrasound', 6, {}],
      ['brain-mr', 7, {}],
      ['chest-radiograph', 9, {}],
    ] as const;
    for (const [kind, person, change] of kinds) {
      const { page, complaints, close } = await read(await made(kind, person, change));
      await untilDrawn(page);
      const inEverySize = kind === 'mammogram';
      const faults = await keepPicture(page, `reading-${kind}`, { settleMs: 2_000, inEverySize });
      await close();
      expect([...complaints, ...faults]).toEqual([]);
    }
  });

  test('documents: a report in codes, a PDF and an electrocardiogram', async () => {
    const doses = await read(studyWithoutImages(18));
    await doses.page.getByText('Dose Report').click();
    await keepPicture(doses.page, 'reading-report-tree', { settleMs: 2_500 });
    await doses.close();
    const pdf = await read(pdfStudy('2.25.7701', 17));
    await pdf.page.getByText('Outside report', { exact: true }).click();
    await keepPicture(pdf.page, 'reading-pdf', { settleMs: 4_000 });
    await pdf.close();
    const ecg = await read(ecgStudy('2.25.7801', 16));
    await ecg.page.getByText('Resting ECG', { exact: true }).click();
    await keepPicture(ecg.page, 'reading-data-set', { settleMs: 2_500 });
    await ecg.close();
    expect([...doses.complaints, ...pdf.complaints, ...ecg.complaints]).toEqual([]);
  });

  test('what comes while somebody reads, whose study it may not be, and images in a window beside', async () => {
    const head = await made('head-ct', 8);
    const { page, complaints, close } = await read({ ...head, objects: head.objects.slice(0, -3) });
    await untilDrawn(page);
    await arrive(station, [{ ...head, objects: head.objects.slice(-3) }]);
    await page.getByText('New images arrived.').waitFor();
    await keepPicture(page, 'reading-news');
    const [beside] = await Promise.all([
      page.waitForEvent('popup'),
      page.getByRole('button', { name: 'Images in a window beside' }).click(),
    ]);
    await untilDrawn(beside);
    await beside.getByText('In step with the main window.').waitFor();
    await keepPicture(beside, 'viewer-window');
    // The same study with an object of somebody else's: it is set aside, and whose study this is is asked.
    await arrive(station, [pdfStudy(head.studyUid, 17)]);
    await page.getByText('UNDER INVESTIGATION', { exact: true }).waitFor();
    for (const window of [page, beside]) await window.getByText('UNDER INVESTIGATION: identity in doubt').waitFor();
    await keepPicture(page, 'reading-under-investigation');
    const other = await made('hand-radiograph', 10);
    await arrive(station, [other]);
    const { studyId } = await rowOf(who, other.studyUid, ({ images }) => images.received === other.objects.length);
    await page.goto(`${station.http}/#/reading/${studyId}`);
    await untilDrawn(page);
    await beside.getByText('NOT THE PATIENT OF THE MAIN WINDOW').waitFor();
    await keepPicture(beside, 'viewer-window-other-patient');
    await close();
    expect(complaints).toEqual([]);
  });
});

/** What every object of this study says of itself and of this demo person. */
function said(studyUid: string, person: number, of: { readonly modality: string; readonly series: string }) {
  const { name, mrn, issuer, birthDate, sex } = PEOPLE[person]!;
  const [seriesUid, sopUid] = [`${studyUid}.9`, `${studyUid}.9.1`];
  return {
    SpecificCharacterSet: 'ISO_IR 192',
    ...{ SOPInstanceUID: sopUid, StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid },
    ...{ Modality: of.modality, SeriesNumber: 9, SeriesDescription: of.series, InstanceNumber: 1 },
    ...{ StudyDescription: of.series, AccessionNumber: `P${person}`, StudyDate: '20260115', StudyTime: '090000' },
    ...{ PatientName: name, PatientID: mrn, IssuerOfPatientID: issuer, PatientBirthDate: birthDate, PatientSex: sex },
  };
}

function oneObject(record: ReturnType<typeof said> & DicomRecord): SentStudy {
  const { StudyInstanceUID: studyUid, SeriesInstanceUID: seriesUid, SOPInstanceUID: sopUid } = record;
  return { studyUid, objects: [{ studyUid, seriesUid, sopUid, file: encodeInstance(record) }] };
}

/** One encapsulated PDF (PS3.3 §A.45.1): a page with a line of text. */
function pdfStudy(studyUid: string, person: number): SentStudy {
  return oneObject({
    ...said(studyUid, person, { modality: 'DOC', series: 'Outside report' }),
    ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1', DocumentTitle: 'Outside report' },
    ...{ MIMETypeOfEncapsulatedDocument: 'application/pdf', EncapsulatedDocument: onePage('Report from elsewhere') },
  });
}

/** An electrocardiogram (PS3.3 §A.34.3), of one lead and a second: nothing here draws it. */
function ecgStudy(studyUid: string, person: number): SentStudy {
  const samples = Int16Array.from({ length: 500 }, (_, index) => 400 * Math.exp(-(((index % 400) - 120) ** 2) / 50));
  const code = (value: string, meaning: string) => [
    { CodeValue: value, CodingSchemeDesignator: 'MDC', CodeMeaning: meaning },
  ];
  return oneObject({
    ...said(studyUid, person, { modality: 'ECG', series: 'Resting ECG' }),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.9.1.1',
    AcquisitionDateTime: '20260115090000',
    WaveformSequence: [
      {
        ...{ WaveformOriginality: 'ORIGINAL', NumberOfWaveformChannels: 1, NumberOfWaveformSamples: samples.length },
        ...{ SamplingFrequency: 500, WaveformBitsAllocated: 16, WaveformSampleInterpretation: 'SS' },
        ChannelDefinitionSequence: [
          { ChannelSourceSequence: code('2:1', 'Lead I'), WaveformBitsStored: 16, ChannelSensitivity: 1 },
        ],
        WaveformData: samples,
      },
    ],
  });
}

function onePage(words: string): Uint8Array {
  const drawn = `BT /F1 24 Tf 72 720 Td (${words}) Tj ET`;
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${drawn.length}>>stream\n${drawn}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ];
  let text = '%PDF-1.4\n';
  const places = objects.map((object, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(at).padStart(10, '0')} 00000 n \n`;
  });
  const table = text.length;
  text += `xref\n0 6\n0000000000 65535 f \n${places.join('')}trailer<</Size 6/Root 1 0 R>>\nstartxref\n${table}\n%%EOF\n`;
  const bytes = Buffer.from(text, 'latin1');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(0x0a)]);
}
