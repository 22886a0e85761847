import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, QualityRemark, RunCard, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { AiStatus } from '../../../../shared/domain/ai-status.ts';
import { announce } from '../../ui/announcer.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import { type AiView, WHOLE_AI_VIEW } from '../../viewport/ai-view.ts';
import { FusionMenu } from '../../viewport/fusion/FusionMenu.tsx';
import { useFusion } from '../../viewport/fusion/use-fusion.ts';
import { openDesk, type ReadingDesk } from '../../viewport/reading-desk.ts';
import { chooseTool } from '../../viewport/tools.ts';
import { MprStage } from '../../viewport/mpr/MprStage.tsx';
import type { PlaneMeasurement } from '../../viewport/mpr/plane-measurement.ts';
import { presetsOf } from '../../viewport/window-presets.ts';
import { changeSubtraction } from './change-subtraction.ts';
import { DecisionDialog } from './decisions/DecisionDialog.tsx';
import { useDecisions } from './decisions/use-decisions.ts';
import { FindingsPanel } from './FindingsPanel.tsx';
import { HangingMenu } from './hanging/HangingMenu.tsx';
import type { JumpTarget } from './jump-target.ts';
import { KeyImageList } from './key-images/KeyImageList.tsx';
import { neighbourMark } from './key-images/placed-marks.ts';
import { useKeyImages } from './key-images/use-key-images.ts';
import { LinkMenu } from './LinkMenu.tsx';
import { MeasurementList } from './MeasurementList.tsx';
import { OpeningNotice } from './OpeningNotice.tsx';
import { OthersList } from './OthersList.tsx';
import {
  activatePane,
  activeView,
  changeLayout,
  hangNeighbour,
  hangSeries,
  isShownAs,
  noteDisplayed,
  type Panes,
  type PaneView,
  placedIn,
  showAs,
  type ShownAs,
  toggleLarge,
} from './panes.ts';
import { PlaneMeasurementList } from './PlaneMeasurementList.tsx';
import { ReadingToolbar } from './ReadingToolbar.tsx';
import classes from './reading.module.css';
import { FINDING_KEYS, type ReadingAction, readingKeys } from './reading-keys.ts';
import { RejectedNotice } from './RejectedImages.tsx';
import { SaidLine } from './SaidLine.tsx';
import { SeriesList } from './SeriesList.tsx';
import { useOwnWheel } from './use-own-wheel.ts';
import { useBeside } from './use-beside.ts';
import { nextScrollLink, useLinks } from './use-links.ts';
import { useNextStudy } from './use-next-study.ts';
import { useOpening } from './use-opening.ts';
import { useRoom } from './use-room.ts';
import { useThirdPartyObjects } from './use-third-party-objects.ts';
import { openViewerWindow } from './windows/main-window.ts';
import { useWindowPlace } from './windows/window-place.ts';
import { useInStep } from './windows/use-in-step.ts';
import { ViewportGrid } from './ViewportGrid.tsx';

type Props = {
  /** The study as it was when it came on the screen; it stays so until a person reloads. */
  readonly study: StudyDetail;
  /** Whose it is as it stood on the screen, with the alerts as they are now: a doubt about identity waits for no reload. */
  readonly patient: StudyDetail['row']['patient'];
  /** How often it had been raised as far as the reader has seen. */
  readonly seenRaises: number;
  /** How urgent it is now, and who says so. */
  readonly urgency: StudyDetail['row']['urgency'];
  /** What AI says now. */
  readonly ai: AiStatus;
  readonly runs: readonly RunCard[];
  readonly findings: UseQueryResult<Finding[]>;
  readonly remarks: UseQueryResult<QualityRemark[]>;
  /** An image is on the screen. */
  readonly onDisplayed: () => void;
  readonly onLeave: () => void;
  /** The window whose viewers stay in step: this one, or the one that opened this. */
  readonly main: string;
  /** A window of images alone; what is said and decided of them stands in the main one. */
  readonly isViewer?: boolean;
};

const NO_FINDINGS: readonly Finding[] = [];

/** The room of a study; with rejected images among the others it is set up anew, so that no image of the one stays in the other. */
export function ReadingRoom(props: Props): ReactNode {
  const [showsRejected, setShowsRejected] = useState(false);
  const [aiView, setAiView] = useState(WHOLE_AI_VIEW);
  const study = useMemo(() => (showsRejected ? withRejected(props.study) : props.study), [props.study, showsRejected]);
  const [desk] = useState(openDesk);
  const kept = { showsRejected, setShowsRejected, aiView, setAiView, desk };
  return <Room key={String(showsRejected)} {...props} {...kept} study={study} />;
}

type RoomProps = Props & {
  readonly showsRejected: boolean;
  readonly setShowsRejected: (isShown: boolean) => void;
  readonly aiView: AiView;
  readonly setAiView: (view: AiView) => void;
  /** What the reader measured stays, whichever images stand among the others. */
  readonly desk: ReadingDesk;
};

/** The images with their tools, the series on the left and what AI says on the right. */
function Room({
  study,
  patient,
  seenRaises,
  urgency,
  ai,
  runs,
  findings,
  remarks,
  onDisplayed,
  onLeave,
  main,
  isViewer,
  ...kept
}: RoomProps): ReactNode {
  const { t } = useTranslation('reading');
  const { showsRejected, setShowsRejected, aiView, setAiView, desk } = kept;
  const { studyId } = study.row;
  const rejected = useMemo(() => new Set(study.hidden.rejected), [study]);
  const { links, setLinks } = useLinks();
  const { rule, hanging, ...beside } = useBeside(study);
  const room = useRoom({ study, findings: findings.data ?? NO_FINDINGS, rule, prior: beside.prior, links });
  const opening = useOpening(studyId, { revision: study.row.revision, raises: seenRaises });
  useNextStudy(studyId, isViewer !== true && room.panes.displayed.size > 0);
  useInStep(room.linked, main, study.row.patient.patientId);

  const { panes, setPanes, noteOnPanes } = room;
  const latestPanes = useRef<Panes | null>(null);
  useEffect(() => {
    latestPanes.current = panes;
    return () => {
      latestPanes.current = null;
    };
  }, [panes]);
  const [mprOf, setMprOf] = useState<string | null>(null);
  const [isMprFused, setIsMprFused] = useState(false);
  const [showing, setShowing] = useState<PlaneMeasurement | null>(null);
  const mprShelf = mprOf === null ? null : room.shelfOf(mprOf);
  const allSeries = [...study.series, ...(beside.prior?.series ?? [])];
  useThirdPartyObjects(desk.thirdParty, allSeries, room.shelfOf, panes.displayed.size > 0);
  const keyImages = useKeyImages({ study, prior: beside.prior, desk, shelfOf: room.shelfOf });
  const activeSeries = allSeries.find((series) => series.seriesUid === panes.series[panes.active]);
  const presets = presetsOf(activeSeries?.modality ?? '');
  const pets = useMemo(() => petChoices(study.series), [study]);
  const isPaneFused = panes.series.some((_, pane) => placedIn(panes, pane)?.shows === 'fused');
  const fusion = useFusion({
    choices: pets,
    shelfOf: room.shelfOf,
    isWanted: isPaneFused || (mprOf !== null && isMprFused),
    history: desk.history,
  });
  const isFused = mprOf === null ? placedIn(panes, panes.active)?.shows === 'fused' : isMprFused;
  const measurementsShown = mprOf === null ? desk.measurements : desk.planeMeasurements;

  const decisions = useDecisions(study, findings.data ?? NO_FINDINGS, desk.history);
  const windowPlace = useWindowPlace();
  const stage = useOwnWheel();
  const decides = decisions.mayDecide && isViewer !== true;

  const openPlanes = (seriesUid: string | null, measurement: PlaneMeasurement | null) => {
    setShowing(measurement);
    setMprOf(seriesUid);
  };
  const changeView = (view: PaneView) => {
    const before = activeView(panes);
    if (before === null) return;
    const after = { ...before, shows: before.shows === view ? null : view };
    const change = (from: ShownAs, to: ShownAs) => () => {
      // Another series may hang there since, or it is shown otherwise: that is not what was done.
      if (latestPanes.current === null || !isShownAs(latestPanes.current, from)) return false;
      setPanes((now) => showAs(now, to));
      return true;
    };
    setPanes((now) => showAs(now, after));
    desk.history.note({ undo: change(after, before), redo: change(before, after) });
  };

  const act = (action: ReadingAction) => {
    const { history } = desk;
    switch (action.type) {
      case 'tool':
        return chooseTool(action.tool);
      case 'decide':
        return decisions.press(action.decision);
      case 'clear-measurements':
        return measurementsShown.clear();
      case 'delete-measurement': {
        const { selected } = measurementsShown.getState();
        return selected === null ? announce(t('measure.noneSelected')) : measurementsShown.remove(selected);
      }
      case 'undo':
        return announce(t(`key.undoStep.${history.undo()}`));
      case 'redo':
        return announce(t(`key.redoStep.${history.redo()}`));
      case 'link-scroll': {
        const scroll = nextScrollLink(links.scroll);
        announce(t(`link.scrolls.${scroll}`));
        return setLinks({ ...links, scroll });
      }
      case 'link-window':
        announce(t(links.window ? 'link.windowOff' : 'link.windowOn'));
        return setLinks({ ...links, window: !links.window });
      case 'lines':
        announce(t(links.lines ? 'link.linesOff' : 'link.linesOn'));
        return setLinks({ ...links, lines: !links.lines });
      case 'mpr':
        setIsMprFused(mprOf === null && placedIn(panes, panes.active)?.shows === 'fused');
        return openPlanes(mprOf === null ? (panes.series[panes.active] ?? null) : null, null);
      case 'fuse': {
        if (pets.length === 0) return announce(t('fusion.noPet'));
        if (mprOf !== null) return setIsMprFused(!isMprFused);
        return changeView('fused');
      }
      case 'body':
        if (mprOf !== null) openPlanes(null, null);
        return changeView('volume');
      case 'preset':
        return room.imageOnScreen()?.isColour === true ? announce(t('key.noWindow')) : room.command(action);
      case 'subtract':
      case 'take-mask': {
        const image = room.imageOnScreen();
        const shelf = image && room.shelfOf(image.seriesUid);
        if (image === null || shelf === null) return announce(t('subtraction.noRun'));
        return void changeSubtraction(desk.subtraction, shelf, image, action.type).then((said) =>
          announce(t(`subtraction.said.${said}`)),
        );
      }
      case 'key-image': {
        const image = room.imageOnScreen();
        if (!keyImages.mayMark) return announce(t('keyImages.notPermitted'));
        return image === null ? announce(t('keyImages.noImage')) : keyImages.toggle(image);
      }
      case 'go-to-key-image': {
        const image = room.imageOnScreen();
        const order = allSeries.map(({ seriesUid }) => seriesUid);
        const next = image && neighbourMark(keyImages.marks, order, image, action.step);
        if (next === null) return announce(t(action.step === 1 ? 'keyImages.noneAfter' : 'keyImages.noneBefore'));
        const { seriesUid, sopUid, frameNumber } = next;
        const keyImage = { sopUid, frameNumber, centreMm: null, frameOfReferenceUid: null };
        return room.jumpTo({ seriesUid, keyImage, pixel: null, mask: null });
      }
      case 'large':
        return setPanes(toggleLarge);
      case 'series':
        return setPanes((before) => hangNeighbour(before, orderOf(study, beside.prior, before), action.step));
      case 'toggle-ai':
        announce(t(aiView.isHidden ? 'ai.shown' : 'ai.hidden'));
        return setAiView({ ...aiView, isHidden: !aiView.isHidden });
      case 'toggle-others': {
        if (!desk.thirdParty.toggle()) return announce(t('others.noneOn'));
        return announce(t(desk.thirdParty.getState().isHidden ? 'others.hidden' : 'others.shown'));
      }
      default:
        return room.command(action);
    }
  };
  const shortcuts = [...readingKeys(presets), ...(decides ? FINDING_KEYS : [])].map(({ label, action, ...key }) => {
    return { ...key, id: `reading.${label}`, label: t(label), run: () => act(action) };
  });
  const onKeyDown = useShortcuts(t('key.heading'), shortcuts);

  const jumpTo = (target: JumpTarget) => {
    // What is jumped to is an image as it was made.
    openPlanes(null, null);
    room.jumpTo(target);
  };

  const { onImagesDisplayed } = opening;
  const ownSeries = useMemo(() => new Set(study.series.map((one) => one.seriesUid)), [study]);
  const onShown = useCallback(
    (seriesUid: string) => {
      noteOnPanes((before) => noteDisplayed(before, seriesUid));
      // Its prior on the screen is not the study: its clock runs on.
      if (!ownSeries.has(seriesUid)) return;
      if (isViewer !== true) onImagesDisplayed();
      onDisplayed();
    },
    [noteOnPanes, onImagesDisplayed, onDisplayed, isViewer, ownSeries],
  );

  return (
    <>
      <ReadingToolbar
        layout={panes.layout}
        onLayout={(layout) => setPanes((before) => changeLayout(before, layout, study))}
        hanging={<HangingMenu study={study} prior={beside.prior} panes={panes} rule={rule} hanging={hanging} />}
        links={
          <>
            <LinkMenu links={links} onLinks={setLinks} />
            <FusionMenu fusion={fusion} isOn={isFused} onToggle={() => act({ type: 'fuse' })} />
          </>
        }
        presets={presets}
        aiHidden={aiView.isHidden}
        mayMark={keyImages.mayMark}
        isRun={activeSeries?.modality === 'XA' || activeSeries?.modality === 'RF'}
        onAction={act}
        onLeave={onLeave}
        {...(isViewer !== true && {
          onPopOut: () => !openViewerWindow(studyId, windowPlace) && announce(t('windows.refused')),
        })}
      >
        {showsRejected && <RejectedNotice onHide={() => setShowsRejected(false)} />}
        <OpeningNotice opening={opening} />
      </ReadingToolbar>
      <div className={classes.room} data-viewer={isViewer === true}>
        <SeriesList
          study={study}
          panes={panes}
          shelfOf={room.shelfOf}
          prior={beside}
          thirdParty={desk.thirdParty}
          keyImages={desk.keyImages}
          onHang={(seriesUid) => {
            setMprOf(null);
            setPanes((before) => hangSeries(before, seriesUid));
          }}
          showsRejected={showsRejected}
          onShowRejected={setShowsRejected}
        >
          <KeyImageList
            keyImages={keyImages}
            shelfOf={room.shelfOf}
            seriesName={(seriesUid) => seriesNameOf(allSeries, seriesUid)}
            onJump={jumpTo}
          />
          <OthersList
            book={desk.thirdParty}
            isHere={(seriesUid) => allSeries.some((one) => one.seriesUid === seriesUid)}
            shown={panes.series}
            onJump={jumpTo}
          />
          <MeasurementList
            book={desk.measurements}
            seriesName={(seriesUid) => seriesNameOf(allSeries, seriesUid)}
            onJump={jumpTo}
          />
          <PlaneMeasurementList
            book={desk.planeMeasurements}
            seriesName={(seriesUid) => seriesNameOf(allSeries, seriesUid)}
            // Anew each time: one has scrolled away meanwhile.
            onJump={(measurement) => openPlanes(measurement.seriesUid, { ...measurement })}
          />
        </SeriesList>
        <div ref={stage} className={classes.stage}>
          <SaidLine />
          <ViewportGrid
            panes={panes}
            patient={patient}
            isHanging={room.isHanging}
            shelfOf={room.shelfOf}
            study={study}
            prior={beside.prior}
            findings={findings.data ?? NO_FINDINGS}
            aiView={aiView}
            rejected={rejected}
            desk={desk}
            fusion={fusion}
            linked={room.linked}
            onKeyDown={onKeyDown}
            onActivate={(pane) => setPanes((before) => activatePane(before, pane))}
            onHang={(seriesUid, pane) => setPanes((before) => hangSeries(before, seriesUid, pane))}
            onLarge={() => setPanes(toggleLarge)}
            onView={room.setView}
            onCommands={room.setPaneCommands}
            onShown={onShown}
          />
          {mprOf !== null && mprShelf !== null && (
            // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- hears the keys of the plane that has the focus.
            <div onKeyDown={onKeyDown}>
              <MprStage
                key={mprOf}
                shelf={mprShelf}
                seriesUid={mprOf}
                findings={findings.data ?? NO_FINDINGS}
                ai={aiView}
                patient={patient}
                priorOf={beside.prior?.series.some((one) => one.seriesUid === mprOf) ? beside.prior.row.exam : null}
                desk={desk}
                fusion={isMprFused ? fusion : null}
                showing={showing}
                onCommands={room.setCommands}
                onClose={() => openPlanes(null, null)}
              />
            </div>
          )}
        </div>
        {isViewer !== true && (
          <FindingsPanel
            {...{ findings, remarks, urgency, ai, runs, aiView, decisions, onKeyDown }}
            studyId={study.row.studyId}
            onAiView={setAiView}
            seriesName={(seriesUid) => seriesNameOf(study.series, seriesUid)}
            onJump={jumpTo}
          />
        )}
      </div>
      {decides && <DecisionDialog key={decisions.asked?.verdict} {...decisions} />}
    </>
  );
}

/** The number and description of a series; null of one that is not shown. */
function seriesNameOf(series: StudyDetail['series'], seriesUid: string): string | null {
  const one = series.find((other) => other.seriesUid === seriesUid);
  if (one === undefined) return null;
  return [one.number === null ? null : `${one.modality} ${one.number}`, one.description]
    .filter((part) => part !== null)
    .join(' · ');
}

/** The PET series of a study. */
function petChoices(series: StudyDetail['series']) {
  return series
    .filter(({ modality, displayable }) => modality === 'PT' && displayable)
    .map(({ seriesUid }) => ({ seriesUid, name: seriesNameOf(series, seriesUid) ?? seriesUid }));
}

/** The study with the images that were rejected for quality among its own, as the station serves it to who asks. */
function withRejected(study: StudyDetail): StudyDetail {
  return {
    ...study,
    dicomwebPath: `${study.dicomwebPath}/with-rejected`,
    series: [...study.series, ...study.hidden.rejectedSeries],
  };
}

/** The series that follow one another in a pane: those of the study the pane shows. */
function orderOf(study: StudyDetail, prior: StudyDetail | null, { series, active }: Panes): readonly string[] {
  const now = series[active];
  const of = prior?.series.some((one) => one.seriesUid === now) ? prior : study;
  return of.series.filter((one) => one.displayable).map((one) => one.seriesUid);
}
