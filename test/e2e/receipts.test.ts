import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { type Asker, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { findBarriers } from './support/accessibility.ts';
import { findLayoutFaults } from './support/layout-faults.ts';
import { openPage, type PageWish } from './support/open-page.ts';

/** Where pictures go; without it (`npm run screenshots` sets it) every page is judged and none is kept. */
const folder = process.env['SCREENSHOTS'] ?? null;

let station: RunningStation;
let browser: Browser;
let radiologist: Asker;
let studyId: string;
let runId: string;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
  radiologist = await signIn(station, 'radiologist', 'demo');
  const head = phantomStudy({ seed: 77, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
  const refused = notAccepted(await sendObjects(remoteOf(station), head.objects));
  if (refused.length > 0) throw new Error('the study was not taken in');
  const row = await rowOf(radiologist, head.studyUid, ({ ai }) => ai.state === 'flagged');
  studyId = row.studyId;
  const [finding] = await radiologist.findings(row.studyId);
  if (finding === undefined) throw new Error('no finding');
  runId = finding.runId;
});
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

/** Keeps a picture where wanted, and gives everything wrong with what is seen. */
async function judge(page: Page, name: string): Promise<readonly string[]> {
  await page.waitForTimeout(400);
  if (folder !== null) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: path.join(folder, `${name}.png`) });
  }
  return [...(await findLayoutFaults(page)), ...(await findBarriers(page))].map((fault) => `${name}: ${fault}`);
}

test('from a finding to its receipt: what was read, how long it took, what came out; replayed, it comes out again', async () => {
  const { page, close } = await openPage(browser, station, { as: 'radiologist', at: `/reading/${studyId}` });
  await page.getByRole('link', { name: 'How AI came to this' }).first().click();
  await page.getByRole('heading', { name: 'What was read' }).waitFor();
  expect(page.url()).toContain(`#/runs/${runId}`);
  await page.getByText('Receipt unchanged').waitFor();
  const text = (await page.locator('main').textContent()) ?? '';
  expect(text).toMatch(/finding beyond its threshold/);
  expect(text).not.toMatch(/negative|normal\b/i);
  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByText('same, within the tolerance').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download JSON' }).click();
  expect((await download).suggestedFilename()).toBe(`receipt-${runId}.json`);
  const faults = [...(await judge(page, 'receipt-ready'))];
  await page.getByRole('heading', { name: 'Replays' }).scrollIntoViewIfNeeded();
  faults.push(...(await judge(page, 'receipt-replayed')));
  expect(faults).toEqual([]);
  await close();
});

test('a run nobody may see, one that cannot be asked for, and one that loads', async () => {
  const silence = (context: BrowserContext) => context.routeWebSocket(/\/rpc$/, () => undefined);
  const breakOff = (context: BrowserContext) =>
    context.routeWebSocket(/\/rpc$/, (socket) => socket.onMessage(() => void socket.close()));
  const views: readonly (PageWish & { readonly name: string; readonly seen: string })[] = [
    { name: 'receipt-missing', at: `/runs/${studyId}`, seen: 'There is no such run' },
    { name: 'receipt-failed', at: `/runs/${runId}`, prepare: breakOff, seen: 'The run cannot be shown' },
    { name: 'receipt-light', at: `/runs/${runId}`, colorScheme: 'light', seen: 'What was read' },
  ];
  const faults: string[] = [];
  for (const { name, seen, ...wish } of views) {
    const { page, close } = await openPage(browser, station, { as: 'radiologist', ...wish });
    await page.getByText(seen).first().waitFor();
    faults.push(...(await judge(page, name)));
    await close();
  }
  const { page, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: `/runs/${runId}`,
    prepare: silence,
  });
  await page.getByRole('status', { name: 'Loading…' }).waitFor();
  faults.push(...(await judge(page, 'receipt-loading')));
  await close();
  expect(faults).toEqual([]);
});
