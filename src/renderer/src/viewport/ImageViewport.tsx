import { Loader } from '@mantine/core';
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../shared/contract/studies.ts';
import type { PatientCard, WorklistRow } from '../../../shared/contract/worklist.ts';
import { IncidentNotice } from '../ui/IncidentNotice.tsx';
import { type AiView, drawnFindings, hasMarks, heatmapFinding, isDrawable } from './ai-view.ts';
import { AiLine } from './AiLine.tsx';
import { CornerTexts } from './CornerTexts.tsx';
import { DocumentView } from './documents/DocumentView.tsx';
import { EdgeMarkers } from './EdgeMarkers.tsx';
import { FusionCorner } from './fusion/FusionCorner.tsx';
import { FusionLayer } from './fusion/FusionLayer.tsx';
import { fusionFit } from './fusion/fusion-view.ts';
import type { Fusion } from './fusion/use-fusion.ts';
import { placeOf, sizedPlane, type Vector3 } from './geometry.ts';
import classes from './ImageViewport.module.css';
import { KeyImageLine, KeyImageStrip } from './key-images/KeyImageMarks.tsx';
import type { LinkedViews } from './linked-views.ts';
import { LinkedCross } from './LinkedCross.tsx';
import { MeasurementLayer } from './measurements/MeasurementLayer.tsx';
import { OverlayLayer } from './OverlayLayer.tsx';
import { faultsOf, refusalOf } from './picture/load-picture.ts';
import { PlanesLayer } from './picture/PlanesLayer.tsx';
import type { ReadingDesk } from './reading-desk.ts';
import { ReferenceLine } from './ReferenceLine.tsx';
import type { SeriesShelf } from './series-shelf.ts';
import { type FrameAddress, openingIndex } from './stack.ts';
import type { FirstDrawing, StackView, StackViewState } from './stack-view.ts';
import { measurementOf, useViewportTool } from './tools.ts';
import { SubtractionLine } from './subtraction/SubtractionLine.tsx';
import { canSubtract, isSubtracted, subtractStack } from './subtraction/subtract-stack.ts';
import { useOverlays } from './use-overlays.ts';
import { useSeries } from './use-series.ts';
import { useStackView } from './use-stack-view.ts';
import { GraphicsLayer } from './third-party/GraphicsLayer.tsx';
import { presentedOn } from './third-party/presented-image.ts';
import { SegmentLayer } from './third-party/SegmentLayer.tsx';
import { ThirdPartyLine } from './third-party/ThirdPartyLine.tsx';
import { registerPresented, useThirdParty } from './third-party/use-third-party.ts';

type Props = {
  readonly shelf: SeriesShelf;
  readonly seriesUid: string;
  /** What AI says of this study; what it marked on this series is drawn. */
  readonly findings: readonly Finding[];
  readonly ai: AiView;
  /** Images that were rejected for quality, by SOP Instance UID: each says so. */
  readonly rejected: ReadonlySet<string>;
  /** The frame to open this series at; null: its middle. Read once, when the series comes on the screen. */
  readonly opensAt: FrameAddress | null;
  /** How it is drawn when it comes on the screen; read once, as `opensAt` is. */
  readonly drawing: FirstDrawing;
  readonly patient: PatientCard;
  /** Of a series of an earlier study of this patient: when and what that was. Null of the study that is read. */
  readonly priorOf: WorklistRow['exam'] | null;
  /** What was measured and done on this look at the study. */
  readonly desk: ReadingDesk;
  /** PET over these images; left out: none. */
  readonly fusion?: Fusion | null;
  /** What the viewports do together, and this one's number among them. */
  readonly linked: LinkedViews;
  readonly pane: number;
  readonly isActive: boolean;
  readonly label: string;
  readonly onActivate: () => void;
  /** A double click: this viewport wants to be the only one, or no longer. */
  readonly onLarge: () => void;
  /** The view to command once its series is on the screen; null when it goes. */
  readonly onView: (view: StackView | null) => void;
  /** An image of this series is on the screen. */
  readonly onShown: (seriesUid: string) => void;
};

/** One viewport with everything a picture must say of itself: who, which, how drawn, what AI marked. */
export function ImageViewport(props: Props): ReactNode {
  const {
    shelf,
    seriesUid,
    findings,
    ai,
    rejected,
    opensAt,
    drawing,
    patient,
    priorOf,
    desk,
    fusion = null,
    linked,
    pane,
    isActive,
    label,
    ...tell
  } = props;
  const { onActivate, onLarge, onView, onShown } = tell;
  const { t } = useTranslation('reading');
  const { t: why } = useTranslation();
  const frame = useRef<HTMLDivElement>(null);
  const element = useRef<HTMLDivElement>(null);
  const [attempt, setAttempt] = useState(0);
  // Asked for before the engine is given a place to draw, which takes longer.
  const series = useSeries(shelf, seriesUid, attempt);
  const [view, shown] = useStackView(element, desk.history);
  const { leading, byOffset } = useSyncExternalStore(linked.subscribe, linked.getState);
  const marked = useMemo(
    () => findings.filter((one) => one.seriesUid === seriesUid && isDrawable(one) && hasMarks(one)),
    [findings, seriesUid],
  );
  const drawn = useMemo(() => drawnFindings(marked, ai), [marked, ai]);
  const heatmapOf = heatmapFinding(marked, ai);
  const overlays = useOverlays(shelf, drawn, heatmapOf);

  const stack = series.state === 'ready' ? series.stack : null;
  const opening = useRef({ opensAt, drawing });
  opening.current = { opensAt, drawing };
  const subtraction = useSyncExternalStore(desk.subtraction.subscribe, desk.subtraction.getState);
  const base = useMemo(() => stack && subtractStack(stack, subtraction), [stack, subtraction]);
  const isLess = useMemo(
    () => (stack !== null && canSubtract(stack) ? isSubtracted(subtraction, stack) : null),
    [stack, subtraction],
  );
  const others = useThirdParty(desk.thirdParty, stack, base);
  const { stack: presented, applied } = others;
  // A state that names no image of this series changes nothing here.
  const presenting = presented === base ? null : applied;
  const show = useCallback(
    (at: number) => {
      if (view === null || presented === null) return;
      void view.show(presented, at, {
        ...opening.current.drawing,
        ...(presenting !== null && { presentedOn: (image) => presentedOn(presenting, image) }),
      });
    },
    [view, presented, presenting],
  );
  useEffect(() => {
    if (view === null || stack === null || presented === null || presented.images.length === 0) return;
    const forget = registerPresented(presented, stack);
    const isTurnedOver = view.getState().stack?.seriesUid === presented.seriesUid;
    show(isTurnedOver ? view.wantedIndex : openingIndex(presented, opening.current.opensAt));
    return forget;
  }, [view, stack, presented, show]);

  const missing = shown.missing === null ? undefined : shown.stack?.images[shown.missing];
  const refusal = missing === undefined ? null : refusalOf(missing.imageId);
  const isShown = shown.image !== null && shown.map !== null && shown.stack?.seriesUid === seriesUid;
  const documents = stack?.documents;
  const isRead = stack?.images.length === 0 && documents !== undefined;
  // What is no picture among pictures lies over them while it is read; another series begins with its pictures.
  const [readingOf, setReadingOf] = useState<string | null>(null);
  const isCovered = readingOf === seriesUid && documents !== undefined;
  useEffect(() => {
    // Nobody acts on pictures that a document covers.
    if (view === null || stack === null || isCovered) return;
    onView(view);
    return () => onView(null);
  }, [view, stack, isCovered, onView]);
  useEffect(() => {
    if (isShown || isRead) onShown(seriesUid);
  }, [isShown, isRead, seriesUid, onShown]);

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- an application: it takes the reader's keys.
    <div
      ref={frame}
      role="application"
      className={classes.viewport}
      data-active={isActive}
      data-image={shown.image?.sopUid}
      data-prior={priorOf !== null}
      data-frame={shown.image?.frame}
      data-edge={drawing.edge}
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- keys go where the focus is.
      tabIndex={0}
      onFocus={onActivate}
      onPointerDown={onActivate}
      onDoubleClick={() => measurementOf(useViewportTool.getState().tool) === null && onLarge()}
      onContextMenu={(event) => event.preventDefault()}
    >
      <div ref={element} className={classes.element} />
      {isShown && <PlanesLayer shown={shown} />}
      {isShown && fusion?.pet.state === 'ready' && (
        <FusionLayer shown={shown} pet={fusion.pet.pet} view={fusion.view} />
      )}
      {isShown && others.segments.length > 0 && (
        <SegmentLayer
          shown={shown}
          drawn={others.segments}
          pixels={desk.thirdParty.pixels}
          opacity={others.all.opacity}
          onFailed={others.onFailed}
        />
      )}
      {isShown && drawn.length > 0 && (
        <OverlayLayer shown={shown} findings={drawn} overlays={overlays} opacity={ai.opacity} />
      )}
      {isShown && <GraphicsLayer shown={shown} state={applied} reports={others.reports} />}
      {isShown && !isActive && <ReferenceLine shown={shown} leading={leading} />}
      {isShown && <LinkedCross shown={shown} pane={pane} isOn={leading !== null} />}
      {isShown && !isCovered && <MeasurementLayer target={frame} view={view} shown={shown} book={desk.measurements} />}
      {isShown && (
        <div className={classes.texts}>
          <CornerTexts shown={shown} patient={patient} priorOf={priorOf}>
            {documents !== undefined && (
              <button type="button" className={classes.documents} onClick={() => setReadingOf(seriesUid)}>
                {t('image.notPictures', { count: documents.length })}
              </button>
            )}
            {shown.image !== null &&
              faultsOf(shown.image.imageId).map((fault) => (
                <strong key={fault} className={classes.mark}>
                  {t(`image.fault.${fault}`)}
                </strong>
              ))}
            {shown.image?.plane?.isGuessed && <strong className={classes.mark}>{t('image.noPixelSize')}</strong>}
            {shown.image !== null && <SubtractionLine image={shown.image} isOn={isLess} />}
            <KeyImageLine book={desk.keyImages} image={shown.image} />
            {stack !== null && (
              <ThirdPartyLine
                image={shown.image}
                stack={stack}
                {...{ all: others.all, applied, drawn: others.segments, reports: others.reports }}
                failed={others.segments.length > 0 ? others.failed : 0}
              />
            )}
            <AiLine
              {...{ findings: marked, drawn, heatmapOf, overlays, shown }}
              opacity={ai.opacity}
              isHidden={ai.isHidden}
            />
            {fusion !== null && (
              <FusionCorner
                fusion={fusion}
                fit={
                  fusion.pet.state === 'ready' && shown.image !== null ? fusionFit(fusion.pet.pet, shown.image) : null
                }
                place={probedPlace(shown)}
              />
            )}
          </CornerTexts>
          {stack !== null && <KeyImageStrip book={desk.keyImages} stack={stack} index={shown.index} />}
          <EdgeMarkers shown={shown} />
          {shown.image !== null && rejected.has(shown.image.sopUid) && (
            <strong className={classes.rejected}>{t('image.rejected')}</strong>
          )}
          {byOffset.has(pane) && <span className={classes.byOffset}>{t('image.byOffset')}</span>}
          {patient.underInvestigation && <strong className={classes.doubt}>{t('image.underInvestigation')}</strong>}
          {shown.missing !== null && (
            <strong className={classes.missing}>
              {t('image.missing', { number: shown.missing + 1 })}
              {refusal !== null && <small>{why([`failure.${refusal}`, 'failure.unexpected-answer'])}</small>}
            </strong>
          )}
        </div>
      )}
      {isShown && isCovered && (
        <DocumentView
          key={seriesUid}
          {...{ documents, patient, priorOf }}
          onClose={() => {
            setReadingOf(null);
            frame.current?.focus();
          }}
        />
      )}
      {!isShown && (
        <div className={classes.cover}>
          {series.state === 'failed' && (
            <IncidentNotice
              title={t('image.seriesFailed')}
              failure={series.failure}
              onRetry={() => setAttempt(attempt + 1)}
            />
          )}
          {stack?.images.length === 0 && !documents && <p>{t('image.noPixels')}</p>}
          {stack?.images.length === 0 && documents && (
            <DocumentView key={seriesUid} {...{ documents, patient, priorOf }} />
          )}
          {series.state !== 'failed' && shown.missing !== null && stack !== null && (
            <IncidentNotice
              title={t('image.missing', { number: shown.missing + 1 })}
              failure={{ code: refusal ?? 'unexpected-answer', incidentId: null }}
              onRetry={() => show(shown.missing ?? 0)}
            />
          )}
          {series.state !== 'failed' && shown.missing === null && stack?.images.length !== 0 && (
            <Loader size="sm" color="gray" role="status" aria-label={t('image.loading')} />
          )}
        </div>
      )}
    </div>
  );
}

/** The place in the patient under the mouse; null beside the image, and where it knows no place. */
function probedPlace({ image, probe }: StackViewState): Vector3 | null {
  const plane = image && sizedPlane(image);
  return plane && probe ? placeOf(plane, probe.column, probe.row) : null;
}
