import { useElementSize } from '@mantine/hooks';
import { type KeyboardEvent, memo, type ReactNode, type RefObject, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistRow, WorklistSort, WorklistSortKey } from '../../../../shared/contract/worklist.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import { CELLS, type ColumnId, fittingColumns, gridTracks, SORTED_BY } from './columns.tsx';
import type { Part } from './settled-order.ts';
import { useLayout } from './use-layout.ts';
import { useRowSlots } from './use-row-slots.ts';
import { useRowsInSight } from './use-rows-in-sight.ts';
import { useScrollAnchor } from './use-scroll-anchor.ts';
import { useSteadyPointer } from './use-steady-pointer.ts';
import classes from './WorklistTable.module.css';

/** A row's height for each density, in pixels. */
export const ROW_HEIGHT = { dense: 36, roomy: 46 } as const;

/** The heading's height, as in the style sheet. */
const HEAD_HEIGHT = 26;
/** Rows that are drawn above and below those in sight. */
const BEYOND = 6;

type Props = {
  readonly part: Part<WorklistRow>;
  readonly total: number;
  /** What the rows answer; another question starts at its top. */
  readonly question: string;
  readonly selected: StudyId | null;
  readonly outdated: boolean;
  readonly sort: WorklistSort | null;
  readonly scroller: RefObject<HTMLDivElement | null>;
  /** The places that come in sight, before they are drawn; and those in sight, once they are. */
  readonly onComing: (first: number, last: number) => void;
  readonly onSight: (first: number, last: number) => void;
  readonly onSort: (by: WorklistSortKey) => void;
  readonly onSelect: (studyId: StudyId) => void;
  readonly onOpen: (studyId: StudyId) => void;
  readonly onTouch: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
};

/** The worklist as a grid with one focus; only the rows in sight are on the page, and of a long list only those near it are here. */
export function WorklistTable(props: Props): ReactNode {
  const { part, total, question, selected, outdated, sort, scroller, onTouch, onComing, onSight } = props;
  const { t } = useTranslation();
  const { columns: chosen, density } = useLayout().layout;
  const { ref: sizer, width } = useElementSize();
  const visible = useMemo(() => fittingColumns(chosen, Math.floor(width)), [chosen, width]);
  const height = ROW_HEIGHT[density];
  const sight = useRowsInSight(scroller, { total, rowHeight: height, headHeight: HEAD_HEIGHT, onComing });
  const { first, last, show } = sight;
  useEffect(() => onSight(first, last), [onSight, first, last]);
  useScrollAnchor(sight.scroll, part, question, height);
  const pointer = useSteadyPointer(part, studyIdAt);
  const partNow = useRef(part);
  partNow.current = part;
  useEffect(() => {
    const { rows, place } = partNow.current;
    const index = selected === null ? -1 : rows.findIndex((row) => row.studyId === selected);
    if (index >= 0) show(place + index);
  }, [selected, show]);

  const drawnFrom = Math.max(0, first - BEYOND);
  const drawn = Math.min(total, last + 1 + BEYOND) - drawnFrom;
  const places = Array.from({ length: Math.max(0, drawn) }, (_, index) => drawnFrom + index);
  const slots = useRowSlots(places.map((place) => part.rows[place - part.place]?.studyId ?? `${place}`));
  const tracks = gridTracks(visible);
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="grid"
      tabIndex={0}
      aria-label={t('worklist.title')}
      aria-rowcount={total + 1}
      aria-activedescendant={selected === null ? undefined : rowElementId(selected)}
      aria-busy={outdated}
      data-outdated={outdated || undefined}
      onKeyDown={(event) => {
        onTouch();
        props.onKeyDown(event);
      }}
      onPointerMove={(event) => {
        onTouch();
        pointer.onPointerMove(event);
      }}
      onPointerDown={onTouch}
      onWheel={() => {
        onTouch();
        pointer.onWheel();
      }}
      onClickCapture={pointer.onClickCapture}
      onDoubleClickCapture={pointer.onDoubleClickCapture}
    >
      <div ref={sizer}>
        <div className={classes.head} role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
          {visible.map((id) => (
            <Heading key={id} id={id} sort={sort} onSort={props.onSort} />
          ))}
        </div>
        <div role="presentation" className={classes.rows} style={{ height: sight.height }}>
          {places.map((place, index) => {
            const row = part.rows[place - part.place];
            return (
              <Row
                key={slots[index]}
                row={row}
                index={place}
                offset={sight.offsetOf(place)}
                height={height}
                columns={visible}
                tracks={tracks}
                isSelected={row !== undefined && row.studyId === selected}
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

type HeadingProps = Pick<Props, 'sort' | 'onSort'> & { readonly id: ColumnId };

/** A column's heading; of one that sorts, a button that says which way. */
function Heading({ id, sort, onSort }: HeadingProps): ReactNode {
  const { t } = useTranslation();
  const by = SORTED_BY[id];
  if (by === undefined || sort === null)
    return (
      <span role="columnheader" className={classes.heading}>
        {t(`worklist.column.${id}`)}
      </span>
    );
  const direction = sort.by === by ? sort.direction : 'none';
  return (
    <span role="columnheader" aria-sort={direction} className={classes.heading}>
      <button type="button" className={classes.sorting} onClick={() => onSort(by)}>
        {t(`worklist.column.${id}`)}
        {direction !== 'none' && <span aria-hidden>{direction === 'ascending' ? ' ↓' : ' ↑'}</span>}
      </button>
    </span>
  );
}

/** The id of a row's element, for `aria-activedescendant`. */
function rowElementId(studyId: StudyId): string {
  return `row-${studyId}`;
}

/** The study whose row something lies in. */
function studyIdAt(target: EventTarget): string | null {
  const row = target instanceof Element ? target.closest('[id^="row-"]') : null;
  return row === null ? null : row.id.slice('row-'.length);
}

type RowProps = {
  /** Undefined while it is on its way. */
  readonly row: WorklistRow | undefined;
  readonly index: number;
  readonly offset: number;
  readonly height: number;
  readonly columns: readonly ColumnId[];
  readonly tracks: string;
  readonly isSelected: boolean;
  readonly onSelect: (studyId: StudyId) => void;
  readonly onOpen: (studyId: StudyId) => void;
};

/**
 * One study. An answer that changed nothing of it draws nothing; one that moved it draws nothing of what it says. While its row is on its
 * way nothing is shown nor read out of the row that its element had before: those words only wait to be other ones.
 */
const Row = memo(function Row(props: RowProps) {
  const { row, index, offset, height, columns, tracks, isSelected } = props;
  const last = useRef(row);
  if (row !== undefined) last.current = row;
  const style = { height, transform: `translateY(${offset}px)` };
  const cells = last.current !== undefined && <Cells row={last.current} columns={columns} tracks={tracks} />;
  if (row === undefined)
    return (
      <div className={classes.row} data-coming aria-hidden style={style}>
        {cells}
        <span className={classes.coming} />
      </div>
    );
  return (
    // Keys act on the grid, which has the focus (aria-activedescendant); a row is only pointed at.
    <div
      id={rowElementId(row.studyId)}
      className={classes.row}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-level={row.urgency.level}
      style={style}
      onClick={() => props.onSelect(row.studyId)}
      onDoubleClick={() => props.onOpen(row.studyId)}
    >
      {cells}
    </div>
  );
});

type CellsProps = Pick<RowProps, 'columns' | 'tracks'> & { readonly row: WorklistRow };

/** What one study's row says; where it stands is no part of it. */
const Cells = memo(function Cells({ row, columns, tracks }: CellsProps) {
  return (
    <div role="presentation" className={classes.cells} style={{ gridTemplateColumns: tracks }}>
      {columns.map((id) => (
        <span key={id} role="gridcell" className={classes.cell}>
          {CELLS[id](row)}
        </span>
      ))}
    </div>
  );
});
