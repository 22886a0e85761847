import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './TableSkeleton.module.css';

type Props = {
  /** The widths of the real table's columns, as CSS grid tracks. */
  readonly columns: readonly string[];
  readonly rows?: number;
  readonly rowHeight?: number;
};

/** A table that is still loading, in the shape it will have. */
export function TableSkeleton({ columns, rows = 14, rowHeight = 34 }: Props): ReactNode {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t('loading')}>
      <div className={classes.head} />
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className={classes.row} style={{ height: rowHeight, gridTemplateColumns: columns.join(' ') }}>
          {columns.map((width, column) => (
            <Skeleton key={`${width}-${column}`} height={10} width={`${50 + ((row * 7 + column * 13) % 40)}%`} />
          ))}
        </div>
      ))}
    </div>
  );
}
