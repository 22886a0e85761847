import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import { findBarriers } from './accessibility.ts';
import { findLayoutFaults } from './layout-faults.ts';

/** Where pictures go; without it (`npm run screenshots` sets it) every page is judged and none is kept. */
const folder = process.env['SCREENSHOTS'] ?? null;
/** `npm run screenshots -- --looks`: also in light and in a large window, where a page asks for it. */
const takesEveryLook = folder !== null && process.env['SCREENSHOT_LOOKS'] === 'all';
const LARGE = { width: 1920, height: 1080 } as const;

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
