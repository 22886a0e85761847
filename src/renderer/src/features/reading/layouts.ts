/** How viewports stand: rows × columns. */
export const LAYOUTS = ['1x1', '1x2', '2x1', '2x2', '2x4'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** How many panes a layout has. */
export const PANES_OF: Readonly<Record<Layout, number>> = { '1x1': 1, '1x2': 2, '2x1': 2, '2x2': 4, '2x4': 8 };
