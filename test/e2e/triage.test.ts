import type { Browser, Locator, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../chromium.ts';
import { rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { judgePage } from './support/judge-page.ts';
import { openPage } from './support/open-page.ts';

let station: RunningStation;
let browser: Browser;
let studyId: string;
let plainId: string;

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
  const radiologist = await signIn(station, 'radiologist', 'demo');
  const bleed = phantomStudy({ seed: 41, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
  const plain = phantomStudy({ seed: 42 });
  const refused = notAccepted(await sendObjects(remoteOf(station), [...bleed.objects, ...plain.objects]));
  if (refused.length > 0) throw new Error('a study was not taken in');
  studyId = (await rowOf(radiologist, bleed.studyUid, ({ urgency }) => urgency.level === 'critical')).studyId;
  plainId = (await rowOf(radiologist, plain.studyUid, ({ ai }) => ai.state === 'no-flag')).studyId;
});
afterAll(async () => {
  await browser?.close();
  await endEverything();
});

const sign = async (page: Page, button: string) => {
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Your password').fill('demo');
  await dialog.getByRole('button', { name: button, exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
};

test('the medical lead signs the starting set, changes a deadline, signs it, and brings the first version back', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'medical-lead', at: '/triage' });
  await page.getByText('Nobody has signed how studies are placed here').waitFor();
  const faults = [...(await judgePage(page, 'triage-unsigned', { inEverySize: true }))];
  await page.getByRole('button', { name: 'Sign the starting set' }).click();
  faults.push(...(await judgePage(page, 'triage-signing')));
  await sign(page, 'Sign');
  await page.getByText('Nobody has signed').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Change' }).click();
  const urgent = page.getByRole('group', { name: 'Class Urgent' });
  await urgent.getByLabel('opened within, minutes').fill('90');
  await page.getByText('A report cannot be due before its study is opened.').waitFor();
  expect(await page.getByRole('button', { name: 'Propose' }).isDisabled()).toBe(true);
  await urgent.getByLabel('opened within, minutes').fill('45');
  await page.getByText('A report cannot be due').waitFor({ state: 'detached' });
  faults.push(...(await judgePage(page, 'triage-policy-form')));
  await page.getByRole('button', { name: 'Propose' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('As the department agreed');
  await page.getByRole('dialog').getByRole('button', { name: 'Propose' }).click();
  await page.getByRole('heading', { name: 'Proposed: version 2' }).waitFor();
  await page.getByRole('table', { name: 'What changes' }).getByText('45').waitFor();
  faults.push(...(await judgePage(page, 'triage-proposed')));
  await page.getByRole('button', { name: 'Sign', exact: true }).click();
  await sign(page, 'Sign');
  await page.getByRole('row', { name: /Class Urgent 45 min/ }).waitFor();

  await page.getByRole('tab', { name: 'History' }).click();
  await page.getByRole('button', { name: 'Bring back' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('The old one was right');
  await sign(page, 'Bring back');
  await page.getByText('brings back version 1').waitFor();
  faults.push(...(await judgePage(page, 'triage-history')));
  expect([faults, complaints]).toEqual([[], []]);
  await close();
});

test('a rule is checked as it is written, tried on real studies, proposed, signed, and raises what waits', async () => {
  const { page, complaints, close } = await openPage(browser, station, { as: 'medical-lead', at: '/triage?tab=rules' });
  await page.getByRole('button', { name: 'Write rules' }).click();
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('Rule', { exact: true }).fill('Head CT is urgent');
  const expression = page.getByLabel('Holds when');
  await expression.fill('study.modaliy == "CT"');
  await page.locator('mark', { hasText: 'modaliy' }).waitFor();
  const faults = [...(await judgePage(page, 'triage-rule-fault'))];
  await expression.fill('study.modality == "CT" && study.images > 3');
  await page.getByText('This is a rule.').waitFor();
  await page.getByRole('button', { name: 'Try on the last studies' }).click();
  await page.getByText('1 would be in another class').waitFor();
  faults.push(...(await judgePage(page, 'triage-rule-tried')));
  await page.getByRole('button', { name: 'Work the log of 14 days under them' }).click();
  await page.getByText('No study of these days was opened yet').waitFor();
  await page.getByRole('button', { name: 'Propose' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('Heads come first here');
  await page.getByRole('dialog').getByRole('button', { name: 'Propose' }).click();
  await page.getByRole('heading', { name: 'Proposed: version 1' }).waitFor();
  await page.getByRole('button', { name: 'Sign', exact: true }).click();
  await sign(page, 'Sign');
  await page.getByRole('heading', { name: 'Rules, version 1' }).waitFor();
  faults.push(...(await judgePage(page, 'triage-rules')));
  expect([faults, complaints]).toEqual([[], []]);
  await close();

  const reader = await openPage(browser, station, { as: 'radiologist', at: `/triage/studies/${plainId}` });
  await reader.page
    .getByText(/Rule “Head CT is urgent” \(version 1\): study.modality = CT; study.images = \d+/)
    .waitFor();
  await reader.close();
});

test('a radiologist confirms what AI suspects, and lowers it only after opening the images', async () => {
  const { page, complaints, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: `/triage/studies/${studyId}`,
  });
  await page.getByText('Lowering it takes having opened its images as they are now.').waitFor();
  const faults = [...(await judgePage(page, 'triage-study', { inEverySize: true }))];
  await page.getByRole('button', { name: 'Confirm Critical' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('The ward called about it');
  await page.getByRole('dialog').getByRole('button', { name: 'Confirm Critical' }).click();
  await page.getByText('Demo Radiologist declared it Critical: The ward called about it').waitFor();
  await page.goto(`${station.http}/#/reading/${studyId}`);
  await rowOf(await signIn(station, 'radiologist', 'demo'), await uidOf(studyId), ({ openedBy }) => openedBy !== null);
  await page.goto(`${station.http}/#/triage/studies/${studyId}`);
  await page.getByRole('button', { name: 'Lower to Routine' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('An old bleed, as in January');
  await page.getByRole('dialog').getByRole('button', { name: 'Lower to Routine' }).click();
  await page.getByText('saw the images and lowered it to Routine: An old bleed').waitFor();
  faults.push(...(await judgePage(page, 'triage-study-lowered')));
  expect([faults, complaints]).toEqual([[], []]);
  await close();
});

async function uidOf(id: string): Promise<string> {
  const radiologist = await signIn(station, 'radiologist', 'demo');
  return JSON.parse((await radiologist.fetch(`/api/v1/studies/${id}`)).text).row.studyUid;
}

test('waits with and without AI are worked from the site’s own log, and a reader changes nothing there', async () => {
  const radiologist = await signIn(station, 'radiologist', 'demo');
  const opened = await radiologist.fetch(`/api/v1/studies/${studyId}/openings`, { method: 'POST' });
  expect(opened.status).toBe(200);
  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at: '/triage?tab=waits' });
  await page.getByText('1 study of 2 was opened.').waitFor();
  await page
    .getByRole('img', { name: /Half of them waited at most/ })
    .first()
    .waitFor();
  const faults = [...(await judgePage(page, 'triage-waits', { inEverySize: true }))];
  await page.getByRole('tab', { name: 'Deadlines and limits' }).click();
  await page.getByRole('table', { name: 'Deadlines' }).waitFor();
  expect(await page.getByRole('button', { name: 'Change' }).count()).toBe(0);
  expect([faults, complaints]).toEqual([[], []]);
  await close();
});

/** A field with a list: the list has its name, too. */
const fieldOf = (within: Page | Locator, name: string) => within.getByLabel(name).and(within.locator('input'));

test('routing is set up, tried, signed and says for whom a study is; a reader says they are away, and a person sets it to one', async () => {
  const lead = await openPage(browser, station, { as: 'medical-lead', at: '/triage?tab=routing' });
  await lead.page.getByText('Nobody has signed how studies are shared out here').waitFor();
  const faults = [...(await judgePage(lead.page, 'routing-empty'))];
  await lead.page.getByRole('button', { name: 'Set up routing' }).click();
  await fieldOf(lead.page, 'What routing does').click();
  await lead.page.getByRole('option', { name: 'Suggests' }).click();
  await lead.page.getByRole('button', { name: 'Add a group' }).click();
  await lead.page.getByLabel('Name', { exact: true }).fill('Neuro');
  await lead.page.getByLabel('Holds when').fill('study.modality == "CT"');
  await fieldOf(lead.page, 'Add readers').press('ArrowDown');
  await lead.page.getByRole('option', { name: 'Demo Radiologist' }).click();
  await lead.page.keyboard.press('Escape');
  const reader = lead.page.getByRole('group', { name: 'Demo Radiologist' });
  await fieldOf(reader, 'Groups').press('ArrowDown');
  await lead.page.getByRole('option', { name: 'Neuro' }).click();
  await lead.page.keyboard.press('Escape');
  await reader.getByLabel('Shifts').fill('every day');
  await reader.getByText('Write days and hours').waitFor();
  expect(await lead.page.getByRole('button', { name: 'Propose' }).isDisabled()).toBe(true);
  await reader.getByLabel('Shifts').fill('Mon–Sun 00:00–24:00');
  await lead.page.getByRole('button', { name: 'Try on what waits' }).click();
  await lead.page.getByText(/^\d+ stud(y waits|ies wait); [1-9]\d* would be for somebody else\.$/).waitFor();
  faults.push(...(await judgePage(lead.page, 'routing-editor')));
  await lead.page.getByRole('button', { name: 'Propose' }).click();
  await lead.page.getByRole('dialog').getByLabel('Reason').fill('As the department agreed');
  await lead.page.getByRole('dialog').getByRole('button', { name: 'Propose' }).click();
  await lead.page.getByRole('heading', { name: 'Proposed: version 1' }).waitFor();
  faults.push(...(await judgePage(lead.page, 'routing-proposed')));
  await lead.page.getByRole('button', { name: 'Sign', exact: true }).click();
  await sign(lead.page, 'Sign');
  await lead.page.getByRole('row', { name: /Demo Radiologist here [1-9]/ }).waitFor();
  faults.push(...(await judgePage(lead.page, 'routing', { inEverySize: true })));

  const { page, complaints, close } = await openPage(browser, station, { as: 'radiologist', at: '/worklist' });
  await page
    .getByRole('group', { name: 'Quick filters' })
    .getByRole('button', { name: /^For me/ })
    .click();
  await page
    .getByRole('row', { name: /CT HEAD/ })
    .first()
    .click();
  await page.getByText('Its kind is read by Neuro').waitFor();
  faults.push(...(await judgePage(page, 'worklist-for-me')));
  await page.getByRole('button', { name: 'Set to a reader' }).click();
  await fieldOf(page, 'Reader').click();
  await page.getByRole('option', { name: 'Demo Radiologist' }).click();
  await page.getByLabel('Reason').fill('Knows the patient');
  faults.push(...(await judgePage(page, 'routing-pin')));
  await page.getByRole('dialog').getByRole('button', { name: 'Set to a reader' }).click();
  await page.getByText('A person set it to them').waitFor();
  await page.goto(`${station.http}/#/triage?tab=routing`);
  await page.getByRole('row', { name: /Knows the patient/ }).waitFor();
  await page.getByRole('button', { name: 'End now' }).click();
  await page.getByText('Knows the patient').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'On a break' }).click();
  await page.getByText('You are on a break until').waitFor();
  await page.getByText(/of Neuro (is|are) for no one alone/).waitFor();
  expect(await page.getByRole('button', { name: 'Change routing' }).count()).toBe(0);
  faults.push(...(await judgePage(page, 'routing-reader')));
  expect([faults, [...complaints, ...lead.complaints]]).toEqual([[], []]);
  await close();
  await lead.close();
});

test('where it cannot be asked for, the page says so, tab by tab', async () => {
  let leave = () => undefined as unknown;
  let isGone = false;
  const { page, close } = await openPage(browser, station, {
    as: 'radiologist',
    at: '/triage',
    prepare: (context) =>
      context.routeWebSocket(/\/rpc$/, (socket) => {
        if (isGone) {
          socket.onMessage(() => void socket.close());
          return;
        }
        socket.connectToServer();
        leave = () => socket.close();
      }),
  });
  await page.getByText('How far AI and rules may go').waitFor();
  isGone = true;
  leave();
  await page.getByRole('tab', { name: 'Routing' }).click();
  await page.getByText('For whom studies are cannot be shown').waitFor();
  const faults = [...(await judgePage(page, 'routing-failed'))];
  await page.reload();
  await page.getByText('How studies are placed cannot be shown').waitFor();
  faults.push(...(await judgePage(page, 'triage-failed')));
  expect(faults).toEqual([]);
  await close();
});
