import {
  type PointerEvent,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type WheelEvent,
} from 'react';
import { useTranslation } from 'react-i18next';
import { edgeLetters, imageCoordinateOf, imageToCanvas, placeOf } from '../geometry.ts';
import classes from '../ImageViewport.module.css';
import { drawMask, paintMask } from '../overlay.ts';
import { scaleBarOf } from '../scale-bar.ts';
import type { ImageMark } from '../stack.ts';
import { useViewportTool } from '../tools.ts';
import type { LoadedVolume } from './load-volume.ts';
import mprClasses from './mpr.module.css';
import { describeValue } from '../measurements/measurement-text.ts';
import { changeLook, crossingPlanes, lookAtPlace, type MprState, placeOfPlane, scrollPlane } from './mpr-state.ts';
import { DIRECTIONS, gridAt, type MprPlane, reslice, resliceMarks, valueAtPlace } from './reslice.ts';
import { extentMm, type ToldAs } from './volume.ts';

/** What AI marked in the volume's own images, by their number in it; `isDashed` of what is uncertain. */
export type VolumeMarks = { readonly bitsOf: (image: number) => Uint8Array | null; readonly isDashed: boolean };

type Props = {
  readonly plane: MprPlane;
  readonly volume: LoadedVolume;
  readonly state: MprState;
  readonly onChange: (change: (state: MprState) => MprState) => void;
  readonly marks: readonly VolumeMarks[];
  readonly told: ToldAs;
  /** What makes the volume's images less than plain originals. */
  readonly imageMarks: readonly ImageMark[];
  readonly label: string;
  /** The patient, and whose marks are drawn. */
  readonly corners: ReactNode;
  readonly aiLine: ReactNode;
};

const SAME = imageToCanvas([0, 0], [1, 0], [0, 1]);
/** Values asked for one picture while it moves; a still one is drawn whole. */
const MOST_WHILE_MOVING = 3_000_000;
const STILL_AFTER_MS = 160;

/** One plane through the volume at the crosshairs, with what AI marked on its voxels. */
export function MprPane(props: Props): ReactNode {
  const { plane, volume, state, onChange, marks, told, imageMarks, label, corners, aiLine } = props;
  const { t } = useTranslation('reading');
  const frame = useRef<HTMLDivElement>(null);
  const picture = useRef<HTMLCanvasElement>(null);
  const layer = useRef<HTMLCanvasElement>(null);
  const size = useSize(frame);
  const [value, setValue] = useState<number | null>(null);
  const { geometry } = volume;
  const { centre, window, isInverted, slab, active } = state;
  const look = state.looks[plane];
  const { alongRow: right, alongColumn: down } = DIRECTIONS[plane];
  const fitted = Math.max(
    extentMm(geometry, right) / Math.max(1, size.columns),
    extentMm(geometry, down) / Math.max(1, size.rows),
  );
  const mmPerPixel = (fitted * 1.06) / look.zoom;

  const grid = useMemo(() => {
    const flat = gridAt(plane, centre, size, mmPerPixel);
    const { alongRow, alongColumn, originMm } = flat.plane;
    const moved = [0, 1, 2].map(
      (axis) =>
        (originMm[axis] ?? 0) - look.panMm[0] * (alongRow[axis] ?? 0) - look.panMm[1] * (alongColumn[axis] ?? 0),
    ) as unknown as typeof originMm;
    return { ...flat, plane: { ...flat.plane, originMm: moved } };
  }, [plane, centre, size, mmPerPixel, look.panMm]);

  const isStill = useStill(grid, slab);
  useEffect(() => {
    const context = picture.current?.getContext('2d');
    if (!picture.current || !context || size.columns === 0) return;
    const through = slab.kind === 'none' ? 1 : slab.mm / Math.min(...geometry.spacingMm) + 1;
    const coarse = isStill
      ? 1
      : Math.max(1, Math.ceil(Math.sqrt((size.columns * size.rows * through) / MOST_WHILE_MOVING)));
    const small = { columns: Math.ceil(size.columns / coarse), rows: Math.ceil(size.rows / coarse) };
    const { plane: fine } = grid;
    const asked = { plane: { ...fine, columnSpacing: mmPerPixel * coarse, rowSpacing: mmPerPixel * coarse }, ...small };
    picture.current.width = small.columns;
    picture.current.height = small.rows;
    context.putImageData(shade(reslice(volume, asked, slab), small, window, isInverted), 0, 0);
  }, [volume, geometry, grid, mmPerPixel, size, slab, window, isInverted, isStill]);

  useEffect(() => {
    const context = layer.current?.getContext('2d');
    if (!layer.current || !context || size.columns === 0) return;
    const devicePixels = globalThis.devicePixelRatio;
    layer.current.width = Math.round(size.columns * devicePixels);
    layer.current.height = Math.round(size.rows * devicePixels);
    const drawn = marks.flatMap(({ bitsOf, isDashed }) => {
      const bits = resliceMarks(geometry, grid, bitsOf);
      const mask = { ...size, sizeBytes: bits.length, reads: () => true, bitsOf: () => bits };
      return paintMask(mask, { sopUid: '', frameNumber: 1, ...size }, isDashed) ?? [];
    });
    layer.current.dataset['marks'] = String(drawn.length);
    for (const one of drawn) drawMask(context, one, SAME, devicePixels);
  }, [geometry, grid, size, marks]);

  const [column, row] = imageCoordinateOf(grid.plane, centre);
  const { upright, across } = crossingPlanes(plane);
  const bar = scaleBarOf({ kind: 'patient', rowMm: mmPerPixel, columnMm: mmPerPixel }, SAME, 110);
  const letters = edgeLetters(grid.plane, SAME);

  const placeUnder = (event: PointerEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return placeOf(grid.plane, event.clientX - left, event.clientY - top);
  };
  const lookThere = (event: PointerEvent) => {
    const place = placeUnder(event);
    onChange((before) => lookAtPlace(before, geometry, place));
  };
  const onPointerDown = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    onChange((before) => ({ ...before, active: plane }));
    if (event.button === 0 && !isPictureTool()) lookThere(event);
  };
  const onPointerMove = (event: PointerEvent) => {
    const under = valueAtPlace(volume, placeUnder(event));
    setValue(Number.isNaN(under) ? null : under * told.factor);
    const tool = draggedTool(event.buttons);
    if (tool === 'cross') return lookThere(event);
    if (tool === null) return;
    const [dx, dy] = [event.movementX, event.movementY];
    onChange((before) => dragged(before, plane, tool, [dx, dy], mmPerPixel, volume));
  };
  const onWheel = (event: WheelEvent) => {
    const by = Math.sign(event.deltaY);
    if (event.ctrlKey)
      onChange((before) => changeLook(before, plane, (one) => ({ ...one, zoom: one.zoom * 1.1 ** -by })));
    else onChange((before) => scrollPlane({ ...before, active: plane }, geometry, plane, by));
  };

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- an application: it takes the reader's keys.
    <div
      ref={frame}
      role="application"
      className={classes.viewport}
      data-mpr={plane}
      data-active={active === plane}
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- keys go where the focus is.
      tabIndex={0}
      onFocus={() => onChange((before) => (before.active === plane ? before : { ...before, active: plane }))}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerLeave={() => setValue(null)}
      onWheel={onWheel}
      onContextMenu={(event) => event.preventDefault()}
    >
      <canvas ref={picture} className={classes.layer} data-picture aria-hidden />
      <canvas ref={layer} className={classes.layer} aria-hidden />
      <svg className={classes.layer} aria-hidden>
        <Line name={upright} x1={column} x2={column} y1={0} y2={Math.max(0, row - 14)} />
        <Line name={upright} x1={column} x2={column} y1={row + 14} y2={size.rows} />
        <Line name={across} x1={0} x2={Math.max(0, column - 14)} y1={row} y2={row} />
        <Line name={across} x1={column + 14} x2={size.columns} y1={row} y2={row} />
      </svg>
      <div className={classes.texts}>
        {corners}
        <div className={classes.corner} data-corner="top-right">
          <strong className={mprClasses.name} data-plane={plane}>
            {t(`mpr.plane.${plane}`)}
          </strong>
          <span>{t('image.slice', { mm: placeOfPlane(state, plane).toFixed(1) })}</span>
        </div>
        <div className={classes.corner} data-corner="bottom-left">
          {isInverted && <span>{t('image.inverted')}</span>}
          <span>{t('image.window', { width: Math.round(window.width), centre: Math.round(window.centre) })}</span>
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
          {slab.kind !== 'none' && (
            <strong className={classes.mark}>{t(`mpr.slab.${slab.kind}`, { mm: slab.mm })}</strong>
          )}
          {geometry.thinning > 1 && (
            <strong className={classes.mark}>{t('mpr.thinned', { count: geometry.thinning })}</strong>
          )}
          {aiLine}
          <span className={classes.probe}>{value !== null && describeValue(value, told.unit)}</span>
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

function Line({
  name,
  ...ends
}: {
  readonly name: MprPlane;
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}): ReactNode {
  return <line className={mprClasses.line} data-plane={name} {...ends} />;
}

type Dragging = 'cross' | 'window' | 'pan' | 'zoom' | 'scroll';

function isPictureTool(): boolean {
  return draggedTool(1) !== 'cross';
}

/** What the held buttons do: the middle one pans, the right one zooms, the left one what was chosen; measuring is for the original images. */
function draggedTool(buttons: number): Dragging | null {
  if ((buttons & 4) !== 0) return 'pan';
  if ((buttons & 2) !== 0) return 'zoom';
  if ((buttons & 1) === 0) return null;
  const { tool } = useViewportTool.getState();
  return tool === 'pan' || tool === 'zoom' || tool === 'scroll' || tool === 'window' ? tool : 'cross';
}

function dragged(
  state: MprState,
  plane: MprPlane,
  tool: Exclude<Dragging, 'cross'>,
  [dx, dy]: readonly [number, number],
  mmPerPixel: number,
  volume: LoadedVolume,
): MprState {
  switch (tool) {
    case 'pan':
      return changeLook(state, plane, (look) => ({
        ...look,
        panMm: [look.panMm[0] + dx * mmPerPixel, look.panMm[1] + dy * mmPerPixel],
      }));
    case 'zoom':
      return changeLook(state, plane, (look) => ({
        ...look,
        zoom: Math.max(0.2, Math.min(20, look.zoom * 1.01 ** -dy)),
      }));
    case 'scroll':
      return scrollPlane(state, volume.geometry, plane, Math.sign(dy));
    case 'window': {
      const speed = Math.max(0.5, state.window.width / 400);
      return {
        ...state,
        window: { centre: state.window.centre + dy * speed, width: Math.max(1, state.window.width + dx * speed) },
      };
    }
  }
}

/** Grey values of a window as pixels; what was not measured is black, whatever is inverted. */
function shade(
  values: Float32Array,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  { centre, width }: MprState['window'],
  isInverted: boolean,
): ImageData {
  const image = new ImageData(columns, rows);
  const low = centre - width / 2;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? Number.NaN;
    const share = Math.max(0, Math.min(1, (value - low) / width));
    const grey = Number.isNaN(value) ? 0 : Math.round(255 * (isInverted ? 1 - share : share));
    image.data.fill(grey, index * 4, index * 4 + 3);
    image.data[index * 4 + 3] = 255;
  }
  return image;
}

/** The size of an element in CSS pixels, from now on. */
function useSize(element: React.RefObject<HTMLElement | null>): { readonly columns: number; readonly rows: number } {
  const [size, setSize] = useState({ columns: 0, rows: 0 });
  const measure = useCallback(() => {
    const { clientWidth: columns = 0, clientHeight: rows = 0 } = element.current ?? {};
    setSize((before) => (before.columns === columns && before.rows === rows ? before : { columns, rows }));
  }, [element]);
  useEffect(() => {
    const { current } = element;
    if (current === null) return;
    measure();
    const resizes = new ResizeObserver(measure);
    resizes.observe(current);
    return () => resizes.disconnect();
  }, [element, measure]);
  return size;
}

/** False while what is drawn keeps changing. */
function useStill(...what: readonly unknown[]): boolean {
  const [stillFor, setStillFor] = useState<readonly unknown[]>([]);
  useEffect(() => {
    const timer = setTimeout(() => setStillFor(what), STILL_AFTER_MS);
    return () => clearTimeout(timer);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the things themselves are what is watched.
  }, what);
  return what.every((one, index) => stillFor[index] === one);
}
