import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { type Asker, rowOf, signIn } from '../system/support/ask-station.ts';
import { besideMirroredHead, mirroredHead, writeMarkingModels } from '../system/support/marking-model.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  temporaryFolder,
  TEST_CONFIG,
} from '../system/support/start-station.ts';
import { notAccepted, remoteOf, sendObjects } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { findBarriers } from './support/accessibility.ts';
import { judgePage, keepPicture } from './support/judge-page.ts';
import { press, tabTo } from './support/keys.ts';
import { openPage } from './support/open-page.ts';

let station: RunningStation;
let browser: Browser;
let radiologist: Asker;
let studyId: string;

beforeAll(async () => {
  const modelFolders = [writeMarkingModels(temporaryFolder())];
  const config = { ...TEST_CONFIG, inference: { ...TEST_CONFIG.inference, modelFolders } };
  [station, browser] = await Promise.all([startStation({ demo: true, config }), launchChromium()]);
  radiologist = await signIn(station, 'radiologist', 'demo');
  const head = mirroredHead();
  const refused = notAccepted(await sendObjects(remoteOf(station), head.objects));
  if (refused.length > 0) throw new Error('the study was not taken in');
  const row = await rowOf(radiologist, head.studyUid, ({ ai }) => ai.state === 'flagged');
  studyId = row.studyId;
  await until(
    async () => (await radiologist.study(studyId)).runs.filter(({ state }) => state === 'finished').length > 1,
  );
});
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

const layer = (page: Page) => page.locator('canvas[data-marks]');
const drawn = async (page: Page, what: 'marks' | 'boxes' | 'heat') =>
  Number(await layer(page).getAttribute(`data-${what}`));
const frameOf = (page: Page) => page.locator('[data-image]').first().getAttribute('data-frame');

/** How bright the picture is, on average, below the filled part of masks, moved by so many pixels; -1 where none is filled. */
async function brightnessBelowMask(page: Page, moved: readonly [number, number]): Promise<number> {
  return page.evaluate(([right, down]) => {
    const picture = document.querySelector<HTMLCanvasElement>('[data-image] canvas.cornerstone-canvas');
    const marks = document.querySelector<HTMLCanvasElement>('canvas[data-marks]');
    if (picture === null || marks === null) throw new Error('nothing is drawn');
    const { width, height } = picture;
    const read = (canvas: HTMLCanvasElement) => canvas.getContext('2d')?.getImageData(0, 0, width, height).data;
    const [below, marked] = [read(picture), read(marks)];
    let [sum, count] = [0, 0];
    for (let index = 0; index < width * height; index += 1) {
      const alpha = marked?.[index * 4 + 3] ?? 0;
      if (alpha < 30 || alpha > 60) continue;
      const [x, y] = [(index % width) + right, Math.floor(index / width) + down];
      if (x < 0 || y < 0 || x >= width || y >= height) continue;
      sum += below?.[(y * width + x) * 4] ?? 0;
      count += 1;
    }
    return count === 0 ? -1 : sum / count;
  }, moved);
}

async function liesOnTheBall(page: Page): Promise<boolean> {
  const here = await brightnessBelowMask(page, [0, 0]);
  const moves = [
    [20, 0],
    [-20, 0],
    [0, 20],
    [0, -20],
  ] as const;
  const elsewhere = await Promise.all(moves.map((move) => brightnessBelowMask(page, move)));
  return here > 150 && elsewhere.every((brightness) => brightness < here - 8);
}

/** Where the middle of the filled mask is, in CSS pixels from the middle of the viewport. */
async function maskFromMiddle(page: Page): Promise<number> {
  return page.evaluate(() => {
    const marks = document.querySelector<HTMLCanvasElement>('canvas[data-marks]');
    const data = marks?.getContext('2d')?.getImageData(0, 0, marks.width, marks.height).data;
    if (!marks || !data) return Number.POSITIVE_INFINITY;
    let [x, y, count] = [0, 0, 0];
    for (let index = 0; index < marks.width * marks.height; index += 1) {
      const alpha = data[index * 4 + 3] ?? 0;
      if (alpha < 30 || alpha > 60) continue;
      x += index % marks.width;
      y += Math.floor(index / marks.width);
      count += 1;
    }
    return Math.hypot(x / count - marks.width / 2, y / count - marks.height / 2);
  });
}

test('boxes, masks and a heatmap of a mirrored object of many frames lie on the ball, on its frames alone', async () => {
  const findings = await radiologist.findings(studyId);
  const [ball, bone] = findings;
  expect(findings.map(({ label, standing }) => [label.display, standing])).toEqual([
    ['Bright ball', 'flagged'],
    ['Thick bone', 'uncertain'],
  ]);
  const [box] = ball?.boxes ?? [];
  const [part] = ball?.parts ?? [];
  if (ball === undefined || bone === undefined || box === undefined || part === undefined) throw new Error('no marks');
  // The patient's left stays left although the rows run to the right.
  expect(box.keyImage.centreMm?.[0]).toBeGreaterThan(20);
  expect(Math.abs((box.diameterMm ?? 0) - 28)).toBeLessThan(2);
  expect(new Set(part.mask.frames.map(({ frameNumber }) => frameNumber)).size).toBe(14);
  expect((await radiologist.study(studyId)).row.ai).toMatchObject({ findings: [{ display: 'Bright ball' }] });

  const { page, complaints, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: `/reading/${studyId}`,
  });
  await page.locator('[data-image]').first().waitFor();
  const faults = [...(await judgePage(page, 'reading-overlays'))];
  expect(await frameOf(page)).toBe(String(box.keyImage.frameNumber));
  await until(async () => (await drawn(page, 'heat')) === 1 && (await drawn(page, 'boxes')) === 1);
  await page.getByRole('img', { name: /^Heatmap of Bright ball: colours from 0 to 0.9/ }).waitFor();
  await page.getByText('uncertain').first().waitFor();
  await page.getByRole('region', { name: 'Image quality, by AI' }).getByText('Noisy images').waitFor();

  // One by one: without heat and without the uncertain one the ball's box and mask are left.
  await page.getByRole('switch', { name: 'Heatmap' }).uncheck({ force: true });
  await page.getByRole('button', { name: 'Marks of Thick bone' }).click();
  await until(async () => (await drawn(page, 'heat')) === 0 && (await drawn(page, 'marks')) === 1);
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('1');
  await page.getByRole('button', { name: /^Box 1/ }).click();
  await until(async () => (await maskFromMiddle(page)) < 12);
  const turns: readonly [string, () => Promise<void>][] = [
    ['as fitted', async () => undefined],
    ['flipped', () => page.getByRole('button', { name: 'Flip left and right' }).click()],
    ['rotated', () => page.getByRole('button', { name: 'Rotate' }).click()],
  ];
  for (const [name, turn] of turns) {
    await turn();
    await page.waitForTimeout(400);
    expect([name, await liesOnTheBall(page), await drawn(page, 'boxes')]).toEqual([name, true, 1]);
  }
  faults.push(...(await judgePage(page, 'reading-box-turned')));

  // On a frame that the box does not cross there is none, and no mask either.
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('Home');
  await until(async () => (await drawn(page, 'boxes')) === 0 && (await drawn(page, 'marks')) === 0);
  expect(box.frames.map(({ frameNumber }) => String(frameNumber))).not.toContain(await frameOf(page));

  await page.keyboard.press('a');
  await until(async () => (await layer(page).count()) === 0);
  expect(await page.locator('[data-corner="bottom-right"]').first().innerText()).toContain('AI hidden');
  expect([...complaints, ...faults]).toEqual([]);
  await close();
});

test('a reader accepts, rejects with a reason and modifies what AI found, by keys alone, and takes each back', async () => {
  const at = `/reading/${studyId}`;
  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at });
  const viewport = page.locator('[data-image]').first();
  await viewport.waitFor();
  const ball = page.locator('[data-finding]').filter({ hasText: 'Bright ball' });
  const is = (state: string) => ball.and(page.locator(`[data-state="${state}"]`)).waitFor();
  const place = (standing: string) =>
    until(async () => (await radiologist.study(studyId)).row.urgency.standing === standing);
  // A key of nothing chosen decides nothing, and says so to those who look, too.
  await viewport.focus();
  await page.keyboard.press('y');
  await page.locator('[data-said]', { hasText: 'Choose a finding first' }).waitFor();
  await keepPicture(page, 'reading-said', { settleMs: 0 });
  await tabTo(page, ball.getByRole('button').first());
  await press(page, 'Enter', 'y');
  await is('accepted');
  await ball.getByText(/^Accepted by Demo Radiologist/).waitFor();
  await place('confirmed');
  const panel = page.getByRole('region', { name: 'AI findings' });
  await panel.locator('p [data-level][data-standing="confirmed"]').waitFor();
  const faults = [...(await judgePage(page, 'reading-finding-accepted'))];
  await page.keyboard.press('Control+z');
  await is('unverified');
  await place('suspected');

  await page.keyboard.press('n');
  await page.getByRole('dialog', { name: 'Reject Bright ball' }).waitFor();
  faults.push(...(await judgePage(page, 'reading-finding-rejecting')));
  await press(page, 'ArrowDown', 'Enter');
  await is('rejected');
  await until(async () => (await drawn(page, 'boxes')) === 0);
  expect(
    await ball
      .locator('strong')
      .first()
      .evaluate((name) => getComputedStyle(name).textDecorationLine),
  ).toBe('line-through');
  await panel.getByText(/^The study stays (Critical|Urgent): rejecting lowers nothing\./).waitFor();
  expect((await radiologist.findings(studyId))[0]?.decision).toMatchObject({
    ...{ decision: 'rejected', reason: 'normal-structure', by: { name: 'Demo Radiologist' } },
  });
  expect((await radiologist.study(studyId)).row.ai).toMatchObject({ findings: [{ decision: 'rejected' }] });

  // With the images under the keys it is of the finding that was chosen.
  await viewport.focus();
  await page.keyboard.press('m');
  const modifying = page.getByRole('dialog', { name: 'Modify Bright ball' });
  await modifying.waitFor();
  faults.push(...(await findBarriers(page)));
  await page.keyboard.press('Space');
  await tabTo(page, modifying.getByRole('textbox', { name: 'What it is' }));
  await page.keyboard.type('A calcification');
  await tabTo(page, modifying.getByRole('button', { name: /^Modify/ }));
  await page.keyboard.press('Enter');
  await is('modified');
  await ball.getByText('“A calcification”').waitFor();
  await press(page, 'Control+z');
  await is('rejected');
  await press(page, 'Control+y');
  await is('modified');
  await ball.getByRole('button', { name: 'Take back: what was decided of Bright ball' }).click();
  await is('unverified');
  expect([...complaints, ...faults]).toEqual([]);
  await close();
});

test('what others sent beside images is off at first, and on says whose it is and what of it cannot be drawn', async () => {
  expect(notAccepted(await sendObjects(remoteOf(station), besideMirroredHead()))).toEqual([]);
  await until(async () => (await radiologist.study(studyId)).series.length === 7);
  const { page, complaints, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: `/reading/${studyId}`,
  });
  await page.locator('[data-image]').first().waitFor();
  const panel = page.getByRole('region', { name: 'Sent by others' });
  await panel.waitFor();
  const said = page.locator('[data-others]').first();
  await said.getByText('sent by others for this image are off').waitFor();
  expect(await page.locator('[data-graphics], [data-segments]').count()).toBe(0);
  const edges = () =>
    page.evaluate(() =>
      ['top', 'right', 'bottom', 'left'].map(
        (edge) => document.querySelector(`[data-edge="${edge}"]`)?.textContent ?? '',
      ),
    );
  expect(await edges()).toEqual(['A', 'R', 'P', 'L']);
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('a');
  await keepPicture(page, 'reading-others-off');

  // The key image: picked out by two, by one of them as faulty.
  await panel.getByRole('button', { name: 'Image 1' }).first().click();
  await said.getByText('★ Key image: Of Interest · Elsewhere Workstation').waitFor();
  await said.getByText('⚠ Quality Issue · Elsewhere Workstation').waitFor();
  await page.getByText('1 image reported faulty').waitFor();

  // A presentation state turns, flips, hides and draws; the reader's own key takes it off, and reset brings its look back.
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('5');
  const drawnBy = page.locator('[data-corner="bottom-left"]').first();
  await drawnBy.getByText('W 400 C 40').waitFor();
  await panel.getByRole('switch', { name: 'ARROW' }).check({ force: true });
  await said.getByText('Presentation state ARROW by Reader, Other').waitFor();
  await until(async () => (await edges()).join('') === 'LPRA');
  await page.locator('svg[data-graphics="2"][data-graphic-texts="2"]').waitFor();
  await page.getByText('W 119 C 49.5').waitFor();
  await keepPicture(page, 'reading-others-state');
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('f');
  await until(async () => (await edges()).join('') === 'LARP');
  await page.keyboard.press('r');
  await until(async () => (await edges()).join('') === 'LPRA');
  await page.keyboard.press('u');
  await said.getByText('Marks of others hidden').waitFor();
  await until(async () => (await edges()).join('') === 'ARPL');
  await page.keyboard.press('u');
  await until(async () => (await edges()).join('') === 'LPRA');
  await panel.getByRole('switch', { name: 'ARROW' }).uncheck({ force: true });
  await until(async () => (await edges()).join('') === 'ARPL');
  // And with it the window they had set before.
  await drawnBy.getByText('W 400 C 40').waitFor();

  // Segments lie on the ball; those of another frame of reference are not drawn, and say so.
  await panel.getByRole('switch', { name: 'Ball' }).first().check({ force: true });
  await panel.getByRole('switch', { name: 'Ball' }).nth(1).check({ force: true });
  await page.locator('canvas[data-segments="1"]').waitFor();
  await said.getByText('Segments ELSEWHERE cannot be drawn here: another frame of reference').waitFor();
  await said.getByText('Ball · automatic').waitFor();
  await panel.getByRole('switch', { name: 'Imaging Measurement Report' }).check({ force: true });
  await said.getByText('found by a machine, not verified by anyone').waitFor();
  await page.locator('svg[data-graphics="1"]').waitFor();
  await panel.getByText('Diameter 27.5 mm').waitFor();
  // What a key said lies over the images for a moment.
  await page.locator('[data-said]').waitFor({ state: 'detached' });
  const faults = await judgePage(page, 'reading-others-segments');
  expect(await segmentsOnBall(page)).toBeGreaterThan(0.9);
  await page.locator('[data-image]').first().focus();
  await page.keyboard.press('Home');
  await page.locator('canvas[data-segments="0"]').waitFor();
  await said.getByText('nothing marked on this image').waitFor();
  await page.keyboard.press('x');
  await until(async () => (await page.locator('[data-mpr="axial"] canvas[data-marks="1"]').count()) === 1);
  await page.getByText('Of what others sent, planes show segments only').waitFor();
  await keepPicture(page, 'reading-others-planes');
  expect([...complaints, ...faults]).toEqual([]);
  await close();
});

/** How much of what a segment fills lies on the ball: as bright as the ball, in the window of the brain. */
async function segmentsOnBall(page: Page): Promise<number> {
  return page.evaluate(() => {
    const picture = document.querySelector<HTMLCanvasElement>('[data-image] canvas.cornerstone-canvas');
    const marks = document.querySelector<HTMLCanvasElement>('canvas[data-segments]');
    if (picture === null || marks === null) throw new Error('nothing is drawn');
    const { width, height } = picture;
    const read = (canvas: HTMLCanvasElement) => canvas.getContext('2d')?.getImageData(0, 0, width, height).data;
    const [below, marked] = [read(picture), read(marks)];
    let [on, all, brightest] = [0, 0, 0];
    const middle: number[] = [];
    for (let index = 0; index < width * height; index += 1) {
      const alpha = marked?.[index * 4 + 3] ?? 0;
      if (alpha < 70 || alpha > 110) continue;
      middle.push(below?.[index * 4] ?? 0);
    }
    brightest = Math.max(...middle.slice(0, 1000));
    for (const value of middle) {
      all += 1;
      if (value > brightest - 25) on += 1;
    }
    return all === 0 ? 0 : on / all;
  });
}
