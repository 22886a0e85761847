import type { Page } from 'playwright';
import { FINDING_KEYS, readingKeys } from '../../../src/renderer/src/features/reading/reading-keys.ts';
import { presetsOf } from '../../../src/renderer/src/viewport/window-presets.ts';

/** What must be so before a key can do anything: keys pressed first, and how to come back afterwards. */
const AROUND: Readonly<Record<string, { readonly before?: readonly string[]; readonly after?: readonly string[] }>> = {
  Home: { before: ['End'] },
  End: { before: ['Home'] },
  PageUp: { before: ['End'] },
  PageDown: { before: ['Home'] },
  ArrowUp: { before: ['End'] },
  ArrowLeft: { before: ['End'] },
  ArrowDown: { before: ['Home'] },
  ArrowRight: { before: ['Home'] },
  r: { before: ['i'] },
  c: { after: ['c'] },
  '+': { before: ['c'], after: ['c'] },
  '-': { before: ['c'], after: ['c'] },
  ',': { before: ['.'] },
  q: { after: ['q'] },
  x: { after: ['x'] },
  '(': { before: ['x'], after: ['x'] },
  ')': { before: ['x'], after: ['x'] },
  '#': { after: ['#'] },
  a: { after: ['a'] },
  w: { before: ['p'] },
  '1': { before: ['2'] },
  // Its own mark off again, or it goes nowhere.
  '*': { after: ['*'] },
};
/** Longer than a picture takes on a machine with other work. */
const DEAD_AFTER_MS = 15_000;

/** They leave what others press afterwards. */
const LAST = ['x', '(', ')', '#'];

/** Presses every key that the reading page answers, and gives those after which nothing a reader can see or hear had changed. */
export async function pressEveryReadingKey(page: Page): Promise<readonly string[]> {
  const keys = [...FINDING_KEYS, ...readingKeys(presetsOf('CT'))].flatMap(({ key, alias, mod }) =>
    mod === true ? [`Control+${key}`] : [key, ...(alias === undefined || alias.length === 1 ? [] : [alias])],
  );
  const dead: string[] = [];
  for (const key of [...keys.filter((one) => !LAST.includes(one)), ...LAST]) {
    await focusOnImages(page);
    for (const first of AROUND[key]?.before ?? []) await pressed(page, first);
    if (!(await pressed(page, key))) dead.push(key);
    for (const then of AROUND[key]?.after ?? []) await pressed(page, then);
  }
  return dead;
}

/** Presses the digit of every window of this modality on the pane in front, the image's own last, and gives those after which nothing had changed. */
export async function pressEveryWindow(page: Page, modality: string): Promise<readonly string[]> {
  const dead: string[] = [];
  await focusOnImages(page);
  for (const { key } of presetsOf(modality).toSorted(
    (one, other) => Number(one.key === '0') - Number(other.key === '0'),
  ))
    if (!(await pressed(page, key))) dead.push(`${modality} ${key}`);
  return dead;
}

/** How many keys the sheet lists for the reading page of a CT: each of them, and the one that leaves. */
export const LISTED_READING_KEYS = FINDING_KEYS.length + readingKeys(presetsOf('CT')).length + 1;

/** Presses a key, and says whether anything came of it within a while. */
async function pressed(page: Page, key: string): Promise<boolean> {
  const before = await look(page);
  await page.keyboard.press(key);
  const deadline = performance.now() + DEAD_AFTER_MS;
  while ((await look(page)) === before) {
    if (performance.now() > deadline) return false;
    await page.waitForTimeout(20);
  }
  return true;
}

async function focusOnImages(page: Page): Promise<void> {
  const plane = page.locator('[data-mpr][data-active="true"]');
  const target = (await plane.count()) > 0 ? plane : page.locator('[role="application"][data-active="true"]').first();
  await target.focus();
}

/** What a reader has of the page: what is said, which pictures are shown and how, which tools are pressed, what lies over it. */
function look(page: Page): Promise<string> {
  return page.evaluate(() => {
    const all = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
    const said = all('[aria-live="polite"][role="status"]').map((one) => one.textContent);
    const shown = all('[role="application"]').map((one) => [
      one.getAttribute('aria-label'),
      Object.entries(one.dataset),
    ]);
    const texts = all('[data-corner], [data-edge]').map((one) => one.textContent);
    const pressedTools = all('[role="toolbar"] [aria-pressed="true"]').map((one) => one.getAttribute('aria-label'));
    const layers = all('[data-layout], [role="dialog"]').map((one) => one.dataset['layout'] ?? one.textContent);
    return JSON.stringify([said, shown, texts, pressedTools, layers]);
  });
}
