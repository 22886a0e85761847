import { type ColumnDef, columnVisibilityFeature, tableFeatures } from '@tanstack/react-table';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import {
  AccessionCell,
  AiCell,
  DueCell,
  ExamCell,
  ImagesCell,
  PatientCell,
  PriorsCell,
  ReadingCell,
  UrgencyCell,
  WaitedCell,
} from './cells.tsx';

/** What the worklist's table can do beyond listing rows. */
export const features = tableFeatures({ columnVisibilityFeature });

export type WorklistFeatures = typeof features;

/** Every column of the worklist, left to right; the id also names its heading's text. */
export const COLUMN_IDS = [
  'urgency',
  'due',
  'waited',
  'patient',
  'accession',
  'exam',
  'images',
  'ai',
  'priors',
  'reading',
] as const;
export type ColumnId = (typeof COLUMN_IDS)[number];

const cells: Readonly<Record<ColumnId, (row: WorklistRow) => React.ReactNode>> = {
  urgency: (row) => <UrgencyCell row={row} />,
  due: (row) => <DueCell row={row} />,
  waited: (row) => <WaitedCell row={row} />,
  patient: (row) => <PatientCell row={row} />,
  accession: (row) => <AccessionCell row={row} />,
  exam: (row) => <ExamCell row={row} />,
  images: (row) => <ImagesCell row={row} />,
  ai: (row) => <AiCell row={row} />,
  priors: (row) => <PriorsCell row={row} />,
  reading: (row) => <ReadingCell row={row} />,
};

/** The table's columns; urgency and patient cannot be hidden, for without them a row is dangerous. */
export const columns: ColumnDef<WorklistFeatures, WorklistRow>[] = COLUMN_IDS.map((id) => ({
  id,
  header: id,
  enableHiding: id !== 'urgency' && id !== 'patient',
  cell: ({ row }) => cells[id](row.original),
}));

/** Each column's least width, and its share of the room that is left. */
const ROOM: Readonly<Record<ColumnId, { readonly px: number; readonly share: number }>> = {
  urgency: { px: 110, share: 0 },
  due: { px: 114, share: 0 },
  waited: { px: 66, share: 0 },
  patient: { px: 240, share: 4 },
  accession: { px: 88, share: 0 },
  exam: { px: 142, share: 3 },
  images: { px: 92, share: 0 },
  ai: { px: 142, share: 3 },
  priors: { px: 44, share: 0 },
  reading: { px: 98, share: 0 },
};

const GAP_PX = 10;
const EDGES_PX = 24;

/** Hidden in this order while there is no room; the preview shows what they say. */
const FIRST_TO_GO: readonly ColumnId[] = ['priors', 'accession', 'waited', 'reading', 'images', 'exam'];

/** The columns that fit: what the person hid is hidden, and the least needed go while the rest does not fit. */
export function fittingColumns(hidden: readonly string[], roomPx: number): readonly ColumnId[] {
  let fitting = COLUMN_IDS.filter((id) => !hidden.includes(id));
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
