/** A row as far as its place is concerned. */
type Placed = { readonly studyId: string };

/** Rows, and the place of the first in the whole list, from 0. */
export type Part<Row extends Placed> = { readonly rows: readonly Row[]; readonly place: number };

/** The rows to show, and how many new ones wait to be sorted in above others. */
export type Arrangement<Row extends Placed> = Part<Row> & { readonly newAbove: number };

/**
 * Keeps every shown row where it is while the list is held: contents are fresh, places are not, rows that left stay until
 * the list settles, and new rows are only added below the last one. A list that is not held takes the fresh order.
 */
export function arrange<Row extends Placed>(fresh: Part<Row>, shown: Part<Row>, held: boolean): Arrangement<Row> {
  if (!held || shown.rows.length === 0) return { ...fresh, newAbove: 0 };
  const freshById = new Map(fresh.rows.map((row) => [row.studyId, row]));
  const shownIds = new Set(shown.rows.map((row) => row.studyId));
  const lastShown = fresh.rows.findLastIndex((row) => shownIds.has(row.studyId));
  const added = fresh.rows.filter((row) => !shownIds.has(row.studyId));
  const below = fresh.rows.slice(lastShown + 1);
  const kept = shown.rows.map((row) => freshById.get(row.studyId) ?? row);
  const isSame = kept.every((row, index) => row === shown.rows[index]) && below.length === 0;
  return {
    rows: isSame ? shown.rows : [...kept, ...below],
    place: shown.place,
    // What came in above this part is not in it: it only stands further down.
    newAbove: Math.max(added.length - below.length, fresh.place - shown.place),
  };
}
