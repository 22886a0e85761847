import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { AiView } from '../../viewport/ai-view.ts';
import { ImageViewport } from '../../viewport/ImageViewport.tsx';
import type { ReadingDesk } from '../../viewport/reading-desk.ts';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { StackView } from '../../viewport/stack-view.ts';
import { type Panes, topFinding } from './panes.ts';
import classes from './reading.module.css';

type Props = {
  readonly panes: Panes;
  readonly shelf: SeriesShelf;
  readonly study: StudyDetail;
  readonly findings: readonly Finding[];
  readonly aiView: AiView;
  /** Images that were rejected for quality and are looked at all the same. */
  readonly rejected: ReadonlySet<string>;
  readonly desk: ReadingDesk;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onActivate: (pane: number) => void;
  readonly onView: (pane: number, view: StackView | null) => void;
  readonly onShown: (seriesUid: string) => void;
};

/** The viewports side by side. */
export function ViewportGrid(props: Props): ReactNode {
  const { panes, onKeyDown, onView } = props;
  const count = panes.series.length;
  const tellers = useMemo(
    () => Array.from({ length: count }, (_, pane) => (view: StackView | null) => onView(pane, view)),
    [count, onView],
  );
  const grid = useRef<HTMLDivElement>(null);
  const isAnyShown = panes.displayed.size > 0;
  useEffect(() => {
    if (isAnyShown && isFocusFree()) grid.current?.querySelector<HTMLElement>('[data-active="true"]')?.focus();
  }, [isAnyShown]);
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- hears the keys of the viewport that has the focus.
    <div ref={grid} className={classes.grid} data-layout={panes.layout} onKeyDown={onKeyDown}>
      {panes.series.map((seriesUid, pane) => (
        <Pane key={`${pane}`} {...props} pane={pane} seriesUid={seriesUid} tell={tellers[pane]} />
      ))}
    </div>
  );
}

/** True when keys go nowhere: then the images take the focus, so that reading starts without a click. */
function isFocusFree(): boolean {
  const focused = document.activeElement;
  return focused === null || focused === document.body || focused.matches('[tabindex="-1"]');
}

type PaneProps = Props & {
  readonly pane: number;
  readonly seriesUid: string | null;
  readonly tell: ((view: StackView | null) => void) | undefined;
};

function Pane({ pane, seriesUid, tell, ...props }: PaneProps): ReactNode {
  const { t } = useTranslation('reading');
  const { panes, shelf, study, findings, aiView, rejected, desk, onActivate, onShown } = props;
  const isActive = panes.active === pane;
  const opensAt = aiView.isHidden || seriesUid === null ? null : (topFinding(findings, seriesUid)?.keyImage ?? null);
  if (seriesUid === null || tell === undefined) {
    return (
      <button type="button" className={classes.emptyPane} data-active={isActive} onClick={() => onActivate(pane)}>
        {t('grid.empty')}
      </button>
    );
  }
  return (
    <ImageViewport
      shelf={shelf}
      seriesUid={seriesUid}
      findings={findings}
      ai={aiView}
      rejected={rejected}
      desk={desk}
      opensAt={opensAt}
      patient={study.row.patient}
      isActive={isActive}
      label={t('grid.viewport', { number: pane + 1 })}
      onActivate={() => onActivate(pane)}
      onView={tell}
      onShown={onShown}
    />
  );
}
