import { existsSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Page } from 'playwright';
import { z } from 'zod';
import { type OutgoingInstance, instanceFromBytes, sendInstances } from '../src/main/station/dicom/scu.ts';
import { READING_ORDER, WORKLIST_FILTERS, WORKLIST_SORT_KEYS } from '../src/shared/contract/worklist.ts';
import { openReader } from '../src/main/station/platform/store/database.ts';
import { countFilters, listChoices, listSlice, searchRows } from '../src/main/station/worklist/index.ts';
import { launchChromium } from '../test/chromium.ts';
import { openPage } from '../test/e2e/support/open-page.ts';
import { openSocket, signIn } from '../test/system/support/ask-station.ts';
import {
  endEverything,
  startStation,
  TEST_CONFIG,
  temporaryFolder,
  type RunningStation,
} from '../test/system/support/start-station.ts';
import { remoteOf } from '../test/system/support/studies.ts';
import { printFigures, type Spread, spread } from './figures.ts';
import { IMAGE_KINDS, writeFreshObjects } from './ingest/fresh-objects.ts';
import { fillLists, openStopped } from './worklist/fill-lists.ts';

const { values } = parseArgs({
  options: {
    open: { type: 'string', default: '100000' },
    archived: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '40' },
    /** Changes a second that arrive meanwhile. */
    changes: { type: 'string', default: '50' },
    /** How long the page is left open at the end, and its memory looked at; an hour says more. */
    minutes: { type: 'string', default: '1' },
    /** A data directory that is filled once and kept. */
    data: { type: 'string' },
  },
});
const count = z.coerce.number().int().positive();
const [OPEN, ARCHIVED, ROUNDS] = [count.parse(values.open), count.parse(values.archived), count.parse(values.rounds)];
const CHANGES = z.coerce.number().nonnegative().parse(values.changes);
const MINUTES = z.coerce.number().nonnegative().parse(values.minutes);

/** How a question is timed: what it is called, and how it is asked once. */
type Timed = { readonly name: string; readonly ask: (round: number) => unknown };
const TYPED = [
  'schu',
  'mu*',
  'kamo ri',
  '山田',
  'ACC20000077',
  '5678',
  'ct head',
  'brain contrast',
  'zzzz',
  'k',
] as const;
/** What arrives: one object for all that is sent, for its values are made once for each. */
const SMALL_CT = { ...IMAGE_KINDS.ct, rows: 32, columns: 32 };
/** A reader without rows of their own, as most have few. */
const NOBODY = '01890000-0000-7000-8000-000000000000';
const question = { filter: 'all' as const, narrowed: {}, sort: READING_ORDER };

/**
 * Times a worklist of many open and archived studies while studies arrive: the station's own answers on a connection like
 * its readers', the same over the socket, and the page until the pixels are painted. Asserts nothing.
 */
async function main(): Promise<void> {
  const data = values.data ?? path.join(temporaryFolder(), 'data');
  const isFilled = existsSync(path.join(data, 'wetread.db'));
  if (!isFilled) {
    await (await startStation({ data, demo: true, config: TEST_CONFIG })).stop();
    const began = performance.now();
    const db = openStopped(data);
    fillLists(db, OPEN, ARCHIVED);
    db.close();
    console.log(
      `${OPEN} open and ${ARCHIVED} archived rows put in within ${Math.round((performance.now() - began) / 1000)} s`,
    );
  }
  const station = await startStation({ data, demo: true, config: TEST_CONFIG });
  const spreads: Spread[] = [];
  const ending = new AbortController();
  const arriving = arrive(station, ending.signal);
  const facts: Record<string, number> = { open: OPEN, archived: ARCHIVED, readyAfterMs: station.readyAfterMs };
  try {
    spreads.push(...(await timeStation(data)));
    spreads.push(...(await timeSocket(station)));
    spreads.push(...(await timePage(station, facts)));
  } finally {
    ending.abort();
    facts['arrivedPerS'] = Math.round((await arriving) * 10) / 10;
    await station.stop().catch(() => null);
    await endEverything();
  }
  facts['load'] = Math.round((loadavg()[0] ?? 0) * 10) / 10;
  printFigures('worklist', spreads, facts);
}

/**
 * Sends a small study of its own so many times a second until told to end; gives how many a second were stored. What is late,
 * because the next studies were made or this process timed something, is caught up with.
 */
async function arrive(station: RunningStation, signal: AbortSignal): Promise<number> {
  if (CHANGES === 0) return 0;
  let [began, sent, stored] = [0, 0, 0];
  while (!signal.aborted) {
    const root = temporaryFolder();
    const folders = Array.from({ length: 200 }, (_, index) => path.join(root, String(index)));
    writeFreshObjects(SMALL_CT, folders, folders.length);
    began ||= performance.now();
    const instances = folders.map((folder, index): OutgoingInstance => {
      const instance = instanceFromBytes(readFileSync(path.join(folder, '00001.dcm')));
      if (!instance.ok) throw new Error(instance.error.code);
      const dueAt = began + ((sent + index) * 1000) / CHANGES;
      return {
        ...instance.value,
        async *dataSet() {
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueAt - performance.now())));
          yield* instance.value.dataSet();
        },
      };
    });
    await sendInstances(
      remoteOf(station),
      instances,
      (_, { state }) => (stored += state === 'accepted' ? 1 : 0),
      () => !signal.aborted,
    );
    sent += instances.length;
  }
  return stored / ((performance.now() - began) / 1000);
}

/** The station's own work, on a connection like its readers' beside the running station. */
async function timeStation(data: string): Promise<readonly Spread[]> {
  const key = Buffer.from(readFileSync(path.join(data, 'vault/database.key'), 'utf8').trim(), 'hex');
  const opened = openReader(path.join(data, 'wetread.db'), key);
  if (!opened.ok) throw new Error(opened.error.code);
  const db = opened.value;
  const siteIds = db.prepare('SELECT site_id FROM sites').pluck().all() as string[];
  const asks = { siteIds, userId: NOBODY, ...question };
  const whole = listSlice(db, { ...asks, before: 0, limit: 200 });
  const deep = Array.from({ length: 20 }, (_, index) => {
    const { keys, place } = listSlice(db, { ...asks, at: { place: (index * 7919) % OPEN }, before: 0, limit: 1 });
    return { key: keys[0] ?? '', near: place };
  });
  const timed: readonly Timed[] = [
    { name: 'first page (100)', ask: () => listSlice(db, { ...asks, before: 0, limit: 100 }) },
    {
      name: 'next window',
      ask: (round) =>
        listSlice(db, { ...asks, at: { key: whole.keys[100 + (round % 90)] ?? '' }, before: 60, limit: 180 }),
    },
    {
      name: 'window around a row far down',
      ask: (round) => listSlice(db, { ...asks, at: deep[round % deep.length], before: 60, limit: 180 }),
    },
    {
      name: 'a place anywhere',
      ask: (round) => listSlice(db, { ...asks, at: { place: (round * 7919) % OPEN }, before: 60, limit: 180 }),
    },
    ...WORKLIST_FILTERS.map((filter) => ({
      name: `filter ${filter}`,
      ask: () => listSlice(db, { ...asks, filter, before: 0, limit: 100 }),
    })),
    ...WORKLIST_SORT_KEYS.map((by) => ({
      name: `sort ${by}, descending`,
      ask: () => listSlice(db, { ...asks, sort: { by, direction: 'descending' as const }, before: 0, limit: 100 }),
    })),
    {
      name: 'narrowed: MG',
      ask: () => listSlice(db, { ...asks, narrowed: { modalities: ['MG'] }, before: 0, limit: 100 }),
    },
    {
      name: 'narrowed: MR, critical, age',
      ask: () =>
        listSlice(db, {
          ...asks,
          narrowed: { modalities: ['MR'], levels: ['critical'], ageYears: { from: 80 } },
          before: 0,
          limit: 100,
        }),
    },
    {
      name: 'narrowed: age alone',
      ask: () => listSlice(db, { ...asks, narrowed: { ageYears: { from: 80 } }, before: 0, limit: 100 }),
    },
    {
      name: 'archived, narrowed: MG',
      ask: () =>
        listSlice(db, { ...asks, filter: 'archived', narrowed: { modalities: ['MG'] }, before: 0, limit: 100 }),
    },
    { name: 'all counts', ask: () => countFilters(db, siteIds, NOBODY) },
    { name: 'choices to narrow by', ask: () => listChoices(db, siteIds, 'all') },
    { name: 'choices among the archived', ask: () => listChoices(db, siteIds, 'archived') },
    ...TYPED.map((text) => ({ name: `search ${text}`, ask: () => searchRows(db, { ...asks, text, limit: 100 }) })),
  ];
  const spreads: Spread[] = [];
  for (const { name, ask } of timed) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      // What arrives meanwhile is sent by this process, too.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const began = performance.now();
      ask(round);
      times.push(performance.now() - began);
    }
    spreads.push(spread(`station: ${name}`, times));
  }
  db.close();
  return spreads;
}

async function timeSocket(station: RunningStation): Promise<readonly Spread[]> {
  const { client, close } = await openSocket(await signIn(station, 'radiologist', 'demo'));
  const timed: readonly Timed[] = [
    { name: 'first page (180)', ask: () => client.worklist.slice({ ...question, limit: 180 }) },
    {
      name: 'a place anywhere',
      ask: (round) =>
        client.worklist.slice({ ...question, at: { place: (round * 7919) % OPEN }, before: 60, limit: 180 }),
    },
    { name: 'all counts', ask: () => client.worklist.counts() },
    {
      name: 'search',
      ask: (round) => client.worklist.search({ ...question, text: TYPED[round % TYPED.length] ?? 'ct', limit: 100 }),
    },
  ];
  const spreads: Spread[] = [];
  for (const { name, ask } of timed) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now();
      await ask(round);
      times.push(performance.now() - began);
    }
    spreads.push(spread(`socket: ${name}`, times));
  }
  close();
  return spreads;
}

async function timePage(station: RunningStation, facts: Record<string, number>): Promise<readonly Spread[]> {
  const browser = await launchChromium();
  const { page } = await openPage(browser, station, { as: 'radiologist', at: '/worklist' });
  await page.locator('[role="row"][id^="row-"]').first().waitFor();
  const spreads: Spread[] = [];
  const [filters, headings] = ['[aria-pressed]', '[role=columnheader] button'];
  const steps: readonly { readonly name: string; readonly act: (round: number) => Act }[] = [
    { name: 'scroll a screen', act: () => ({ scrollBy: 700 }) },
    { name: 'jump anywhere', act: (round) => ({ scrollTo: (round * 7919 * 36) % (OPEN * 36) }) },
    // Critical, all, urgent and without AI: a list without rows would never fill.
    { name: 'filter', act: (round) => ({ click: filters, place: [3, 0, 4, 7, 0][round % 5] ?? 0 }) },
    { name: 'sort', act: (round) => ({ click: headings, place: round % 4 }) },
  ];
  facts['pageMiBAtFirst'] = await memoryOf(page);
  for (const { name, act } of steps) {
    const times: number[] = [];
    for (let round = 0; round < Math.min(ROUNDS, 25); round += 1) {
      times.push(await painted(page, act(round)));
      await page.waitForTimeout(120);
    }
    spreads.push(spread(`page: ${name}`, times));
  }
  await page.waitForTimeout(MINUTES * 60_000);
  facts['pageMiBAtLast'] = await memoryOf(page);
  facts['pageMinutes'] = MINUTES;
  await browser.close();
  return spreads;
}

/** Something done on the page: the list scrolled to or by so many pixels, or one of some buttons pressed. */
type Act =
  | { readonly scrollTo: number }
  | { readonly scrollBy: number }
  | { readonly click: string; readonly place: number };

/** From an act on the page until its rows fill the list's sight and two frames were drawn, in ms. */
function painted(page: Page, act: Act): Promise<number> {
  return page.evaluate(async (done) => {
    const began = performance.now();
    const list = document.querySelector('[role=grid]');
    if ('click' in done) document.querySelectorAll<HTMLElement>(done.click)[done.place]?.click();
    else if (list !== null) list.scrollTop = 'scrollTo' in done ? done.scrollTo : list.scrollTop + done.scrollBy;
    const HEAD = 31;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const isThere = () => {
      const grid = document.querySelector('[role=grid]');
      if (grid === null || grid.getAttribute('aria-busy') === 'true') return false;
      const box = grid.getBoundingClientRect();
      const inSight = [...grid.querySelectorAll('[data-coming], [role=row][id^=row-]')]
        .map((row) => ({ ...row.getBoundingClientRect().toJSON(), isHere: !row.hasAttribute('data-coming') }))
        .filter(({ top, bottom }) => bottom > box.top + HEAD && top < box.bottom);
      const [top, bottom] = [Math.min(...inSight.map((row) => row.top)), Math.max(...inSight.map((row) => row.bottom))];
      const isFilled = top <= box.top + HEAD && bottom >= Math.min(box.bottom, box.top + grid.scrollHeight) - 1;
      return isFilled && inSight.every(({ isHere }) => isHere);
    };
    do await frame();
    while (!isThere() && performance.now() - began < 10_000);
    await frame();
    return performance.now() - began;
  }, act);
}

/** What the page's script holds, after its garbage is gone. */
async function memoryOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return Math.round(usedSize / 2 ** 20);
}

await main();
