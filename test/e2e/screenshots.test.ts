import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PEOPLE } from '../../demo/people.ts';
import { BLEED_KINDS } from '../../demo/phantoms/bleed.ts';
import { launchChromium } from '../chromium.ts';
import { type Asker, jsonBody, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation, TEST_CONFIG } from '../system/support/start-station.ts';
import { phantomStudy, type SentStudy } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { arrive, bleedingHead, quietHead, studyWithoutImages } from './support/arrivals.ts';
import { isForPictures, judgePage, keepPicture } from './support/judge-page.ts';
import { openPage, type PageWish } from './support/open-page.ts';
import { worklistOn } from './support/worklist-view.ts';

let station: RunningStation;
let browser: Browser;
let who: Asker;
let critical: string;
let withoutImages: string;

beforeAll(async () => {
  const disk = { lowBytes: 500_000_000, refuseBytes: 300_000_000, fullBytes: 100_000_000 };
  const config = isForPictures ? { ...TEST_CONFIG, disk } : TEST_CONFIG;
  [station, browser] = await Promise.all([startStation({ demo: true, config }), launchChromium()]);
  who = await signIn(station, 'coordinator', 'demo');
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

type View = PageWish & {
  readonly name: string;
  readonly inEverySize?: boolean;
  /** Brings the page into the state that is meant. */
  readonly until: (page: Page) => Promise<unknown>;
};

/** Opens the page in this state, keeps its picture where wanted, and gives everything wrong with it. */
async function look({ name, inEverySize = false, until: settle, ...wish }: View): Promise<readonly string[]> {
  const { page, close } = await openPage(browser, station, wish);
  await settle(page);
  const faults = await judgePage(page, name, { inEverySize });
  await close();
  return faults;
}

async function lookAtAll(views: readonly View[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const view of views) faults.push(...(await look(view)));
  return faults;
}

/** The socket opens and nothing is ever answered. */
const silence = (context: BrowserContext) => context.routeWebSocket(/\/rpc$/, () => undefined);
/** The station is gone. For a picture it stays away until the strip says so; judging needs no such patience. */
const breakOff = (context: BrowserContext) =>
  context.routeWebSocket(/\/rpc$/, (socket) => {
    if (isForPictures) void socket.close();
    else socket.onMessage(() => void socket.close());
  });
const hold = (context: BrowserContext, pattern: RegExp) => context.route(pattern, () => undefined);
const cut = (context: BrowserContext, pattern: RegExp) => context.route(pattern, (route) => route.abort());

async function fillIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
}

async function submit(page: Page, password: string): Promise<void> {
  await fillIn(page, 'radiologist', password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const untilListed = (page: Page) => until(async () => (await worklistOn(page).rows.count()) > 0);

async function chooseComparison(page: Page): Promise<void> {
  const filters = page.getByRole('group', { name: 'Quick filters' });
  await filters.getByRole('button', { name: /^Comparison/ }).click();
  const { untilRows, rows } = worklistOn(page);
  await untilRows(1);
  await rows.first().click();
  await page.getByText('sent for comparison').waitFor();
}

async function untilDrawn(page: Page): Promise<void> {
  await page.locator('[data-image]').first().waitFor();
  await page.waitForTimeout(isForPictures ? 2_500 : 500); // thumbnails and masks
}

test('sign-in', async () => {
  const faults = await lookAtAll([
    { name: 'sign-in-empty', until: (page) => page.getByLabel('User name').waitFor() },
    {
      name: 'sign-in-ready',
      inEverySize: true,
      until: (page) => page.getByRole('button', { name: 'radiologist' }).click(),
    },
    { name: 'sign-in-failed', until: (page) => submit(page, 'guess').then(() => page.getByRole('alert').waitFor()) },
    {
      name: 'sign-in-loading',
      prepare: (context) => hold(context, /\/api\/v1\/sessions$/),
      until: (page) => submit(page, 'demo'),
    },
  ]);
  expect(faults).toEqual([]);
});

test('the pages before anything came', async () => {
  const faults = await lookAtAll([
    {
      ...{ name: 'worklist-loading', as: 'radiologist', at: '/worklist', prepare: silence },
      until: (page) => page.getByRole('status', { name: 'Loading…' }).waitFor(),
    },
    {
      ...{ name: 'worklist-empty', as: 'radiologist', at: '/worklist' },
      until: (page) => page.getByText('Send to').waitFor(),
    },
    {
      ...{ name: 'worklist-failed', as: 'radiologist', at: '/worklist', prepare: breakOff },
      until: (page) => page.getByText('The worklist cannot be shown').waitFor(),
    },
    {
      ...{ name: 'audit-loading', as: 'administrator', at: '/audit', prepare: silence },
      until: (page) => page.getByRole('status', { name: 'Loading…' }).waitFor(),
    },
    {
      ...{ name: 'audit-empty', as: 'administrator', at: '/audit?kind=event-parked' },
      until: (page) => page.getByText('No event matches').waitFor(),
    },
    {
      ...{ name: 'audit-failed', as: 'administrator', at: '/audit', prepare: breakOff },
      until: (page) => page.getByText('The ledger cannot be shown').waitFor(),
    },
    {
      ...{ name: 'storage-loading', as: 'administrator', at: '/storage', prepare: silence },
      until: (page) => page.getByRole('status', { name: 'Loading…' }).waitFor(),
    },
    {
      ...{ name: 'storage-empty', as: 'administrator', at: '/storage' },
      until: (page) => page.getByText('Everything stays').waitFor(),
    },
    {
      ...{ name: 'storage-failed', as: 'administrator', at: '/storage?tab=retention', prepare: breakOff },
      until: (page) => page.getByText('The rules could not be read').waitFor(),
    },
    {
      ...{ name: 'quarantine-empty', as: 'technologist', at: '/quarantine' },
      until: (page) => page.getByText('Nothing is set aside').waitFor(),
    },
    {
      ...{ name: 'corrections-empty', as: 'technologist', at: '/corrections' },
      until: (page) => page.getByText('Nothing was corrected yet').waitFor(),
    },
  ]);
  expect(faults).toEqual([]);
});

test('worklist and audit of a working day', async () => {
  critical = await fillTheList();
  const faults = await lookAtAll([
    { ...{ name: 'worklist-ready', as: 'radiologist', at: '/worklist', inEverySize: true }, until: untilListed },
    {
      ...{ name: 'worklist-preview', as: 'radiologist', at: '/worklist' },
      async until(page) {
        await untilListed(page);
        await page.keyboard.press('Home');
        await page.getByText('Urgency set: Critical, suspected').waitFor();
      },
    },
    { ...{ name: 'worklist-comparison', as: 'radiologist', at: '/worklist' }, until: chooseComparison },
    {
      ...{ name: 'worklist-promote', as: 'radiologist', at: '/worklist' },
      async until(page) {
        await chooseComparison(page);
        await page.getByRole('button', { name: 'Make this a new exam' }).click();
        await page.getByRole('dialog').getByText('This cannot be taken back.').waitFor();
      },
    },
    { ...{ name: 'worklist-light', as: 'radiologist', at: '/worklist', colorScheme: 'light' }, until: untilListed },
    {
      ...{ name: 'audit-ready', as: 'administrator', at: '/audit', inEverySize: true },
      async until(page) {
        await page.getByRole('button', { name: 'Verify the chain' }).click();
        await page.getByText('The chain is intact').waitFor();
        await page.getByText('Urgency set').first().click();
      },
    },
    {
      ...{ name: 'audit-story', as: 'administrator', at: `/audit?study=${critical}` },
      until: (page) => page.getByRole('region', { name: 'Patient' }).waitFor(),
    },
  ]);
  expect(faults).toEqual([]);
});

// What worklist.test.ts holds to its flows, here with a full list.
test.runIf(isForPictures)('the worklist’s menus, its paper and what must be opened again', async () => {
  const { page, close } = await openPage(browser, station, { as: 'radiologist', at: '/worklist' });
  await untilListed(page);
  const menus = [
    ['Narrow', 'narrow'],
    ['Views', 'views'],
    ['Columns and density', 'columns'],
    ['Export and print', 'export'],
  ] as const;
  for (const [button, name] of menus) {
    await page.getByRole('button', { name: button, exact: true }).click();
    await keepPicture(page, `worklist-${name}`);
    await page.keyboard.press('Escape');
    await page.waitForTimeout(400);
  }
  const filters = page.getByRole('group', { name: 'Quick filters' });
  await filters.getByRole('button', { name: /^Archived/ }).click();
  await keepPicture(page, 'worklist-archived', { settleMs: 1_500 });
  await filters.getByRole('button', { name: /^All/ }).click();
  await untilListed(page);
  await page.keyboard.press('F8');
  await keepPicture(page, 'worklist-names-hidden');
  await page.keyboard.press('F8');
  await page.evaluate(() => void (window.print = () => undefined));
  await page.getByRole('button', { name: 'Export and print' }).click();
  await page.getByRole('menuitem', { name: 'Print a downtime list' }).click();
  await page.locator('[data-paper]').waitFor({ state: 'attached' });
  await page.emulateMedia({ media: 'print' });
  await keepPicture(page, 'worklist-paper');
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));

  const { studyUid } = picturedHead(10, null);
  const { studyId, patient } = await rowOf(who, studyUid);
  await page.goto(`${station.http}/#/reading/${studyId}`);
  await untilDrawn(page);
  await page.goto(`${station.http}/#/worklist`);
  await untilListed(page);
  const { headers, body } = jsonBody({ patientId: patient.patientId, level: 'urgent', reason: 'the ward called' });
  const answer = await who.fetch(`/api/v1/studies/${studyId}/urgency`, { method: 'POST', headers, body });
  expect(answer.status).toBe(200);
  await rowOf(who, studyUid, ({ openAgain }) => openAgain.length > 0);
  await worklistOn(page)
    .row(PEOPLE[10]?.mrn ?? '')
    .click();
  await keepPicture(page, 'worklist-open-again', { settleMs: 1_500 });
  await close();
});

test('reading', async () => {
  const at = `/reading/${critical}`;
  const faults = await lookAtAll([
    {
      ...{ name: 'reading-loading', as: 'technologist', at },
      prepare: (context) => hold(context, /\/dicomweb\//),
      until: (page) => page.getByRole('toolbar').waitFor(),
    },
    {
      ...{ name: 'reading-empty', as: 'technologist', at: `/reading/${withoutImages}` },
      until: (page) => page.getByRole('region', { name: 'Patient' }).waitFor(),
    },
    {
      ...{ name: 'reading-failed', as: 'technologist', at },
      prepare: (context) => cut(context, /\/dicomweb\//),
      until: (page) => page.getByRole('alert').first().waitFor(),
    },
    { ...{ name: 'reading-ready', as: 'radiologist', at, inEverySize: true }, until: untilDrawn },
    {
      ...{ name: 'reading-models', as: 'radiologist', at },
      async until(page) {
        await untilDrawn(page);
        await page.getByRole('button', { name: 'Which models read this study' }).click();
        await page.getByText('Read: ').first().waitFor();
      },
    },
    {
      ...{ name: 'reading-ai-hidden', as: 'radiologist', at },
      async until(page) {
        await untilDrawn(page);
        await page.locator('[data-image]').first().focus();
        await page.keyboard.press('a');
      },
    },
  ]);
  expect(faults).toEqual([]);
});

test('a study opens on the image in which AI saw most, not above the skull', async () => {
  const [finding] = await who.findings(critical);
  const { page, complaints, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: `/reading/${critical}`,
  });
  const first = page.locator('[data-image]').first();
  await first.waitFor();
  expect(await first.getAttribute('data-image')).toBe(finding?.keyImage?.sopUid);
  // Leaving while images still come troubles nobody.
  await page.keyboard.press('Escape');
  await untilListed(page);
  await page.waitForTimeout(500);
  expect(complaints).toEqual([]);
  await close();
});

/** Sends a day's studies and gives the id of the one that AI flags. */
async function fillTheList(): Promise<string> {
  const { objects } = studyWithoutImages(18);
  const bleeding = isForPictures ? picturedHead(12, 0) : bleedingHead(12);
  const quiet = isForPictures
    ? [0, 1, 5, 6, 8, 10, 11, 13, 15].map((person) => picturedHead(person, null))
    : [0, 1].map(quietHead);
  const prior = {
    ...quietHead(6),
    ...phantomStudy({ seed: 906, person: PEOPLE[6]!, atMs: Date.UTC(2024, 10, 19), matrix: 256 }),
  };
  await arrive(station, [prior], { callingAe: 'OLDPACS' });
  await arrive(station, [bleeding, ...quiet, { studyUid: objects[0]?.studyUid ?? '', objects }]);
  for (const { studyUid } of quiet)
    await rowOf(who, studyUid, ({ ai }) => ai.state === 'no-flag' || ai.state === 'flagged');
  withoutImages = (await rowOf(who, objects[0]?.studyUid ?? '')).studyId;
  return (await rowOf(who, bleeding.studyUid, ({ urgency }) => urgency.level === 'critical')).studyId;
}

/** A head in full size, acquired a few minutes ago. */
function picturedHead(person: number, bleedKind: number | null): SentStudy {
  const kind = bleedKind === null ? undefined : BLEED_KINDS[bleedKind];
  return phantomStudy({
    seed: 500 + person,
    person: PEOPLE[person]!,
    accession: `D${40_500 + person}`,
    atMs: Date.now() - (20 - person) * 60_000,
    studyDescription:
      person % 3 === 0 ? 'CT HEAD WITHOUT CONTRAST' : person % 3 === 1 ? 'CT Head wo' : 'CT CRANIUM NATIVE',
    bleed: kind === undefined ? null : { kind, volumeMl: 28 },
    withThinBone: person === 12,
  });
}
