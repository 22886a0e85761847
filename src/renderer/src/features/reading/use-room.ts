import { type Dispatch, type SetStateAction, useCallback, useEffect, useRef, useState } from 'react';
import type { Finding, StudyDetail } from '../../../../shared/contract/studies.ts';
import { SeriesShelf } from '../../viewport/series-shelf.ts';
import type { StackView, ViewportCommand } from '../../viewport/stack-view.ts';
import { activatePane, firstPanes, hangSeries, type Panes } from './panes.ts';

/** The panes of one study, its images, and how to command them. */
export type Room = {
  /** Null until the room is set up. */
  readonly shelf: SeriesShelf | null;
  readonly panes: Panes;
  readonly setPanes: Dispatch<SetStateAction<Panes>>;
  /** Notes which view stands in a pane. */
  readonly setView: (pane: number, view: StackView | null) => void;
  /** Commands the active viewport. */
  readonly command: (command: ViewportCommand) => void;
  /** Shows a finding's key image, centred on it, in the pane that has its series, or hung in the active one. */
  readonly jumpTo: (finding: Finding) => void;
};

/** Sets a room up for this study, and frees every image when it is left. */
export function useRoom(study: StudyDetail, findings: readonly Finding[]): Room {
  const [panes, setPanes] = useState<Panes>(() => firstPanes(study, findings));
  const [shelf, setShelf] = useState<SeriesShelf | null>(null);
  const views = useRef(new Map<number, StackView>());
  const pending = useRef<{ readonly pane: number; readonly finding: Finding } | null>(null);

  const { dicomwebPath } = study;
  const { studyUid } = study.row;
  useEffect(() => {
    const opened = new SeriesShelf(dicomwebPath, studyUid);
    setShelf(opened);
    return () => {
      setShelf(null);
      opened.close();
    };
  }, [dicomwebPath, studyUid]);

  const setView = useCallback((pane: number, view: StackView | null) => {
    if (view === null) return void views.current.delete(pane);
    views.current.set(pane, view);
    const wanted = pending.current;
    if (wanted?.pane !== pane || wanted.finding.seriesUid !== view.getState().stack?.seriesUid) return;
    pending.current = null;
    goTo(view, wanted.finding);
  }, []);

  const jumpTo = (finding: Finding) => {
    const shownIn = panes.series.indexOf(finding.seriesUid);
    const pane = shownIn >= 0 ? shownIn : panes.active;
    const view = views.current.get(pane);
    if (view !== undefined && view.getState().stack?.seriesUid === finding.seriesUid) goTo(view, finding);
    else pending.current = { pane, finding };
    setPanes((before) => activatePane(shownIn >= 0 ? before : hangSeries(before, finding.seriesUid), pane));
  };

  const command = (one: ViewportCommand) => views.current.get(panes.active)?.perform(one);
  return { shelf, panes, setPanes, setView, command, jumpTo };
}

function goTo(view: StackView, finding: Finding): void {
  if (finding.keyImage !== null) void view.goTo(finding.keyImage.sopUid, finding.keyImage.centreMm);
}
