import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { signIn } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  temporaryFolder,
  TEST_CONFIG,
} from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { judgePage } from './support/judge-page.ts';
import { copyPackage } from './support/model-packages.ts';
import { openPage } from './support/open-page.ts';

// The models page with what somebody's packages may bring: many, long names, faults of every kind, a card that means harm.

const HOSTILE = [
  '# <img src=x onerror="document.title=1"> Card',
  '<script>document.title = "taken over"</script><style>body{display:none}</style>',
  '[press here](javascript:document.title=2) ![seen](http://192.0.2.1/pixel.png) <a href="http://192.0.2.1">out</a>',
  '| a | b |\n|---|---|\n| <iframe src="http://192.0.2.1"></iframe> | `<b>` |',
  `- ${'a-word-without-end'.repeat(40)}`,
].join('\n\n');
const LONG = `Detection, localisation and volumetry of ${'everything that may be found '.repeat(6)}in CT`.slice(0, 120);

/** The golden cases of many packages. */
const LONGEST_START_MS = 300_000;
let station: RunningStation;
let browser: Browser;
const MANY = 7;

beforeAll(async () => {
  const folder = temporaryFolder();
  for (let n = 1; n <= MANY; n += 1)
    copyPackage(folder, `many-${n}`, (manifest) => ({ ...manifest, id: `many-${n}`, name: `Model number ${n}` }));
  copyPackage(folder, 'long', (manifest) => ({ ...manifest, id: 'long-name', name: LONG }), HOSTILE);
  copyPackage(folder, 'differs', (manifest) => ({
    ...{ ...manifest, id: 'differs', name: 'Golden cases differ' },
    goldenCases: manifest.goldenCases.map((one) => ({
      ...one,
      expected: { ...one.expected, probability: { values: [0.123] } },
    })),
  }));
  copyPackage(folder, 'broken-manifest', (manifest) => ({ ...manifest, version: 'the newest', budgetMs: -1 }));
  mkdirSync(path.join(folder, 'not-json'));
  writeFileSync(path.join(folder, 'not-json', 'manifest.json'), '{ not json');
  const config = { ...TEST_CONFIG, inference: { ...TEST_CONFIG.inference, modelFolders: [folder] } };
  [station, browser] = await Promise.all([startStation({ demo: true, config }), launchChromium()]);
  const who = await signIn(station, 'administrator', 'demo');
  await until(async () => {
    const listed = JSON.parse((await who.fetch('/api/v1/models')).text) as { packageState: string }[];
    return listed.length > MANY + 2 && listed.every(({ packageState }) => packageState !== 'installed');
  });
}, LONGEST_START_MS);
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

test('many models, long names and packages that cannot be used: each is there, with what is wrong', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: '/models' });
  const table = page.getByRole('table', { name: 'Models' });
  await table.getByText(`Model number ${MANY}`).waitFor();
  await table
    .getByRole('row')
    .filter({ hasText: 'Golden cases differ' })
    .getByText('broken: golden cases differ')
    .waitFor();
  await page.getByText('3 packages cannot be used here').waitFor();
  const faults = [...(await judgePage(page, 'models-many', { inEverySize: true }))];
  await page.getByRole('button', { name: 'Show what is wrong' }).click();
  await page.getByText('the manifest is no JSON').waitFor();
  await page.getByRole('cell', { name: 'budgetMs' }).first().waitFor();
  await page.getByRole('cell', { name: '"the newest"' }).first().waitFor();
  faults.push(...(await judgePage(page, 'models-refused')));
  expect(faults).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('a card that means harm is text: nothing of it runs, loads or leads anywhere', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'administrator', at: '/models' });
  const title = await page.title();
  await page.getByRole('link', { name: LONG.slice(0, 40) }).click();
  await page.getByText('<script>document.title = "taken over"</script>').waitFor();
  const main = page.locator('main');
  expect(await main.locator('script, iframe, img, style, a[href*="192.0.2.1"], a[href^="javascript"]').count()).toBe(0);
  expect(await page.title()).toBe(title);
  const faults = [...(await judgePage(page, 'model-hostile-card'))];
  await page.getByRole('tab', { name: 'Beside another version' }).click();
  await page.getByText('No other version of this model is here').waitFor();
  expect(faults).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('a broken package says which golden case differs, and by how much', async () => {
  const { page, close } = await openPage(browser, station, { as: 'administrator', at: '/models' });
  await page.getByRole('link', { name: 'Golden cases differ' }).click();
  await page.getByRole('tab', { name: 'Golden cases' }).click();
  await page.getByText('Does not hold: a golden case differs').waitFor();
  await page.getByRole('cell', { name: 'differs', exact: true }).first().waitFor();
  expect(await judgePage(page, 'model-broken')).toEqual([]);
  await close();
});

test('a paused model says since when and why, and is tried at once for who may ask; whoever reads and is shown none sees an empty page', async () => {
  const { data } = station;
  await station.stop();
  withDatabase(data, (db) => {
    const off = db.prepare("UPDATE model_exposures SET stage = 'off', exposed_by = 'a-person'");
    off.run();
    db.prepare(
      `INSERT INTO model_breakers (digest, state, faults, openings, reason, changed_at_ms)
       SELECT digest, 'open', 5, 1, 'over-budget', ? FROM models WHERE model_id = 'many-1'`,
    ).run(Date.now() - 60_000);
    db.prepare(
      `INSERT INTO jobs (kind, subject_id, site_id, due_at_ms)
       SELECT 'inference-probe', digest, (SELECT site_id FROM sites LIMIT 1), ? FROM models WHERE model_id = 'many-1'`,
    ).run(Date.now() + 3_600_000);
  });
  station = await startStation({ data, demo: true, config: TEST_CONFIG });
  const { page, close } = await openPage(browser, station, { as: 'model-owner', at: '/models' });
  await page.getByText('paused: failed too often').waitFor();
  await page.getByRole('link', { name: 'Model number 1', exact: true }).click();
  await page.getByText(/^Paused since .*5 failures in a row; the last one: .*One run tries it in/).waitFor();
  const faults = [...(await judgePage(page, 'model-paused'))];
  await page.getByRole('button', { name: 'Try it now' }).click();
  await page.getByText(/^Being tried again since/).waitFor();
  await close();
  const reader = await openPage(browser, station, { as: 'radiologist', at: '/models' });
  await reader.page.getByText('No model is shown here').waitFor();
  faults.push(...(await judgePage(reader.page, 'models-empty')));
  expect(faults).toEqual([]);
  await reader.close();
});
