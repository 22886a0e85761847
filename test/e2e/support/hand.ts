import type { Locator, Page } from 'playwright';
import { until } from '../../system/support/until.ts';

/** Somebody's hand on the mouse over a row: it never lies quite still, until it leaves the list. */
export async function pointAt(page: Page, row: Locator): Promise<{ leave(): Promise<void> }> {
  const box = await row.boundingBox();
  if (box === null) throw new Error('no row');
  let isThere = true;
  const move = (step: number) => page.mouse.move(box.x + 300 + (step % 2), box.y + 10);
  await move(0);
  await until(() => row.evaluate((element) => element.matches(':hover')));
  const moving = (async () => {
    for (let step = 1; isThere && !page.isClosed(); step += 1) {
      await move(step);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  })().catch(() => undefined); // the page is gone: so is the hand
  return {
    async leave() {
      isThere = false;
      await moving;
      await page.mouse.move(640, 20);
    },
  };
}
