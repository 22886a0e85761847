import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { arrive, bleedingHead } from './support/arrivals.ts';
import { press } from './support/keys.ts';
import { openPage } from './support/open-page.ts';

const bleeding = bleedingHead(12);
let station: RunningStation;
let browser: Browser;
let studyId: string;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
  const who = await signIn(station, 'coordinator', 'demo');
  await arrive(station, [bleeding]);
  studyId = (await rowOf(who, bleeding.studyUid, ({ urgency }) => urgency.level === 'critical')).studyId;
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

test('a study’s whole story stands under its patient, from the first object to the reason it is on top', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: '/audit' });
  const grid = page.getByRole('grid', { name: 'Ledger' });
  await grid.getByText('Urgency set: Critical, suspected').click();
  const event = page.getByRole('complementary', { name: 'Chain and event' });
  await event.getByText('urgency-set').waitFor();
  await event.getByRole('button', { name: 'Study' }).click();
  const header = page.getByRole('region', { name: 'Patient' });
  await header.waitFor();
  const said = await header.innerText();
  for (const part of ['Invento, Luca', '1990-05-14', 'M', 'DEMO00013', 'T212']) expect(said).toContain(part);
  await until(async () => !(await grid.innerText()).includes('Station started'));
  const story = await grid.locator('[role="gridcell"]:nth-child(3)').allInnerTexts();
  const inOrder = [
    'Image object received: new',
    'Images complete',
    'AI run queued',
    'AI run started',
    'Urgency set: Critical',
  ];
  const places = inOrder.map((part) => story.findLastIndex((line) => line.startsWith(part)));
  expect(places).toEqual(places.toSorted((a, b) => b - a)); // the newest stands on top
  expect(places).not.toContain(-1);
  expect(complaints).toEqual([]);
  await close();
});

test('the ledger is walked by keys, and narrowed by kind and by who did it', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: '/audit' });
  const grid = page.getByRole('grid', { name: 'Ledger' });
  await grid.focus();
  await press(page, 'j', 'j', 'k', 'ArrowDown');
  expect(await grid.locator('[aria-selected="true"]').getAttribute('aria-rowindex')).toBe('3');

  await page.getByRole('combobox', { name: 'Kind of event' }).fill('Urgency');
  await page.getByRole('option', { name: 'Urgency set' }).click();
  const said = () => grid.locator('[role="gridcell"]:nth-child(3)').allInnerTexts();
  await until(async () => (await said()).length === 2);
  expect(await said()).toEqual(['Urgency set: Critical, suspected', 'Urgency set: Routine, ordinary']);

  await grid.getByRole('row').last().click();
  await page.getByRole('button', { name: 'This actor only' }).click();
  await page.getByText('By triage').waitFor();
  expect(await said()).toHaveLength(2);
  expect(complaints).toEqual([]);
  await close();
});

test('an administrator verifies the chain on the page; a radiologist is told who can', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: '/audit' });
  await page.getByRole('button', { name: 'Verify the chain' }).click();
  await page.getByText('The chain is intact').waitFor();
  await page.getByText(/\d+ events, up to number \d+, checked in \d+ ms/).waitFor();
  expect(complaints).toEqual([]);
  await close();

  const reader = await openPage(browser, station, { as: 'radiologist', at: '/audit' });
  await reader.page.getByText('An administrator can verify the chain.').waitFor();
  expect(await reader.page.getByRole('button', { name: 'Verify the chain' }).count()).toBe(0);
  await reader.close();
});

test('an unopened Critical is shown here too, and leads to the study', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at: '/audit' });
  await page.getByRole('button', { name: '1 unopened Critical' }).click();
  await page.waitForURL((url) => url.hash === `#/reading/${studyId}`);
  await page.getByRole('region', { name: 'Patient' }).getByText('DEMO00013').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('who may not read the ledger is told so in plain words, with nothing of it', async () => {
  const { page, close } = await openPage(browser, station, { as: 'technologist', at: '/audit' });
  await page.getByText('Your role does not allow this.').waitFor();
  expect(await page.getByRole('row').count()).toBe(0);
  await close();
});
