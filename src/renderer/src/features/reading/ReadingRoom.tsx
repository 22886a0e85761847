import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useCallback, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding, QualityRemark, RunCard, StudyDetail } from '../../../../shared/contract/studies.ts';
import type { AiStatus } from '../../../../shared/domain/ai-status.ts';
import { announce } from '../../ui/announcer.ts';
import { useShortcuts } from '../../ui/shortcuts.ts';
import { type AiView, WHOLE_AI_VIEW } from '../../viewport/ai-view.ts';
import { chooseTool } from '../../viewport/tools.ts';
import { presetsOf } from '../../viewport/window-presets.ts';
import { FindingsPanel } from './FindingsPanel.tsx';
import { MeasurementList } from './MeasurementList.tsx';
import { OpeningNotice } from './OpeningNotice.tsx';
import { activatePane, changeLayout, hangSeries, noteDisplayed } from './panes.ts';
import { ReadingToolbar } from './ReadingToolbar.tsx';
import classes from './reading.module.css';
import { type ReadingAction, readingKeys } from './reading-keys.ts';
import { RejectedNotice } from './RejectedImages.tsx';
import { SeriesList } from './SeriesList.tsx';
import { useOpening } from './use-opening.ts';
import { useRoom } from './use-room.ts';
import { ViewportGrid } from './ViewportGrid.tsx';

type Props = {
  /** The study as it was when it came on the screen; it stays so until a person reloads. */
  readonly study: StudyDetail;
  /** What AI says now. */
  readonly ai: AiStatus;
  readonly runs: readonly RunCard[];
  readonly findings: UseQueryResult<Finding[]>;
  readonly remarks: UseQueryResult<QualityRemark[]>;
  /** An image is on the screen. */
  readonly onDisplayed: () => void;
  readonly onLeave: () => void;
};

const NO_FINDINGS: readonly Finding[] = [];

/** The room of a study; with rejected images among the others it is set up anew, so that no image of the one stays in the other. */
export function ReadingRoom(props: Props): ReactNode {
  const [showsRejected, setShowsRejected] = useState(false);
  const [aiView, setAiView] = useState(WHOLE_AI_VIEW);
  const study = useMemo(() => (showsRejected ? withRejected(props.study) : props.study), [props.study, showsRejected]);
  const kept = { showsRejected, setShowsRejected, aiView, setAiView };
  return <Room key={String(showsRejected)} {...props} {...kept} study={study} />;
}

type RoomProps = Props & {
  readonly showsRejected: boolean;
  readonly setShowsRejected: (isShown: boolean) => void;
  readonly aiView: AiView;
  readonly setAiView: (view: AiView) => void;
};

/** The images with their tools, the series on the left and what AI says on the right. */
function Room({ study, ai, runs, findings, remarks, onDisplayed, onLeave, ...kept }: RoomProps): ReactNode {
  const { t } = useTranslation('reading');
  const { showsRejected, setShowsRejected, aiView, setAiView } = kept;
  const { studyId } = study.row;
  const rejected = useMemo(() => new Set(study.hidden.rejected), [study]);
  const room = useRoom(study, findings.data ?? NO_FINDINGS);
  const opening = useOpening(studyId);

  const { panes, setPanes } = room;
  const activeSeries = study.series.find((series) => series.seriesUid === panes.series[panes.active]);
  const presets = presetsOf(activeSeries?.modality ?? '');

  const act = (action: ReadingAction) => {
    const { history, measurements } = room.desk;
    switch (action.type) {
      case 'tool':
        return chooseTool(action.tool);
      case 'clear-measurements':
        return measurements.clear();
      case 'delete-measurement': {
        const { selected } = measurements.getState();
        return selected === null ? announce(t('measure.noneSelected')) : measurements.remove(selected);
      }
      case 'undo':
        return announce(t(history.undo() ? 'key.undone' : 'key.nothingToUndo'));
      case 'redo':
        return announce(t(history.redo() ? 'key.redone' : 'key.nothingToRedo'));
      case 'toggle-ai':
        announce(t(aiView.isHidden ? 'ai.shown' : 'ai.hidden'));
        return setAiView({ ...aiView, isHidden: !aiView.isHidden });
      default:
        return room.command(action);
    }
  };
  const shortcuts = readingKeys(presets).map(({ label, action, ...key }) => {
    return { ...key, label: t(label), run: () => act(action) };
  });
  const onKeyDown = useShortcuts(t('key.heading'), shortcuts);

  const { onImagesDisplayed } = opening;
  const onShown = useCallback(
    (seriesUid: string) => {
      setPanes((before) => noteDisplayed(before, seriesUid));
      onImagesDisplayed();
      onDisplayed();
    },
    [setPanes, onImagesDisplayed, onDisplayed],
  );

  return (
    <>
      <ReadingToolbar
        layout={panes.layout}
        onLayout={(layout) => setPanes((before) => changeLayout(before, layout, study))}
        presets={presets}
        aiHidden={aiView.isHidden}
        onAction={act}
        onLeave={onLeave}
      >
        {showsRejected && <RejectedNotice onHide={() => setShowsRejected(false)} />}
        <OpeningNotice opening={opening} />
      </ReadingToolbar>
      <div className={classes.room}>
        <SeriesList
          study={study}
          panes={panes}
          shelf={room.shelf}
          onHang={(seriesUid) => setPanes((before) => hangSeries(before, seriesUid))}
          showsRejected={showsRejected}
          onShowRejected={setShowsRejected}
        >
          <MeasurementList
            book={room.desk.measurements}
            seriesName={(seriesUid) => seriesNameOf(study, seriesUid)}
            onJump={room.jumpTo}
          />
        </SeriesList>
        <div className={classes.stage}>
          {room.shelf !== null && (
            <ViewportGrid
              panes={panes}
              shelf={room.shelf}
              study={study}
              findings={findings.data ?? NO_FINDINGS}
              aiView={aiView}
              rejected={rejected}
              desk={room.desk}
              onKeyDown={onKeyDown}
              onActivate={(pane) => setPanes((before) => activatePane(before, pane))}
              onView={room.setView}
              onShown={onShown}
            />
          )}
        </div>
        <FindingsPanel
          {...{ findings, remarks, ai, runs, aiView, onKeyDown }}
          studyId={study.row.studyId}
          onAiView={setAiView}
          seriesName={(seriesUid) => seriesNameOf(study, seriesUid)}
          onJump={room.jumpTo}
        />
      </div>
    </>
  );
}

/** The number and description of a series; null of one that is not shown. */
function seriesNameOf({ series }: StudyDetail, seriesUid: string): string | null {
  const one = series.find((other) => other.seriesUid === seriesUid);
  if (one === undefined) return null;
  return [one.number === null ? null : `${one.modality} ${one.number}`, one.description]
    .filter((part) => part !== null)
    .join(' · ');
}

/** The study with the images that were rejected for quality among its own, as the station serves it to who asks. */
function withRejected(study: StudyDetail): StudyDetail {
  return {
    ...study,
    dicomwebPath: `${study.dicomwebPath}/with-rejected`,
    series: [...study.series, ...study.hidden.rejectedSeries],
  };
}
