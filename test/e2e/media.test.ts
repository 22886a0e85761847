import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  TEST_CONFIG,
  temporaryFolder,
} from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { quietHead } from './support/arrivals.ts';
import { judgePage } from './support/judge-page.ts';
import { openPage } from './support/open-page.ts';

const IN_FORCE = { evenUnproven: true, inForceBy: 'medical lead' } as const;
const drive = temporaryFolder();
const study = quietHead(11);
let station: RunningStation;
let browser: Browser;

beforeAll(async () => {
  const folders = [{ name: 'CD drive', path: drive }];
  // Whatever came for comparison may go at once; what the rule in force is not about is only shown.
  const retention = [
    { name: 'reports-stay', modalities: ['SR'], olderThanDays: 0, action: 'keep' },
    { ...{ name: 'comparisons', intents: ['comparison'], olderThanDays: 0, action: 'delete' }, ...IN_FORCE },
    { name: 'ten-years', olderThanDays: 0, action: 'delete' },
  ];
  const archive = { aeTitle: 'RADPACS', host: '127.0.0.1', port: 1, isArchive: true };
  const config = {
    ...{ ...TEST_CONFIG, import: { folders }, export: { folders } },
    disk: { lowBytes: 500_000_000, refuseBytes: 300_000_000, fullBytes: 100_000_000 },
    site: { cache: { keepDays: 0, maxBytes: 40_000_000 }, retention },
    dicom: { ...TEST_CONFIG.dicom, peers: [...TEST_CONFIG.dicom.peers, archive] },
  };
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

test('files are picked, sent and told of one by one; a drive is walked by keyboard; a study is written out and downloaded', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'technologist', at: '/media' });
  await page.getByText('Nothing imported yet').waitFor();
  const faults = [...(await judgePage(page, 'media-empty'))];

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
  faults.push(...(await judgePage(page, 'media-done', { inEverySize: true })));

  await page.getByRole('button', { name: "From the station's drive" }).click();
  await page.getByRole('button', { name: 'Open PATIENT1' }).press('Enter');
  await page.getByRole('button', { name: 'Open CT' }).waitFor();
  faults.push(...(await judgePage(page, 'media-drive')));
  await page.getByRole('button', { name: 'Import all of this' }).press('Enter');
  await details.getByText('From CD drive/PATIENT1').waitFor();
  await details.getByText('Done', { exact: true }).waitFor();
  await details.getByText('AUTORUN.INF').waitFor();
  const grid = page.getByRole('grid', { name: 'Imports' });
  await until(async () => (await grid.getByRole('row').count()) === 3);
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  await details.getByText('read me.txt').waitFor();

  const identity = await details.getByRole('link', { name: 'Identity and corrections' }).getAttribute('href');
  const studyId = identity?.split('/').at(-1) ?? '';
  await page.goto(`${station.http}/#/media?study=${studyId}`);
  const dialog = page.getByRole('dialog', { name: 'Export a study' });
  await dialog.getByRole('region', { name: 'Patient' }).waitFor();
  const write = dialog.getByRole('button', { name: 'Write to CD drive' });
  await dialog.getByRole('radio', { name: 'Some series' }).click();
  expect([await write.isDisabled(), await dialog.getByRole('link', { name: 'Download as ZIP' }).count()]).toEqual([
    true,
    0,
  ]);
  await dialog.getByRole('checkbox', { name: /CT/ }).first().click();
  const link = await dialog.getByRole('link', { name: 'Download as ZIP' }).getAttribute('href');
  expect(link).toContain(`&series=${study.objects[0]?.seriesUid ?? 'none'}`);
  faults.push(...(await judgePage(page, 'media-export')));
  await write.click();
  await page.getByText(`${study.objects.length} of ${study.objects.length} written`).waitFor();
  faults.push(...(await judgePage(page, 'media-exported')));

  await page.goto(`${station.http}/#/worklist`);
  const answer = await page.context().request.get(`${station.http}/api/v1/studies/${studyId}/export?form=dicomdir`);
  expect([answer.status(), answer.headers()['content-type']]).toEqual([200, 'application/zip']);
  expect((await answer.body()).subarray(0, 2).toString()).toBe('PK');
  expect(faults).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('storage: the disk and its marks, what may leave, a hold, a dry run before rules are applied, what is damaged, the key', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: '/storage' });
  const strip = page.getByRole('contentinfo', { name: 'Connections' });
  await strip.getByText('PACS RADPACS').waitFor();
  await strip.getByText(/^unreachable for \d+ (s|min)/).waitFor();
  await page.getByRole('meter', { name: 'Used' }).waitFor();
  const leaving = page.getByRole('region', { name: 'What may leave the cache' });
  await leaving.getByText('stays: no archive is known to hold all of it').first().waitFor();
  const faults = [...(await judgePage(page, 'storage-cache', { inEverySize: true }))];
  await leaving
    .getByRole('button', { name: /^Hold / })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: 'Reason' }).click();
  await page.getByRole('option', { name: 'teaching' }).click();
  faults.push(...(await judgePage(page, 'storage-hold')));
  await dialog.getByRole('button', { name: 'Hold', exact: true }).click();
  await leaving.getByText('stays: somebody holds it').waitFor();
  await page.getByRole('table', { name: 'Held studies' }).getByText('teaching').waitFor();

  await page.getByRole('tab', { name: 'Retention' }).click();
  const dryRun = page.getByRole('region', { name: 'Dry run' });
  await dryRun.getByText('1 study would be deleted').waitFor();
  await dryRun.getByText('1 is held').waitFor();
  faults.push(...(await judgePage(page, 'storage-retention')));
  await dryRun.getByRole('button', { name: 'Apply rules in force…' }).click();
  const confirm = dialog.getByRole('button', { name: 'Delete now' });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByRole('checkbox', { name: 'I have looked at the dry run' }).click();
  faults.push(...(await judgePage(page, 'storage-apply')));
  await confirm.click();
  await dialog.waitFor({ state: 'detached' });
  await until(async () => {
    await dryRun.getByRole('button', { name: 'Look again' }).click();
    return (await dryRun.getByText('1 study would be deleted').count()) === 0;
  });
  await until(async () => (await dryRun.getByRole('row').count()) === 2);

  await page.getByRole('tab', { name: 'Integrity and keys' }).click();
  const damaged = page.getByRole('region', { name: 'Damaged images' });
  await damaged.getByText('No image is damaged.').waitFor();
  spoilOneFile();
  await page.getByRole('button', { name: 'Verify all now' }).click();
  await damaged.getByText('1 image', { exact: true }).waitFor();
  // The station asks by itself, too: where it was faster there is nothing left to press.
  const fetchNow = damaged.getByRole('button', { name: 'Fetch now' });
  await until(
    async () =>
      (await fetchNow.isDisabled()) ||
      (await fetchNow.click({ timeout: 2000 }).then(
        () => true,
        () => false,
      )),
  );
  await damaged.getByText('The peer cannot be reached.').waitFor();
  faults.push(...(await judgePage(page, 'storage-integrity')));
  await page.getByRole('button', { name: 'Rotate key…' }).click();
  faults.push(...(await judgePage(page, 'storage-rotate')));
  await dialog.getByRole('button', { name: 'Rotate', exact: true }).click();
  await page.getByText(/: seal the objects' own keys anew, /).waitFor();
  expect([complaints, faults]).toEqual([[], []]);
  await close();

  const technologist = await openPage(browser, station, { as: 'technologist', at: '/storage' });
  await technologist.page.getByText('Your role does not allow this.').first().waitFor();
  expect(await technologist.page.getByRole('link', { name: 'Storage' }).count()).toBe(0);
  expect(await judgePage(technologist.page, 'storage-forbidden')).toEqual([]);
  await technologist.close();
});

/** Overwrites the end of some stored object, as a failing disk would. */
function spoilOneFile(): void {
  const root = path.join(station.data, 'objects');
  const [file] = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (file === undefined) throw new Error('nothing is stored');
  const name = path.join(file.parentPath, file.name);
  const bytes = readFileSync(name);
  writeFileSync(name, bytes.fill(0, bytes.length - 64));
}
