import type { Locator, Page } from 'playwright';
import { until } from '../../system/support/until.ts';

/** The worklist as somebody before it sees and touches it. */
type WorklistView = {
  readonly grid: Locator;
  readonly rows: Locator;
  /** The row that names this patient, accession or record number. */
  row(text: string): Locator;
  /** Record numbers from top to bottom. */
  order(): Promise<readonly string[]>;
  /** The record number of the selected row; null where none is. */
  selected(): Promise<string | null>;
  untilRows(count: number): Promise<void>;
};

/** Reads the worklist on this page; demo people's record numbers tell its rows apart. */
export function worklistOn(page: Page): WorklistView {
  const grid = page.getByRole('grid', { name: 'Worklist' });
  const rows = grid.locator('[role="row"][id^="row-"]');
  const recordNumber = (text: string) => /DEMO\d{5}/.exec(text)?.[0] ?? '?';
  return {
    grid,
    rows,
    row: (text) => rows.filter({ hasText: text }),
    async order() {
      const found = await rows.evaluateAll((elements) =>
        elements.map((element) => ({ place: element.getAttribute('aria-rowindex'), text: element.textContent ?? '' })),
      );
      return found.toSorted((a, b) => Number(a.place) - Number(b.place)).map(({ text }) => recordNumber(text));
    },
    async selected() {
      const row = rows.and(page.locator('[aria-selected="true"]'));
      return (await row.count()) === 0 ? null : recordNumber(await row.innerText());
    },
    untilRows: async (count) => void (await until(async () => (await rows.count()) === count)),
  };
}
