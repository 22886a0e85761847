import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright';
import { z } from 'zod';
import type { DemoTransferSyntax } from '../demo/phantoms/compress-record.ts';
import { launchChromium } from '../test/chromium.ts';
import { openPage } from '../test/e2e/support/open-page.ts';
import { rowOf, signIn } from '../test/system/support/ask-station.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  TEST_CONFIG,
  temporaryFolder,
} from '../test/system/support/start-station.ts';
import { realHeadCt, remoteOf, sendObjects } from '../test/system/support/studies.ts';
import { printFigures, type Spread, spread } from './figures.ts';
import { type SentSeries, sendCtSeries } from './viewer/ct-series.ts';
import { buildPages, leave, openBenchPage, openByEnter, openByKey, watchOpening } from './viewer/open-viewer.ts';
import { loadedAhead, type Subject, timeSeries } from './viewer/time-series.ts';
import type { WatchedPage } from './viewer/watch.ts';

/** The forms of the phantom, by the name they are asked for and printed under. */
const SYNTAXES = {
  plain: '1.2.840.10008.1.2.1',
  'jpeg-ls': '1.2.840.10008.1.2.4.80',
  'jpeg-2000': '1.2.840.10008.1.2.4.90',
  htj2k: '1.2.840.10008.1.2.4.201',
  'jpeg-lossless': '1.2.840.10008.1.2.4.70',
  rle: '1.2.840.10008.1.2.5',
} as const satisfies Readonly<Record<string, DemoTransferSyntax>>;

const { values } = parseArgs({
  options: {
    slices: { type: 'string', default: '300' },
    rounds: { type: 'string' },
    forms: { type: 'string' },
    /** Few rounds, few slices, two forms: to see that it runs and what changed. */
    quick: { type: 'boolean', default: false },
    /** Slices of a series that is longer than the cache; 0 leaves it out. */
    long: { type: 'string' },
  },
});
/** Slices of the studies that are made ready. */
const PREPARED = 40;
const whole = z.coerce.number().int().positive();
const SLICES = values.quick ? Math.min(120, whole.parse(values.slices)) : whole.parse(values.slices);
const LONG = z.coerce
  .number()
  .int()
  .nonnegative()
  .parse(values.long ?? (values.quick ? 0 : 2000));
const ROUNDS = whole.parse(values.rounds ?? (values.quick ? 3 : 10));

/**
 * Times the viewer on a real head CT and a phantom as scanners store them, and a bare cornerstone3D page on the same frames of the
 * same station in turn with it. Asserts nothing.
 */
async function main(): Promise<void> {
  const folder = temporaryFolder();
  const [station, browser, pages] = await Promise.all([
    startStation({ demo: true, config: { ...TEST_CONFIG, inference: { shippedModels: [] } } }),
    launchChromium(),
    buildPages(folder),
  ]);
  const facts: Record<string, number> = { slices: SLICES, rounds: ROUNDS, loadBefore: load() };
  const spreads: Spread[] = [];
  try {
    const subjects = await sendSubjects(station);
    spreads.push(await timeCold(browser, station, subjects));
    const [watched, bare] = [
      await openBenchPage(browser, station, pages, 'watched-page'),
      await openBenchPage(browser, station, pages, 'bare-page'),
    ];
    for (const subject of subjects) {
      console.log(`${new Date().toISOString().slice(11, 19)} ${subject.name}, ${subject.slices} slices`);
      spreads.push(...(await timeSeries(watched, bare, subject, ROUNDS, facts)));
    }
    const [first] = subjects;
    if (first !== undefined) spreads.push(await timePrepared(watched, station, first.besideId));
    if (LONG > 0) Object.assign(facts, await holdLong(watched, station));
  } finally {
    await browser.close();
    await station.stop().catch(() => null);
    await endEverything();
    facts['load'] = load();
    // What was measured before something failed was measured.
    if (spreads.length > 0) printFigures('viewer', spreads, facts);
  }
}

const isComplete: Parameters<typeof rowOf>[2] = ({ images }) => images.completeness !== 'receiving';

async function sendSubjects(station: RunningStation): Promise<readonly Subject[]> {
  const reader = await signIn(station, 'radiologist', 'demo');
  const subjects: Subject[] = [];
  const beside = await sendCtSeries(remoteOf(station), 300, 4, SYNTAXES.plain);
  const { studyId: besideId } = await rowOf(reader, beside.studyUid, isComplete);
  const add = async (name: string, { studyUid, seriesUid, slices }: SentSeries) => {
    // Complete, so that nothing more is done about it while it is read.
    const { studyId } = await rowOf(reader, studyUid, isComplete);
    const seriesPath = `/dicomweb/demo/studies/${studyUid}/series/${seriesUid}`;
    subjects.push({ name, studyId, seriesPath, slices, besideId });
  };
  const real = await realHeadCt();
  if (real !== null) {
    await sendObjects(remoteOf(station), real.objects);
    const [seriesUid, objects] =
      [...Map.groupBy(real.objects, (one) => one.seriesUid)].toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
    if (seriesUid === undefined || objects === undefined) throw new Error('the real head CT holds nothing');
    await add('real head CT', { studyUid: real.studyUid, seriesUid, slices: objects.length });
  }
  const wanted = values.forms?.split(',') ?? (values.quick ? ['plain', 'jpeg-ls'] : Object.keys(SYNTAXES));
  for (const [index, [form, syntax]] of Object.entries(SYNTAXES).entries())
    if (wanted.includes(form)) await add(form, await sendCtSeries(remoteOf(station), index, SLICES, syntax));
  return subjects;
}

/** The product's own page in a browser that never had it: the viewer's code comes with the first study. */
async function timeCold(browser: Browser, station: RunningStation, subjects: readonly Subject[]): Promise<Spread> {
  const times: number[] = [];
  for (let round = 0; round < Math.min(ROUNDS, 3); round += 1) {
    const { page, close } = await openPage(browser, station, {
      as: 'radiologist',
      at: '/worklist',
      prepare: (context) => context.addInitScript(watchOpening),
    });
    const { studyId } = subjects[round % subjects.length] ?? { studyId: '' };
    times.push((await openByEnter(page, studyId, 'atOnce')).ms);
    await close();
  }
  return spread('cold: Enter to image', times);
}

/** A study that was made ready while another was read, opened by the key for the next. */
async function timePrepared(page: Page, station: RunningStation, firstId: string): Promise<Spread> {
  const reader = await signIn(station, 'radiologist', 'demo');
  const count = Math.min(ROUNDS, 5);
  for (let index = 0; index < count; index += 1) {
    const { studyUid } = await sendCtSeries(remoteOf(station), 100 + index, PREPARED, SYNTAXES.plain);
    await rowOf(reader, studyUid, isComplete);
  }
  const times: number[] = [];
  await openByEnter(page, firstId);
  for (let index = 0; index < count; index += 1) {
    // Its own images come, and then, once it has stood for some seconds, those of the next.
    await page.waitForTimeout(6000);
    await loadedAhead(page);
    await leave(page);
    times.push((await openByKey(page, 'n')).ms);
  }
  await leave(page);
  return spread('next study, made ready: N to image', times);
}

/** What the page holds after a series longer than its cache was scrolled from end to end: MiB of script, of buffers, and of images that the cache counts. */
async function holdLong(page: Page, station: RunningStation): Promise<Record<string, number>> {
  const reader = await signIn(station, 'radiologist', 'demo');
  const { studyUid } = await sendCtSeries(remoteOf(station), 200, LONG, SYNTAXES.plain);
  const { studyId } = await rowOf(reader, studyUid, isComplete);
  await page.evaluate(() => (window as unknown as WatchedPage).forgetFigures());
  const { ms, atMs } = await openByEnter(page, studyId, 'atOnce');
  const ahead = await loadedAhead(page);
  const mostBytes: number[] = [];
  for (let from = 0; from < LONG; from += 100) {
    await page.evaluate((at) => (window as unknown as WatchedPage).scrollViewer(at, 5), Math.min(from, LONG - 5));
    mostBytes.push((await page.evaluate(() => (window as unknown as WatchedPage).viewerFigures())).cacheBytes);
  }
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const usage: Record<string, number> = await session.send('Runtime.getHeapUsage');
  await leave(page);
  const mebibytes = (bytes: number | undefined) => Math.round((bytes ?? 0) / 2 ** 20);
  return {
    longSlices: LONG,
    longEnterToImageMs: Math.round(ms),
    longLoadedAhead: ahead.images,
    longLoadedAheadMs: Math.round(ahead.lastAtMs - atMs),
    longScriptMiB: mebibytes(usage['usedSize']),
    longBuffersMiB: mebibytes(usage['backingStorageSize']),
    longCacheMostMiB: mebibytes(Math.max(...mostBytes)),
  };
}

function load(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

await main();
