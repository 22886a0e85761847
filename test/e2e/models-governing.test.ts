import type { Browser, Locator, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { type Asker, rowOf, signIn } from '../system/support/ask-station.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  temporaryFolder,
  TEST_CONFIG,
} from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { arrive, bleedingHead, quietHead } from './support/arrivals.ts';
import { judgePage } from './support/judge-page.ts';
import { copyPackage, shippedVersion } from './support/model-packages.ts';
import { openPage, type PageWish } from './support/open-page.ts';

// The whole way of a version in a demo, by the people who take it: from the package to a pilot, to everyone, back, and out.

const SHIPPED = shippedVersion();
/** Flags every study, and so differs from the version that is shown on every study without blood. */
const NEWER = `${Number(SHIPPED.split('.')[0]) + 1}.0.0`;
/** Two starts and the golden cases of four packages. */
const LONGEST_START_MS = 300_000;
let station: RunningStation;
let browser: Browser;
let owner: Asker;
let newer: string;
let shown: string;
const pages = new Map<PageWish['as'], Awaited<ReturnType<typeof openPage>>>();

beforeAll(async () => {
  const folder = temporaryFolder();
  copyPackage(folder, 'head-ct-next', (manifest) => ({
    ...{ ...manifest, version: NEWER },
    labels: manifest.labels.map((label) => ({ ...label, flagFrom: 1e-30 })),
  }));
  // The demo shows the version that is there first; the next takes its place when it comes.
  const { data, stop } = await startStation({ demo: true, config: TEST_CONFIG });
  await stop();
  const config = { ...TEST_CONFIG, inference: { ...TEST_CONFIG.inference, modelFolders: [folder] } };
  [station, browser] = await Promise.all([startStation({ data, demo: true, config }), launchChromium()]);
  owner = await signIn(station, 'model-owner', 'demo');
  const versions = await until(async () => {
    const heads = (await models()).filter(({ modelId }) => modelId === 'head-ct-hyperdense');
    return heads.length === 2 && heads.every(({ packageState }) => packageState === 'verified') && heads;
  });
  const digestOf = (version: string) => versions.find((one) => one.version === version)?.digest ?? '';
  [newer, shown] = [digestOf(NEWER), digestOf(SHIPPED)];
}, LONGEST_START_MS);
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

type Listed = { digest: string; modelId: string; version: string; packageState: string; stage: string };
async function models(): Promise<readonly Listed[]> {
  return JSON.parse((await owner.fetch('/api/v1/models')).text) as Listed[];
}
const stageOf = async (digest: string) => (await models()).find((one) => one.digest === digest)?.stage;

/** The page of this person, on this part of the newer version's page; each keeps theirs. */
async function as(who: PageWish['as'], tab: string): Promise<Page> {
  const at = `/models/${newer}?tab=${tab}`;
  const known = pages.get(who);
  if (known === undefined) {
    const opened = await openPage(browser, station, { as: who, at });
    pages.set(who, opened);
    return opened.page;
  }
  await known.page.goto(`${station.http}/#${at}`);
  await known.page.reload();
  return known.page;
}

/** Signs what the open dialog asks; the dialog goes once it is done. */
async function signDialog(page: Page, action: string, reason: string | null): Promise<void> {
  const dialog = page.getByRole('dialog');
  if (reason !== null) await dialog.getByLabel('Reason').fill(reason);
  await dialog.getByLabel('Your password').fill('demo');
  await dialog.getByRole('button', { name: action, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

async function step(page: Page, action: string, reason: string): Promise<void> {
  await page.getByRole('button', { name: action, exact: true }).click();
  await signDialog(page, action, reason);
}

const rowOfStep = (page: Page, name: string) =>
  page.getByRole('table', { name: 'Steps that can be taken' }).getByRole('row').filter({ hasText: name });

/** Goes on by Tab until this has the focus: nothing is reached by a pointer alone. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let pressed = 0; pressed < 80; pressed += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('80 times Tab do not lead there');
}

test('back to the version before in one action; the newer one is retired, begins anew, and is verified and silent by the keyboard alone', async () => {
  const page = await as('administrator', 'exposure');
  await page.getByRole('button', { name: 'Back to the version before' }).click();
  await page.getByRole('dialog').getByText('stands again as it stood').waitFor();
  await signDialog(page, 'Back to the version before', 'It was not measured here');
  await page.getByText('It computes, and nobody who reports is told what it says.').first().waitFor();
  expect([await stageOf(newer), await stageOf(shown)]).toEqual(['silent', 'general']);
  await step(page, 'To Retired', 'Begin anew');
  await step(page, 'To Off', 'Begin anew');
  for (const name of ['To Verified', 'To Silent']) {
    await tabTo(page, page.getByRole('button', { name, exact: true }));
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('dialog').getByLabel('Reason'));
    await page.keyboard.type('To be measured here');
    await page.keyboard.press('Tab');
    await page.keyboard.type('demo');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }
  await until(async () => (await stageOf(newer)) === 'silent');
  // What cannot be done says why, and is no button.
  const pilot = rowOfStep(page, 'To Pilot');
  await pilot.getByText('Your role may not take this step. No signed acceptance').waitFor();
  await pilot.getByText('Medical lead', { exact: true }).waitFor();
  expect(await pilot.getByRole('button').count()).toBe(0);
  expect(await judgePage(page, 'governing-silent')).toEqual([]);
});

test('a reference reader says what is in each study, and nothing tells what the silent version said', async () => {
  const lead = await as('medical-lead', 'exposure');
  const pilot = rowOfStep(lead, 'To Pilot');
  await pilot.getByText('No signed acceptance of this version').waitFor();
  expect(await pilot.getByRole('button').count()).toBe(0);
  const sent = [bleedingHead(1), quietHead(2)];
  await arrive(station, sent);
  for (const { studyUid } of sent)
    await rowOf(owner, studyUid, ({ ai }) => ai.state === 'flagged' || ai.state === 'no-flag');
  await until(async () => (await finishedRuns()) === 2);
  const { page, complaints, close } = await openPage(browser, station, { as: 'truth-reader', at: '/reference' });
  const forms = page.getByRole('form');
  await until(async () => (await forms.count()) === 2);
  const faults = [...(await judgePage(page, 'reference-open', { inEverySize: true }))];
  const heads = page.getByRole('article').filter({ hasText: 'Suspected hyperdense blood' });
  for (const [place, word] of ['Not present', 'Present'].entries()) {
    const asked = heads.nth(place).getByRole('radiogroup', { name: 'Suspected hyperdense blood' });
    await asked.getByRole('radio', { name: word, exact: true }).check();
    await heads.nth(place).getByRole('button', { name: 'Keep answers' }).click();
    await heads
      .nth(place)
      .getByText(/Kept\./)
      .waitFor();
  }
  faults.push(...(await judgePage(page, 'reference-kept')));
  expect(faults).toEqual([]);
  expect((await page.locator('main').textContent()) ?? '').not.toMatch(/flagged|score/i);
  // They know no model, and the silent version is nowhere for those who read.
  expect(await page.getByRole('link', { name: 'Models' }).count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
  const reader = await as('radiologist', 'overview');
  await reader.getByText('This model cannot be shown').waitFor();
});

async function finishedRuns(): Promise<number> {
  const { text } = await owner.fetch(`/api/v1/model-figures/${newer}/runs`);
  return (JSON.parse(text) as { runs: { state: string }[] }).runs.filter(({ state }) => state === 'finished').length;
}

test('targets are fixed, reached and signed by two people, neither of them who installed it', async () => {
  const page = await as('model-owner', 'exposure');
  await page.getByRole('button', { name: 'Fix targets' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('two people, neither of whom').waitFor();
  for (const [field, value] of [
    ['Sensitivity at least', '50'],
    ['PPV at least', '50'],
    ['Studies at least', '2'],
    ['Positives at least', '1'],
  ] as const)
    await dialog.getByLabel(field).fill(value);
  const faults = [...(await judgePage(page, 'governing-targets'))];
  await signDialog(page, 'Fix targets', 'Two studies are enough to show it');
  await page.getByRole('button', { name: 'Show report' }).click();
  await page.getByText(/^Every target is reached\./).waitFor();
  await page.getByText('As Medical lead you cannot sign: Your role may not sign this.').waitFor();
  faults.push(...(await judgePage(page, 'governing-report', { inEverySize: true })));
  await page.getByRole('button', { name: 'Sign as Model owner' }).click();
  await page.getByRole('dialog').getByText('once the other person has signed').waitFor();
  await signDialog(page, 'Sign', null);
  await page.getByText('Still to sign: Medical lead.').waitFor();
  const administrator = await as('administrator', 'exposure');
  await administrator.getByRole('button', { name: 'Show report' }).click();
  await administrator.getByText('As Medical lead you cannot sign').waitFor();
  const lead = await as('medical-lead', 'exposure');
  await lead.getByRole('button', { name: 'Show report' }).click();
  await lead.getByRole('button', { name: 'Sign as Medical lead' }).click();
  await lead.getByRole('dialog').getByText('With your signature the acceptance stands').waitFor();
  await signDialog(lead, 'Sign', null);
  await lead.getByRole('cell', { name: /^signed/ }).waitFor();
  expect(faults).toEqual([]);
});

test('the newer version beside the one that is shown: how often they agree, and on which studies not', async () => {
  const page = await as('model-owner', 'comparison');
  await page.getByText(`2 studies were read by both ${NEWER} and ${SHIPPED}.`).waitFor();
  const row = page.getByRole('table', { name: 'Beside another version' }).getByRole('row').nth(1);
  await row
    .getByText(/^50 % \(.* 1 of 2\)$/)
    .first()
    .waitFor();
  await page.getByText('That you look at them stands on record.').waitFor();
  await page.getByRole('button', { name: 'Show these studies' }).click();
  const differing = page.getByRole('table', { name: 'Studies with different answers' }).getByRole('row').nth(1);
  await differing.getByText(/^flagged, score/).waitFor();
  await differing.getByText(/^not flagged, score/).waitFor();
  await differing.getByText('not present, readers say').waitFor();
  const faults = [...(await judgePage(page, 'governing-comparison'))];
  await page.getByRole('tab', { name: 'Silent results' }).click();
  await page.getByRole('button', { name: 'Show silent results' }).click();
  await until(async () => (await page.getByRole('table', { name: 'Silent results' }).getByRole('row').count()) === 3);
  faults.push(...(await judgePage(page, 'governing-silent-results')));
  expect(faults).toEqual([]);
});

test('a pilot for a group is composed with a view of what it would have shown, and goes on to everyone', async () => {
  const page = await as('medical-lead', 'exposure');
  await page.getByRole('button', { name: 'To Pilot' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Of the last 2 studies that the model could read, the pilot would have shown 2.').waitFor();
  await dialog.getByLabel('Only exams whose description has one of').fill('nothing is called so');
  await page.keyboard.press('Enter');
  await dialog.getByText('the pilot would have shown 0.').waitFor();
  await dialog.getByText('stays silent: description').first().waitFor();
  await page.keyboard.press('Backspace');
  await dialog.getByText('the pilot would have shown 2.').waitFor();
  await dialog.getByRole('button', { name: 'Add a group of people' }).click();
  await dialog.getByText('Fill in the share').waitFor();
  await dialog.getByLabel('Name').fill('Neuro');
  await dialog.getByRole('combobox', { name: 'People' }).or(dialog.getByLabel('People')).first().click();
  await page.getByRole('option', { name: 'Demo Radiologist' }).click();
  await page.keyboard.press('Tab');
  await dialog.getByText('the pilot would have shown 2.').waitFor();
  const faults = [...(await judgePage(page, 'governing-pilot'))];
  await signDialog(page, 'To Pilot', 'The neuro readers first');
  await page.getByText('100 % of every exam it is made for, shown to Neuro.').waitFor();
  await step(page, 'To General', 'It did well');
  await until(async () => (await stageOf(shown)) === 'silent');
  expect(await stageOf(newer)).toBe('general');
  faults.push(...(await judgePage(page, 'governing-general')));
  expect(faults).toEqual([]);
});

test('other thresholds send it back to silent and begin its acceptance anew; suspended, silent, retired', async () => {
  const proposing = await as('model-owner', 'exposure');
  await proposing.getByRole('button', { name: 'Propose thresholds' }).click();
  await proposing.getByRole('dialog').getByText('a medical lead who is not you must sign them').waitFor();
  await proposing.getByRole('dialog').getByLabel('Suspected hyperdense blood from').fill('0.5');
  await signDialog(proposing, 'Propose thresholds', 'It flags everything');
  await proposing.getByText('Sign version 1: by Medical lead').waitFor();
  const page = await as('medical-lead', 'exposure');
  await step(page, 'Back to the stage before', 'Meanwhile the neuro readers only');
  expect(await stageOf(newer)).toBe('pilot');
  await page.getByRole('button', { name: 'Sign version 1' }).click();
  await page.getByRole('dialog').getByText('come into force as soon as you sign').waitFor();
  await signDialog(page, 'Sign', 'Agreed');
  await until(async () => (await stageOf(newer)) === 'silent');
  await rowOfStep(page, 'To Pilot').getByText('No signed acceptance of this version').waitFor();
  await step(page, 'Suspend now', 'Looked at first');
  await page.getByText('It is suspended: nothing is computed by it.').waitFor();
  await rowOfStep(page, 'To Silent').getByText('Your role may not take this step.').waitFor();
  const administrator = await as('administrator', 'exposure');
  await step(administrator, 'To Silent', 'Looked at');
  await step(administrator, 'To Retired', 'Its successor comes');
  await administrator.getByText('It is retired: nothing is computed by it').waitFor();
  const history = administrator.getByRole('table', { name: 'History' });
  for (const reason of ['Begin anew', 'To be measured here', 'The neuro readers first', 'It did well', 'Agreed'])
    await history.getByText(reason).first().waitFor();
  expect(await judgePage(administrator, 'governing-retired')).toEqual([]);
  for (const { complaints } of pages.values())
    expect(complaints.filter((one) => !/404|This model/.test(one))).toEqual([]);
});
