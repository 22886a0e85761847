import { type Dispatch, type SetStateAction, useCallback, useEffect, useRef, useState } from 'react';
import type { Finding, MaskOverlay, StudyDetail } from '../../../../shared/contract/studies.ts';
import { addressOf } from '../../viewport/frame-marks.ts';
import { type Links, LinkedViews } from '../../viewport/linked-views.ts';
import { middleOf } from '../../viewport/mask.ts';
import type { TurnCommand } from '../../viewport/mpr/mpr-state.ts';
import { asOf, takeShelf } from '../../viewport/prepared-study.ts';
import type { SeriesShelf } from '../../viewport/series-shelf.ts';
import { EMPTY_VIEW, type StackView, type ViewportCommand } from '../../viewport/stack-view.ts';
import type { FrameAddress, StackImage } from '../../viewport/stack.ts';
import type { HangingRule } from './hanging/hanging-rule.ts';
import type { JumpTarget } from './jump-target.ts';
import { activatePane, hangSeries, type Panes } from './panes.ts';
import { useHanging } from './use-hanging.ts';

/** The panes of one study, its images, and how to command them. */
export type Room = {
  /** Where a series' images are; null until the room is set up, and of a series that is neither of the study nor of the prior. */
  readonly shelfOf: (seriesUid: string) => SeriesShelf | null;
  readonly linked: LinkedViews;
  readonly panes: Panes;
  readonly isHanging: boolean;
  readonly setPanes: Dispatch<SetStateAction<Panes>>;
  readonly noteOnPanes: Dispatch<SetStateAction<Panes>>;
  /** Notes which view stands in a pane. */
  readonly setView: (pane: number, view: StackView | null) => void;
  /** Commands the active viewport. */
  readonly command: (command: ViewportCommand | TurnCommand) => void;
  /** Takes what commands the active viewport's place while it is drawn otherwise, as in three planes. */
  readonly setCommands: (perform: ((command: ViewportCommand | TurnCommand) => void) | null) => void;
  /** The same for one pane that shows no images, as a body in 3D. */
  readonly setPaneCommands: (pane: number, perform: ((command: ViewportCommand | TurnCommand) => void) | null) => void;
  /** The image on the screen in the active pane and its place in its series; null where none is, and of planes or a body. */
  readonly imageOnScreen: () =>
    | (FrameAddress & Pick<StackImage, 'isColour'> & { readonly seriesUid: string; readonly index: number })
    | null;
  /** Shows an image, centred on what is there, in the pane that has its series, or hung in the active one. */
  readonly jumpTo: (target: JumpTarget) => void;
};

/** What a room is set up with. */
export type RoomWish = {
  readonly study: StudyDetail;
  readonly findings: readonly Finding[];
  readonly rule: HangingRule | null;
  /** The study that may hang beside it; null while there is none. */
  readonly prior: StudyDetail | null;
  readonly links: Links;
};

/** Sets a room up for this study, and frees every image when it is left. */
export function useRoom({ study, findings, rule, prior, links }: RoomWish): Room {
  const shelf = useShelf(study);
  const priorShelf = useShelf(prior);
  const shelfOf = useCallback(
    (seriesUid: string) => {
      if (study.series.some((one) => one.seriesUid === seriesUid)) return shelf;
      return prior?.series.some((one) => one.seriesUid === seriesUid) ? priorShelf : null;
    },
    [study, prior, shelf, priorShelf],
  );
  const hanging = useHanging({ study, findings, rule, prior, shelfOf });
  const { panes, setPanes } = hanging;
  const [linked] = useState(() => new LinkedViews());
  const { active } = panes;
  useEffect(() => linked.setActive(active), [linked, active]);
  useEffect(() => linked.setLinks(links), [linked, links]);
  const views = useRef(new Map<number, StackView>());
  const pending = useRef<{ readonly pane: number; readonly target: JumpTarget } | null>(null);

  const setView = useCallback(
    (pane: number, view: StackView | null) => {
      linked.setView(pane, view);
      if (view === null) return void views.current.delete(pane);
      views.current.set(pane, view);
      const wanted = pending.current;
      if (wanted?.pane !== pane || wanted.target.seriesUid !== view.getState().stack?.seriesUid) return;
      pending.current = null;
      linked.leadFromOpening(pane);
      void goTo(view, shelf, wanted.target);
    },
    [shelf, linked],
  );

  const jumpTo = (target: JumpTarget) => {
    const shownIn = panes.series.indexOf(target.seriesUid);
    const pane = shownIn >= 0 ? shownIn : panes.active;
    const view = views.current.get(pane);
    if (view !== undefined && view.getState().stack?.seriesUid === target.seriesUid) void goTo(view, shelf, target);
    else pending.current = { pane, target };
    setPanes((before) => activatePane(shownIn >= 0 ? before : hangSeries(before, target.seriesUid), pane));
  };

  const instead = useRef<((command: ViewportCommand | TurnCommand) => void) | null>(null);
  const setCommands = useCallback((perform: ((command: ViewportCommand | TurnCommand) => void) | null) => {
    instead.current = perform;
  }, []);
  const performers = useRef(new Map<number, (command: ViewportCommand | TurnCommand) => void>());
  const setPaneCommands = useCallback<Room['setPaneCommands']>((pane, perform) => {
    if (perform === null) performers.current.delete(pane);
    else performers.current.set(pane, perform);
  }, []);
  const command = (one: ViewportCommand | TurnCommand) => {
    const perform = instead.current ?? performers.current.get(panes.active);
    if (perform !== undefined) return perform(one);
    if (one.type !== 'turn') views.current.get(panes.active)?.perform(one);
  };
  const imageOnScreen = () => {
    if (instead.current !== null || performers.current.has(panes.active)) return null;
    const { stack, image, index } = views.current.get(panes.active)?.getState() ?? EMPTY_VIEW;
    // A series that was hung just now is not on the screen yet.
    if (image === null || stack === null || stack.seriesUid !== panes.series[panes.active]) return null;
    return { ...addressOf(image), isColour: image.isColour, seriesUid: stack.seriesUid, index };
  };
  return { shelfOf, linked, ...hanging, setView, command, setCommands, setPaneCommands, imageOnScreen, jumpTo };
}

/** The images of a study for as long as it is in the room. */
function useShelf(study: StudyDetail | null): SeriesShelf | null {
  const [shelf, setShelf] = useState<SeriesShelf | null>(null);
  const dicomwebPath = study?.dicomwebPath;
  const studyUid = study?.row.studyUid;
  // As it is when it comes in: what is on the screen stays, whatever is heard of it later.
  const latest = useRef(study);
  latest.current = study;
  useEffect(() => {
    if (dicomwebPath === undefined || studyUid === undefined || latest.current === null) return;
    const opened = takeShelf(asOf(latest.current));
    setShelf(opened);
    return () => {
      setShelf(null);
      opened.close();
    };
  }, [dicomwebPath, studyUid]);
  return shelf;
}

async function goTo(view: StackView, shelf: SeriesShelf | null, target: JumpTarget): Promise<void> {
  const { keyImage, mask } = target;
  const isPlaceless = target.pixel === null && keyImage.centreMm === null && mask !== null;
  const pixel = isPlaceless ? await middleOfMask(shelf, mask, keyImage) : target.pixel;
  await view.goTo(keyImage, pixel);
}

async function middleOfMask(shelf: SeriesShelf | null, overlay: MaskOverlay, frame: FrameAddress) {
  const mask = await shelf?.mask(overlay);
  const bits = mask?.ok ? mask.value.bitsOf(frame) : null;
  return bits === null ? null : middleOf(bits, overlay.columns);
}
