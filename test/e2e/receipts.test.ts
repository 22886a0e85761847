import type { Browser, BrowserContext } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { type Asker, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { judgePage } from './support/judge-page.ts';
import { openPage, type PageWish } from './support/open-page.ts';

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
  const faults = [...(await judgePage(page, 'receipt-ready', { inEverySize: true }))];
  await page.getByRole('heading', { name: 'Replays' }).scrollIntoViewIfNeeded();
  faults.push(...(await judgePage(page, 'receipt-replayed')));
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
    faults.push(...(await judgePage(page, name)));
    await close();
  }
  const { page, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: `/runs/${runId}`,
    prepare: silence,
  });
  await page.getByRole('status', { name: 'Loading…' }).waitFor();
  faults.push(...(await judgePage(page, 'receipt-loading')));
  await close();
  expect(faults).toEqual([]);
});
