import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { type Asker, jsonBody, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything } from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { startTwoStations, type TwoStations } from '../system/support/two-stations.ts';
import { until } from '../system/support/until.ts';
import { arrive, quietHead } from './support/arrivals.ts';
import { judgePage } from './support/judge-page.ts';
import { openPage } from './support/open-page.ts';

let stations: TwoStations;
let browser: Browser;
let who: Asker;
const mine = quietHead(1);
const theirs = [quietHead(2), quietHead(3), quietHead(4)];

beforeAll(async () => {
  [stations, browser] = await Promise.all([startTwoStations({ site: { cache: { keepDays: 0 } } }), launchChromium()]);
  who = await signIn(stations.reading, 'radiologist', 'demo');
  await arrive(stations.archive, theirs);
  await arrive(stations.reading, [mine]);
  await rowOf(who, mine.studyUid, ({ images }) => images.received === mine.objects.length);
});
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

test('a study is looked for at the archive by keyboard, fetched, and here; what cannot be asked or had says why', async () => {
  const { page, complaints, close } = await openPage(browser, stations.reading, { as: 'radiologist', at: '/archive' });
  const form = page.getByRole('form', { name: 'What to look for' });
  await page.getByText('Look for a study at another machine').waitFor();
  const faults = [...(await judgePage(page, 'archive-before'))];
  await form.getByLabel('Modality').fill('CT');
  await form.getByRole('button', { name: 'Search' }).click();
  await form.getByText('a modality alone would be everything').waitFor();
  await form.getByLabel('Study date from').fill('2026-02-01');
  await form.getByLabel('to', { exact: true }).fill('2026-01-01');
  await form.getByText('Before the first day.').waitFor();
  faults.push(...(await judgePage(page, 'archive-invalid')));
  await form.getByRole('button', { name: 'Clear' }).click();
  await form.getByLabel('Patient name').fill('Nobody, Known');
  await form.getByLabel('Patient name').press('Enter');
  await page.getByText('PACS has nothing like it').waitFor();
  faults.push(...(await judgePage(page, 'archive-nothing')));

  await form.getByRole('button', { name: 'Clear' }).click();
  await form.getByLabel('Study date from').fill('2020-01-01');
  await form.getByLabel('Description').fill('head');
  await form.getByRole('button', { name: 'Search' }).click();
  const grid = page.getByRole('grid', { name: 'Studies found' });
  await grid.getByRole('row').nth(theirs.length).waitFor();
  await grid.focus();
  await page.keyboard.press('ArrowDown');
  const aside = page.getByRole('complementary', { name: 'The chosen study' });
  faults.push(...(await judgePage(page, 'archive-found', { inEverySize: true })));
  await aside.getByRole('button', { name: 'Fetch from PACS' }).click();
  await aside.getByText('here', { exact: true }).waitFor();
  await aside.getByRole('link', { name: 'Open' }).waitFor();
  faults.push(...(await judgePage(page, 'archive-fetched')));
  await form.getByRole('combobox', { name: 'At' }).click();
  await page.getByRole('option', { name: 'GONE' }).click();
  await form.getByRole('button', { name: 'Search' }).click();
  await page.getByText('GONE did not answer').waitFor();
  faults.push(...(await judgePage(page, 'archive-gone')));
  expect([complaints, faults]).toEqual([[], []]);
  await close();
});

test('a study is sent from the worklist: who it is of, whether the peer is there, and how far it is', async () => {
  const { page, complaints, close } = await openPage(browser, stations.reading, { as: 'radiologist', at: '/worklist' });
  await page.getByRole('grid').getByRole('row').nth(1).click();
  await page.getByRole('link', { name: 'Send…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send or fetch a study' });
  await dialog.getByRole('region', { name: 'Patient' }).waitFor();
  const to = dialog.getByRole('combobox', { name: 'Send to' });
  await to.click();
  await page.getByRole('option', { name: 'GONE' }).click();
  await dialog.getByRole('button', { name: 'Test' }).click();
  await dialog.getByText('It cannot be reached').waitFor();
  await dialog.getByRole('radio', { name: 'Some series' }).click();
  const faults = [...(await judgePage(page, 'archive-send'))];
  await expectDisabled(page);
  await dialog.getByRole('radio', { name: 'The whole study' }).click();
  await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  const table = page.getByRole('table', { name: 'Transfers' });
  await table.getByText('The peer cannot be reached').waitFor();

  await page.goto(`${stations.reading.http}/#/worklist`);
  await page.getByRole('link', { name: 'Send…' }).click();
  await to.click();
  await page.getByRole('option', { name: 'PACS' }).click();
  await dialog.getByRole('button', { name: 'Test' }).click();
  await dialog.getByText(/answered in \d+ ms/).waitFor();
  await dialog.getByRole('button', { name: 'Send', exact: true }).click();
  await table.getByText('archive answers for all of it').waitFor();
  faults.push(...(await judgePage(page, 'archive-transfers')));
  const there = await signIn(stations.archive, 'radiologist', 'demo');
  expect(await notStoredAsSent(there, 'demo', mine.objects)).toEqual([]);

  await table
    .getByRole('row', { name: /to GONE/ })
    .getByRole('button', { name: 'Give up' })
    .click();
  const settle = page.getByRole('dialog', { name: 'Give up sending' });
  await settle.getByRole('combobox', { name: 'Reason' }).click();
  await page.getByRole('option', { name: 'wrong destination' }).click();
  faults.push(...(await judgePage(page, 'archive-give-up')));
  await settle.getByRole('button', { name: 'Give up' }).click();
  await table.getByText('given up').waitFor();
  expect([complaints, faults]).toEqual([[], []]);
  await close();
});

async function expectDisabled(page: Page): Promise<void> {
  expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true);
}

test('the peers say what they may and whether they are there; a page that fails says so, and whoever may not does not see it', async () => {
  const { page, complaints, close } = await openPage(browser, stations.reading, {
    ...{ as: 'coordinator', at: '/archive?tab=peers' },
  });
  await page.getByRole('button', { name: 'Test PACS' }).click();
  await page.getByRole('button', { name: 'Test GONE' }).click();
  await page.getByText(/answered in \d+ ms/).waitFor();
  await page.getByText('It cannot be reached').waitFor();
  const faults = [...(await judgePage(page, 'archive-peers'))];
  expect([complaints, faults]).toEqual([[], []]);
  await close();
  const administrator = await openPage(browser, stations.reading, { as: 'administrator', at: '/worklist' });
  await administrator.page.getByRole('link', { name: 'Audit' }).waitFor();
  expect(await administrator.page.getByRole('link', { name: 'Archive', exact: true }).count()).toBe(0);
  await administrator.page.goto(`${stations.reading.http}/#/archive`);
  await administrator.page.getByText('Your role does not allow this.').first().waitFor();
  await judgePage(administrator.page, 'archive-forbidden');
  await administrator.close();
});

test('a study that left the cache says so when it is opened, comes back by itself, and shows rejected images only when asked', async () => {
  const row = await rowOf(who, mine.studyUid, () => true);
  // Its archive answers for it, and nothing is younger than the policy: at a start all of it may go.
  await stations.reading.stop();
  const station = await stations.restart('reading');
  const owner = await signIn(station, 'radiologist', 'demo');
  await until(async () => (await owner.study(row.studyId)).letGo === mine.objects.length);
  await stations.archive.kill();
  const at = `/reading/${row.studyId}`;
  const { page, complaints, close } = await openPage(browser, station, { as: 'technologist', at });
  await page.getByText(`${mine.objects.length} images are being fetched back from PACS`).waitFor();
  await page.getByText('The peer cannot be reached.').waitFor();
  const faults = [...(await judgePage(page, 'reading-fetching'))];
  await stations.restart('archive');
  await page.locator('[data-image]').first().waitFor();
  await page.getByText('fetched back').waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await close();

  const there = await signIn(station, 'technologist', 'demo');
  const subjects = mine.objects.slice(0, 2).map(({ sopUid }) => sopUid);
  const hiding = jsonBody({ level: 'instance', subjects, reason: 'rejected-for-quality' });
  expect((await there.fetch(`/api/v1/studies/${row.studyId}/hidings`, hiding)).status).toBe(200);
  const reading = await openPage(browser, station, { as: 'radiologist', at });
  await reading.page.locator('[data-image]').first().waitFor({ timeout: 60_000 });
  await reading.page.getByText('2 images not shown: rejected for quality reasons').waitFor();
  const count = mine.objects.length;
  await reading.page.getByText(new RegExp(`\\d+ / ${count - 2}`)).waitFor();
  await reading.page.getByRole('button', { name: 'Show 2 anyway' }).click();
  await reading.page.getByText('Images rejected for quality are shown').waitFor();
  await reading.page.getByText(new RegExp(`\\d+ / ${count}`)).waitFor();
  expect(await reading.page.getByText('REJECTED FOR QUALITY', { exact: true }).count()).toBe(0);
  await reading.page.locator('[data-image]').first().focus();
  await reading.page.keyboard.press('Home');
  await reading.page.getByText('REJECTED FOR QUALITY', { exact: true }).waitFor();
  faults.push(...(await judgePage(reading.page, 'reading-rejected')));
  await reading.page.getByRole('button', { name: 'Hide them' }).click();
  await reading.page.getByText(new RegExp(`\\d+ / ${count - 2}`)).waitFor();
  expect([reading.complaints, faults]).toEqual([[], []]);
  await reading.close();
});
