import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import { findBarriers } from './accessibility.ts';
import { findLayoutFaults } from './layout-faults.ts';

/** Where pictures go; without it (`npm run screenshots` sets it) every page is judged and none is kept. */
const folder = process.env['SCREENSHOTS'] ?? null;
/** Whether pictures are kept: only then is it worth bringing a page into a state that is judged elsewhere. */
export const isForPictures = folder !== null;
/** The sizes a page is shown in beside the usual one: an office's screen, and a diagnostic one of eight megapixels. */
const SCREENS = [
  { width: 1920, height: 1080 },
  { width: 3840, height: 2160 },
] as const;

type Look = {
  /** On larger screens too, where pictures are kept. */
  readonly inEverySize?: boolean;
  /** What still moves after the state is there: texts, images. */
  readonly settleMs?: number;
};

/** Everything wrong with what is seen: cut or covered texts, and what axe-core finds serious. Where pictures are kept, keeps one of this state in dark and one in light, and the light one is judged by axe-core: the dark one is at every other run. */
export async function judgePage(page: Page, name: string, look: Look = {}): Promise<readonly string[]> {
  await page.waitForTimeout(look.settleMs ?? 400);
  const faults = [...(await findLayoutFaults(page)), ...(folder === null ? await findBarriers(page) : [])];
  return [...faults.map((fault) => `${name}: ${fault}`), ...(await kept(page, name, look, true))];
}

/** Keeps a picture of this state as it is, once texts and images stand still; costs nothing where none is wanted. Gives what is cut or covered on larger screens. */
export async function keepPicture(page: Page, name: string, look: Look = {}): Promise<readonly string[]> {
  if (folder === null) return [];
  await page.waitForTimeout(look.settleMs ?? 600);
  return kept(page, name, look, false);
}

async function kept(page: Page, name: string, look: Look, isJudged: boolean): Promise<readonly string[]> {
  if (folder === null) return [];
  // What a test set to light is judged so; its picture is that of the dark one, turned.
  if ((await schemeOf(page)) === 'light') return [];
  await keep(page, name);
  const faults: string[] = [];
  const size = page.viewportSize();
  if (look.inEverySize === true && size !== null) {
    for (const screen of SCREENS) {
      await page.setViewportSize(screen);
      await page.waitForTimeout(1_500);
      await keep(page, `${name}-${screen.width}`);
      faults.push(...(await findLayoutFaults(page)).map((fault) => `${name}-${screen.width}: ${fault}`));
    }
    await page.setViewportSize(size);
    await page.waitForTimeout(700);
  }
  if (!isJudged) return faults;
  await inScheme(page, 'light');
  await page.waitForTimeout(200);
  await keep(page, `${name}-light`);
  faults.push(...(await findBarriers(page)).map((fault) => `${name}-light: ${fault}`));
  await inScheme(page, 'dark');
  return faults;
}

async function keep(page: Page, name: string): Promise<void> {
  if (folder === null) return;
  mkdirSync(folder, { recursive: true });
  // What still fades from one colour to another is shown as it will be.
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}

const SCHEME = 'data-mantine-color-scheme';
const schemeOf = (page: Page) => page.evaluate((name) => document.documentElement.getAttribute(name), SCHEME);

/** As the user's own switch does, without going through it for every picture. */
async function inScheme(page: Page, scheme: 'dark' | 'light'): Promise<void> {
  await page.evaluate(([name, value]) => document.documentElement.setAttribute(name, value), [SCHEME, scheme] as const);
}
