import type { WorklistRow, WorklistSortKey } from '../../../../shared/contract/worklist.ts';
import {
  AccessionCell,
  AiCell,
  DueCell,
  DateCell,
  ExamCell,
  ImagesCell,
  OrderCell,
  PatientCell,
  PriorsCell,
  ReadingCell,
  RoutedCell,
  UrgencyCell,
  WaitedCell,
} from './cells.tsx';

/** Every column of the worklist, left to right; the id also names its heading's text. */
export const COLUMN_IDS = [
  'urgency',
  'due',
  'waited',
  'patient',
  'accession',
  'exam',
  'date',
  'order',
  'images',
  'ai',
  'priors',
  'routed',
  'reading',
] as const;
export type ColumnId = (typeof COLUMN_IDS)[number];

/** What each column shows of a row. */
export const CELLS: Readonly<Record<ColumnId, (row: WorklistRow) => React.ReactNode>> = {
  urgency: (row) => <UrgencyCell row={row} />,
  due: (row) => <DueCell row={row} />,
  waited: (row) => <WaitedCell row={row} />,
  patient: (row) => <PatientCell row={row} />,
  accession: (row) => <AccessionCell row={row} />,
  exam: (row) => <ExamCell row={row} />,
  date: (row) => <DateCell row={row} />,
  order: (row) => <OrderCell row={row} />,
  images: (row) => <ImagesCell row={row} />,
  ai: (row) => <AiCell row={row} />,
  priors: (row) => <PriorsCell row={row} />,
  routed: (row) => <RoutedCell row={row} />,
  reading: (row) => <ReadingCell row={row} />,
};

/** What a column's heading sorts by; the others sort by nothing. */
export const SORTED_BY: Readonly<Partial<Record<ColumnId, WorklistSortKey>>> = {
  urgency: 'urgency',
  waited: 'arrival',
  patient: 'patient',
  exam: 'exam',
  date: 'exam-date',
};

/** Columns that cannot be hidden, for without them a row is dangerous. */
export const ALWAYS_SHOWN: readonly ColumnId[] = ['urgency', 'patient'];

/** The columns as delivered: all, but the date, which the preview says too. */
export const COLUMNS_AS_DELIVERED: readonly ColumnId[] = COLUMN_IDS.filter((id) => id !== 'date');

/** Each column's least width, and its share of the room that is left. */
const ROOM: Readonly<Record<ColumnId, { readonly px: number; readonly share: number }>> = {
  urgency: { px: 110, share: 0 },
  due: { px: 124, share: 0 },
  waited: { px: 74, share: 0 },
  patient: { px: 236, share: 4 },
  accession: { px: 100, share: 0 },
  exam: { px: 138, share: 3 },
  date: { px: 84, share: 0 },
  order: { px: 100, share: 0 },
  images: { px: 92, share: 0 },
  ai: { px: 142, share: 3 },
  priors: { px: 40, share: 0 },
  routed: { px: 96, share: 0 },
  reading: { px: 94, share: 0 },
};

const GAP_PX = 10;
const EDGES_PX = 24;

/** Hidden in this order while there is no room; the preview shows what they say. */
const FIRST_TO_GO: readonly ColumnId[] = [
  'order',
  'routed',
  'priors',
  'date',
  'accession',
  'waited',
  'reading',
  'images',
  'exam',
];

/** The columns that fit, in the person's order: what they left out is out, and the least needed go while the rest does not fit. */
export function fittingColumns(chosen: readonly ColumnId[], roomPx: number): readonly ColumnId[] {
  let fitting = [...ALWAYS_SHOWN.filter((id) => !chosen.includes(id)), ...chosen];
  for (const next of FIRST_TO_GO) {
    if (roomPx === 0 || leastWidth(fitting) <= roomPx) break;
    fitting = fitting.filter((id) => id !== next);
  }
  return fitting;
}

function leastWidth(ids: readonly ColumnId[]): number {
  return ids.reduce((sum, id) => sum + ROOM[id].px + GAP_PX, EDGES_PX - GAP_PX);
}

/** The columns as CSS grid tracks. */
export function gridTracks(ids: readonly ColumnId[]): string {
  return ids.map((id) => trackOf(id)).join(' ');
}

/** One column as a CSS grid track. */
export function trackOf(id: ColumnId): string {
  const { px, share } = ROOM[id];
  return share === 0 ? `${px}px` : `minmax(${px}px, ${share}fr)`;
}
