import { useCallback } from 'react';
import { z } from 'zod';
import { WorklistQuestion } from '../../../../shared/contract/worklist.ts';
import { useUserPreference } from '../../bridge/user-preferences.ts';
import { ALWAYS_SHOWN, COLUMN_IDS, COLUMNS_AS_DELIVERED } from './columns.tsx';

/** How one person has the list, wherever they sign in: its columns in order, how dense, and what it opens with. */
export const Layout = z.object({
  // A column of a later build is passed over.
  columns: z
    .array(z.string())
    .transform((ids) =>
      COLUMN_IDS.filter((id) => ids.includes(id)).toSorted((a, b) => ids.indexOf(a) - ids.indexOf(b)),
    ),
  density: z.enum(['dense', 'roomy']),
  startsWith: WorklistQuestion.nullable(),
});
export type Layout = z.infer<typeof Layout>;

const AS_DELIVERED: Layout = { columns: [...COLUMNS_AS_DELIVERED], density: 'dense', startsWith: null };

/** This person's layout, kept at the station; a change shows at once. */
export function useLayout(): {
  readonly layout: Layout;
  readonly isKnown: boolean;
  readonly change: (changed: Partial<Layout>) => void;
} {
  const { value: layout, isKnown, set } = useUserPreference('worklist', Layout, AS_DELIVERED);
  const change = useCallback((changed: Partial<Layout>) => set({ ...layout, ...changed }), [set, layout]);
  return { layout, isKnown, change };
}

/** The columns with one shown or hidden; what must be shown stays. */
export function withColumn(columns: Layout['columns'], id: Layout['columns'][number]): Layout['columns'] {
  if (ALWAYS_SHOWN.includes(id)) return columns;
  return columns.includes(id) ? columns.filter((one) => one !== id) : [...columns, id];
}

/** The columns with one moved by a step to the left (-1) or right (1). */
export function movedColumn(columns: Layout['columns'], id: Layout['columns'][number], by: -1 | 1): Layout['columns'] {
  const from = columns.indexOf(id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= columns.length) return columns;
  return columns.with(from, columns[to] ?? id).with(to, id);
}
