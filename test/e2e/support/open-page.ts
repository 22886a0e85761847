import type { Browser, BrowserContext, Page } from 'playwright';
import type { Role } from '../../../src/shared/domain/permissions.ts';
import { jsonBody } from '../../system/support/ask-station.ts';
import type { RunningStation } from '../../system/support/start-station.ts';

/** Longer than a page needs for anything on a machine with other work. */
export const LONGEST_WAIT_MS = 90_000;
/** The size the pages are judged at. */
const SCREEN = { width: 1280, height: 800 } as const;

type DemoUser = Exclude<Role, 'service'>;

/** How to open a page; what is left out is nobody signed in, at the page's own address, in dark. */
export type PageWish = {
  readonly as?: DemoUser;
  /** The part of the address behind `#`. */
  readonly at?: string;
  readonly colorScheme?: 'dark' | 'light';
  /** What to put between page and station before the first request: delays, silence, faults. */
  readonly prepare?: (context: BrowserContext) => Promise<unknown>;
};

/** A page, and everything its browser complained of: faults, refused policies, failed and foreign requests. */
type OpenPage = { readonly page: Page; readonly complaints: readonly string[]; close(): Promise<void> };

/** Pages that were closed and emptied, by browser: the code of the page is compiled there, which a fresh profile does anew each time. */
const emptied = new WeakMap<Browser, Page[]>();
/** Longer than a station that is there needs to say that it is. */
const LONGEST_PARKING_MS = 10_000;

/** Opens the station's page in a browser profile that nobody else uses: one of its own, or one that was emptied of all that was kept there. */
export async function openPage(browser: Browser, station: RunningStation, wish: PageWish = {}): Promise<OpenPage> {
  // What was put between page and station, or before its first line, cannot be taken out again.
  const isPlain = wish.prepare === undefined && wish.colorScheme === undefined;
  const page = (isPlain ? emptied.get(browser)?.pop() : undefined) ?? (await openProfile(browser, wish));
  const context = page.context();
  if (wish.as !== undefined) await giveSession(context, station, wish.as);
  const complaints = listenForComplaints(page, station.http);
  await wish.prepare?.(context);
  await page.goto(`${station.http}/${wish.at === undefined ? '' : `#${wish.at}`}`);
  return {
    page,
    complaints,
    async close() {
      if (isPlain && (await isEmptied(page, station))) emptied.set(browser, [...(emptied.get(browser) ?? []), page]);
      else await context.close();
    },
  };
}

async function openProfile(browser: Browser, { colorScheme }: PageWish): Promise<Page> {
  const context = await browser.newContext({ viewport: SCREEN, colorScheme: 'dark', reducedMotion: 'reduce' });
  context.setDefaultTimeout(LONGEST_WAIT_MS);
  if (colorScheme !== undefined)
    await context.addInitScript((value) => localStorage.setItem('wetread-colour-scheme', value), colorScheme);
  return context.newPage();
}

/** Leaves the station's page and takes away all that its browser keeps; false where that cannot be done. */
async function isEmptied(page: Page, station: RunningStation): Promise<boolean> {
  for (const event of COMPLAINED_BY) page.removeAllListeners(event);
  try {
    for (const other of page.context().pages()) if (other !== page) await other.close();
    await page.mouse.move(0, 0);
    await page.goto(`${station.http}/health/live`, { timeout: LONGEST_PARKING_MS });
    await page.evaluate(() => {
      localStorage.clear();
      sessionStorage.clear();
    });
    await page.setViewportSize(SCREEN);
    await page.emulateMedia({ media: null });
    await page.context().clearCookies();
    return true;
  } catch {
    return false; // the page or the station is gone
  }
}

async function giveSession(context: BrowserContext, station: RunningStation, username: DemoUser): Promise<void> {
  const { method, headers, body } = jsonBody({ username, password: 'demo' });
  const answer = await context.request.fetch(`${station.http}/api/v1/sessions`, {
    method: method ?? 'POST',
    headers: headers as Record<string, string>,
    data: body as string,
  });
  if (answer.status() !== 201) throw new Error(`sign-in answered ${answer.status()}`);
}

/** The events by which a page's browser complains. */
const COMPLAINED_BY = ['pageerror', 'console', 'request', 'requestfailed'] as const;

function listenForComplaints(page: Page, origin: string): readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`fault: ${error.message}`));
  page.on('console', (message) => {
    const { url } = message.location();
    // Who is signed in is asked before anybody is: that answer is 401, and the browser prints it. Where a page rests between tests
    // the browser asks for an icon by itself; our own page names its icon, and never asks for that one.
    if (message.type() !== 'error' || url.endsWith('/api/v1/sessions/current') || url.endsWith('/favicon.ico')) return;
    complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol } = new URL(request.url());
    if (protocol.startsWith('http') && !request.url().startsWith(origin)) complaints.push(`foreign: ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText ?? '';
    // What the page itself gave up, because somebody left it, is no failure.
    if (why !== 'net::ERR_ABORTED') complaints.push(`${why}: ${new URL(request.url()).pathname}`);
  });
  return complaints;
}
