import { type PointerEvent, useEffect, useRef, useState } from 'react';
import type { ImageToCanvas } from '../geometry.ts';
import { imageToCanvas } from '../geometry.ts';
import type { ImagePoint, MeasurementKind } from '../measurements/measurement.ts';
import type { MeasurementBook } from '../measurements/measurement-book.ts';
import { beginPlacing, follow, isPlaced, type Placing, press, release } from '../measurements/placing.ts';
import { hitOf } from '../measurements/shapes.ts';
import { measurementOf, useViewportTool } from '../tools.ts';
import type { LoadedVolume } from './load-volume.ts';
import type { MprState } from './mpr-state.ts';
import {
  isOnPlane,
  isPlaneMeasurement,
  measureInPlane,
  nearestImage,
  placesBelow,
  type PlaneMeasurement,
  pointsOn,
} from './plane-measurement.ts';
import type { MprPlane, PictureGrid } from './reslice.ts';

/** Where on a plane one measures: what is on the screen now. */
export type MeasuredPane = {
  readonly plane: MprPlane;
  readonly grid: PictureGrid;
  readonly state: MprState;
  readonly volume: LoadedVolume;
  readonly seriesUid: string;
  readonly book: MeasurementBook;
};

/** A measurement on its way, on the picture. */
export type PlaneDraft = {
  readonly id: string | null;
  readonly kind: MeasurementKind;
  readonly points: readonly ImagePoint[];
};

type Act =
  | { readonly type: 'placing'; readonly placing: Placing }
  | {
      readonly type: 'moving';
      readonly measurement: PlaneMeasurement;
      readonly point: number | null;
      readonly from: ImagePoint;
      readonly to: ImagePoint;
    };

/** The picture's own pixels: nothing is turned between a plane's grid and the screen. */
const SAME: ImageToCanvas = imageToCanvas([0, 0], [1, 0], [0, 1]);

/** Sets and moves measurements on a plane. Each handler says whether the mouse was meant for measuring; another picture ends what is on its way. */
export function usePlaneMeasuring(pane: MeasuredPane): {
  readonly draft: PlaneDraft | null;
  readonly onDown: (event: PointerEvent) => boolean;
  readonly onMove: (event: PointerEvent) => boolean;
  readonly onUp: (event: PointerEvent) => boolean;
  /** Gives up what is on its way; false where nothing is. */
  readonly onEscape: () => boolean;
} {
  const [act, setActState] = useState<Act | null>(null);
  const current = useRef<Act | null>(null);
  const setAct = (next: Act | null) => {
    current.current = next;
    setActState(next);
  };
  const { grid, book } = pane;
  useEffect(() => setAct(null), [grid]);

  const keep = (id: string | null, kind: MeasurementKind, points: readonly ImagePoint[]) => {
    setAct(null);
    book.put(planeMeasurement(pane, id, kind, points));
  };
  const advance = (placing: Placing) => {
    if (isPlaced(placing)) keep(null, placing.kind, placing.points);
    else setAct({ type: 'placing', placing });
  };
  return {
    draft: act && draftOf(act, grid),
    onDown: (event) => {
      if (event.button !== 0 || !event.isPrimary) return false;
      const at = pointAt(event);
      const before = current.current;
      if (before?.type === 'placing') {
        advance(press(before.placing, at, at));
        return true;
      }
      const hit = hitOn(pane, at);
      if (hit !== null) {
        book.select(hit.measurement.id);
        setAct({ type: 'moving', ...hit, from: at, to: at });
        return true;
      }
      const kind = measurementOf(useViewportTool.getState().tool);
      book.select(null);
      if (kind === null) return false;
      advance(beginPlacing(kind, at, at));
      return true;
    },
    onMove: (event) => {
      const before = current.current;
      if (before === null) return false;
      const at = pointAt(event);
      setAct(
        before.type === 'placing' ? { type: 'placing', placing: follow(before.placing, at) } : { ...before, to: at },
      );
      return true;
    },
    onUp: (event) => {
      const before = current.current;
      if (before === null) return false;
      const at = pointAt(event);
      if (before.type === 'placing') advance(release(before.placing, at, at));
      else if (Math.hypot(at[0] - before.from[0], at[1] - before.from[1]) < 1) setAct(null);
      else keep(before.measurement.id, before.measurement.kind, movedPoints({ ...before, to: at }, grid));
      return true;
    },
    onEscape: () => {
      if (current.current === null) return false;
      setAct(null);
      return true;
    },
  };
}

/** Where on the pane's picture the mouse is, CSS pixels: the picture begins within the border. */
export function pointAt({
  clientX,
  clientY,
  currentTarget,
}: Pick<PointerEvent, 'clientX' | 'clientY' | 'currentTarget'>): ImagePoint {
  const { left, top } = currentTarget.getBoundingClientRect();
  return [clientX - left - currentTarget.clientLeft, clientY - top - currentTarget.clientTop];
}

function planeMeasurement(
  { plane, grid, state, volume, seriesUid }: MeasuredPane,
  id: string | null,
  kind: MeasurementKind,
  points: readonly ImagePoint[],
): PlaneMeasurement {
  const places = placesBelow(grid.plane, points);
  const { frames, slab } = state;
  return {
    ...{ id: id ?? crypto.randomUUID(), kind, points, seriesUid, ...nearestImage(volume.geometry, places) },
    measured: measureInPlane(kind, places, frames[plane], volume, slab, true),
    on: { plane, frames, slab, places },
  };
}

/** What of this plane's measurements lies under the mouse, the selected one before others, later ones before earlier ones. */
function hitOn(pane: MeasuredPane, at: ImagePoint) {
  const { grid, book } = pane;
  const { all, selected } = book.getState();
  const here = all
    .filter(isPlaneMeasurement)
    .filter((one) => isOnPlane(one, pane))
    .toReversed()
    .toSorted((a, b) => Number(b.id === selected) - Number(a.id === selected));
  for (const measurement of here) {
    const hit = hitOf(measurement.kind, pointsOn(grid.plane, measurement.on.places), SAME, at);
    if (hit !== null) return { measurement, point: hit === 'line' ? null : hit.point };
  }
  return null;
}

function draftOf(act: Act, grid: PictureGrid): PlaneDraft {
  if (act.type === 'placing') return { id: null, kind: act.placing.kind, points: act.placing.points };
  return { id: act.measurement.id, kind: act.measurement.kind, points: movedPoints(act, grid) };
}

function movedPoints({ measurement, point, from, to }: Extract<Act, { type: 'moving' }>, { plane }: PictureGrid) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  return pointsOn(plane, measurement.on.places).map(
    (one, index): ImagePoint => (point === null || point === index ? [one[0] + dx, one[1] + dy] : one),
  );
}
