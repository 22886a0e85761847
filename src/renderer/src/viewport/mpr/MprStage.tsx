import { ActionIcon, Button, Loader, Progress, SegmentedControl, Slider, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Finding } from '../../../../shared/contract/studies.ts';
import type { PatientCard, WorklistRow } from '../../../../shared/contract/worklist.ts';
import { type AiView, drawnFindings, hasMarks, isDrawable } from '../ai-view.ts';
import { AiLine } from '../AiLine.tsx';
import { PatientCorner } from '../CornerTexts.tsx';
import type { Fusion } from '../fusion/use-fusion.ts';
import { shareNow } from '../engine.ts';
import viewportClasses from '../ImageViewport.module.css';
import type { ReadingDesk } from '../reading-desk.ts';
import type { SeriesShelf } from '../series-shelf.ts';
import { IMAGE_MARKS } from '../stack.ts';
import { EMPTY_VIEW, type ViewportCommand } from '../stack-view.ts';
import { VolumeSegmentsLine } from '../third-party/VolumeSegmentsLine.tsx';
import { useVolumeSegments } from '../third-party/use-volume-segments.ts';
import { useOverlays } from '../use-overlays.ts';
import { useSeries } from '../use-series.ts';
import { type LoadedVolume, loadVolume } from './load-volume.ts';
import classes from './mpr.module.css';
import { MprPane, type VolumeMarks } from './MprPane.tsx';
import { lookAtPlace, type MprState, openMpr, performMpr, type TurnCommand, withChange } from './mpr-state.ts';
import { middleOfPlaces, type PlaneMeasurement } from './plane-measurement.ts';
import { DIRECTIONS, MPR_PLANES, SLAB_KINDS } from './reslice.ts';
import { toldAs, type VolumeRefusal, volumeOf } from './volume.ts';

type Props = {
  readonly shelf: SeriesShelf;
  readonly seriesUid: string;
  readonly findings: readonly Finding[];
  readonly ai: AiView;
  readonly patient: PatientCard;
  readonly priorOf: WorklistRow['exam'] | null;
  /** Takes what commands the planes while they are here, and null when they go. */
  readonly onCommands: (perform: ((command: ViewportCommand | TurnCommand) => void) | null) => void;
  /** What was measured and done on this look at the study. */
  readonly desk: ReadingDesk;
  /** PET over the planes; null: none. */
  readonly fusion: Fusion | null;
  /** A measurement to show the planes at, when they open and whenever it is another one. */
  readonly showing: PlaneMeasurement | null;
  readonly onClose: () => void;
};

type Loading =
  | { readonly state: 'loading'; readonly loaded: number; readonly of: number }
  | { readonly state: 'refused'; readonly code: VolumeRefusal | 'image-missing' | 'series-failed' }
  | { readonly state: 'ready'; readonly volume: LoadedVolume };

/** A series in three planes through one place; a series that is no even volume says so and is not drawn. */
export function MprStage({ onCommands, onClose, ...props }: Props): ReactNode {
  const { t } = useTranslation('reading');
  const loading = useVolume(props.shelf, props.seriesUid);
  return (
    <section className={classes.stage} aria-label={t('mpr.heading')}>
      {loading.state === 'ready' ? (
        <Planes {...props} volume={loading.volume} onCommands={onCommands} onClose={onClose} />
      ) : (
        <>
          <div className={classes.bar}>
            <strong>{t('mpr.heading')}</strong>
            <span className={classes.space} />
            <Button size="compact-xs" variant="default" onClick={onClose}>
              {t('mpr.close')}
            </Button>
          </div>
          <div className={classes.refused} role="status">
            {loading.state === 'refused' ? (
              <p>{t(`mpr.refused.${loading.code}`)}</p>
            ) : (
              <div>
                <Loader size="sm" color="gray" />
                <p>{t('mpr.loading', { loaded: loading.loaded, of: loading.of })}</p>
                <Progress
                  value={(100 * loading.loaded) / Math.max(1, loading.of)}
                  aria-label={t('mpr.heading')}
                  w={240}
                />
              </div>
            )}
          </div>
        </>
      )}
    </section>
  );
}

function useVolume(shelf: SeriesShelf, seriesUid: string): Loading {
  const series = useSeries(shelf, seriesUid);
  const [loading, setLoading] = useState<Loading>({ state: 'loading', loaded: 0, of: 0 });
  useEffect(() => {
    if (series.state === 'failed') return setLoading({ state: 'refused', code: 'series-failed' });
    if (series.state !== 'ready') return;
    // A volume may take as much as all other images of this window together.
    const geometry = volumeOf(series.stack, shareNow());
    if (!geometry.ok) return setLoading({ state: 'refused', code: geometry.error.code });
    const leave = new AbortController();
    const of = geometry.value.images.length;
    void loadVolume(geometry.value, leave.signal, (loaded) => setLoading({ state: 'loading', loaded, of })).then(
      (volume) => {
        if (volume.ok) setLoading({ state: 'ready', volume: volume.value });
        else if (volume.error.code === 'image-missing') setLoading({ state: 'refused', code: 'image-missing' });
      },
    );
    return () => leave.abort();
  }, [series]);
  return loading;
}

type PlanesProps = Props & { readonly volume: LoadedVolume };

function Planes(props: PlanesProps): ReactNode {
  const { shelf, seriesUid, findings, ai, patient, priorOf, volume, desk, fusion, showing, onCommands, onClose } =
    props;
  const { t } = useTranslation('reading');
  const { state, setState, change, onGesture } = useUndoablePlanes(volume, desk);
  const first = useRef<HTMLDivElement>(null);
  const [image] = volume.geometry.images;
  const modality = image?.modality ?? '';
  const told = useMemo(() => toldAs(volume.geometry), [volume]);
  const imageMarks = useMemo(
    () => IMAGE_MARKS.filter((mark) => volume.geometry.images.some(({ marks: of }) => of.includes(mark))),
    [volume],
  );
  useEffect(() => {
    if (showing === null) return;
    const { on } = showing;
    setState((before) => {
      const there = lookAtPlace(before, volume.geometry, middleOfPlaces(on.places));
      return { ...there, frames: on.frames, slab: on.slab, active: on.plane };
    });
  }, [showing, setState, volume]);
  useEffect(() => {
    onCommands((command) => {
      const perform = (before: MprState) => performMpr(before, volume, modality, command);
      if (command.type === 'scroll' || command.type === 'go') setState(perform);
      else change(perform);
    });
    first.current?.querySelector<HTMLElement>('[data-mpr="axial"]')?.focus();
    return () => onCommands(null);
  }, [onCommands, volume, modality, setState, change]);

  const marked = useMemo(
    () => findings.filter((one) => one.seriesUid === seriesUid && isDrawable(one) && hasMarks(one)),
    [findings, seriesUid],
  );
  const drawn = useMemo(() => drawnFindings(marked, ai), [marked, ai]);
  const overlays = useOverlays(shelf, drawn, null);
  const isThin = state.slab.kind === 'none' && volume.geometry.thinning === 1;
  const marks = useMemo(
    () => (isThin ? drawn.flatMap((finding) => marksOf(finding, overlays.masks, volume)) : []),
    [drawn, overlays.masks, volume, isThin],
  );
  const others = useVolumeSegments(desk.thirdParty, seriesUid, volume.geometry.images, isThin);
  const allMarks = useMemo(() => [...marks, ...others.marks], [marks, others.marks]);
  const { slab } = state;
  const notDrawn = drawn.some(({ boxes, heatmaps }) => boxes.length + heatmaps.length > 0);

  return (
    <>
      <div className={classes.bar}>
        <strong>{t('mpr.heading')}</strong>
        <SegmentedControl
          size="xs"
          aria-label={t('mpr.slabs')}
          value={slab.kind}
          onChange={(value) => {
            const kind = SLAB_KINDS.find((one) => one === value) ?? 'none';
            change((before) => ({ ...before, slab: { ...before.slab, kind } }));
          }}
          data={SLAB_KINDS.map((value) => ({ value, label: t(`mpr.kind.${value}`) }))}
        />
        <Slider
          w={140}
          size="sm"
          min={1}
          max={100}
          disabled={slab.kind === 'none'}
          value={slab.mm}
          label={(mm) => `${mm} mm`}
          thumbLabel={t('mpr.thickness')}
          onChange={(mm) => setState((before) => ({ ...before, slab: { ...before.slab, mm } }))}
        />
        <span>{slab.kind !== 'none' && `${slab.mm} mm`}</span>
        <span className={classes.space} title={t('mpr.hint')}>
          {t('mpr.hint')}
        </span>
        <Button
          size="compact-xs"
          variant="default"
          disabled={state.frames === DIRECTIONS}
          onClick={() => change((before) => ({ ...before, frames: DIRECTIONS }))}
        >
          {t('mpr.upright')}
        </Button>
        <Tooltip label={t('mpr.close')}>
          <ActionIcon size={26} variant="subtle" color="gray" aria-label={t('mpr.close')} onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      <div ref={first} className={classes.planes}>
        {MPR_PLANES.map((plane) => (
          <MprPane
            key={plane}
            plane={plane}
            seriesUid={seriesUid}
            volume={volume}
            state={state}
            onChange={setState}
            onGesture={onGesture}
            book={desk.planeMeasurements}
            fusion={fusion}
            marks={allMarks}
            told={told}
            imageMarks={imageMarks}
            label={t('mpr.pane', { plane: t(`mpr.plane.${plane}`) })}
            corners={
              <>
                {image !== undefined && <PatientCorner image={image} patient={patient} priorOf={priorOf} />}
                {patient.underInvestigation && (
                  <strong className={viewportClasses.doubt}>{t('image.underInvestigation')}</strong>
                )}
              </>
            }
            aiLine={
              plane !== 'axial' ? (
                <>
                  {others.marks.length > 0 && <span>{t('others.mprSegments')}</span>}
                  {drawn.length > 0 && <span className={viewportClasses.ai}>{t('mpr.aiMarks')}</span>}
                </>
              ) : (
                <>
                  <VolumeSegmentsLine segments={others} isThin={isThin} />
                  <AiLine
                    {...{ findings: marked, drawn, overlays, heatmapOf: null, shown: EMPTY_VIEW }}
                    opacity={0}
                    isHidden={ai.isHidden}
                  />
                  {drawn.length > 0 && !isThin && <span className={viewportClasses.ai}>{t('mpr.noMarksInSlab')}</span>}
                  {notDrawn && <span className={viewportClasses.ai}>{t('mpr.onlyMasks')}</span>}
                </>
              )
            }
          />
        ))}
      </div>
    </>
  );
}

/** The planes with what can be taken back of them: windows, slabs, turned crosshairs and reset; not where one scrolled to. */
function useUndoablePlanes(volume: LoadedVolume, { history }: ReadingDesk) {
  const [state, setShown] = useState<MprState>(() => openMpr(volume));
  const current = useRef<MprState | null>(state);
  const begun = useRef<MprState | null>(null);
  const { setState, change, onGesture } = useMemo(() => {
    const show = (next: MprState) => {
      current.current = next;
      setShown(next);
    };
    const setTo = (update: (before: MprState) => MprState) => {
      if (current.current !== null) show(update(current.current));
    };
    const note = (before: MprState, after: MprState) => {
      if (isSameToReader(before, after)) return;
      const change = (from: MprState, to: MprState) => () => {
        if (current.current === null) return false;
        show(withChange(current.current, from, to));
        return true;
      };
      history.note({ undo: change(after, before), redo: change(before, after) });
    };
    return {
      setState: setTo,
      change: (update: (before: MprState) => MprState) => {
        const before = current.current;
        setTo(update);
        if (before !== null && current.current !== null) note(before, current.current);
      },
      onGesture: (isOn: boolean) => {
        if (begun.current !== null && !isOn && current.current !== null) note(begun.current, current.current);
        begun.current = isOn ? current.current : null;
      },
    };
  }, [history]);
  useEffect(() => {
    current.current ??= state;
    return () => {
      current.current = null;
    };
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- what is gone from the screen is not brought back by undoing.
  }, []);
  return { state, setState, change, onGesture };
}

function isSameToReader(a: MprState, b: MprState): boolean {
  return (
    a.frames === b.frames &&
    a.window === b.window &&
    a.slab === b.slab &&
    a.isInverted === b.isInverted &&
    a.looks === b.looks
  );
}

/** The marks of a finding on the images of this volume, and on no other: each image is asked for by its own name. */
function marksOf(
  finding: Finding,
  masks: ReturnType<typeof useOverlays>['masks'],
  { geometry }: LoadedVolume,
): readonly VolumeMarks[] {
  return finding.parts.flatMap(({ mask: { href } }) => {
    const mask = masks.get(href);
    if (mask === undefined || mask === 'failed') return [];
    if (mask.rows !== geometry.rows || mask.columns !== geometry.columns) return [];
    const marked = geometry.images.map(({ sopUid, frame }) => {
      const bits = mask.bitsOf({ sopUid, frameNumber: frame });
      return bits?.includes(1) ? bits : null;
    });
    if (marked.every((bits) => bits === null)) return [];
    return [{ bitsOf: (image: number) => marked[image] ?? null, isDashed: finding.standing === 'uncertain' }];
  });
}
