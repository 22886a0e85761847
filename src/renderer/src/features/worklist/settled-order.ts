/** A row as far as its place is concerned. */
type Placed = { readonly studyId: string };

/** The rows to show, and how many new ones wait to be sorted in above others. */
export type Arrangement<Row extends Placed> = { readonly rows: readonly Row[]; readonly newAbove: number };

/**
 * Keeps every shown row where it is while the list is held: contents are fresh, places are not, rows that left stay until
 * the list settles, and new rows are only added below the last one. A list that is not held takes the fresh order.
 */
export function arrange<Row extends Placed>(
  fresh: readonly Row[],
  shown: readonly Row[],
  held: boolean,
): Arrangement<Row> {
  if (!held || shown.length === 0) return { rows: fresh, newAbove: 0 };
  const freshById = new Map(fresh.map((row) => [row.studyId, row]));
  const shownIds = new Set(shown.map((row) => row.studyId));
  const lastShown = fresh.findLastIndex((row) => shownIds.has(row.studyId));
  const added = fresh.filter((row) => !shownIds.has(row.studyId));
  const below = fresh.slice(lastShown + 1);
  const kept = shown.map((row) => freshById.get(row.studyId) ?? row);
  const rows = kept.every((row, index) => row === shown[index]) && below.length === 0 ? shown : [...kept, ...below];
  return { rows, newAbove: added.length - below.length };
}
