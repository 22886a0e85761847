import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WorklistCounts } from '../../src/shared/contract/worklist.ts';
import { launchChromium } from '../chromium.ts';
import { type Asker, jsonBody, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation } from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { arrive, bleedingHead, quietHead } from './support/arrivals.ts';
import { findBarriers } from './support/accessibility.ts';
import { pointAt } from './support/hand.ts';
import { press, tabTo } from './support/keys.ts';
import { openPage, type PageWish } from './support/open-page.ts';
import { worklistOn } from './support/worklist-view.ts';

/** Ada and Ida Mockridge are twins; Jörg Übungsmann has accents; Luca Invento bleeds. */
const [ADA, IDA, JOERG, LUCA, COMPARED] = [0, 1, 6, 12, 8];
const MRN = {
  ada: 'DEMO00001',
  ida: 'DEMO00002',
  joerg: 'DEMO00007',
  luca: 'DEMO00013',
  compared: 'DEMO00009',
} as const;

let station: RunningStation;
let browser: Browser;
let who: Asker;
const bleeding = bleedingHead(LUCA);

beforeAll(async () => {
  [station, browser] = await Promise.all([startStation({ demo: true }), launchChromium()]);
  who = await signIn(station, 'coordinator', 'demo');
  const quiet = [ADA, IDA, JOERG].map(quietHead);
  await arrive(station, quiet);
  for (const { studyUid } of quiet) await rowOf(who, studyUid, ({ ai }) => ai.state === 'no-flag');
});

afterAll(async () => {
  await browser?.close();
  await endEverything();
});

async function openWorklist(
  as: 'radiologist' | 'technologist' | 'coordinator' = 'radiologist',
  prepare?: PageWish['prepare'],
) {
  const opened = await openPage(browser, station, { as, at: '/worklist', ...(prepare && { prepare }) });
  const list = worklistOn(opened.page);
  await until(async () => (await list.rows.count()) > 0);
  return { ...opened, list };
}

test('a study that comes while somebody points at the list stays below, then rises to the top by itself, hollow and with its reason', async () => {
  const { page, complaints, close, list } = await openWorklist();
  await list.untilRows(3);
  const before = await list.order();
  const pointer = await pointAt(page, list.rows.first());
  await arrive(station, [bleeding]);
  await rowOf(who, bleeding.studyUid, ({ urgency }) => urgency.level === 'critical');
  await page.getByRole('button', { name: '1 unopened Critical' }).waitFor();
  expect((await list.order()).slice(0, 3)).toEqual(before);

  await pointer.leave();
  await until(async () => (await list.order())[0] === MRN.luca);
  expect((await list.order()).slice(1)).toEqual(before);

  const top = list.row(MRN.luca);
  const mark = top.locator('[data-level]');
  expect(await mark.getAttribute('title')).toBe('Critical, suspected');
  expect(await mark.innerText()).toBe('Critical');
  expect(await mark.locator('path').evaluate((shape) => getComputedStyle(shape).fill)).toBe('none');
  await press(page, 'Home');
  const why = page.getByRole('complementary', { name: 'Preview of the selected study' }).getByRole('list').first();
  expect(await why.innerText()).toMatch(/AI flagged .+ACR category 1/);
  // No picture unasked; asked for, the image on which it is seen best.
  const picture = page.getByRole('img', { name: /^The image on which AI’s .+ is seen best/ });
  const pictures = page.getByRole('switch', { name: 'Pictures' });
  await pictures.waitFor();
  expect(await picture.count()).toBe(0);
  await pictures.click({ force: true });
  await until(() => picture.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth > 0));
  expect(complaints).toEqual([]);
  await close();
});

test('twins are told apart by an alert on their rows and in the header, and nobody else carries it', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const alerted = [];
  for (const mrn of [MRN.ada, MRN.ida, MRN.joerg, MRN.luca]) {
    if ((await list.row(mrn).innerText()).includes('NAME ALERT')) alerted.push(mrn);
  }
  expect(alerted).toEqual([MRN.ada, MRN.ida]);
  await list.row(MRN.ida).click();
  const header = page
    .getByRole('complementary', { name: 'Preview of the selected study' })
    .getByRole('region', { name: 'Patient' });
  const said = await header.innerText();
  for (const part of ['Mockridge, Ida', '1958-03-12', 'F', MRN.ida, 'T101', 'NAME ALERT']) expect(said).toContain(part);
  expect(complaints).toEqual([]);
  await close();
});

test('no flag is grey and says so plainly: no green, no tick, no word that all is well', async () => {
  const { page, close, list } = await openWorklist();
  const seen = await list.rows.locator('[data-state="no-flag"]').evaluateAll((marks) =>
    marks.map((mark) => ({
      words: mark.textContent,
      icon: mark.querySelector('svg')?.getAttribute('class') ?? '',
      colours: [mark, ...mark.querySelectorAll('*')].flatMap((one) => {
        const { color, stroke, fill, backgroundColor } = getComputedStyle(one);
        return [color, stroke, fill, backgroundColor];
      }),
    })),
  );
  expect(seen).toHaveLength(3);
  for (const { words, icon, colours } of seen) {
    expect(words).toBe('AI: no flag');
    expect(icon).toContain('minus');
    for (const colour of colours) {
      const [red, green, blue] = (/rgba?\((\d+), (\d+), (\d+)/.exec(colour)?.slice(1) ?? ['0', '0', '0']).map(Number);
      expect(Math.max(red ?? 0, green ?? 0, blue ?? 0) - Math.min(red ?? 0, green ?? 0, blue ?? 0)).toBeLessThan(24);
    }
  }
  await list.row(MRN.ada).click();
  await page.getByRole('complementary', { name: 'Preview of the selected study' }).getByText('AI: no flag').waitFor();
  expect((await page.locator('body').innerText()).toLowerCase()).not.toMatch(/negative|normal|clear\b|✓|✔/);
  await close();
});

test('each quick filter shows as many rows as it counts', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const counts = WorklistCounts.parse(JSON.parse((await who.fetch('/api/v1/worklist/counts')).text));
  expect(counts).toMatchObject({ all: 4, critical: 1, unread: 4, 'ai-flagged': 1, comparison: 0 });
  const names = {
    All: 'all',
    Critical: 'critical',
    Unread: 'unread',
    'AI flagged': 'ai-flagged',
    Comparison: 'comparison',
  };
  const filters = page.getByRole('group', { name: 'Quick filters' });
  for (const [label, id] of Object.entries(names)) {
    const filter = filters.getByRole('button', {
      name: new RegExp(`^${label}\\s*${counts[id as keyof typeof counts]}$`),
    });
    await filter.click();
    expect(await filter.getAttribute('aria-pressed')).toBe('true');
    await list.untilRows(counts[id as keyof typeof counts]);
  }
  await page.getByText('Nothing matches this filter').waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('a name is found with its accents and without, and letters typed there do nothing else', async () => {
  const { page, complaints, close, list } = await openWorklist();
  await press(page, 'Home', '/');
  const field = page.getByRole('textbox', { name: /Search/ });
  for (const typed of ['übungsmann jörg', 'ubungsmann', 'JORG']) {
    await field.fill(typed);
    await until(async () => (await list.order()).join() === MRN.joerg);
  }
  await field.fill('');
  await list.untilRows(4);
  const [selected, address] = [await list.selected(), page.url()];
  await page.keyboard.type('jkn?x/ ');
  expect(await field.inputValue()).toBe('jkn?x/ ');
  await page.getByText('Nothing matches this search').waitFor();
  expect([page.url(), await page.getByRole('dialog').count()]).toEqual([address, 0]);
  await press(page, 'Escape');
  await list.untilRows(4);
  expect(await list.selected()).toBe(selected);
  expect(complaints).toEqual([]);
  await close();
});

test('the list is worked by keys alone', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const order = await list.order();
  const places: (string | null)[] = [];
  for (const key of ['j', 'j', 'ArrowDown', 'k', 'ArrowUp', 'End', 'Home']) {
    await press(page, key);
    places.push(await list.selected());
  }
  expect(places).toEqual([0, 1, 2, 1, 0, 3, 0].map((place) => order[place]));

  const preview = page.getByRole('complementary', { name: 'Preview of the selected study' });
  await preview.waitFor();
  await press(page, ' ');
  await preview.waitFor({ state: 'detached' });
  await press(page, ' ');
  await preview.waitFor();

  await press(page, '?');
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await sheet.getByText('Open the next study').waitFor();
  await sheet.getByText('Next row').waitFor();
  await press(page, 'Escape');
  await sheet.waitFor({ state: 'hidden' });

  await press(page, 'Control+k');
  const palette = page.getByRole('dialog', { name: 'Command palette' });
  await palette.getByPlaceholder('What do you want to do?').fill('audit');
  await press(page, 'Enter');
  await page.waitForURL(/#\/audit/);
  await page.goBack();
  await until(async () => (await list.order()).length === 4);
  expect(complaints).toEqual([]);
  await close();
});

test('x takes the selected study for whoever reads, and gives it back; what somebody set to them stays until that is ended', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const preview = page.getByRole('complementary', { name: 'Preview of the selected study' });
  // The column of it gives way to the preview on a small screen.
  const setByPerson = preview.getByText('set by a person');
  await list.row(MRN.ada).click();
  await preview.getByRole('button', { name: 'Take it (x)' }).waitFor();
  await press(page, 'x');
  await page.getByText('It is yours until your shift ends, or you open it.').waitFor();
  await setByPerson.waitFor();
  await preview.getByText('Me', { exact: true }).waitFor();
  const back = preview.getByRole('button', { name: 'Give it back (x)' });
  await back.waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await list.grid.focus();
  await press(page, 'x');
  await page.getByText('You gave it back.').waitFor();
  await setByPerson.waitFor({ state: 'detached' });

  await press(page, 'Control+k');
  await page
    .getByRole('dialog', { name: 'Command palette' })
    .getByPlaceholder('What do you want to do?')
    .fill('for me');
  await page.getByRole('button', { name: 'Take the study for me, or give it back' }).waitFor();
  await press(page, 'Enter');
  await setByPerson.waitFor();
  await back.click();
  await setByPerson.waitFor({ state: 'detached' });

  const { studyId, patient } = await rowOf(who, quietHead(ADA).studyUid);
  const reader = (JSON.parse((await who.fetch('/api/v1/routing')).text) as { people: { userId: string }[] }).people[0];
  const { headers, body } = jsonBody({
    ...{ patientId: patient.patientId, userId: reader?.userId, reason: 'knows the patient', hours: 1 },
  });
  const pinned = await who.fetch(`/api/v1/studies/${studyId}/pins`, { method: 'POST', headers, body });
  expect(pinned.status).toBe(201);
  await setByPerson.waitFor();
  await list.grid.focus();
  await press(page, 'x');
  await page.getByText('Somebody set it to you. It ends on the Triage page, under Routing.').waitFor();
  const { overrideId } = JSON.parse(pinned.text) as { overrideId: string };
  await who.fetch(`/api/v1/routing/overrides/${overrideId}`, { method: 'DELETE', headers: {} });
  await setByPerson.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await close();
});

test('headings sort by the keyboard, say which way, and turn round; searched rows have an order of their own', async () => {
  const { page, complaints, close, list } = await openWorklist();
  await list.untilRows(4);
  const heading = list.grid.getByRole('columnheader', { name: 'Patient' });
  await tabTo(page, heading.getByRole('button'));
  for (const [key, direction] of [
    ['Enter', 'ascending'],
    [' ', 'descending'],
  ] as const) {
    await press(page, key);
    await until(async () => (await heading.getAttribute('aria-sort')) === direction);
    const byName = [MRN.luca, MRN.ada, MRN.ida, MRN.joerg];
    const expected = direction === 'ascending' ? byName : byName.toReversed();
    await until(async () => (await list.order()).join() === expected.join());
  }
  await page.getByRole('textbox', { name: /Search/ }).fill('Mockridge');
  await list.untilRows(2);
  expect(await list.grid.getByRole('columnheader').getByRole('button').count()).toBe(0);
  expect(complaints).toEqual([]);
  await close();
});

test('pages of rows are turned and ends reached by keys, and the first result by the arrow out of the search', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const order = await list.order();
  for (const [key, place] of [
    ['PageDown', 3],
    ['PageUp', 0],
    ['End', 3],
    ['ArrowDown', 3],
    ['Home', 0],
    ['k', 0],
  ] as const) {
    await press(page, key);
    await until(async () => (await list.selected()) === order[place]);
  }
  await press(page, '/');
  await page.keyboard.type('ida');
  await until(async () => (await list.order()).join() === MRN.ida);
  await press(page, 'ArrowDown', 'j');
  await until(async () => (await list.selected()) === MRN.ida);
  await press(page, 'Enter');
  await page.waitForURL(/#\/reading\//);
  expect(complaints).toEqual([]);
  await close();
});

test('the list is narrowed, says so, and is wide again, by keys alone', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const narrow = page.getByRole('button', { name: /^Narrow/ });
  await tabTo(page, narrow);
  await press(page, 'Enter');
  const panel = page.getByRole('dialog', { name: 'Narrow' });
  const urgency = panel.getByRole('combobox', { name: 'Urgency' }).or(panel.getByRole('textbox', { name: 'Urgency' }));
  await tabTo(page, urgency.first());
  expect(await findBarriers(page)).toEqual([]);
  const critical = page.getByRole('option', { name: 'Critical (1)' });
  await until(async () => {
    if ((await critical.count()) > 0 && (await critical.getAttribute('data-combobox-selected')) !== null) return true;
    await press(page, 'ArrowDown');
    return false;
  });
  await press(page, 'Enter');
  await until(async () => (await list.order()).join() === MRN.luca);
  await page.getByRole('button', { name: 'Narrowed by 1' }).waitFor();
  await press(page, 'Escape', 'Escape');
  await panel.waitFor({ state: 'hidden' });
  await tabTo(page, page.getByRole('button', { name: 'Clear', exact: true }));
  await press(page, 'Enter');
  await list.untilRows(4);
  await page.getByRole('button', { name: 'Narrow', exact: true }).waitFor();

  await narrow.click();
  await panel.getByLabel('Age from, years').fill('140');
  await page.getByText('Nothing is left of this list').waitFor();
  await press(page, 'Escape');
  await page.locator('main').getByRole('button', { name: 'Clear' }).last().click();
  await list.untilRows(4);
  expect(complaints).toEqual([]);
  await close();
});

test('a view is saved, opens the list, is shared with others to choose, and deleted', async () => {
  const { page, complaints, close, list } = await openWorklist('coordinator');
  await page
    .getByRole('group', { name: 'Quick filters' })
    .getByRole('button', { name: /^AI flagged/ })
    .click();
  await list.untilRows(1);
  await tabTo(page, page.getByRole('button', { name: 'Views' }));
  await press(page, 'Enter');
  const menu = page.getByRole('menu');
  await menu.getByRole('menuitem', { name: 'Save this view…' }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await menu.getByRole('menuitem', { name: 'Save this view…' }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Save this view…' });
  await dialog.getByLabel('Name').fill('What AI flagged');
  await dialog.getByLabel('For everybody of this site').check();
  expect(await findBarriers(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  const view = page.getByRole('button', { name: 'What AI flagged' });
  await view.click();
  await menu.getByRole('menuitem', { name: 'Open the list with this' }).click();
  await menu.waitFor({ state: 'hidden' });
  await page.reload();
  await view.waitFor();
  await list.untilRows(1);

  const colleague = await openWorklist();
  await colleague.list.untilRows(4);
  await colleague.page.getByRole('button', { name: 'Views' }).click();
  await colleague.page.getByText('Shared views').waitFor();
  await colleague.page.getByRole('menuitem', { name: 'What AI flagged', exact: true }).press('Enter');
  await colleague.list.untilRows(1);
  expect(colleague.complaints).toEqual([]);
  await colleague.close();

  await view.click();
  await menu.getByRole('menuitem', { name: 'Delete the view What AI flagged' }).click();
  await page.getByRole('button', { name: 'Views' }).waitFor();
  await menu.getByRole('menuitem', { name: 'Everything open' }).click();
  await list.untilRows(4);
  expect(complaints).toEqual([]);
  await close();
});

test('columns are left out, moved and brought back, rows are roomy, and it stays so', async () => {
  const { page, complaints, close, list } = await openWorklist('technologist');
  await press(page, 'Home', ' '); // the preview away: room for every column
  const headings = async () => (await list.grid.getByRole('columnheader').allInnerTexts()).map((text) => text.trim());
  await until(async () => (await headings()).includes('Priors'));
  const before = await headings();
  const open = async () => {
    await tabTo(page, page.getByRole('button', { name: 'Columns and density' }));
    await press(page, 'Enter');
    await page.getByRole('menuitemcheckbox', { name: 'Images' }).waitFor();
  };
  await open();
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole('menuitemcheckbox', { name: 'Images' }).press('Enter');
  expect(before).toContain('Images');
  await until(async () => !(await headings()).includes('Images'));
  await page.getByRole('menuitem', { name: 'Move Exam to the left' }).press('Enter');
  const place = before.indexOf('Exam');
  await until(async () => (await headings()).indexOf('Exam') === place - 1);
  await page.getByRole('menuitemcheckbox', { name: 'Dense rows' }).press('Enter');
  await until(async () => (await list.rows.first().boundingBox())?.height === 46);
  await page.reload();
  await until(async () => (await headings()).indexOf('Exam') === place - 1);
  await until(async () => (await list.rows.first().boundingBox())?.height === 46);
  expect(await headings()).not.toContain('Images');
  await list.grid.focus();
  await open();
  await page.getByRole('menuitemcheckbox', { name: 'Dense rows' }).press('Enter');
  await page.getByRole('menuitem', { name: 'Columns as delivered' }).press('Enter');
  await until(async () => (await headings()).join() === before.join());
  expect(complaints).toEqual([]);
  await close();
});

test('F8 hides whose studies they are from whoever stands behind, also while somebody types, and shows it again', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const name = list.row(MRN.ada).locator('[data-phi]').first();
  const isHidden = () => name.evaluate((element) => getComputedStyle(element).color === 'rgba(0, 0, 0, 0)');
  expect(await isHidden()).toBe(false);
  await press(page, 'Home', '/', 'F8');
  const strip = page.getByRole('button', { name: 'Names hidden · F8 shows them' });
  await strip.waitFor();
  await until(isHidden);
  const open = await page
    .locator('[data-phi]')
    .evaluateAll((marked) => marked.filter((one) => getComputedStyle(one).color !== 'rgba(0, 0, 0, 0)').length);
  expect(open).toBe(0);
  expect(await page.getByRole('textbox', { name: /Search/ }).inputValue()).toBe('');
  await press(page, 'F8');
  await strip.waitFor({ state: 'detached' });
  expect(await isHidden()).toBe(false);
  await list.grid.focus();
  await press(page, 'h');
  await until(isHidden);
  await press(page, 'h');
  await strip.waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
  await close();
});

test('the list is taken out as a table and on paper, as it is filtered, and both are recorded', async () => {
  const stubPrinter: PageWish['prepare'] = (context) =>
    context.addInitScript(() => {
      window.print = () => document.documentElement.setAttribute('data-printed', '');
    });
  const { page, complaints, close, list } = await openWorklist('radiologist', stubPrinter);
  await list.untilRows(4);
  await tabTo(page, page.getByRole('button', { name: 'Export and print' }));
  await press(page, 'Enter');
  await page.getByText('Both are recorded in the audit.').waitFor();
  expect(await findBarriers(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Export as a table (CSV)' }).press('Enter'),
  ]);
  expect(download.suggestedFilename()).toMatch(/\.csv$/);
  const lines = readFileSync(await download.path(), 'utf8')
    .trim()
    .split('\r\n');
  expect(lines).toHaveLength(5);
  for (const mrn of Object.values(MRN).filter((one) => one !== MRN.compared)) expect(lines.join('\n')).toContain(mrn);
  await page.getByText('4 rows exported.').waitFor({ state: 'attached' });
  // Searched, what is found and nothing else.
  await page.getByRole('textbox', { name: /Search/ }).fill('Mockridge');
  await list.untilRows(2);
  await page.getByRole('button', { name: 'Export and print' }).click();
  const [found] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Export as a table (CSV)' }).click(),
  ]);
  const twins = readFileSync(await found.path(), 'utf8');
  expect([MRN.ada, MRN.ida, MRN.joerg, MRN.luca].map((mrn) => twins.includes(mrn))).toEqual([true, true, false, false]);
  await page.getByRole('textbox', { name: /Search/ }).fill('');
  await list.untilRows(4);

  await page
    .getByRole('group', { name: 'Quick filters' })
    .getByRole('button', { name: /^Critical/ })
    .click();
  await list.untilRows(1);
  await page.getByRole('button', { name: 'Export and print' }).click();
  await page.getByRole('menuitem', { name: 'Print a downtime list' }).click();
  await page.locator('html[data-printed]').waitFor();
  await page.emulateMedia({ media: 'print' });
  const paper = page.locator('[data-paper]');
  await paper.getByRole('heading', { name: /^Downtime worklist/ }).waitFor();
  expect(await paper.getByRole('row').count()).toBe(2);
  const text = await paper.innerText();
  for (const part of ['Critical', MRN.luca, '1 studies', 'Printed by']) expect(text).toContain(part);
  expect(await list.grid.isVisible()).toBe(false);
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  await paper.waitFor({ state: 'detached' });

  await page.goto(`${station.http}/#/audit`);
  for (const rows of [4, 2, 1])
    await page.getByRole('gridcell', { name: new RegExp(`^Worklist taken out as .*: ${rows} rows of `) }).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('a list that cannot be asked for again says since when its rows are old, and shows them still', async () => {
  // What the page asks of the list is spoilt on its way for as long as the test says so.
  const spoil: PageWish['prepare'] = (context) =>
    context.addInitScript(() => {
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (this: WebSocket, data) {
        const isSpoilt = document.documentElement.hasAttribute('data-spoilt') && typeof data === 'string';
        send.call(this, isSpoilt ? data.replace('"before":', '"before":-') : data);
      };
    });
  const { page, close, list } = await openWorklist('radiologist', spoil);
  await list.untilRows(4);
  await list.row(MRN.ada).click();
  await page.evaluate(() => document.documentElement.toggleAttribute('data-spoilt', true));
  await list.grid.focus();
  await press(page, 'x');
  const notice = page.getByRole('alert').filter({ hasText: 'These rows are as they were at' });
  await notice.waitFor();
  expect(await list.rows.count()).toBe(4);
  expect(await findBarriers(page)).toEqual([]);
  // In one step: the list is asked for at any news, and what asks well takes the notice away.
  await notice.getByRole('button', { name: 'Try again' }).evaluate((button) => {
    document.documentElement.toggleAttribute('data-spoilt', false);
    if (button instanceof HTMLElement) button.click();
  });
  await notice.waitFor({ state: 'detached' });
  await list.grid.focus();
  await press(page, 'x');
  await page.getByText('You gave it back.').waitFor();
  await close();
});

test('a technologist may look at the images, but only a reader opens a study', async () => {
  const { page, complaints, close, list } = await openWorklist('technologist');
  expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  await press(page, 'Home', 'Enter');
  await page.locator('[data-image]').first().waitFor();
  const { row } = await who.study((await rowOf(who, bleeding.studyUid)).studyId);
  // From the page's own origin, so that nothing but the permission is missing.
  const headers = { origin: station.http };
  const opened = await page.request.post(`${station.http}/api/v1/studies/${row.studyId}/openings`, { headers });
  expect([opened.status(), await opened.json()]).toMatchObject([403, { defined: true, code: 'FORBIDDEN' }]);
  expect((await who.study(row.studyId)).row.openedBy).toBeNull();
  // It still counts as unopened, and every page says so, this one too.
  await page.getByRole('button', { name: '1 unopened Critical' }).waitFor();
  await press(page, 'Escape');
  await until(async () => (await list.order())[0] === MRN.luca);
  await list.grid.focus();
  await press(page, 'n');
  await page.waitForURL((url) => url.hash === `#/reading/${row.studyId}`);
  expect((await who.study(row.studyId)).row.openedBy).toBeNull();
  expect(complaints).toEqual([]);
  await close();
});

test('next study is the true top; once a reader opened it, it is no longer unopened anywhere', async () => {
  const { page, complaints, close, list } = await openWorklist();
  await page
    .getByRole('group', { name: 'Quick filters' })
    .getByRole('button', { name: /^Comparison/ })
    .click();
  await page.getByText('Nothing matches this filter').waitFor();
  await page.getByRole('button', { name: 'Next study' }).click();
  const { studyId } = await rowOf(who, bleeding.studyUid);
  await page.waitForURL((url) => url.hash === `#/reading/${studyId}`);
  await page.locator('[data-image]').first().waitFor();
  await rowOf(who, bleeding.studyUid, ({ openedBy }) => openedBy !== null);
  await page.getByRole('button', { name: /unopened Critical/ }).waitFor({ state: 'detached' });
  await press(page, 'Escape');
  await page.getByRole('group', { name: 'Quick filters' }).getByRole('button', { name: /^All/ }).click();
  await list.untilRows(4);
  expect(
    await list
      .row(MRN.luca)
      .getByTitle(/^Opened by/)
      .innerText(),
  ).toMatch(/radiologist/i);
  // Somebody else raises a study while it is open here: it is unopened again until this reader says that they saw it.
  const raised = quietHead(JOERG).studyUid;
  const { row } = await who.study((await rowOf(who, raised)).studyId);
  await page.goto(`${station.http}/#/reading/${row.studyId}`);
  await rowOf(who, raised, ({ openedBy }) => openedBy !== null);
  const { headers, body } = jsonBody({
    patientId: row.patient.patientId,
    level: 'critical',
    reason: 'the ward called',
  });
  expect((await who.fetch(`/api/v1/studies/${row.studyId}/urgency`, { method: 'POST', headers, body })).status).toBe(
    200,
  );
  const notice = page.getByRole('alert').filter({ hasText: 'Flagged while you have it open: ' });
  await notice.getByText(/the ward called/).waitFor();
  const strip = page.getByRole('button', { name: '1 unopened Critical' });
  await strip.waitFor();
  expect((await who.study(row.studyId)).row.openAgain).toEqual(['flagged']);
  await notice.getByRole('button', { name: 'Seen' }).click();
  await Promise.all([notice, strip].map((gone) => gone.waitFor({ state: 'detached' })));
  await rowOf(who, raised, ({ openAgain }) => openAgain.length === 0);
  expect(complaints).toEqual([]);
  await close();
});

test('a comparison study is found under its filter with why it is one, and a person makes it a new exam', async () => {
  const prior = quietHead(COMPARED);
  await arrive(station, [prior], { callingAe: 'OLDPACS' });
  const { page, complaints, close, list } = await openWorklist();
  const filters = page.getByRole('group', { name: 'Quick filters' });
  await filters.getByRole('button', { name: /^All\s*4$/ }).waitFor();
  const field = page.getByRole('textbox', { name: /Search/ });
  await field.fill(MRN.compared);
  await page.getByRole('button', { name: 'Search the comparison studies' }).click();
  await list.row(MRN.compared).click();
  const preview = page.getByRole('complementary', { name: 'Preview of the selected study' });
  await preview.getByText('sent for comparison').waitFor();
  await preview.getByRole('button', { name: 'Make this a new exam' }).click();
  const dialog = page.getByRole('dialog', { name: 'Make this a new exam' });
  await dialog.getByText(MRN.compared).waitFor();
  await dialog.getByRole('button', { name: 'Make it a new exam' }).click();
  await dialog.getByText('It is a new exam now.').waitFor();
  await page.keyboard.press('Enter');
  await filters.getByRole('button', { name: /^All\s*5$/, pressed: true }).waitFor();
  await until(async () => (await list.selected()) === MRN.compared);
  // The list has the keys again.
  await until(() => list.grid.evaluate((grid) => grid.contains(document.activeElement)));
  const row = await rowOf(
    who,
    prior.studyUid,
    ({ ai, reportByAtMs }) => ai.state === 'no-flag' && reportByAtMs !== null,
  );
  expect(row).toMatchObject({ intent: 'new', intentBecause: null });
  expect(complaints).toEqual([]);
  await close();
});

test('without a mouse: signed in, a flagged study opened and its finding decided, the next one opened, signed out', async () => {
  await arrive(station, [bleeding]);
  await rowOf(who, bleeding.studyUid, ({ ai }) => ai.state === 'flagged');
  const { page, complaints, close } = await openPage(browser, station);
  const name = page.getByLabel('User name');
  await name.waitFor();
  await until(() => name.evaluate((field) => field === document.activeElement));
  await page.keyboard.type('radiologist');
  await press(page, 'Tab');
  await page.keyboard.type('demo');
  await press(page, 'Enter');
  const list = worklistOn(page);
  await until(async () => (await list.order()).includes(MRN.luca));
  await tabTo(page, page.getByRole('textbox', { name: /Search/ }));
  await page.keyboard.type(MRN.luca);
  await list.untilRows(1);
  await press(page, 'ArrowDown', 'j');
  await until(async () => (await list.selected()) === MRN.luca);
  await press(page, 'Enter');
  await page.locator('[data-image]').first().waitFor();
  const { row } = await who.study((await rowOf(who, bleeding.studyUid)).studyId);
  await until(() => page.evaluate(() => document.activeElement?.hasAttribute('data-image') ?? false));
  await tabTo(page, page.locator('[data-finding] button').first());
  await press(page, 'Enter', 'y');
  await page.locator('[data-finding][data-state="accepted"]').waitFor();
  await rowOf(who, bleeding.studyUid, ({ urgency }) => urgency.standing === 'confirmed');
  await run('Open the next study');
  await page.waitForURL((url) => /#\/reading\//.test(url.hash) && !url.hash.endsWith(row.studyId));
  await page.locator('[data-image]').first().waitFor();
  await run('Sign out');
  await name.waitFor();
  expect(complaints).toEqual([]);
  await close();

  /** By the palette, as it is typed. */
  async function run(command: string): Promise<void> {
    await press(page, 'Control+k');
    await page.getByRole('dialog', { name: 'Command palette' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.keyboard.type(command);
    await page.getByRole('dialog').getByText(command).first().waitFor();
    await press(page, 'Enter');
  }
});

test('the image a study opens at is made ready while somebody stays on its row, and the study is not opened by that', async () => {
  const { page, complaints, close, list } = await openWorklist();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const frames = () => asked.flatMap((path) => /\/instances\/([\d.]+)\/frames\//.exec(path)?.[1] ?? []);
  const { studyId: flagged } = await rowOf(who, bleeding.studyUid);
  const [finding] = await who.findings(flagged);
  const other = await rowOf(who, quietHead(IDA).studyUid);
  expect(other.openedBy).toBeNull();

  await list.row(MRN.luca).click();
  await until(() => frames().length === 1);
  expect(frames()).toEqual([finding?.keyImage?.sopUid]);
  await list.row(MRN.ida).click();
  await until(() => frames().length === 2);
  expect((await rowOf(who, quietHead(IDA).studyUid)).openedBy).toBeNull();

  // It opens at that image, which is asked for no second time.
  await press(page, 'Enter');
  const [, ready] = frames();
  await page.locator(`[data-image="${ready}"]`).waitFor();
  expect(frames().filter((one) => one === ready)).toHaveLength(1);
  expect(asked.filter((path) => path.includes(other.studyUid) && path.endsWith('/metadata'))).toHaveLength(1);
  await rowOf(who, other.studyUid, ({ openedBy }) => openedBy !== null);
  expect(complaints).toEqual([]);
  await close();
});
