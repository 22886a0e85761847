import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { arrive, quietHead } from './support/arrivals.ts';
import { openPage } from './support/open-page.ts';
import { worklistOn } from './support/worklist-view.ts';

let station: RunningStation;
let browser: Browser;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

test('the strip says what listens, what computes, what is left, what is not configured, and whether anybody can read', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'technologist', at: '/worklist' });
  const strip = page.getByRole('contentinfo', { name: 'Connections' });
  await strip.getByText(`${station.dicom.aeTitle}:${station.dicom.port} · 0/h`).waitFor();
  await strip.getByText(/^CPU/).waitFor();
  await strip.getByText(/^\d+(\.\d)? [GT]B left$/).waitFor();
  await strip.getByText('HL7 in, PACS, RIS, EHR not configured').waitFor();
  await strip.getByText('Nobody signed in who may read').waitFor();

  const reader = await openPage(browser, station, { as: 'radiologist', at: '/worklist' });
  await reader.page.getByRole('contentinfo').getByText('DICOM in').waitFor();
  expect(await reader.page.getByText('Nobody signed in who may read').count()).toBe(0);
  expect([...complaints, ...reader.complaints]).toEqual([]);
  await reader.close();
  await close();
});

test('a station that dies is said to be gone, with what is on the screen kept; when it is back the page goes on by itself', async () => {
  const first = quietHead(6);
  await arrive(station, [first]);
  const { page, close } = await openPage(browser, station, { as: 'radiologist', at: '/worklist' });
  const list = worklistOn(page);
  await list.untilRows(1);
  const port = new URL(station.http).port;
  await station.kill();
  await page.getByText(/^Station not reachable for .+; what you see may be old$/).waitFor();
  expect(await list.order()).toEqual(['DEMO00007']);

  station = await startStation({ demo: true, data: station.data, args: ['--http-port', port] });
  await page.getByText(/Station not reachable/).waitFor({ state: 'detached' });
  expect(page.url()).toMatch(/#\/worklist$/);
  // It hears the station again: what comes now is shown without a hand's turn.
  await arrive(station, [quietHead(8)]);
  await list.untilRows(2);
  await close();
});
