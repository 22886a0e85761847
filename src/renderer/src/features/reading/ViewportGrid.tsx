import { Loader } from '@mantine/core';
import { type DragEvent, type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { AiView } from '../../viewport/ai-view.ts';
import type { Fusion } from '../../viewport/fusion/use-fusion.ts';
import { ImageViewport } from '../../viewport/ImageViewport.tsx';
import type { LinkedViews } from '../../viewport/linked-views.ts';
import type { ReadingDesk } from '../../viewport/reading-desk.ts';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { StackView, ViewportCommand } from '../../viewport/stack-view.ts';
import type { TurnCommand } from '../../viewport/mpr/mpr-state.ts';
import { BodyPane } from '../../viewport/volume3d/BodyPane.tsx';
import { type Panes, placedIn, topFinding } from './panes.ts';
import classes from './reading.module.css';
import { droppedSeries, isSeriesDragged } from './SeriesEntry.tsx';

type Props = {
  readonly panes: Panes;
  /** A rule's films are still asked for their views. */
  readonly isHanging: boolean;
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
  readonly study: StudyDetail;
  /** Whose it is, with the alerts as they are now. */
  readonly patient: StudyDetail['row']['patient'];
  /** The study that hangs beside it. */
  readonly prior: StudyDetail | null;
  readonly findings: readonly Finding[];
  readonly aiView: AiView;
  /** Images that were rejected for quality and are looked at all the same. */
  readonly rejected: ReadonlySet<string>;
  readonly desk: ReadingDesk;
  /** PET over the panes that show it so. */
  readonly fusion: Fusion;
  readonly linked: LinkedViews;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onActivate: (pane: number) => void;
  readonly onHang: (seriesUid: string, pane: number) => void;
  /** Makes the active pane the only one, or brings the others back. */
  readonly onLarge: () => void;
  readonly onView: (pane: number, view: StackView | null) => void;
  readonly onShown: (seriesUid: string) => void;
  /** What commands a pane that shows no images, as a body in 3D; null when it goes. */
  readonly onCommands: (pane: number, perform: ((command: ViewportCommand | TurnCommand) => void) | null) => void;
};

/** The viewports side by side. */
export function ViewportGrid(props: Props): ReactNode {
  const { panes, shelfOf, onKeyDown, onView, onCommands } = props;
  const count = panes.series.length;
  const tellers = useMemo(
    () => Array.from({ length: count }, (_, pane) => (view: StackView | null) => onView(pane, view)),
    [count, onView],
  );
  const commanders = useMemo(
    () =>
      Array.from(
        { length: count },
        (_, pane) => (perform: Parameters<Props['onCommands']>[1]) => onCommands(pane, perform),
      ),
    [count, onCommands],
  );
  const grid = useRef<HTMLDivElement>(null);
  const isAnyShown = panes.displayed.size > 0;
  const first = panes.series[panes.active] ?? null;
  const isSetUp = first !== null && shelfOf(first) !== null;
  useEffect(() => {
    // Before there is an image, so that a key pressed as it appears is not lost.
    if (isSetUp && isFocusFree()) grid.current?.querySelector<HTMLElement>('[data-active="true"]')?.focus();
    // A pane that shows its series in another way is another element.
  }, [isSetUp, isAnyShown, panes.placed]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- hears the keys of the viewport that has the focus.
    <div ref={grid} className={classes.grid} data-layout={panes.layout} onKeyDown={onKeyDown}>
      {panes.series.map((seriesUid, pane) => (
        <Pane
          key={`${pane}`}
          {...props}
          pane={pane}
          seriesUid={seriesUid}
          tell={tellers[pane]}
          command={commanders[pane]}
        />
      ))}
    </div>
  );
}

/** True when keys go nowhere: then the images take the focus, so that reading starts without a click. */
function isFocusFree(): boolean {
  const focused = document.activeElement;
  return focused === null || focused === document.body || focused.matches('[tabindex="-1"]');
}

const AS_IT_COMES = {};

type PaneProps = Props & {
  readonly pane: number;
  readonly seriesUid: string | null;
  readonly tell: ((view: StackView | null) => void) | undefined;
  readonly command: ((perform: Parameters<Props['onCommands']>[1]) => void) | undefined;
};

function Pane({ pane, seriesUid, tell, command, ...props }: PaneProps): ReactNode {
  const { t } = useTranslation('reading');
  const { panes, isHanging, shelfOf, study, patient, prior, findings, aiView, rejected, desk, fusion, linked } = props;
  const { onActivate, onHang, onLarge, onShown } = props;
  const isActive = panes.active === pane;
  const shelf = seriesUid === null ? null : shelfOf(seriesUid);
  const [isOver, setIsOver] = useState(false);
  const drop = {
    onDragOver: (event: DragEvent) => {
      if (!isSeriesDragged(event)) return;
      event.preventDefault();
      setIsOver(true);
    },
    onDragLeave: () => setIsOver(false),
    onDrop: (event: DragEvent) => {
      setIsOver(false);
      const dropped = droppedSeries(event);
      if (dropped === null || shelfOf(dropped) === null) return;
      event.preventDefault();
      onHang(dropped, pane);
    },
  };
  if (seriesUid === null || shelf === null || tell === undefined || command === undefined) {
    return (
      <button
        type="button"
        className={classes.emptyPane}
        data-active={isActive}
        data-over={isOver}
        onClick={() => onActivate(pane)}
        {...drop}
      >
        {isHanging || seriesUid !== null ? (
          <Loader size="sm" color="gray" role="status" aria-label={t('image.loading')} />
        ) : (
          t('grid.empty')
        )}
      </button>
    );
  }
  const placed = placedIn(panes, pane);
  const found = aiView.isHidden ? null : (topFinding(findings, seriesUid)?.keyImage ?? null);
  const isPrior = prior?.series.some((one) => one.seriesUid === seriesUid) ?? false;
  const { onDragOver, onDragLeave, onDrop } = drop;
  const shared = {
    ...{ shelf, seriesUid, isActive, patient },
    priorOf: isPrior ? (prior?.row.exam ?? null) : null,
    label: t(isPrior ? 'grid.prior' : 'grid.viewport', { number: pane + 1 }),
    ...{ onActivate: () => onActivate(pane), onLarge, onShown },
  };
  const series = [...study.series, ...(prior?.series ?? [])].find((one) => one.seriesUid === seriesUid);
  if (placed?.shows === 'volume')
    return (
      <div className={classes.pane} data-over={isOver} {...{ onDragOver, onDragLeave, onDrop }}>
        <BodyPane
          key={seriesUid}
          {...shared}
          modality={series?.modality ?? ''}
          history={desk.history}
          onCommands={command}
        />
      </div>
    );
  return (
    <div className={classes.pane} data-over={isOver} {...{ onDragOver, onDragLeave, onDrop }}>
      <ImageViewport
        {...shared}
        findings={findings}
        ai={aiView}
        rejected={rejected}
        desk={desk}
        fusion={placed?.shows === 'fused' ? fusion : null}
        linked={linked}
        pane={pane}
        opensAt={placed?.frame ?? found}
        drawing={placed ?? AS_IT_COMES}
        onView={tell}
      />
    </div>
  );
}
