import path from 'node:path';
import type { Browser, Page } from 'playwright';
import { build } from 'vite';
import page from '../../src/renderer/vite.config.ts';
import { openPage } from '../../test/e2e/support/open-page.ts';
import type { RunningStation } from '../../test/system/support/start-station.ts';

/** Builds the two pages of this benchmark as the product's page is built; gives the folder. */
export async function buildPages(folder: string): Promise<string> {
  const outDir = path.join(folder, 'page');
  const input = ['watched-page', 'bare-page'].map((name) => path.join(import.meta.dirname, `${name}.html`));
  await build({
    ...page,
    configFile: false,
    root: path.resolve(import.meta.dirname, '../..'),
    logLevel: 'error',
    build: { ...page.build, outDir, rolldownOptions: { input } },
  });
  return outDir;
}

/** Opens one of them on the station's own origin, signed in as a radiologist. */
export async function openBenchPage(
  browser: Browser,
  station: RunningStation,
  pages: string,
  name: 'watched-page' | 'bare-page',
): Promise<Page> {
  const opened = await openPage(browser, station, {
    as: 'radiologist',
    async prepare(context) {
      await context.route('**/viewer-pages/**', async (route) => {
        const { pathname } = new URL(route.request().url());
        await route.fulfill({ path: path.join(pages, pathname.replace('/viewer-pages/', '')), headers: ISOLATED });
      });
      // A page that no server was asked for has no network of its own, and may open no socket to this one.
      await context.grantPermissions(['local-network-access'], { origin: station.http });
      await context.addInitScript(watchOpening);
    },
  });
  await opened.page.goto(`${station.http}/viewer-pages/bench/viewer/${name}.html#/worklist`);
  opened.page.setDefaultTimeout(20_000);
  return opened.page;
}

/** As the station serves its own page. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Notes when a key that opens a study was pressed last and when an image was drawn first after it; for a page that knows nothing of this. */
export function watchOpening(): void {
  const noted = { pressedAtMs: 0, drawnAtMs: null as number | null };
  Object.assign(window, { openingNoted: noted });
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Enter' || event.key === 'n')
        Object.assign(noted, { pressedAtMs: event.timeStamp, drawnAtMs: null });
    },
    true,
  );
  document.addEventListener(
    'CORNERSTONE_IMAGE_RENDERED',
    (event) => {
      const note = () => {
        // A pane is drawn empty before its image is there.
        const hasImage = (event.target as Element).closest('[data-image]') !== null;
        if (noted.drawnAtMs === null && hasImage) noted.drawnAtMs = performance.now();
      };
      // After the page has followed the engine, in the same frame: an image that is still covered is not on the screen.
      queueMicrotask(() => queueMicrotask(note));
    },
    true,
  );
}

/** How long a reader stays on a row before Enter, ms: so short that nothing of it is made ready, or long enough to look at its preview. */
export const STAYS_MS = { atOnce: 150, looking: 1500 } as const;

/** Opens a study from the worklist by Enter; gives the ms until its first image was drawn. */
export async function openByEnter(
  page: Page,
  studyId: string,
  stays: keyof typeof STAYS_MS = 'looking',
): Promise<{ readonly ms: number; readonly atMs: number }> {
  await stayOn(page, studyId, STAYS_MS[stays]);
  return openByKey(page, 'Enter');
}

/** Selects a row and stays on it. */
export async function stayOn(page: Page, studyId: string, ms: number): Promise<void> {
  await page.locator(`#row-${studyId}`).click();
  await page.locator(`#row-${studyId}[aria-selected="true"]`).waitFor();
  await page.waitForTimeout(ms);
}

/** Presses a key that opens a study; gives when it was pressed, by the page's clock, and the ms until its first image was drawn. */
export async function openByKey(
  page: Page,
  key: 'Enter' | 'n',
): Promise<{ readonly ms: number; readonly atMs: number }> {
  await page.keyboard.press(key);
  const noted = await page.waitForFunction(
    () => {
      const { openingNoted } = window as unknown as Watching;
      return openingNoted.drawnAtMs === null ? null : { ...openingNoted };
    },
    undefined,
    { timeout: 60_000, polling: 20 },
  );
  const { pressedAtMs, drawnAtMs } = (await noted.jsonValue()) as { pressedAtMs: number; drawnAtMs: number };
  return { ms: drawnAtMs - pressedAtMs, atMs: pressedAtMs };
}

type Watching = { readonly openingNoted: { readonly pressedAtMs: number; readonly drawnAtMs: number | null } };

/** Goes back to the worklist. */
export async function leave(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await page.locator('[role="grid"] [role="row"]').first().waitFor();
}
