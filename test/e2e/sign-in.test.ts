import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { ask } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { openPage } from './support/open-page.ts';

let station: RunningStation;
let browser: Browser;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

async function signInAs(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.keyboard.press('Enter');
}

test('a wrong password is refused in plain words, and the right one opens the worklist', async () => {
  const { page, complaints, close } = await openPage(browser, station);
  await signInAs(page, 'radiologist', 'guess');
  await page.getByRole('alert').filter({ hasText: 'User name or password is wrong.' }).waitFor();
  expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('');
  expect(page.url()).toContain('#/sign-in');

  await signInAs(page, 'radiologist', 'demo');
  await page.waitForURL(/#\/worklist$/);
  await page.getByText('No study is waiting').waitFor();
  // The refusal itself is an answer of 401, which the browser prints.
  expect(complaints.filter((one) => !one.includes('401'))).toEqual([]);
  await close();
});

test('a demo station offers its users by name, and one click fills them in', async () => {
  const { page, complaints, close } = await openPage(browser, station);
  const hints = page.getByRole('region', { name: 'Demo station' });
  await hints.getByRole('button').first().waitFor();
  expect(await hints.getByRole('button').allInnerTexts()).toEqual([
    'radiologist',
    'technologist',
    'coordinator',
    'administrator',
    ...['medical-lead', 'model-owner', 'truth-reader'],
  ]);
  await hints.getByRole('button', { name: 'technologist' }).click();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(/#\/worklist$/);
  expect(complaints).toEqual([]);
  await close();
});

test('a station with real patients says nothing of demo users', async () => {
  const clinical = await startStation();
  const { page, complaints, close } = await openPage(browser, clinical);
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  expect((await page.locator('body').innerText()).toLowerCase()).not.toMatch(/demo|technologist|coordinator/);
  expect(complaints).toEqual([]);
  await close();
  await clinical.stop();
});

test('every page asks who is there first', async () => {
  const { page, complaints, close } = await openPage(browser, station, { at: '/audit' });
  await page.waitForURL(/#\/sign-in$/);
  expect(complaints).toEqual([]);
  await close();
});

test('signing out ends the session itself: the socket closes and the old cookie opens nothing', async () => {
  const { page, complaints, close } = await openPage(browser, station);
  let sockets = 0;
  page.on('websocket', (socket) => {
    sockets += 1;
    socket.on('close', () => (sockets -= 1));
  });
  await signInAs(page, 'coordinator', 'demo');
  await page.getByText('No study is waiting').waitFor();
  expect(sockets).toBe(1);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  const asBefore = { headers: { cookie: `${cookie?.name}=${cookie?.value}` } };
  expect((await ask(station.http, '/api/v1/worklist', asBefore)).status).toBe(200);

  await page.getByRole('button', { name: /settings and sign out/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.waitForURL(/#\/sign-in$/);
  await until(() => sockets === 0);
  expect((await ask(station.http, '/api/v1/worklist', asBefore)).status).toBe(401);
  await page.evaluate(() => (location.hash = '#/worklist'));
  await page.waitForURL(/#\/sign-in$/);
  await page.getByLabel('User name').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('guessing is slowed down, and the page says for how long', async () => {
  const { page, close } = await openPage(browser, station);
  const refusal = page.getByRole('alert');
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await signInAs(page, 'administrator', `guess ${attempt}`);
    await answered;
  }
  await refusal.filter({ hasText: 'User name or password is wrong.' }).waitFor();
  // Each guess doubles the wait, so that on the slowest machine one of the next comes too early.
  const tooMany = refusal.filter({ hasText: /^Too many attempts\. Try again in \d+ s\.$/ });
  await until(async () => {
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await signInAs(page, 'administrator', 'guess again');
    return (await answered).status() === 429;
  });
  await tooMany.waitFor();
  await until(async () => {
    const answered = page.waitForResponse((answer) => answer.request().method() === 'POST');
    await signInAs(page, 'administrator', 'demo');
    return (await answered).ok();
  }, 1_000);
  await page.waitForURL(/#\/worklist$/);
  expect(new URL(page.url()).hash).toBe('#/worklist');
  await close();
});
