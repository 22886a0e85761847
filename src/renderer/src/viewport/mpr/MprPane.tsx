import {
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useMemo,
  useRef,
  useState,
  type WheelEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import { emptyCanvas } from '../empty-canvas.ts';
import { FusionCorner } from '../fusion/FusionCorner.tsx';
import { fusionFit } from '../fusion/fusion-view.ts';
import { paintFusion } from '../fusion/paint-fusion.ts';
import type { Fusion } from '../fusion/use-fusion.ts';
import { edgeLetters, imageCoordinateOf, imageToCanvas, placeOf, type Vector3 } from '../geometry.ts';
import classes from '../ImageViewport.module.css';
import type { MeasurementBook } from '../measurements/measurement-book.ts';
import { describeValue } from '../measurements/measurement-text.ts';
import { drawMask, type Ink, paintMask } from '../overlay.ts';
import { scaleBarOf } from '../scale-bar.ts';
import type { ImageMark } from '../stack.ts';
import { describeWindow } from '../window-text.ts';
import type { LoadedVolume } from './load-volume.ts';
import mprClasses from './mpr.module.css';
import { changeLook, lookAtPlace, type MprState, placeOfPlane, scrollPlane, turnCrosshairs } from './mpr-state.ts';
import { boundedZoom, dragged, pictureDrag } from './plane-dragging.ts';
import { hitCrosshairs, PlaneLines } from './PlaneLines.tsx';
import { PlaneMeasurementLayer } from './PlaneMeasurementLayer.tsx';
import { gridAt, type MprPlane, reslice, resliceMarks, valueAtPlace } from './reslice.ts';
import { shade } from './shade.ts';
import { crossingLines, isOblique, leanDegrees } from './turn-planes.ts';
import { pointAt, usePlaneMeasuring } from './use-plane-measuring.ts';
import { useSize } from './use-size.ts';
import { useStill } from './use-still.ts';
import { extentMm, type ToldAs } from './volume.ts';

/** What AI marked in the volume's own images, by their number in it; `isDashed` of what is uncertain. */
export type VolumeMarks = {
  readonly bitsOf: (image: number) => Uint8Array | null;
  readonly isDashed: boolean;
  /** Of marks that others made; left out of what AI here marked. */
  readonly ink?: Ink;
};

type Props = {
  readonly plane: MprPlane;
  readonly seriesUid: string;
  readonly volume: LoadedVolume;
  readonly state: MprState;
  readonly onChange: (change: (state: MprState) => MprState) => void;
  /** A drag that changes the planes begins, or ends: what comes between is one thing to take back. */
  readonly onGesture: (isOn: boolean) => void;
  readonly book: MeasurementBook;
  /** PET over the planes; null: none. */
  readonly fusion: Fusion | null;
  readonly marks: readonly VolumeMarks[];
  readonly told: ToldAs;
  /** What makes the volume's images less than plain originals. */
  readonly imageMarks: readonly ImageMark[];
  readonly label: string;
  /** The patient, and whose marks are drawn. */
  readonly corners: ReactNode;
  readonly aiLine: ReactNode;
};

type Held = { readonly type: 'cross' | 'turn'; readonly angle: number } | null;

const SAME = imageToCanvas([0, 0], [1, 0], [0, 1]);
/** Values asked for one picture while it moves; a still one is drawn whole. */
const MOST_WHILE_MOVING = 3_000_000;

/** One plane through the volume at the crosshairs, with what AI marked on its voxels and what the reader measured on it. */
export function MprPane(props: Props): ReactNode {
  const { plane, seriesUid, volume, state, onChange, onGesture, book, fusion, marks, told, imageMarks, label } = props;
  const { t } = useTranslation('reading');
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLCanvasElement>(null);
  const fused = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLCanvasElement>(null);
  const size = useSize(frame);
  const [place, setPlace] = useState<Vector3 | null>(null);
  const { geometry } = volume;
  const { centre, frames, window, isInverted, slab, active } = state;
  const look = state.looks[plane];
  const { alongRow: right, alongColumn: down } = frames[plane];
  const fitted = Math.max(
    extentMm(geometry, right) / Math.max(1, size.columns),
    extentMm(geometry, down) / Math.max(1, size.rows),
  );
  const mmPerPixel = (fitted * 1.06) / look.zoom;

  const grid = useMemo(() => {
    const flat = gridAt({ alongRow: right, alongColumn: down }, centre, size, mmPerPixel);
    const { originMm } = flat.plane;
    const at = (axis: 0 | 1 | 2) => originMm[axis] - look.panMm[0] * right[axis] - look.panMm[1] * down[axis];
    return { ...flat, plane: { ...flat.plane, originMm: [at(0), at(1), at(2)] as const } };
  }, [right, down, centre, size, mmPerPixel, look.panMm]);

  const isStill = useStill(grid, slab);
  const coarse = useMemo(() => {
    const through = slab.kind === 'none' ? 1 : slab.mm / Math.min(...geometry.spacingMm) + 1;
    return isStill ? 1 : Math.max(1, Math.ceil(Math.sqrt((size.columns * size.rows * through) / MOST_WHILE_MOVING)));
  }, [slab, geometry, isStill, size]);
  useEffect(() => {
    const context = picture.current?.getContext('2d');
    if (!picture.current || !context || size.columns === 0) return;
    const small = { columns: Math.ceil(size.columns / coarse), rows: Math.ceil(size.rows / coarse) };
    const { plane: fine } = grid;
    const asked = { plane: { ...fine, columnSpacing: mmPerPixel * coarse, rowSpacing: mmPerPixel * coarse }, ...small };
    picture.current.width = small.columns;
    picture.current.height = small.rows;
    context.putImageData(shade(reslice(volume, asked, slab), small, window, isInverted), 0, 0);
  }, [volume, grid, mmPerPixel, size, slab, window, isInverted, coarse]);

  const fit =
    fusion?.pet.state === 'ready' && geometry.images[0] ? fusionFit(fusion.pet.pet, geometry.images[0]) : null;
  const pet = fusion?.pet.state === 'ready' && fit === 'fits' ? fusion.pet.pet : null;
  const petView = fusion?.view ?? null;
  useEffect(() => {
    if (fused.current === null || pet === null || petView === null) return;
    paintFusion(fused.current, grid, Math.max(2, coarse), pet, petView, slab);
  }, [pet, petView, grid, slab, coarse]);

  useEffect(() => {
    const context = layer.current?.getContext('2d');
    if (!layer.current || !context || size.columns === 0) return;
    const devicePixels = globalThis.devicePixelRatio;
    emptyCanvas(context, size.columns * devicePixels, size.rows * devicePixels);
    const drawn = marks.flatMap(({ bitsOf, isDashed, ink }) => {
      const bits = resliceMarks(geometry, grid, bitsOf);
      const mask = { ...size, sizeBytes: bits.length, reads: () => true, bitsOf: () => bits };
      return paintMask(mask, { sopUid: '', frameNumber: 1, ...size }, isDashed, ink) ?? [];
    });
    layer.current.dataset['marks'] = String(drawn.length);
    for (const one of drawn) drawMask(context, one, SAME, devicePixels);
  }, [geometry, grid, size, marks]);

  const crosshairs = useMemo(
    () => ({ at: imageCoordinateOf(grid.plane, centre), size, lines: crossingLines(frames, plane) }),
    [grid, centre, size, frames, plane],
  );
  const { at } = crosshairs;
  const pane = { plane, grid, state, volume, seriesUid, book };
  const measuring = usePlaneMeasuring(pane);
  const held = useRef<Held>(null);

  const placeUnder = (event: PointerEvent) => placeOf(grid.plane, ...pointAt(event));
  const angleUnder = (event: PointerEvent) => {
    const [x, y] = pointAt(event);
    return (Math.atan2(y - at[1], x - at[0]) * 180) / Math.PI;
  };
  const onPointerDown = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    const hit = event.button === 0 ? hitCrosshairs(crosshairs, pointAt(event)) : null;
    const isMeasuring = pictureDrag(1) === null;
    if (hit === 'end') held.current = { type: 'turn', angle: angleUnder(event) };
    else if (event.button === 0 && (event.shiftKey || (hit === 'line' && !isMeasuring)))
      held.current = { type: 'cross', angle: 0 };
    else if (measuring.onDown(event)) return onChange((before) => ({ ...before, active: plane }));
    onGesture(true);
    const under = placeUnder(event);
    onChange((before) => {
      const next = { ...before, active: plane };
      return held.current?.type === 'cross' ? lookAtPlace(next, geometry, under) : next;
    });
  };
  const onPointerMove = (event: PointerEvent) => {
    const under = placeUnder(event);
    setPlace(under);
    if (held.current?.type === 'turn') {
      const angle = angleUnder(event);
      const by = angle - held.current.angle;
      held.current = { type: 'turn', angle };
      return onChange((before) => turnCrosshairs(before, plane, by));
    }
    if (held.current?.type === 'cross') return onChange((before) => lookAtPlace(before, geometry, under));
    if (measuring.onMove(event)) return;
    const tool = pictureDrag(event.buttons);
    if (tool === null) return;
    const by = [event.movementX, event.movementY] as const;
    onChange((before) => dragged(before, plane, tool, by, mmPerPixel, volume));
  };
  const onPointerUp = (event: PointerEvent) => {
    if (held.current === null && measuring.onUp(event)) return;
    held.current = null;
    onGesture(false);
  };
  const onWheel = (event: WheelEvent) => {
    const by = Math.sign(event.deltaY);
    if (event.ctrlKey)
      onChange((before) => changeLook(before, plane, (one) => ({ ...one, zoom: boundedZoom(one.zoom * 1.1 ** -by) })));
    else onChange((before) => scrollPlane({ ...before, active: plane }, geometry, plane, by));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !measuring.onEscape()) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const under = place === null ? Number.NaN : valueAtPlace(volume, place) * told.factor;
  const bar = scaleBarOf({ kind: 'patient', rowMm: mmPerPixel, columnMm: mmPerPixel }, SAME, 110);
  const letters = edgeLetters(grid.plane, SAME);
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- an application: it takes the reader's keys.
    <div
      ref={frame}
      role="application"
      className={classes.viewport}
      data-mpr={plane}
      data-active={active === plane}
      data-lean={leanDegrees(frames, plane).toFixed(1)}
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- keys go where the focus is.
      tabIndex={0}
      onFocus={() => onChange((before) => (before.active === plane ? before : { ...before, active: plane }))}
      onKeyDown={onKeyDown}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerUp}
      onPointerLeave={() => setPlace(null)}
      onWheel={onWheel}
      onContextMenu={(event) => event.preventDefault()}
    >
      <canvas ref={picture} className={classes.layer} data-picture aria-hidden />
      {pet !== null && <canvas ref={fused} className={classes.layer} data-fusion aria-hidden />}
      <canvas ref={layer} className={classes.layer} aria-hidden />
      <PlaneLines crosshairs={crosshairs} />
      <PlaneMeasurementLayer pane={pane} draft={measuring.draft} />
      <div className={classes.texts}>
        {props.corners}
        <div className={classes.corner} data-corner="top-right">
          <strong className={mprClasses.name} data-plane={plane}>
            {t(`mpr.plane.${plane}`)}
          </strong>
          {isOblique(frames, plane) && (
            <strong className={classes.mark}>
              {t('mpr.oblique', { degrees: leanDegrees(frames, plane).toFixed(1) })}
            </strong>
          )}
          <span>{t('image.slice', { mm: placeOfPlane(state, plane).toFixed(1) })}</span>
        </div>
        <div className={classes.corner} data-corner="bottom-left">
          {isInverted && <span>{t('image.inverted')}</span>}
          <span>{describeWindow(window, told, t)}</span>
          {bar !== null && (
            <span className={classes.bar}>
              <i style={{ width: bar.px }} />
              {t('image.bar', { mm: bar.mm })}
            </span>
          )}
        </div>
        <div className={classes.corner} data-corner="bottom-right">
          {[...imageMarks.filter((mark) => mark !== 'resampled'), 'resampled' as const].map((mark) => (
            <strong key={mark} className={classes.mark}>
              {t(`image.mark.${mark}`)}
            </strong>
          ))}
          {coarse > 1 && <strong className={classes.mark}>{t('mpr.coarse')}</strong>}
          {slab.kind !== 'none' && (
            <strong className={classes.mark}>{t(`mpr.slab.${slab.kind}`, { mm: slab.mm })}</strong>
          )}
          {geometry.thinning > 1 && (
            <strong className={classes.mark}>{t('mpr.thinned', { count: geometry.thinning })}</strong>
          )}
          {props.aiLine}
          {fusion !== null && <FusionCorner fusion={fusion} fit={fit} place={place} />}
          <span className={classes.probe}>{!Number.isNaN(under) && describeValue(under, told.unit)}</span>
        </div>
        {letters !== null &&
          (['left', 'right', 'top', 'bottom'] as const).map((edge) => (
            <span key={edge} className={classes.edge} data-edge={edge}>
              {letters[edge]}
            </span>
          ))}
      </div>
    </div>
  );
}
