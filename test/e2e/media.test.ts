import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  TEST_CONFIG,
  temporaryFolder,
} from '../system/support/start-station.ts';
import { findBarriers } from './support/accessibility.ts';
import { quietHead } from './support/arrivals.ts';
import { findLayoutFaults } from './support/layout-faults.ts';
import { openPage } from './support/open-page.ts';

/** Where pictures go; without it every page is judged and none is kept. */
const folder = process.env['SCREENSHOTS'] ?? null;
const drive = temporaryFolder();
const study = quietHead(11);
let station: RunningStation;
let browser: Browser;

beforeAll(async () => {
  const folders = [{ name: 'CD drive', path: drive }];
  const config = { ...TEST_CONFIG, import: { folders }, export: { folders } };
  [station, browser] = await Promise.all([startStation({ demo: true, config }), launchChromium()]);
  mkdirSync(path.join(drive, 'PATIENT1', 'CT'), { recursive: true });
  for (const [index, { file }] of quietHead(12).objects.entries())
    writeFileSync(path.join(drive, 'PATIENT1', 'CT', `IM${index}`), file);
  writeFileSync(path.join(drive, 'PATIENT1', 'AUTORUN.INF'), '[autorun]');
});
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

async function picture(page: Page, name: string): Promise<readonly string[]> {
  await page.waitForTimeout(400);
  if (folder !== null) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
  }
  return [...(await findLayoutFaults(page)), ...(await findBarriers(page))].map((fault) => `${name}: ${fault}`);
}

test('files are picked, sent and told of one by one; a drive is walked by keyboard; a study is written out and downloaded', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'technologist', at: '/media' });
  await page.getByText('Nothing imported yet').waitFor();
  const faults = [...(await picture(page, 'media-empty'))];

  const picked = study.objects.map(({ file }, index) => ({
    name: `IM${index}.dcm`,
    mimeType: 'application/dicom',
    buffer: Buffer.from(file),
  }));
  const note = { name: 'read me.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') };
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([...picked, note]);
  const details = page.getByRole('complementary', { name: 'Details of the import' });
  await details.getByText('Done', { exact: true }).waitFor();
  await details.getByText('read me.txt').waitFor();
  await details.getByText(`${study.objects.length} stored · 0 here already`).waitFor();
  faults.push(...(await picture(page, 'media-done')));

  await page.getByRole('button', { name: "From the station's drive" }).click();
  await page.getByRole('button', { name: 'Open PATIENT1' }).press('Enter');
  await page.getByRole('button', { name: 'Open CT' }).waitFor();
  faults.push(...(await picture(page, 'media-drive')));
  await page.getByRole('button', { name: 'Import all of this' }).press('Enter');
  await details.getByText('From CD drive/PATIENT1').waitFor();
  await details.getByText('Done', { exact: true }).waitFor();
  await details.getByText('AUTORUN.INF').waitFor();
  const grid = page.getByRole('grid', { name: 'Imports' });
  expect(await grid.getByRole('row').count()).toBe(3);
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  await details.getByText('read me.txt').waitFor();

  const identity = await details.getByRole('link', { name: 'Patient' }).getAttribute('href');
  const studyId = identity?.split('/').at(-1) ?? '';
  await page.goto(`${station.http}/#/media?study=${studyId}`);
  await page.getByRole('button', { name: 'Write to CD drive' }).click();
  await page.getByText(`${study.objects.length} of ${study.objects.length} written`).waitFor();
  faults.push(...(await picture(page, 'media-exported')));

  await page.goto(`${station.http}/#/worklist`);
  const answer = await page.context().request.get(`${station.http}/api/v1/studies/${studyId}/export?form=dicomdir`);
  expect([answer.status(), answer.headers()['content-type']]).toEqual([200, 'application/zip']);
  expect((await answer.body()).subarray(0, 2).toString()).toBe('PK');
  expect(faults).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});
