import { randomUUID } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { arrive, quietHead } from './support/arrivals.ts';
import { isForPictures, judgePage } from './support/judge-page.ts';
import { openPage, type PageWish } from './support/open-page.ts';
import { worklistOn } from './support/worklist-view.ts';

// Every page that has nothing to show yet, cannot show it, or must not: what screenshots.test.ts and the tests of pages leave out,
// because where no pictures are wanted one page of each kind stands for all.

let station: RunningStation;
let browser: Browser;

beforeAll(async () => {
  if (!isForPictures) return;
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

type View = PageWish & {
  readonly name: string;
  /** Brings the page into the state that is meant. */
  readonly until: (page: Page) => Promise<unknown>;
};

/** Side by side: a page gives its station up only after half a minute. */
async function lookAtAll(views: readonly View[]): Promise<readonly string[]> {
  const looks: Promise<readonly string[]>[] = [];
  for (const { name, until, ...wish } of views) {
    // Signing in takes its turn.
    const { page, close } = await openPage(browser, station, wish);
    const look = async () => {
      await until(page);
      const faults = await judgePage(page, name);
      await close();
      return faults;
    };
    looks.push(look());
  }
  return (await Promise.all(looks)).flat();
}

/** The socket opens and nothing is ever answered. */
const silence = (context: BrowserContext) => context.routeWebSocket(/\/rpc$/, () => undefined);
/** The station is gone, and the strip says so. */
const breakOff = (context: BrowserContext) => context.routeWebSocket(/\/rpc$/, (socket) => void socket.close());
const isLoading = (page: Page) => page.getByRole('status', { name: /load/i }).first().waitFor();
const hasFailed = (page: Page) => page.getByRole('alert').getByRole('heading').first().waitFor();

const SOME_STUDY = randomUUID();
const SOME_MODEL = `/models/${'0'.repeat(64)}`;
const ASKING = [
  ['archive', 'radiologist', '/archive'],
  ['archive-transfers', 'radiologist', '/archive?tab=transfers'],
  ['quarantine', 'technologist', '/quarantine'],
  ['corrections', 'technologist', '/corrections'],
  ['identity', 'technologist', `/identity/${SOME_STUDY}`],
  ['media', 'technologist', '/media'],
  ['storage-integrity', 'administrator', '/storage?tab=integrity'],
  ['triage', 'radiologist', '/triage'],
  ['triage-study', 'radiologist', `/triage/studies/${SOME_STUDY}`],
  ['model', 'radiologist', SOME_MODEL],
  ['reference', 'truth-reader', '/reference'],
  ['reading-study', 'radiologist', `/reading/${SOME_STUDY}`],
] as const;

describe.runIf(isForPictures)('pictures', () => {
  test('each page while the station does not answer, and where it is gone', async () => {
    const faults = [
      ...(await lookAtAll(
        ASKING.map(([page, as, at]) => ({ name: `${page}-loading`, as, at, prepare: silence, until: isLoading })),
      )),
      ...(await lookAtAll(
        ASKING.map(([page, as, at]) => ({ name: `${page}-failed`, as, at, prepare: breakOff, until: hasFailed })),
      )),
    ];
    expect(faults).toEqual([]);
  });

  test('what is not there, not allowed or not possible', async () => {
    const faults = await lookAtAll([
      { name: 'reading-not-found', as: 'radiologist', at: `/reading/${SOME_STUDY}`, until: hasFailed },
      { name: 'identity-not-found', as: 'technologist', at: `/identity/${SOME_STUDY}`, until: hasFailed },
      { name: 'model-not-found', as: 'radiologist', at: SOME_MODEL, until: hasFailed },
      {
        ...{ name: 'audit-forbidden', as: 'technologist', at: '/audit' },
        until: (page) => page.getByText('Your role does not allow this.').first().waitFor(),
      },
      {
        ...{ name: 'reference-empty', as: 'truth-reader', at: '/reference' },
        until: (page) => page.getByText('Every study has your answer').waitFor(),
      },
      {
        ...{ name: 'archive-transfers-empty', as: 'radiologist', at: '/archive?tab=transfers' },
        until: (page) => page.getByRole('heading').first().waitFor(),
      },
      {
        // A part of the page that cannot be had is a fault of ours, and the rest stays.
        ...{ name: 'fault', as: 'administrator', at: '/audit' },
        prepare: (context) => context.route(/AuditPage[^/]*\.js$/, (route) => route.abort()),
        until: (page) => page.getByText('This part of the page stopped working').waitFor(),
      },
    ]);
    expect(faults).toEqual([]);
  });

  test('a password that somebody else set', async () => {
    const mustChange = (context: BrowserContext) =>
      context.route('**/api/v1/sessions/current', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ json: { ...((await answer.json()) as object), mustChangePassword: true } });
      });
    const faults = await lookAtAll([
      {
        ...{ name: 'new-password', as: 'radiologist', prepare: mustChange },
        until: (page) => page.getByRole('heading', { name: 'Choose a password' }).waitFor(),
      },
      {
        ...{ name: 'new-password-refused', as: 'radiologist', prepare: mustChange },
        async until(page) {
          await page.getByLabel('Password you signed in with').fill('demo');
          await page.getByLabel('New password', { exact: true }).fill('short');
          await page.getByLabel('New password once more').fill('short');
          await page.getByRole('button', { name: 'Change password' }).click();
          await page.getByRole('alert').waitFor();
        },
      },
    ]);
    expect(faults).toEqual([]);
  });

  test('a list with nothing found or left, the menu of who is signed in, and a station that goes away', async () => {
    const studies = [quietHead(1), quietHead(2)];
    await arrive(station, studies);
    const who = await signIn(station, 'radiologist', 'demo');
    for (const { studyUid } of studies) await rowOf(who, studyUid, ({ ai }) => ai.state === 'no-flag');
    let leave = () => undefined as unknown;
    let isGone = false;
    const { page, close } = await openPage(browser, station, {
      ...{ as: 'radiologist', at: '/worklist' },
      prepare: (context) =>
        context.routeWebSocket(/\/rpc$/, (socket) => {
          if (isGone) return void socket.close();
          socket.connectToServer();
          leave = () => socket.close();
        }),
    });
    await worklistOn(page).untilRows(2);
    const filters = page.getByRole('group', { name: 'Quick filters' });
    await filters.getByRole('button', { name: /^Critical/ }).click();
    await page.getByText('Nothing matches this filter').waitFor();
    const faults = [...(await judgePage(page, 'worklist-filter-empty'))];
    await filters.getByRole('button', { name: /^All/ }).click();
    await worklistOn(page).untilRows(2);
    const search = page.getByPlaceholder('Search name, MRN, accession, exam');
    await search.fill('nobody is called so');
    await page.getByText('Nothing matches this search').waitFor();
    faults.push(...(await judgePage(page, 'worklist-nothing-found')));
    await search.fill('');
    await worklistOn(page).untilRows(2);
    await page.getByRole('button', { name: /settings and sign out/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    faults.push(...(await judgePage(page, 'user-menu')));
    await page.keyboard.press('Escape');
    isGone = true;
    leave();
    await page.getByText(/^Station not reachable for .+; what you see may be old$/).waitFor();
    faults.push(...(await judgePage(page, 'worklist-station-gone')));
    expect(faults).toEqual([]);
    await close();
  });
});
