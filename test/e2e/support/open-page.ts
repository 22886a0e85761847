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

/** Opens the station's page in a browser profile of its own. */
export async function openPage(browser: Browser, station: RunningStation, wish: PageWish = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: SCREEN, colorScheme: 'dark', reducedMotion: 'reduce' });
  context.setDefaultTimeout(LONGEST_WAIT_MS);
  if (wish.colorScheme !== undefined) {
    const scheme = wish.colorScheme;
    await context.addInitScript((value) => localStorage.setItem('wetread-colour-scheme', value), scheme);
  }
  if (wish.as !== undefined) await giveSession(context, station, wish.as);
  const page = await context.newPage();
  const complaints = listenForComplaints(page, station.http);
  await wish.prepare?.(context);
  await page.goto(`${station.http}/${wish.at === undefined ? '' : `#${wish.at}`}`);
  return { page, complaints, close: () => context.close() };
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

function listenForComplaints(page: Page, origin: string): readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`fault: ${error.message}`));
  page.on('console', (message) => {
    // Who is signed in is asked before anybody is: that answer is 401, and the browser prints it.
    if (message.type() !== 'error' || message.location().url.endsWith('/api/v1/sessions/current')) return;
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
