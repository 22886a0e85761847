import type { ReactNode } from 'react';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { COLUMN_IDS, trackOf } from './columns.tsx';

const tracks = COLUMN_IDS.map(trackOf);

/** The worklist before its first answer. */
export function WorklistSkeleton(): ReactNode {
  return <TableSkeleton columns={tracks} rowHeight={36} rows={16} />;
}
