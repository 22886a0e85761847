import type { Page } from 'playwright';
import { type Spread, spread } from '../figures.ts';
import type { BarePage } from './bare-page.ts';
import { leave, openByEnter, STAYS_MS, stayOn } from './open-viewer.ts';
import type { WatchedPage } from './watch.ts';

/** A series to open: as it is printed, and how to find it. */
export type Subject = {
  readonly name: string;
  readonly studyId: string;
  /** Of its frames on the station's DICOMweb. */
  readonly seriesPath: string;
  readonly slices: number;
  /** Another study, to stay on so that this one is not made ready. */
  readonly besideId: string;
};

/** Images scrolled through in one go. */
const SCROLLED = 40;
/** Rounds that load everything; the others look at the first image alone. */
const LONG_ROUNDS = 3;
/** What is timed in the viewer, and what of a bare page that is held against. */
const BESIDE = {
  'Enter to image, row looked at': 'bare: series to image',
  'Enter to image, at once': 'bare: series to image',
  'all decoded': 'bare: all decoded',
  'scroll, nothing loaded': 'bare: scroll, nothing loaded',
  'scroll, all loaded': 'bare: scroll, all loaded',
  'three planes, all loaded': 'bare: three planes, all loaded',
} as const;
type Timed = keyof typeof BESIDE | (typeof BESIDE)[keyof typeof BESIDE];

/**
 * Opens a series in the viewer and in the bare page in turn, some rounds, after one that warms both up. Ratios to the bare page and
 * images a second go to `facts`. From the worklist the viewer asks the station for the study before it asks for the series, which the
 * bare page is told.
 */
export async function timeSeries(
  watched: Page,
  bare: Page,
  subject: Subject,
  rounds: number,
  facts: Record<string, number>,
): Promise<readonly Spread[]> {
  const times = new Map<Timed, number[]>();
  for (let round = -1; round < rounds; round += 1) {
    const note = (what: Timed, ms: readonly number[]) => {
      if (round >= 0) times.set(what, [...(times.get(what) ?? []), ...ms]);
    };
    const isLong = round < LONG_ROUNDS;
    const isVolume = await timeViewer(watched, subject, isLong, note);
    await timeBare(bare, subject, isLong, isVolume, note);
  }
  const { name } = subject;
  for (const [what, bareWhat] of Object.entries(BESIDE) as [Timed, Timed][]) {
    const [ours, theirs] = [what, bareWhat].map((one) => spread(one, times.get(one) ?? []).median);
    if (!ours || !theirs) continue;
    facts[`${name}: ${what}, of bare`] = Math.round((100 * ours) / theirs) / 100;
    if (what.startsWith('scroll')) facts[`${name}: ${what}, images a second`] = Math.round(1000 / ours);
  }
  return [...times].map(([what, ms]) => spread(`${name}: ${what}`, ms));
}

type Note = (what: Timed, ms: readonly number[]) => void;

/** Gives whether the series is a volume. */
async function timeViewer(page: Page, subject: Subject, isLong: boolean, note: Note): Promise<boolean> {
  const { studyId, slices, besideId } = subject;
  const forget = () => page.evaluate(() => (window as unknown as WatchedPage).forgetFigures());
  // Neither made ready, as by staying on its row after it was left, nor decoded before.
  await stayOn(page, besideId, STAYS_MS.looking);
  await forget();
  note('Enter to image, at once', [(await openByEnter(page, studyId, 'atOnce')).ms]);
  await leave(page);
  await stayOn(page, besideId, STAYS_MS.looking);
  await forget();
  note('Enter to image, row looked at', [(await openByEnter(page, studyId)).ms]);
  if (!isLong) {
    await leave(page);
    return false;
  }
  note('scroll, nothing loaded', await scroll(page, slices));
  await leave(page);
  await stayOn(page, besideId, STAYS_MS.looking);
  await forget();
  const { atMs } = await openByEnter(page, studyId, 'atOnce');
  note('all decoded', [(await allDecoded(page, slices)) - atMs]);
  note('scroll, all loaded', await scroll(page, slices));
  const planes = await timePlanes(page);
  if (planes !== null) note('three planes, all loaded', [planes]);
  await leave(page);
  return planes !== null;
}

async function timeBare(
  page: Page,
  { seriesPath, slices }: Subject,
  isLong: boolean,
  isVolume: boolean,
  note: Note,
): Promise<void> {
  const open = () => page.evaluate((path) => (window as unknown as BarePage).openSeries(path), seriesPath);
  const through = () =>
    page.evaluate((count) => (window as unknown as BarePage).scrollBare(0, count), Math.min(SCROLLED, slices));
  const close = () => page.evaluate(() => (window as unknown as BarePage).close());
  note('bare: series to image', [await open()]);
  if (isLong) {
    note('bare: scroll, nothing loaded', await through());
    await close();
    await open();
    note('bare: all decoded', [await page.evaluate(() => (window as unknown as BarePage).loadAll())]);
    note('bare: scroll, all loaded', await through());
    if (isVolume)
      note('bare: three planes, all loaded', [await page.evaluate(() => (window as unknown as BarePage).openPlanes())]);
  }
  await close();
}

function scroll(page: Page, slices: number): Promise<readonly number[]> {
  return page.evaluate(
    (count) => (window as unknown as WatchedPage).scrollViewer(0, count),
    Math.min(SCROLLED, slices),
  );
}

/** When so many images had come into the cache since it was forgotten, by the page's clock. */
export async function allDecoded(page: Page, images: number): Promise<number> {
  const handle = await page.waitForFunction(
    (count) => {
      const { decoded, lastAtMs } = (window as unknown as WatchedPage).viewerFigures();
      return decoded >= count ? lastAtMs : null;
    },
    images,
    { timeout: 180_000, polling: 50 },
  );
  return Number(await handle.jsonValue());
}

/** Waits until nothing more comes into the cache: all is there, or as much as is loaded ahead of the eye. Gives how many came and when the last did, by the page's clock. */
export async function loadedAhead(page: Page): Promise<{ readonly images: number; readonly lastAtMs: number }> {
  const handle = await page.waitForFunction(
    () => {
      const { decoded, lastAtMs } = (window as unknown as WatchedPage).viewerFigures();
      const isOver = lastAtMs !== null && performance.now() - lastAtMs > 5000;
      return isOver ? { images: decoded, lastAtMs } : null;
    },
    undefined,
    { timeout: 300_000, polling: 200 },
  );
  return (await handle.jsonValue()) ?? { images: 0, lastAtMs: 0 };
}

/** Three planes from the key until all are drawn; null of a series that makes no volume. */
async function timePlanes(page: Page): Promise<number | null> {
  await page.locator('[role="application"]').first().focus();
  return page.evaluate(async () => {
    const began = performance.now();
    document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'x', code: 'KeyX', bubbles: true }));
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const areThere = () => document.querySelectorAll('[data-mpr]').length >= 3;
    const isRefused = () => document.querySelector('section[aria-label="Three planes"] [role="status"] > p') !== null;
    while (!areThere() && !isRefused() && performance.now() - began < 60_000) await frame();
    await frame();
    await frame();
    return areThere() ? performance.now() - began : null;
  });
}
