import { useElementSize } from '@mantine/hooks';
import { FlexRender, type Row as TableRow, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, type ReactNode, type RefObject, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistRow } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { usePreferences } from '../../ui/preferences.ts';
import { COLUMN_IDS, columns, features, fittingColumns, gridTracks, type WorklistFeatures } from './columns.tsx';
import { useScrollAnchor } from './use-scroll-anchor.ts';
import classes from './WorklistTable.module.css';

/** A row's height for each density, in pixels. */
const ROW_HEIGHT = { dense: 36, roomy: 46 } as const;

/** The heading's height, as in the style sheet. */
const HEAD_HEIGHT = 26;

type Props = {
  readonly rows: readonly WorklistRow[];
  /** What the rows answer; another subject starts at its top. */
  readonly subject: string;
  readonly selected: StudyId | null;
  readonly outdated: boolean;
  readonly fetchMore: (() => void) | null;
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly onSelect: (studyId: StudyId) => void;
  readonly onOpen: (studyId: StudyId) => void;
  readonly onTouch: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
};

/** The worklist as a grid with one focus; only the rows in sight are on the page. */
export function WorklistTable(props: Props): ReactNode {
  const { rows, subject, selected, outdated, fetchMore, scroller, onTouch } = props;
  const { t } = useTranslation();
  const { density, hiddenColumns } = usePreferences();
  const { ref: sizer, width } = useElementSize();
  const visible = useMemo(() => fittingColumns(hiddenColumns, Math.floor(width)), [hiddenColumns, width]);
  const columnVisibility = useMemo(
    () => Object.fromEntries(COLUMN_IDS.map((id) => [id, visible.includes(id)])),
    [visible],
  );
  const table = useTable({
    features,
    columns,
    data: rows,
    getRowId: (row) => row.studyId,
    state: { columnVisibility },
  });
  const tableRows = table.getRowModel().rows;
  const rowsNow = useRef(rows);
  rowsNow.current = rows;
  const height = ROW_HEIGHT[density];
  const virtual = useVirtualizer({
    count: tableRows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => tableRows[index]?.id ?? index,
    overscan: 12,
    scrollMargin: HEAD_HEIGHT,
    scrollPaddingStart: HEAD_HEIGHT,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const lastInSight = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastInSight > rows.length - 40) fetchMore?.();
  }, [lastInSight, rows.length, fetchMore]);
  useScrollAnchor(scroller, rows, subject, height);
  useEffect(() => {
    const index = selected === null ? -1 : rowsNow.current.findIndex((row) => row.studyId === selected);
    if (index >= 0) virtual.scrollToIndex(index, { align: 'auto' });
  }, [selected, virtual]);

  const tracks = gridTracks(visible);
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="grid"
      tabIndex={0}
      aria-label={t('worklist.title')}
      aria-rowcount={fetchMore === null ? rows.length + 1 : -1}
      aria-activedescendant={selected === null ? undefined : rowElementId(selected)}
      aria-busy={outdated}
      data-outdated={outdated || undefined}
      onKeyDown={(event) => {
        onTouch();
        props.onKeyDown(event);
      }}
      onPointerMove={onTouch}
      onWheel={onTouch}
    >
      <div ref={sizer}>
        <div className={classes.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
          {table.getHeaderGroups()[0]?.headers.map((header) => (
            <span key={header.id} role="columnheader" className={classes.heading}>
              {t(`worklist.column.${header.column.id}`)}
            </span>
          ))}
        </div>
        <div role="presentation" className={classes.rows} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = tableRows[item.index];
            if (row === undefined) return null;
            return (
              <Row
                key={row.id}
                tableRow={row}
                row={row.original}
                index={item.index}
                offset={item.start - HEAD_HEIGHT}
                height={height}
                tracks={tracks}
                isSelected={row.original.studyId === selected}
                onSelect={props.onSelect}
                onOpen={props.onOpen}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** The id of a row's element, for `aria-activedescendant`. */
function rowElementId(studyId: StudyId): string {
  return `row-${studyId}`;
}

type RowProps = {
  readonly tableRow: TableRow<WorklistFeatures, WorklistRow>;
  readonly row: WorklistRow;
  readonly index: number;
  readonly offset: number;
  readonly height: number;
  readonly tracks: string;
  readonly isSelected: boolean;
  readonly onSelect: (studyId: StudyId) => void;
  readonly onOpen: (studyId: StudyId) => void;
};

/** One study. The table's own row object is new with every answer, so what it holds decides whether to draw again. */
const Row = memo(function Row({
  tableRow,
  row,
  index,
  offset,
  height,
  tracks,
  isSelected,
  onSelect,
  onOpen,
}: RowProps) {
  return (
    // Keys act on the grid, which has the focus (aria-activedescendant); a row is only pointed at.
    <div
      id={rowElementId(row.studyId)}
      className={classes.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-level={row.urgency.level}
      style={{ gridTemplateColumns: tracks, height, transform: `translateY(${offset}px)` }}
      onClick={() => onSelect(row.studyId)}
      onDoubleClick={() => onOpen(row.studyId)}
    >
      {tableRow.getVisibleCells().map((cell) => (
        <span key={cell.id} role="gridcell" className={classes.cell}>
          <FlexRender cell={cell} />
        </span>
      ))}
    </div>
  );
}, looksTheSame);

function looksTheSame(before: RowProps, now: RowProps): boolean {
  return (
    before.row === now.row &&
    before.offset === now.offset &&
    before.height === now.height &&
    before.tracks === now.tracks &&
    before.isSelected === now.isSelected
  );
}
