import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import { findBarriers } from './accessibility.ts';
import { findLayoutFaults } from './layout-faults.ts';

/** Where pictures go; without it (`npm run screenshots` sets it) every page is judged and none is kept. */
const folder = process.env['SCREENSHOTS'] ?? null;
/** Whether pictures are kept: only then is it worth bringing a page into a state that is judged elsewhere. */
export const isForPictures = folder !== null;
/** `npm run screenshots -- --looks`: also in light and in a large window, where a page asks for it. */
const takesEveryLook = folder !== null && process.env['SCREENSHOT_LOOKS'] === 'all';
const LARGE = { width: 1920, height: 1080 } as const;
/** The sizes a page is shown in beside the usual one: an office's screen, and a diagnostic one of eight megapixels. */
const SCREENS = { '1920': LARGE, '3840': { width: 3840, height: 2160 } } as const;

/** Everything wrong with what is seen: cut or covered texts, and what axe-core finds serious. Keeps a picture where wanted, and with `inEveryLook`, where all looks are taken, of the light theme and of a large window too. */
export async function judgePage(
  page: Page,
  name: string,
  { inEveryLook = false }: { readonly inEveryLook?: boolean } = {},
): Promise<readonly string[]> {
  await page.waitForTimeout(400);
  await keep(page, name);
  const faults = await faultsOf(page, name);
  if (!inEveryLook || !takesEveryLook) return faults;
  const size = page.viewportSize();
  await page.setViewportSize(LARGE);
  faults.push(...(await looked(page, `${name}-large`)));
  await inScheme(page, 'light');
  faults.push(...(await looked(page, `${name}-large-light`)));
  if (size !== null) await page.setViewportSize(size);
  faults.push(...(await looked(page, `${name}-light`)));
  await inScheme(page, 'dark');
  return faults;
}

/** Keeps a picture where wanted, once texts and images stand still; costs nothing where none is. */
export async function keepPicture(page: Page, name: string, settleMs = 600): Promise<void> {
  if (folder === null) return;
  await page.waitForTimeout(settleMs);
  await keep(page, name);
}

/** As `keepPicture`, in the light theme and on larger screens too; gives what is cut or covered in any of them. */
export async function keepEverySize(page: Page, name: string): Promise<readonly string[]> {
  if (folder === null) return [];
  await keepPicture(page, name);
  const faults: string[] = [];
  const size = page.viewportSize();
  for (const [width, screen] of Object.entries(SCREENS)) {
    await page.setViewportSize(screen);
    faults.push(...(await shown(page, `${name}-${width}`)));
  }
  if (size !== null) await page.setViewportSize(size);
  await inScheme(page, 'light');
  faults.push(...(await shown(page, `${name}-light`)));
  await inScheme(page, 'dark');
  return faults;
}

async function shown(page: Page, name: string): Promise<readonly string[]> {
  await keepPicture(page, name, 1_500);
  return (await findLayoutFaults(page)).map((fault) => `${name}: ${fault}`);
}

async function looked(page: Page, name: string): Promise<readonly string[]> {
  await page.waitForTimeout(300);
  await keep(page, name);
  return faultsOf(page, name);
}

async function faultsOf(page: Page, name: string): Promise<string[]> {
  return [...(await findLayoutFaults(page)), ...(await findBarriers(page))].map((fault) => `${name}: ${fault}`);
}

async function keep(page: Page, name: string): Promise<void> {
  if (folder === null) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`) });
}

/** As the user's own switch does, without going through it for every picture. */
async function inScheme(page: Page, scheme: 'dark' | 'light'): Promise<void> {
  await page.evaluate((value) => document.documentElement.setAttribute('data-mantine-color-scheme', value), scheme);
}
