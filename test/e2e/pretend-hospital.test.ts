import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { signIn } from '../system/support/ask-station.ts';
import { freePort } from '../system/support/free-port.ts';
import { endEverything, type RunningStation, startStation, TEST_CONFIG } from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { findBarriers } from './support/accessibility.ts';
import { judgePage, keepPicture } from './support/judge-page.ts';
import { LONGEST_WAIT_MS, openPage } from './support/open-page.ts';
import { worklistOn } from './support/worklist-view.ts';

let station: RunningStation;
let browser: Browser;
let hospital: ChildProcess;
let hospitalPage: string;
let hl7Port: number;

// A demo as a newcomer has it, but for its ports and its morning: the station, and the hospital's own process beside it.
beforeAll(async () => {
  const [pacsPort, nobodys] = [await freePort(), await freePort()];
  hl7Port = nobodys;
  const archive = { aeTitle: 'DEMO_PACS', address: '127.0.0.1', host: '127.0.0.1', port: pacsPort, isArchive: true };
  const peers = [...TEST_CONFIG.dicom.peers, { ...archive, intent: 'comparison' }];
  const config = { ...TEST_CONFIG, dicom: { ...TEST_CONFIG.dicom, peers } };
  [station, browser] = await Promise.all([startStation({ demo: true, config }), launchChromium()]);
  const ports = Object.entries({ dicom: station.dicom.port, hl7: hl7Port, pacs: pacsPort, ris: 0, ehr: 0, page: 0 });
  hospital = spawn(
    process.execPath,
    [
      path.resolve(import.meta.dirname, '../../demo/hospital.ts'),
      ...ports.flatMap(([name, port]) => [`--${name}-port`, String(port)]),
      ...['--history', '0', '--every', '3600', '--seed', '7'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  hospital.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  await until(() => said.includes('http://127.0.0.1:'));
  hospitalPage = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? '';
});

afterAll(async () => {
  await browser?.close();
  hospital?.kill('SIGTERM');
  if (hospital !== undefined && hospital.exitCode === null) await once(hospital, 'exit');
  await endEverything();
});

/** Presses Tab until this has the focus: whoever has no mouse gets there so too. */
async function tabTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const isThere = async () =>
    page
      .getByRole('region', { name: 'Guided tour' })
      .locator(':focus')
      .or(page.locator('aside :focus'))
      .filter({ hasText: name })
      .count();
  for (let press = 0; press < 60 && (await isThere()) === 0; press += 1) await page.keyboard.press(key);
  expect(await isThere()).toBe(1);
}

const STEPS = [
  'The worst comes first',
  'Why is it there?',
  'Open the images',
  'AI suggests, you decide',
  'Compare with before',
  'Know your models',
  'Break things',
];

test('a newcomer is taken round in seven steps by the keyboard alone, while the first study comes by itself', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at: '/worklist' });
  const tour = page.getByRole('region', { name: 'Guided tour' });
  await worklistOn(page).row('DEMO00001').waitFor();
  for (const [index, title] of STEPS.entries()) {
    await tour.getByText(title, { exact: true }).waitFor();
    await tour.getByText(`${index + 1} of 7`).waitFor();
    if (index === 0) expect(await judgePage(page, 'tour-first')).toEqual([]);
    if (title === 'Know your models') {
      await tabTo(page, 'Go to the models', 'Shift+Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
      await tour.getByText(title, { exact: true }).waitFor();
    }
    if (index === STEPS.length - 1) break;
    await tabTo(page, 'Next');
    await page.keyboard.press('Enter');
  }
  const link = tour.getByRole('link', { name: 'Open the pretend hospital’s page' });
  expect(await link.getAttribute('href')).toBe('http://127.0.0.1:8643/');
  expect(await judgePage(page, 'tour-last')).toEqual([]);
  await tabTo(page, 'Done');
  await page.keyboard.press('Enter');
  await tour.waitFor({ state: 'detached' });
  await page.reload();
  await page.locator('aside').getByText('Guided tour').waitFor();
  await tabTo(page, 'Guided tour');
  expect(await tour.count()).toBe(0);
  await page.keyboard.press('Enter');
  await tour.getByText(STEPS[0] ?? '', { exact: true }).waitFor();
  // By the mouse: the keys that a step names go to the list, and not to the button that was pressed last.
  await tour.getByRole('link', { name: 'Go to the worklist' }).click();
  await worklistOn(page).row('DEMO00001').click();
  await tour.getByRole('button', { name: 'Next' }).click();
  await tour.getByText(STEPS[1] ?? '', { exact: true }).waitFor();
  const preview = page.getByRole('complementary', { name: 'Preview of the selected study' });
  await preview.waitFor();
  await page.keyboard.press('Space');
  await preview.waitFor({ state: 'detached' });
  await tour.getByText('2 of 7').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('the hospital’s page says what waits for whom, throws switches by the keyboard, and sends what is asked for', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 }, colorScheme: 'dark' });
  context.setDefaultTimeout(LONGEST_WAIT_MS);
  const page = await context.newPage();
  await page.goto(hospitalPage);
  const machine = (name: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name, exact: true }) });
  await machine('RIS')
    .getByText(new RegExp(`^Nobody listens on ${hl7Port} yet: \\d+ messages wait\\.$`))
    .waitFor();
  await machine('EHR')
    .getByText(/^Holds \d+ Patient, 5 Practitioner, \d+ ServiceRequest/)
    .waitFor();

  await machine('PACS').getByRole('radio', { name: 'up' }).focus();
  await page.keyboard.press('ArrowUp');
  await page.getByRole('status').getByText('Done.').waitFor();
  await until(async () => machine('PACS').getByRole('radio', { name: 'gone' }).isChecked());
  await page.getByLabel('Kind of study').selectOption('hand-radiograph');
  await page.getByLabel('Trouble').selectOption('stat');
  await page.getByRole('button', { name: 'Send' }).press('Enter');
  const order = page.locator('#sent details').filter({ hasText: /^ORM\^O01 900007001/ });
  await order.locator('summary').press('Enter');
  await order.getByText(/\|\^\^\^\d{14}\+0000\^\^S\|/).waitFor();
  const studyUid = /ZDS\|([\d.]+)/.exec(await order.innerText())?.[1] ?? '';
  const who = await signIn(station, 'radiologist', 'demo');
  await until(async () => {
    const answer = await who.fetch(`/api/v1/studies?studyUid=${studyUid}`);
    return answer.status === 200 && answer.text.includes(studyUid);
  });
  expect(await findBarriers(page)).toEqual([]);
  await keepPicture(page, 'pretend-hospital');
  await context.close();
});
