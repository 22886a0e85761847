import { type RefObject, useEffect, useRef, useState } from 'react';
import type { ImageToCanvas } from '../geometry.ts';
import type { StackImage } from '../stack.ts';
import type { StackView, StackViewState } from '../stack-view.ts';
import { measurementOf, useViewportTool } from '../tools.ts';
import { measure } from './measure.ts';
import { type ImagePoint, isOn, type Measurement, type MeasurementKind } from './measurement.ts';
import type { MeasurementBook } from './measurement-book.ts';
import { beginPlacing, follow, isPlaced, type Placing, press, release } from './placing.ts';
import { type CanvasPoint, hitOf, toImage } from './shapes.ts';

/** A measurement on its way: not in the book until it is let go. `id` is null of a new one. */
export type Draft = {
  readonly id: string | null;
  readonly kind: MeasurementKind;
  readonly points: readonly ImagePoint[];
};

/** What the left button does to measurements now. */
type Act =
  | { readonly type: 'placing'; readonly placing: Placing }
  | {
      readonly type: 'moving';
      readonly measurement: Measurement;
      readonly point: number | null;
      readonly from: ImagePoint;
    };

type OnScreen = { readonly image: StackImage; readonly map: ImageToCanvas; readonly index: number };

/**
 * Sets and moves measurements with the left button or one finger on `target`, before the picture tools hear of it; gives the one
 * on its way. Nothing is measured on an image that is not on the screen, and another image ends what is on its way.
 */
export function useMeasuring(
  target: RefObject<HTMLElement | null>,
  view: StackView | null,
  shown: StackViewState,
  book: MeasurementBook,
): Draft | null {
  const [act, setAct] = useState<Act | null>(null);
  const [mouse, setMouse] = useState<ImagePoint | null>(null);
  const { image, map, index, stack } = shown;
  const current = useRef<{ on: OnScreen | null; act: Act | null }>({ on: null, act: null });
  current.current = { on: image && map && { image, map, index }, act };

  useEffect(() => setAct(null), [image]);
  useEffect(() => {
    const element = target.current;
    if (element === null || view === null) return;

    const pointAt = (event: MouseEvent) => {
      const { left, top } = element.getBoundingClientRect();
      // The picture begins within the border.
      const at: CanvasPoint = [event.clientX - left - element.clientLeft, event.clientY - top - element.clientTop];
      const { on } = current.current;
      const point = on && toImage(on.map, at);
      return on && point && { on, at, point: within(on.image, point) };
    };
    const set = (next: Act | null) => {
      current.current.act = next;
      setAct(next);
    };
    const take = (event: Event) => {
      event.preventDefault();
      event.stopPropagation();
    };
    const keep = (on: OnScreen, id: string | null, kind: MeasurementKind, points: readonly ImagePoint[]) => {
      set(null);
      const { image: of } = on;
      book.put({
        ...{ id: id ?? crypto.randomUUID(), kind, points, seriesUid: stack?.seriesUid ?? '' },
        ...{ sopUid: of.sopUid, frameNumber: of.frame, position: on.index + 1 },
        measured: measure(kind, points, of, view.valueAt),
      });
    };
    const advance = (on: OnScreen, placing: Placing) =>
      isPlaced(placing) ? keep(on, null, placing.kind, placing.points) : set({ type: 'placing', placing });

    const down = (event: PointerEvent) => {
      // A button over the picture is pressed for itself.
      if (event.target instanceof Element && event.target.closest('button') !== null) return;
      const here = pointAt(event);
      if (event.button !== 0 || here === null || !event.isPrimary) return;
      const { on, at, point } = here;
      const { act: before } = current.current;
      if (before?.type === 'placing') {
        take(event);
        return advance(on, press(before.placing, point, at));
      }
      const hit = hitOn(book, on, at);
      const kind = measurementOf(useViewportTool.getState().tool);
      if (hit === null && kind === null) return book.select(null);
      take(event);
      element.focus();
      element.setPointerCapture(event.pointerId);
      if (hit !== null) {
        book.select(hit.measurement.id);
        return set({ type: 'moving', ...hit, from: point });
      }
      if (kind !== null) advance(on, beginPlacing(kind, point, at));
    };
    const move = (event: PointerEvent) => {
      const here = pointAt(event);
      if (here === null || current.current.act === null) return;
      const { act: before } = current.current;
      setMouse(here.point);
      if (before.type === 'placing') set({ type: 'placing', placing: follow(before.placing, here.point) });
    };
    const up = (event: PointerEvent) => {
      const here = pointAt(event);
      const { act: before } = current.current;
      if (here === null || before === null) return;
      take(event);
      if (before.type === 'placing') return advance(here.on, release(before.placing, here.point, here.at));
      const { measurement } = before;
      const points = movedPoints(before, here.point);
      if (points.every((point, one) => isSame(point, measurement.points[one]))) return set(null);
      keep(here.on, measurement.id, measurement.kind, points);
    };
    const cancel = (event: KeyboardEvent) => {
      if (event.key !== 'Escape' || current.current.act === null) return;
      take(event);
      set(null);
    };
    const touch = (event: TouchEvent) => {
      if (current.current.act !== null && event.touches.length === 1) event.stopPropagation();
    };

    element.addEventListener('pointerdown', down, true);
    element.addEventListener('pointermove', move, true);
    element.addEventListener('pointerup', up, true);
    element.addEventListener('keydown', cancel, true);
    element.addEventListener('touchstart', touch, { capture: true, passive: true });
    return () => {
      element.removeEventListener('pointerdown', down, true);
      element.removeEventListener('pointermove', move, true);
      element.removeEventListener('pointerup', up, true);
      element.removeEventListener('keydown', cancel, true);
      element.removeEventListener('touchstart', touch, true);
    };
  }, [target, view, book, stack]);

  if (act === null) return null;
  if (act.type === 'placing') return { id: null, kind: act.placing.kind, points: act.placing.points };
  const { id, kind } = act.measurement;
  return { id, kind, points: mouse === null ? act.measurement.points : movedPoints(act, mouse) };
}

/** What the mouse is on, the selected one before others, later ones before earlier ones. */
function hitOn(book: MeasurementBook, { image, map }: OnScreen, at: CanvasPoint) {
  const { all, selected } = book.getState();
  const here = all.filter((one) => isOn(one, image)).toSorted((a, b) => rank(b) - rank(a));
  function rank({ id }: Measurement): number {
    return id === selected ? Infinity : all.findIndex((one) => one.id === id);
  }
  for (const measurement of here) {
    const hit = hitOf(measurement.kind, measurement.points, map, at);
    if (hit !== null) return { measurement, point: hit === 'line' ? null : hit.point };
  }
  return null;
}

function movedPoints({ measurement, point, from }: Extract<Act, { type: 'moving' }>, to: ImagePoint) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  return measurement.points.map((one, index): ImagePoint => {
    return point === null || point === index ? [one[0] + dx, one[1] + dy] : one;
  });
}

function within({ columns, rows }: StackImage, [column, row]: ImagePoint): ImagePoint {
  return [Math.max(-0.5, Math.min(columns - 0.5, column)), Math.max(-0.5, Math.min(rows - 0.5, row))];
}

function isSame(a: ImagePoint, b: ImagePoint | undefined): boolean {
  return b !== undefined && Math.abs(a[0] - b[0]) < 1e-9 && Math.abs(a[1] - b[1]) < 1e-9;
}
