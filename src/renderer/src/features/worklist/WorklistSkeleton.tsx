import type { ReactNode } from 'react';
import { TableSkeleton } from '../../ui/TableSkeleton.tsx';
import { COLUMNS_AS_DELIVERED, trackOf } from './columns.tsx';

const tracks = COLUMNS_AS_DELIVERED.map(trackOf);

/** The worklist before its first answer. */
export function WorklistSkeleton(): ReactNode {
  return <TableSkeleton columns={tracks} rowHeight={36} rows={16} />;
}
