import type { Locator, Page } from 'playwright';

/** Presses keys, one after the other. */
export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

/** Goes to a control as somebody without a mouse does; throws where it is not to be reached. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let steps = 0; steps < 90; steps += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('nothing to be reached by Tab');
}
