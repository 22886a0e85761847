import { measurementOf, useViewportTool } from '../tools.ts';
import type { LoadedVolume } from './load-volume.ts';
import { changeLook, type MprState, scrollPlane } from './mpr-state.ts';
import type { MprPlane } from './reslice.ts';

/** What dragging does to a plane's picture. */
export type PictureDrag = 'window' | 'pan' | 'zoom' | 'scroll';

/** What the held buttons do to the picture: the middle one pans, the right one zooms, the left one what was chosen; null where that is to measure. */
export function pictureDrag(buttons: number): PictureDrag | null {
  if ((buttons & 4) !== 0) return 'pan';
  if ((buttons & 2) !== 0) return 'zoom';
  if ((buttons & 1) === 0) return null;
  const { tool } = useViewportTool.getState();
  return measurementOf(tool) === null ? (tool as PictureDrag) : null;
}

/** How large a plane may be drawn: beyond that there is nothing to see. */
export function boundedZoom(zoom: number): number {
  return Math.max(0.2, Math.min(20, zoom));
}

/** A plane after the mouse was dragged by so many pixels. */
export function dragged(
  state: MprState,
  plane: MprPlane,
  tool: PictureDrag,
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
        zoom: boundedZoom(look.zoom * 1.01 ** -dy),
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
