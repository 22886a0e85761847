import { Button } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './RowGrid.module.css';
import { useShortcuts } from './shortcuts.ts';

/** A column: its heading, its width as a CSS grid track, and what it shows of a row; `isQuiet`: dim, figures under each other. */
export type RowColumn<Row> = {
  readonly title: string;
  readonly track: string;
  readonly isQuiet?: boolean;
  readonly cell: (row: Row) => ReactNode;
};

type Props<Row> = {
  readonly label: string;
  readonly columns: readonly RowColumn<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly selected: string | null;
  readonly onSelect: (key: string) => void;
  /** Brings more rows; null where there are none. */
  readonly fetchMore?: (() => void) | null;
};

/** Rows of which one can be chosen, by mouse or by the arrow keys. */
export function RowGrid<Row>(props: Props<Row>): ReactNode {
  const { label, columns, rows, keyOf, selected, onSelect, fetchMore = null } = props;
  const { t } = useTranslation();
  const id = useId();
  const place = rows.findIndex((row) => keyOf(row) === selected);
  const select = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined) return;
    onSelect(keyOf(row));
    document.getElementById(`${id}-${keyOf(row)}`)?.scrollIntoView({ block: 'nearest' });
  };
  const onKeyDown = useShortcuts(label, [
    { key: 'ArrowDown', alias: 'j', label: t('worklist.key.down'), run: () => select(place + 1) },
    { key: 'ArrowUp', alias: 'k', label: t('worklist.key.up'), run: () => select(place === -1 ? 0 : place - 1) },
  ]);
  const tracks = { gridTemplateColumns: columns.map(({ track }) => track).join(' ') };
  return (
    <>
      <div
        role="grid"
        tabIndex={0}
        aria-label={label}
        aria-rowcount={rows.length + 1}
        aria-activedescendant={place === -1 ? undefined : `${id}-${selected}`}
        onKeyDown={onKeyDown}
      >
        <div role="row" className={classes.head} style={tracks}>
          {columns.map(({ title }) => (
            <span key={title} role="columnheader">
              {title}
            </span>
          ))}
        </div>
        {rows.map((row) => (
          <div
            key={keyOf(row)}
            id={`${id}-${keyOf(row)}`}
            role="row"
            aria-selected={keyOf(row) === selected}
            className={classes.row}
            style={tracks}
            onClick={() => onSelect(keyOf(row))}
          >
            {columns.map(({ title, isQuiet, cell }) => (
              <span key={title} role="gridcell" data-quiet={isQuiet}>
                {cell(row)}
              </span>
            ))}
          </div>
        ))}
      </div>
      {fetchMore !== null && (
        <Button variant="default" size="xs" className={classes.more} onClick={fetchMore}>
          {t('list.more')}
        </Button>
      )}
    </>
  );
}
