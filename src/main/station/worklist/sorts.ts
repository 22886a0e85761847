import type { WorklistSortKey } from '../../../shared/contract/worklist.ts';

/** An order of the open list: what it goes by before the study's id, and the index that has it. */
export type Sort = { readonly columns: readonly string[]; readonly index: string; readonly kind: 'number' | 'text' };

/** Each order a list may be had in; both directions walk the same index. */
export const SORTS: Readonly<Record<WorklistSortKey, Sort>> = {
  urgency: { columns: ['urgency_rank', 'due_at_ms'], index: 'open_studies_by_urgency', kind: 'number' },
  arrival: { columns: ['received_at_ms'], index: 'open_studies_by_arrival', kind: 'number' },
  patient: { columns: ['name_order'], index: 'open_studies_by_patient', kind: 'text' },
  exam: { columns: ['exam_order'], index: 'open_studies_by_exam', kind: 'text' },
  'exam-date': { columns: ['exam_at'], index: 'open_studies_by_exam_date', kind: 'text' },
};

/** What was read long ago stands in one order: the last to leave the open list first. */
export const ARCHIVED_SORT: Sort = { columns: ['settled_at_ms'], index: 'archived_studies_in_order', kind: 'number' };

/** A row's place in an order: the values it is sorted by, then its id. */
export type SortKey = readonly (string | number)[];

/** The key as pages hold it: opaque, and as free text never part of an address, for it may hold a name. */
export function encodeSortKey(key: SortKey): string {
  return JSON.stringify(key);
}

/** A key made by us for this order; null for anything else. */
export function decodeSortKey(text: string | undefined, { columns, kind }: Sort): SortKey | null {
  if (text === undefined) return null;
  try {
    const key: unknown = JSON.parse(text);
    if (!Array.isArray(key) || key.length !== columns.length + 1 || typeof key.at(-1) !== 'string') return null;
    return key.slice(0, -1).every((value) => typeof value === (kind === 'number' ? 'number' : 'string'))
      ? (key as SortKey)
      : null;
  } catch {
    return null; // not JSON: nothing we made
  }
}
