import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright';

/** The serious and critical violations that axe-core finds on the page, each with where. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  // Our pages hold no frame of another origin, which alone needs the way with a second page; and what holds is not told of: both
  // together take a quarter of the processor's time.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const { violations } = await axe.analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target.join(' ')).join('; ')})`);
}
