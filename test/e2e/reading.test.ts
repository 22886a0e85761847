import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StudyDetail } from '../../src/shared/contract/studies.ts';
import { launchChromium } from '../chromium.ts';
import { type Asker, jsonBody, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { makeChestCtStudy } from '../../demo/phantoms/chest-ct-series.ts';
import { makeMammogram } from '../../demo/phantoms/mammogram.ts';
import { makePetCt } from '../../demo/phantoms/pet-ct.ts';
import { makeUltrasound } from '../../demo/phantoms/ultrasound.ts';
import { PEOPLE } from '../../demo/people.ts';
import { findBarriers } from './support/accessibility.ts';
import { LISTED_READING_KEYS, pressEveryReadingKey, pressEveryWindow } from './support/every-reading-key.ts';
import { type HeldMeasure, holdMeasure } from './support/known-measures.ts';
import { showFrame } from './support/measure-on-page.ts';
import { openPage } from './support/open-page.ts';
import {
  notAccepted,
  objectsOf,
  type PhantomStudy,
  phantomStudy,
  realHeadCt,
  remoteOf,
  sendObjects,
} from '../system/support/studies.ts';
import { pdfStudy, TROUBLED_PDFS, writtenPdf } from '../system/support/documents.ts';
import { until } from '../system/support/until.ts';
import { keepPicture } from './support/judge-page.ts';

const FLAGGED_HEAD = {
  ...{ seed: 11, withScout: true, withThinBone: true },
  bleed: { kind: 'intraparenchymal', volumeMl: 24 },
} as const;

let station: RunningStation;
let browser: Browser;
let who: Asker;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
  who = await signIn(station, 'radiologist', 'demo');
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

/** A signed-in page on this study, and everything the browser complained about. */
async function openReading(studyId: string) {
  const opened = await openPage(browser, station, { as: 'radiologist', at: `/reading/${studyId}` });
  await opened.page.locator('[data-image]').first().waitFor();
  return opened;
}

/** How bright the picture is, on average, where the overlay's filled marks lie, moved by so many pixels. */
async function brightnessBelowMarks(page: Page, moved: readonly [number, number]): Promise<number> {
  return page.evaluate(([right, down]) => {
    const picture = document.querySelector<HTMLCanvasElement>('[data-image] canvas.cornerstone-canvas');
    const marks = document.querySelector<HTMLCanvasElement>('canvas[data-marks]');
    if (picture === null || marks === null) throw new Error('nothing is drawn');
    const { width, height } = picture;
    const read = (canvas: HTMLCanvasElement) => canvas.getContext('2d')?.getImageData(0, 0, width, height).data;
    const [below, marked] = [read(picture), read(marks)];
    let sum = 0;
    let count = 0;
    for (let index = 0; index < width * height; index += 1) {
      if ((marked?.[index * 4 + 3] ?? 0) === 0) continue;
      const [x, y] = [(index % width) + right, Math.floor(index / width) + down];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      sum += below?.[(y * width + x) * 4] ?? 0;
      count += 1;
    }
    return count === 0 ? -1 : sum / count;
  }, moved);
}

/** True when the marks lie on blood: moved by a few millimetres in any direction they lie on something darker. */
async function marksLieOnTheBleed(page: Page): Promise<boolean> {
  const here = await brightnessBelowMarks(page, [0, 0]);
  const moves = [
    [8, 0],
    [-8, 0],
    [0, 8],
    [0, -8],
  ] as const;
  const elsewhere = await Promise.all(moves.map((move) => brightnessBelowMarks(page, move)));
  return here > 0 && elsewhere.every((brightness) => brightness < here - 2);
}

/**
 * From now on, notes each time the page names an image as shown while the engine has drawn another, and how many were drawn: what
 * lies over the pixels of one image must be that image's own in every frame.
 */
async function watchNaming(page: Page): Promise<void> {
  await page.evaluate(() => {
    const watched = { drawn: new Set<string>(), wrong: [] as string[] };
    Object.assign(window, { namingWatched: watched });
    let [given, drawn] = ['', ''];
    const pane = document.querySelector<HTMLElement>('[data-image]');
    const isOther = ({ target }: Event) => !(target instanceof Node) || !pane?.contains(target);
    const check = () => {
      const { image, frame } = pane?.dataset ?? {};
      // Nothing lies over a pane that says it shows no image.
      if (image === undefined || drawn === '' || drawn.endsWith(`/${image}/frames/${frame}`)) return;
      watched.wrong.push(`${image}/${frame} over ${drawn}`);
    };
    document.addEventListener(
      'CORNERSTONE_STACK_NEW_IMAGE',
      (event) => {
        if (isOther(event)) return;
        given = (event as CustomEvent<{ imageId: string }>).detail.imageId;
        // What the page makes of it at once is there before anything is drawn.
        queueMicrotask(() => queueMicrotask(check));
      },
      true,
    );
    document.addEventListener(
      'CORNERSTONE_IMAGE_RENDERED',
      (event) => {
        if (isOther(event)) return;
        drawn = given;
        if (drawn !== '') watched.drawn.add(drawn);
        queueMicrotask(() => queueMicrotask(check));
      },
      true,
    );
  });
}

const namingWatched = (page: Page) =>
  page.evaluate(() => {
    const { drawn, wrong } = (window as unknown as { namingWatched: { drawn: Set<string>; wrong: string[] } })
      .namingWatched;
    return { drawn: drawn.size, wrong };
  });

/** Where the marks' middle is, in CSS pixels from the middle of the viewport; null without marks. */
async function marksFromMiddle(page: Page): Promise<readonly [number, number] | null> {
  return page.evaluate(() => {
    const marks = document.querySelector<HTMLCanvasElement>('canvas[data-marks]');
    const data = marks?.getContext('2d')?.getImageData(0, 0, marks.width, marks.height).data;
    if (!marks || !data) return null;
    let [x, y, count] = [0, 0, 0];
    for (let index = 0; index < marks.width * marks.height; index += 1) {
      if (data[index * 4 + 3] === 0) continue;
      x += index % marks.width;
      y += Math.floor(index / marks.width);
      count += 1;
    }
    return count === 0 ? null : ([x / count - marks.width / 2, y / count - marks.height / 2] as const);
  });
}

const shownImage = (page: Page) => page.locator('[data-image]').first().getAttribute('data-image');
const corner = (page: Page, place: string) => page.locator(`[data-corner="${place}"]`).first().innerText();

async function drag(
  page: Page,
  button: 'left' | 'middle' | 'right',
  by: readonly [number, number],
  from: readonly [number, number] = [-60, -60],
): Promise<void> {
  const box = await page.locator('[data-image]').first().boundingBox();
  if (box === null) throw new Error('no viewport');
  const [x, y] = [box.x + box.width / 2 + from[0], box.y + box.height / 2 + from[1]];
  await page.mouse.move(x, y);
  await page.mouse.down({ button });
  await page.mouse.move(x + by[0], y + by[1], { steps: 5 });
  await page.mouse.up({ button });
}

/** Gives a study to somebody new. */
async function moveToSomebodyNew(coordinator: Asker, studyId: string): Promise<void> {
  const identity = JSON.parse((await coordinator.fetch(`/api/v1/studies/${studyId}/identity`)).text) as {
    patient: { identityVersion: number };
  };
  const to = { name: 'Other^Olga', number: 'X99', issuer: '', birthDateRaw: '19700101', sex: 'F' };
  const said = { identityVersion: identity.patient.identityVersion, reason: 'wrong-patient-selected', to };
  const { method, headers, body } = jsonBody(said);
  const answer = await coordinator.fetch(`/api/v1/studies/${studyId}/moves`, {
    method: method ?? 'POST',
    headers,
    body,
  });
  expect(answer.status).toBe(200);
}

/** How many pixels of the page on the screen are dark: what is written on it. */
async function inkOf(page: Page): Promise<number> {
  return page.locator('figure canvas').evaluate((canvas) => {
    const drawn = canvas as HTMLCanvasElement;
    const pixels = drawn.getContext('2d')?.getImageData(0, 0, drawn.width, drawn.height).data ?? [];
    let dark = 0;
    for (let at = 0; at < pixels.length; at += 4)
      if ((pixels[at] ?? 255) < 100 && (pixels[at + 3] ?? 0) > 200) dark += 1;
    return dark;
  });
}

test('a flagged head CT opens, is recorded as opened, and AI marks stay on the bleed however the picture is turned', async () => {
  const study = phantomStudy(FLAGGED_HEAD);
  const { late, first } = withoutLastSeries(study);
  expect(notAccepted(await sendObjects(remoteOf(station), first))).toEqual([]);
  const row = await rowOf(who, study.studyUid, (one) => one.ai.state === 'flagged');
  const finding = (await who.findings(row.studyId))[0];
  const mask = finding?.parts[0]?.mask;
  if (finding === undefined || finding.keyImage === null || mask === undefined) throw new Error('nothing to show');
  expect(row.openedBy).toBeNull();

  const { page, complaints, close } = await openReading(row.studyId);
  await until(async () => (await who.study(row.studyId)).row.openedBy !== null);
  expect(await corner(page, 'top-left')).toContain(row.patient.mrn ?? 'an MRN');
  const header = await page.locator('section', { hasText: 'MRN' }).first().innerText();
  for (const part of [row.patient.mrn, row.accession, row.patient.sex]) expect(header).toContain(part);

  await page.locator('button[data-state="unverified"]').focus();
  await page.keyboard.press('Enter');
  await until(async () => (await shownImage(page)) === finding.keyImage?.sopUid);
  await until(async () => (await marksFromMiddle(page)) !== null);
  await page.waitForTimeout(300);
  const [fromMiddleX, fromMiddleY] = (await marksFromMiddle(page)) ?? [Infinity, Infinity];
  expect(Math.hypot(fromMiddleX, fromMiddleY)).toBeLessThan(40);
  expect(await corner(page, 'bottom-right')).toMatch(/AI · .*unverified · not for clinical use/s);

  const viewport = page.locator('[data-image]').first();
  await viewport.focus();
  await page.keyboard.press('1');
  await until(async () => (await corner(page, 'bottom-left')).includes('W 80 C 40'));
  const turns: readonly [string, () => Promise<void>][] = [
    ['as fitted', async () => undefined],
    ['zoomed', () => drag(page, 'right', [0, 40])],
    ['rotated', () => page.getByRole('button', { name: 'Rotate' }).click()],
    ['flipped', () => page.getByRole('button', { name: 'Flip left and right' }).click()],
    ['panned', () => drag(page, 'middle', [30, -25])],
  ];
  const found: [string, boolean][] = [];
  for (const [name, turn] of turns) {
    await turn();
    await page.waitForTimeout(400);
    found.push([name, await marksLieOnTheBleed(page)]);
  }
  expect(found).toEqual(turns.map(([name]) => [name, true]));

  await measureAndTakeBack(page);
  await planesThroughTheBleed(page);
  await viewport.focus();
  await page.keyboard.press('a');
  await until(async () => (await corner(page, 'bottom-right')).includes('AI hidden'));
  expect(await page.locator('canvas[data-marks]').count()).toBe(0);
  await page.keyboard.press('a');

  const marked = new Set(mask.frames.map(({ sopUid }) => sopUid));
  await page.keyboard.press('Home');
  await until(async () => (await shownImage(page)) !== finding.keyImage?.sopUid);
  await page.waitForTimeout(300);
  // The mask speaks of every slice that was read; on this one it says that nothing is there.
  expect([marked.has((await shownImage(page)) ?? ''), await marksFromMiddle(page)]).toEqual([true, null]);

  await viewerInStep(page, station);
  await stayWhileImagesArrive(page, row.studyId, () => sendObjects(remoteOf(station), late));
  await page.keyboard.press('Escape');
  await page.waitForURL(/#\/worklist/);
  expect(complaints).toEqual([]);
  await close();
});

test('a reader’s key images are kept: marked and taken off by a key, listed, gone to, told to the window beside, not carried to another patient, and taken back', async () => {
  const study = phantomStudy({ seed: 51, matrix: 256, withScout: false });
  expect(notAccepted(await sendObjects(remoteOf(station), study.objects))).toEqual([]);
  // Complete and read by AI: nothing more comes of it while keys are pressed.
  const row = await rowOf(
    who,
    study.studyUid,
    ({ images, ai }) => images.completeness !== 'receiving' && ['flagged', 'no-flag'].includes(ai.state),
  );
  const { page, complaints, close } = await openReading(row.studyId);
  const viewport = page.locator('[data-image]').first();
  const list = page.getByRole('region', { name: 'Key images' });
  const listed = list.locator('li');
  // A place is gone to once the one before it is on the screen.
  for (const [place, key] of ['Home', 'ArrowDown', 'ArrowDown', 'ArrowDown'].entries()) {
    await viewport.press(key);
    const there = [study.mainSopUids[place], study.mainSopUids.at(-1 - place)];
    await until(async () => there.includes((await shownImage(page)) ?? undefined));
  }
  const marked = await shownImage(page);
  await page.keyboard.press('*');
  await page.locator('[data-key-image]', { hasText: '★ Key image: you' }).waitFor();
  await page.locator('[data-key-places="4"]').waitFor();
  await page.keyboard.press('End');
  await page.locator('[data-key-image]').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Mark as key image, or no longer' }).click();
  await until(async () => (await listed.count()) === 2);
  expect(await page.getByRole('button', { pressed: true }).filter({ hasText: '★ 2 key images' }).count()).toBe(1);
  await keepPicture(page, 'reading-key-images');

  // A window beside says the same without being asked.
  const [beside] = await Promise.all([
    page.waitForEvent('popup'),
    page.getByRole('button', { name: 'Images in a window beside' }).click(),
  ]);
  // It tells where it opened, and this window goes there with it.
  await beside.locator('[data-image]').first().waitFor();
  await until(async () => (await beside.getByRole('region', { name: 'Key images' }).locator('li').count()) === 2);
  await page.bringToFront();
  await viewport.focus();
  await page.keyboard.press('<');
  await until(async () => (await shownImage(page)) === marked);
  await page.keyboard.press('*');
  await until(async () => (await listed.count()) === 1);
  await until(async () => (await beside.getByRole('region', { name: 'Key images' }).locator('li').count()) === 1);
  await beside.close();
  await viewport.focus();
  await page.keyboard.press('Control+z');
  await until(async () => (await listed.count()) === 2);

  // What the station keeps is there when the page is loaded anew; an image in the list is gone to.
  await page.reload();
  await until(async () => (await listed.count()) === 2);
  await listed
    .first()
    .getByRole('button', { name: /image 4/ })
    .first()
    .click();
  await until(async () => (await shownImage(page)) === marked);
  await listed
    .first()
    .getByRole('button', { name: /^Take the mark off/ })
    .click();
  await until(async () => (await listed.count()) === 1);

  // A mark is refused once the study is another's; what was marked is not carried along.
  const coordinator = await signIn(station, 'coordinator', 'demo');
  await moveToSomebodyNew(coordinator, row.studyId);
  await page.getByText('Not carried over').waitFor();
  await viewport.focus();
  await page.keyboard.press('*');
  await page.getByText('Somebody corrected whose study this is').waitFor();

  // What stays on the screen stays under the name it came with, until its reader asks for it as it is.
  const corner = viewport.locator('[data-corner="top-left"]');
  expect(await corner.innerText()).not.toContain('X99');
  await page.getByRole('button', { name: 'Reload series' }).click();
  await until(async () => /Other, Olga[\s\S]*X99/.test(await corner.innerText()));
  expect(complaints).toEqual([]);
  await close();
});

test('an encapsulated PDF opens page by page; one that cannot be read, or not all of it, says so and can be saved', async () => {
  const letter = writtenPdf({ pages: ['Outside report', 'Second page'] });
  const pdfs = { Letter: letter, ...TROUBLED_PDFS, Broken: Buffer.from('no PDF at all') };
  const study = pdfStudy('2.25.88001', 14, pdfs);
  expect(notAccepted(await sendObjects(remoteOf(station), study.objects))).toEqual([]);
  const row = await rowOf(who, study.studyUid, ({ images }) => images.received === study.objects.length);
  const at = `/reading/${row.studyId}`;
  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at });
  const open = (title: string) => page.getByRole('button', { name: new RegExp(title) }).click();
  await open('Letter');
  await page.locator('[data-page="1"][data-drawn="drawn"]').waitFor();
  await page.getByText('Page 1 of 2', { exact: true }).waitFor();
  expect(await inkOf(page)).toBeGreaterThan(500);
  await page.locator('figcaption', { hasText: 'Outside report' }).waitFor({ state: 'attached' });
  await keepPicture(page, 'reading-pdf-page');
  await page.getByRole('button', { name: 'Next page' }).click();
  await page
    .locator('[data-page="2"][data-drawn="drawn"] figcaption', { hasText: 'Second page' })
    .waitFor({ state: 'attached' });
  const width = () => page.locator('figure canvas').evaluate((canvas) => canvas.clientWidth);
  const before = await width();
  await page.getByRole('button', { name: 'Larger' }).click();
  await until(async () => (await width()) > before * 1.2);
  const [saved] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the document' }).click(),
  ]);
  expect(saved.suggestedFilename()).toBe('document.pdf');
  expect(readFileSync(await saved.path())).toEqual(letter);
  await open('encrypted');
  await page.getByText('asks for a password').waitFor();
  await open('damaged');
  await page.getByText('This PDF is damaged, or none').waitFor();
  await page.getByRole('button', { name: 'Save the document' }).waitFor();
  await open('incomplete');
  await page.getByText('NOT ALL SHOWN').waitFor();
  expect(await inkOf(page)).toBeGreaterThan(300);
  await keepPicture(page, 'reading-pdf-incomplete');
  await open('Broken');
  await page.getByText('This PDF is damaged, or none').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('every key of the reading page does something that is seen or said, and the sheet lists each', async () => {
  const { studyId } = await rowOf(who, phantomStudy(FLAGGED_HEAD).studyUid);
  const { page, complaints, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: `/reading/${studyId}`,
  });
  await page.locator('[data-image]').first().waitFor();
  await page.locator('[data-finding]').first().waitFor();
  await page.getByRole('radiogroup', { name: 'Layout' }).getByText('1×2').click();
  await page.locator('[data-layout="1x2"] [data-image]').nth(1).waitFor();
  expect(await pressEveryReadingKey(page)).toEqual([]);
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  const listed = sheet.locator('section', { has: page.getByRole('heading', { name: 'Reading' }) }).locator('dt');
  await until(async () => (await listed.count()) === LISTED_READING_KEYS);
  const barriers = [...(await findBarriers(page))];
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  for (const item of ['My hanging rules…', 'Keep what hangs now for such studies']) {
    await page.getByRole('button', { name: 'Hanging', exact: true }).click();
    await page.getByRole('menuitem', { name: item }).click();
    await page.getByRole('dialog').waitFor();
    barriers.push(...(await findBarriers(page)));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  expect([...complaints, ...barriers]).toEqual([]);
  await close();
});

test('the real head CT, tilted gantry and all, is shown in the order of its positions', async (context) => {
  const study = await realHeadCt();
  if (study === null) return context.skip();
  expect(notAccepted(await sendObjects(remoteOf(station), study.objects))).toEqual([]);
  const row = await rowOf(who, study.studyUid, (one) => one.images.received === study.objects.length);
  const { page, complaints, close } = await openReading(row.studyId);
  const positions: number[] = [];
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('Home');
  for (let index = 0; index < study.objects.length; index += 1) {
    await until(async () => (await corner(page, 'top-right')).includes(`${index + 1} / ${study.objects.length}`));
    positions.push(Number(/(-?[\d.]+) mm/.exec(await corner(page, 'top-right'))?.[1]));
    await page.keyboard.press('ArrowDown');
  }
  expect(positions.length).toBe(study.objects.length);
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  expect(complaints).toEqual([]);
  await close();
});

test('what is measured with the mouse is what the phantoms are made of: mm, at the detector, magnified, HU, degrees, SUV', async () => {
  const wish = { seed: 61, atMs: Date.UTC(2026, 0, 15, 9) };
  const chest = { matrix: 96, sliceMm: 5, kernel: 'soft', noiseHu: 8, fromToMm: [-10, 70], withBalls: true } as const;
  const nodules = [{ kind: 'isolated', diameterMm: 22 }] as const;
  const [ct, breast, artery, pet] = await Promise.all([
    makeChestCtStudy({ ...wish, ...chest, nodules, person: personOf(3), accession: 'M1' }),
    makeMammogram({
      ...{ ...wish, rows: 200, magnification: 1.8, storedAs: 'upside-down', mass: { side: 'L', diameterMm: 14 } },
      ...{ person: personOf(4), accession: 'M2' },
    }),
    makeUltrasound({ ...wish, columns: 160, frames: 2, person: personOf(5), accession: 'M3' }),
    makePetCt({ ...wish, matrix: 64, noduleMm: 40, fromToMm: [-40, 60], person: personOf(6), accession: 'M4' }),
  ]);
  const held: HeldMeasure[] = [];
  const studies = [
    [ct, 4],
    [breast, 1.2],
    [artery, 0.5],
    [pet, 6.8],
  ] as const;
  for (const [study] of studies)
    expect(notAccepted(await sendObjects(remoteOf(station), objectsOf(study)))).toEqual([]);
  let opened: Awaited<ReturnType<typeof openReading>> | null = null;
  for (const [study, pixelMm] of studies) {
    const { studyId } = await rowOf(who, study.studyUid, (row) => row.images.received === objectsOf(study).length);
    if (opened === null) {
      opened = await openReading(studyId);
      await watchNaming(opened.page);
    } else await opened.page.goto(`${station.http}/#/reading/${studyId}`);
    if (study === breast) expect(await hungBreasts(opened.page)).toEqual(BACK_TO_BACK);
    for (const known of study === ct ? study.truth.measures : study.truth.measures.slice(0, 1)) {
      const series = study.series.find(({ instances }) => instances.some(({ sopUid }) => sopUid === known.sopUid));
      await showFrame(opened.page, series?.description ?? '', known.sopUid, known.frame);
      held.push(...(await holdMeasure(opened.page, known, pixelMm)));
    }
    if (study === breast) expect(await pressEveryWindow(opened.page, 'MG')).toEqual([]);
    if (study === pet) expect(await pressEveryWindow(opened.page, 'PT')).toEqual([]);
  }
  // The CT was scrolled through, in the page that shows the others too.
  const { drawn, wrong } = opened === null ? { drawn: 0, wrong: [] } : await namingWatched(opened.page);
  expect([drawn > 2, wrong]).toEqual([true, []]);
  // The PET/CT, which was opened last, hangs with both fused and as a MIP.
  if (opened !== null) {
    expect(await brightestFused(opened.page)).toBeGreaterThan(200);
    await opened.page.getByRole('button', { name: 'PET over these images' }).click();
    await opened.page.getByRole('dialog').waitFor();
    expect(await findBarriers(opened.page)).toEqual([]);
  }
  expect(opened?.complaints).toEqual([]);
  await opened?.close();
  expect(held.filter(({ isRight }) => !isRight)).toEqual([]);
  expect(new Set(held.map(({ unit }) => unit))).toEqual(new Set(['mm', '°', 'HU', 'mm at detector', 'SUVbw']));
});

/** The greenest that the PET over a CT is, whose colours begin with red; the slice is the one with the hot spot. */
async function brightestFused(page: Page): Promise<number> {
  await page.locator('[data-body="ready"][data-preset="pet-mip"]').waitFor();
  const fused = page.locator('[data-image] canvas[data-fused="true"]');
  await fused.waitFor();
  return fused.evaluate((canvas: HTMLCanvasElement) => {
    const picture = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
    const data = picture?.data ?? new Uint8ClampedArray();
    return data.reduce((most, value, index) => (index % 4 === 1 && value > most ? value : most), 0);
  });
}

/** Chest walls meet in the middle of the screen, and heads are up: of what lies seen from above, the outer side. */
const BACK_TO_BACK = [
  { right: 'P', bottom: 'L', isAtEdge: true },
  { left: 'P', bottom: 'R', isAtEdge: true },
  { right: 'P', bottom: 'FL', isAtEdge: true },
  { left: 'P', bottom: 'FR', isAtEdge: true },
].map((pane) => expect.objectContaining({ ...pane, scale: expect.closeTo(1, 6) }));

/** Of the four panes of a mammogram: the letters at their edges, whether the picture reaches the one it faces, and its scale to that of the first. */
async function hungBreasts(page: Page) {
  await page.locator('[data-layout="2x2"]').waitFor();
  await until(async () => (await page.locator('[data-image][data-edge] svg[data-map]').count()) === 4);
  const hung = await page.locator('[data-image][data-edge]').evaluateAll((panes) =>
    panes.map((pane) => {
      const letters = Object.fromEntries(
        [...pane.querySelectorAll<HTMLElement>('span[data-edge]')].map((one) => [one.dataset['edge'], one.innerText]),
      );
      const svg = pane.querySelector('svg[data-map]');
      const [a = 0, , , , x0 = 0] = (svg?.getAttribute('data-map') ?? '').split(' ').map(Number);
      // From the outer edge of the first column to that of the last, of 160.
      const [one, other] = [x0 - a / 2, x0 + a * 159.5];
      const edge = pane.getAttribute('data-edge') === 'left' ? Math.min(one, other) : Math.max(one, other);
      const wanted = pane.getAttribute('data-edge') === 'left' ? 0 : (svg?.clientWidth ?? 0);
      return { ...letters, isAtEdge: Math.abs(edge - wanted) < 1, scale: Math.abs(a) };
    }),
  );
  return hung.map((pane) => ({ ...pane, scale: pane.scale / (hung[0]?.scale ?? 0) }));
}

function personOf(number: number) {
  const person = PEOPLE[number];
  if (person === undefined) throw new Error(`the demo has no person ${number}`);
  return person;
}

/** The study in two parts: the last series comes late. */
function withoutLastSeries(study: PhantomStudy) {
  const lastSeries = study.objects.at(-1)?.seriesUid;
  const isLate = (one: { readonly seriesUid: string }) => one.seriesUid === lastSeries;
  return { first: study.objects.filter((one) => !isLate(one)), late: study.objects.filter(isLate) };
}

/** Images that come while somebody reads are announced and change nothing on the screen until that person reloads. */
async function stayWhileImagesArrive(page: Page, studyId: string, send: () => Promise<unknown>): Promise<void> {
  const series = page.locator('nav[aria-label="Series"] li');
  const before: StudyDetail = await who.study(studyId);
  const seen = [await shownImage(page), await series.count()];
  await send();
  await page.getByText('New images arrived').waitFor();
  expect([await shownImage(page), await series.count()]).toEqual(seen);
  await page.getByRole('button', { name: 'Reload series' }).click();
  await until(async () => (await series.count()) === before.series.length + 1);
  // Reading goes on without a click: the images have the keys again.
  await page.locator('[data-image]:focus').waitFor();
}

/** A length and an ellipse are drawn by the mouse, listed with their units, and taken back one by one. */
async function measureAndTakeBack(page: Page): Promise<void> {
  const viewport = page.locator('[data-image]').first();
  const listed = page.locator('section[aria-label="Measurements"] li');
  const count = async (wanted: number) => until(async () => (await listed.count()) === wanted);
  await viewport.focus();
  await page.keyboard.press('r');
  await page.keyboard.press('l');
  await drag(page, 'left', [70, 40]);
  await count(1);
  await until(async () => /^Length · image \d+\s*\d+\.\d mm$/.test((await listed.first().innerText()).trim()));
  await page.keyboard.press('e');
  await drag(page, 'left', [40, 90], [30, -20]);
  await count(2);
  await until(async () => /mm²\s*mean -?[\d.]+ HU, SD/.test(await listed.last().innerText()));
  for (const left of [1, 0]) {
    await page.keyboard.press('Control+z');
    await count(left);
  }
  await page.keyboard.press('Control+y');
  await count(1);
  await page.keyboard.press('Delete');
  await count(0);
  await page.keyboard.press('w');
}

/** In three planes through the finding AI's marks lie on the bleed, in a slab they are not drawn and that is said. */
async function planesThroughTheBleed(page: Page): Promise<void> {
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('x');
  const axial = page.locator('[data-mpr="axial"]');
  await axial.waitFor();
  await page.keyboard.press('1');
  const marked = async () =>
    page
      .locator('[data-mpr] canvas[data-marks]')
      .evaluateAll((all) => all.map((one) => one.getAttribute('data-marks')));
  // From the middle of the head the bleed is looked for slice by slice.
  for (let step = 0; step < 20 && (await marked())[0] === '0'; step += 1) {
    await page.keyboard.press('ArrowUp');
    await page.waitForTimeout(60);
  }
  await until(async () => (await marked())[0] === '1');
  await page.waitForTimeout(400);
  const lies = await axial.evaluate(brightnessInPlane);
  expect(lies.here).toBeGreaterThan(lies.beside + 2);
  await leaningPlanes(page, marked);
  await page.getByText('MIP', { exact: true }).click();
  await page.getByText('marks are not drawn in slabs').waitFor();
  await until(async () => (await marked()).every((one) => one === '0'));
  await page.getByRole('button', { name: 'Back to the images' }).click();
  await axial.waitFor({ state: 'detached' });
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('#');
  await page.locator('[data-body="ready"]').getByText('not for measuring').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.locator('[data-body] [data-faces*="R"]').waitFor();
  await page.keyboard.press('#');
  await page.locator('[data-body]').waitFor({ state: 'detached' });
  await page.locator('[data-image]').first().waitFor();
}

/** Turns the crosshairs by keys, measures on a plane that leans, and takes both back. */
async function leaningPlanes(page: Page, marked: () => Promise<readonly (string | null)[]>): Promise<void> {
  const [axial, coronal] = [page.locator('[data-mpr="axial"]'), page.locator('[data-mpr="coronal"]')];
  const leans = async () => coronal.getAttribute('data-lean');
  await axial.focus();
  for (const _ of [1, 2, 3]) await page.keyboard.press(')');
  await until(async () => (await leans()) === '15.0' && (await marked())[0] === '1');
  await coronal.getByText('Oblique: leans 15.0°').waitFor();
  await page.keyboard.press('l');
  const box = await coronal.boundingBox();
  if (box === null) throw new Error('no plane');
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.3);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.42, { steps: 3 });
  await page.mouse.up();
  const drawn = coronal.locator('svg[data-measurements="1"]');
  await drawn.waitFor();
  expect(await drawn.textContent()).toMatch(/^[\d.]+ mmResampled$/);
  await page.getByRole('region', { name: 'Measured on planes' }).waitFor();
  await page.keyboard.press('Control+z');
  await coronal.locator('svg[data-measurements="0"]').waitFor();
  for (const _ of [1, 2, 3]) await page.keyboard.press('Control+z');
  await until(async () => (await leans()) === '0.0');
  await page.keyboard.press('w');
}

/** How bright the plane is below its marks, and as far beside them as they are wide. */
function brightnessInPlane(pane: Element): { readonly here: number; readonly beside: number } {
  const picture = pane.querySelector<HTMLCanvasElement>('canvas[data-picture]');
  const marks = pane.querySelector<HTMLCanvasElement>('canvas[data-marks]');
  if (picture === null || marks === null) throw new Error('nothing is drawn');
  const { width, height } = picture;
  const below = picture.getContext('2d')?.getImageData(0, 0, width, height).data;
  const drawn = marks.getContext('2d')?.getImageData(0, 0, width, height).data;
  const sums = { here: 0, beside: 0, count: 0 };
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x + 60 < width; x += 1) {
      if ((drawn?.[(y * width + x) * 4 + 3] ?? 0) === 0) continue;
      sums.here += below?.[(y * width + x) * 4] ?? 0;
      sums.beside += below?.[(y * width + x + 60) * 4] ?? 0;
      sums.count += 1;
    }
  }
  return { here: sums.here / sums.count, beside: sums.beside / sums.count };
}

/** A window beside shows the place the main one scrolls to, and cries out when the main one reads another patient. */
async function viewerInStep(page: Page, { http }: RunningStation): Promise<void> {
  const [viewer] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByRole('button', { name: 'Images in a window beside' }).click(),
  ]);
  await viewer.getByText('In step with the main window').waitFor();
  await viewer.locator('[data-image]').first().waitFor();
  const address = page.url();
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('PageDown');
  await until(async () => (await shownImage(viewer)) === (await shownImage(page)));
  // Who stands behind sees both: names are hidden, and shown again, in both at once.
  const strips = [page, viewer].map((one) => one.getByRole('button', { name: 'Names hidden · F8 shows them' }));
  await viewer.keyboard.press('F8');
  await Promise.all(strips.map((strip) => strip.waitFor()));
  await page.keyboard.press('F8');
  await Promise.all(strips.map((strip) => strip.waitFor({ state: 'detached' })));
  await viewer.locator('[data-image]').first().focus();
  await viewer.keyboard.press('?');
  await viewer.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await viewer.keyboard.press('Escape');
  await page.goto(`${http}/#/worklist`);
  await viewer.getByText('The main window reads no study now').waitFor();
  const other = phantomStudy({ seed: 12, bleed: null, slices: 6, matrix: 64 });
  expect(notAccepted(await sendObjects(remoteOf(station), other.objects))).toEqual([]);
  const { studyId } = await rowOf(who, other.studyUid, (one) => one.images.received === other.objects.length);
  await page.goto(`${http}/#/reading/${studyId}`);
  await viewer.getByRole('alert').filter({ hasText: 'NOT THE PATIENT OF THE MAIN WINDOW' }).waitFor();
  await page.goto(address);
  await page.locator('[data-image]').first().waitFor();
  await viewer.getByText('In step with the main window').waitFor();
  await viewer.close();
}
