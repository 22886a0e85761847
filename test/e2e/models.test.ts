import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { rowOf, signIn } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import { endEverything, type RunningStation, startStation, TEST_CONFIG } from '../system/support/start-station.ts';
import { arrive, bleedingHead, quietHead } from './support/arrivals.ts';
import { judgePage } from './support/judge-page.ts';
import { openPage, type PageWish } from './support/open-page.ts';

const HEAD = 'head-ct-hyperdense';
const DAY_MS = 86_400_000;
const SCANNERS = [
  ['ACME Medical', 'Spiral 64', 'Head routine'],
  ['ACME Medical', 'Spiral 64', 'Head trauma with a protocol name as long as some sites write them, portable'],
  ['Northern', 'Volume One', 'Brain w/o'],
] as const;

let station: RunningStation;
let browser: Browser;
let digest: string;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true, config: TEST_CONFIG }), launchChromium()]);
  const who = await signIn(station, 'radiologist', 'demo');
  const sent = [bleedingHead(1), quietHead(2)];
  await arrive(station, sent);
  for (const { studyUid } of sent)
    await rowOf(who, studyUid, ({ ai }) => ai.state === 'flagged' || ai.state === 'no-flag');
  const { data } = station;
  await station.stop();
  digest = withDatabase(data, (db) => {
    const found = db.prepare('SELECT digest FROM models WHERE model_id = ?').get(HEAD) as { digest: string };
    const site = db.prepare("SELECT site_id AS id FROM sites WHERE code = 'demo'").get() as { id: string };
    measureWeeks(db, site.id, found.digest);
    return found.digest;
  });
  station = await startStation({ data, demo: true, config: TEST_CONFIG });
});
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

type Database = Parameters<Parameters<typeof withDatabase>[1]>[0];

/** What a busy site would have counted in ten weeks: one scanner reads too little, and its scores have moved. */
function measureWeeks(db: Database, siteId: string, model: string): void {
  const today = Math.floor(Date.now() / DAY_MS);
  const week = Math.floor((today + 3) / 7);
  const source = db.prepare(
    'INSERT INTO exam_sources (source_id, site_id, manufacturer, scanner, protocol) VALUES (?, ?, ?, ?, ?)',
  );
  for (const [index, [maker, scanner, protocol]] of SCANNERS.entries())
    source.run(1000 + index, siteId, maker, scanner, protocol);
  const exams = db.prepare(
    'INSERT INTO model_days (site_id, digest, day, source_id, outcome, exams) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const timing = db.prepare(
    `INSERT INTO model_timings (site_id, digest, day, step, bin, runs) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const spans = { queue: 90, read: 60, decode: 95, preprocess: 85, infer: 120, postprocess: 40, total: 135 };
  for (let back = 1; back < 40; back++) {
    const day = today - back;
    const recent = back <= 7;
    exams.run(siteId, model, day, 1000, 'finished', 20 + ((back * 7) % 9));
    exams.run(siteId, model, day, 1001, 'finished', recent ? 6 : 9);
    if (recent) exams.run(siteId, model, day, 1001, 'over-budget', 4);
    if (recent) exams.run(siteId, model, day, 1001, 'uneven-spacing', 1);
    exams.run(siteId, model, day, 1002, 'finished', recent ? 5 : 12);
    if (recent) exams.run(siteId, model, day, 1002, 'no-eligible-series', 7);
    for (const [step, middle] of Object.entries(spans))
      for (let away = -12; away <= 18; away += 3)
        timing.run(siteId, model, day, step, middle + away, Math.max(1, 14 - Math.abs(away)));
  }
  const value = db.prepare(
    'INSERT INTO model_values (site_id, digest, week, is_silent, feature, bin, runs) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  for (let back = 1; back <= 10; back++) {
    const isSilent = back > 6;
    const shift = isSilent ? 0 : (6 - back) * 3;
    for (let n = 0; n < 40; n++)
      value.run(
        siteId,
        model,
        week - back,
        isSilent ? 1 : 0,
        'score:suspected-hyperdense-blood',
        String(((n * 4 + shift) * 5) / 1000),
        2 + ((n * 5) % 7),
      );
    for (const [kernel, runs] of [
      ['H31s', isSilent ? 80 : 60],
      ['J40s', 30],
      ['FC26', isSilent ? 0 : 22],
    ] as const)
      if (runs > 0) value.run(siteId, model, week - back, isSilent ? 1 : 0, 'kernel', kernel, runs);
    for (const [spacing, runs] of [
      ['0.42', 40],
      ['0.44', 55],
      ['0.48', 25],
    ] as const)
      value.run(siteId, model, week - back, isSilent ? 1 : 0, 'pixel-spacing', spacing, runs + back);
    value.run(siteId, model, week - back, isSilent ? 1 : 0, 'manufacturer', 'ACME Medical', 100);
    value.run(siteId, model, week - back, isSilent ? 1 : 0, 'slice-thickness', '5', 21);
  }
}

type View = PageWish & { readonly name: string; readonly until: (page: Page) => Promise<unknown> };

/** Opens the page in this state, keeps its picture where wanted, and gives everything wrong with it. */
async function look({ name, until: settle, ...wish }: View): Promise<readonly string[]> {
  const { page, complaints, close } = await openPage(browser, station, wish);
  await settle(page);
  const faults = await judgePage(page, name);
  await close();
  return [...faults, ...(wish.prepare === undefined ? complaints : [])];
}

const silence = (context: BrowserContext) => context.routeWebSocket(/\/rpc$/, () => undefined);
const breakOff = (context: BrowserContext) =>
  context.routeWebSocket(/\/rpc$/, (socket) => socket.onMessage(() => void socket.close()));
const at = (tab: string) => `/models/${digest}?tab=${tab}`;

test('the list says of each model how far it reaches, what it reads, and what is alarming', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: '/models' });
  const row = page.getByRole('table', { name: 'Models' }).getByRole('row', { name: /hyperdense/i });
  await row.getByText('General').waitFor();
  await row.getByText('below the limit').waitFor();
  await row.getByText(/\d+(\.\d)? % \(\d+ of \d+\)/).waitFor();
  await row.getByText('moved far').waitFor();
  const faults = await judgePage(page, 'models');
  await row.getByRole('link').click();
  await page.getByRole('tab', { name: 'Overview', selected: true }).waitFor();
  await page.getByText('A reference algorithm. Not for clinical use.').waitFor();
  expect([complaints, faults, await judgePage(page, 'model-overview', { inEverySize: true })]).toEqual([[], [], []]);
  await close();
});

test('every part of a model’s page shows what was measured', async () => {
  const as = 'administrator';
  const faults = [
    ...(await look({
      ...{ name: 'model-coverage', as, at: at('coverage') },
      until: (page) => page.getByRole('list', { name: 'Coverage alarms' }).waitFor(),
    })),
    ...(await look({
      ...{ name: 'model-performance', as, at: at('performance') },
      until: (page) => page.getByText('over budget').or(page.getByText('Computing')).first().waitFor(),
    })),
    ...(await look({
      ...{ name: 'model-drift', as, at: at('drift') },
      until: (page) => page.getByRole('table').getByText('moved far').first().waitFor(),
    })),
    ...(await look({
      ...{ name: 'model-runs', as, at: at('runs') },
      until: (page) => page.getByText('finished').first().waitFor(),
    })),
    ...(await look({
      ...{ name: 'model-golden', as, at: at('golden') },
      until: (page) => page.getByText('as stated').first().waitFor(),
    })),
    ...(await look({
      ...{ name: 'model-exposure', as, at: at('exposure') },
      until: (page) => page.getByText('shown by the demo').waitFor(),
    })),
  ];
  expect(faults).toEqual([]);
});

test('loading and failing have their own states, and the light theme is readable', async () => {
  const as = 'administrator';
  const faults = [
    ...(await look({
      ...{ name: 'models-loading', as, at: '/models', prepare: silence },
      until: (page) => page.getByRole('status', { name: 'Loading…' }).waitFor(),
    })),
    ...(await look({
      ...{ name: 'models-failed', as, at: '/models', prepare: breakOff },
      until: (page) => page.getByText('The models cannot be shown').waitFor(),
    })),
    ...(await look({
      ...{ name: 'models-light', as, at: at('coverage'), colorScheme: 'light' },
      until: (page) => page.getByRole('list', { name: 'Coverage alarms' }).waitFor(),
    })),
  ];
  expect(faults).toEqual([]);
});

test('a radiologist sees what models do here, and nothing of how they are governed', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at: at('exposure') });
  await page.getByRole('tab', { name: 'Coverage' }).waitFor();
  expect(await page.getByRole('tab', { name: 'Exposure and acceptance' }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
});

test('suspending takes a reason and the right password, and stands on record', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: at('exposure') });
  await page.getByRole('button', { name: 'Suspend now' }).click();
  const dialog = page.getByRole('dialog', { name: 'Suspend now' });
  const sign = dialog.getByRole('button', { name: 'Suspend now' });
  expect(await sign.isDisabled()).toBe(true);
  await dialog.getByLabel('Reason').fill('Scores have moved');
  await dialog.getByLabel('Your password').fill('guess');
  const faults = [...(await judgePage(page, 'model-suspend'))];
  await sign.click();
  await dialog.getByText('That is not your password.').waitFor();
  await dialog.getByLabel('Your password').fill('demo');
  await sign.click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('It is suspended: nothing is computed by it.').waitFor();
  await page.getByRole('table', { name: 'History' }).getByText('Scores have moved').waitFor();
  faults.push(...(await judgePage(page, 'model-suspended')));
  expect(faults).toEqual([]);
  expect(complaints.filter((one) => !one.includes('409'))).toEqual([]);
  await close();
});
