import type { ImageToCanvas } from './geometry.ts';
import { pixelSize, type Spacing } from './spacing.ts';

/** How a picture lies in its pane when it is hung: mirrored first, then turned clockwise by right angles. */
export type Turned = { readonly isMirrored: boolean; readonly quarterTurns: number };

/** How large and where: the edge it is pushed to, and how wide and high what must fit is, mm, so that pictures hung together have one scale. */
export type Placement = {
  readonly edge?: 'left' | 'right' | null;
  readonly fitMm?: { readonly width: number; readonly height: number } | null;
};

/** Which way an image's columns and rows run, the first letter of each counts (PS3.3 §C.7.6.1.1.1). */
type Orientation = readonly [right: string, down: string];

const OPPOSITE: Readonly<Record<string, string>> = { A: 'P', P: 'A', L: 'R', R: 'L', H: 'F', F: 'H' };

/**
 * How an image has to lie so that its right and its lower edge are what is wanted. Where it says no more than where its rows run,
 * or its columns run along neither, it is mirrored only; null where its rows do not tell either.
 */
export function turnedTo(said: Orientation, wanted: Orientation): Turned | null {
  const [right, down] = said.map((letters) => letters.trim().charAt(0));
  if (right === undefined || down === undefined || OPPOSITE[right] === undefined) return null;
  for (const isMirrored of [false, true]) {
    let [toRight, toBottom]: (string | undefined)[] = [isMirrored ? OPPOSITE[right] : right, down];
    for (let quarterTurns = 0; quarterTurns < 4; quarterTurns += 1) {
      if (toRight === wanted[0] && toBottom === wanted[1]) return { isMirrored, quarterTurns };
      // What pointed right points down after a turn, and what pointed up points right.
      [toRight, toBottom] = [OPPOSITE[toBottom ?? ''], toRight ?? ''];
    }
  }
  if (right === wanted[0]) return { isMirrored: false, quarterTurns: 0 };
  return OPPOSITE[right] === wanted[0] ? { isMirrored: true, quarterTurns: 0 } : null;
}

/** How wide and high an image is as it lies, mm; null where it knows no size. */
export function extentMm(
  { rows, columns, spacing }: { readonly rows: number; readonly columns: number; readonly spacing: Spacing },
  quarterTurns: number,
): { readonly width: number; readonly height: number } | null {
  if (spacing.kind === 'none') return null;
  const size = pixelSize(spacing);
  const [width, height] = [columns * size.width, rows * size.height];
  return quarterTurns % 2 === 0 ? { width, height } : { width: height, height: width };
}

/**
 * By how much a picture that is drawn by this map is zoomed about the middle of its pane, and how far it is moved then (CSS pixels),
 * to be as large as its placement wants and to lie at its edge; in the middle where it wants none.
 */
export function fitIn(
  map: ImageToCanvas,
  image: { readonly rows: number; readonly columns: number; readonly spacing: Spacing },
  pane: { readonly width: number; readonly height: number },
  { edge = null, fitMm = null }: Placement,
): { readonly zoom: number; readonly move: readonly [number, number] } {
  const now = boundsOf(map, image);
  const { width: columnSize } = pixelSize(image.spacing);
  const pxPerMm = Math.hypot(map.xPerColumn, map.yPerColumn) / columnSize;
  const zoom =
    fitMm === null || image.spacing.kind === 'none'
      ? Math.min(pane.width / (now.right - now.left), pane.height / (now.bottom - now.top))
      : Math.min(pane.width / fitMm.width, pane.height / fitMm.height) / pxPerMm;
  const about = (at: number, middle: number) => middle + (at - middle) * zoom;
  const [left, right] = [about(now.left, pane.width / 2), about(now.right, pane.width / 2)];
  const [top, bottom] = [about(now.top, pane.height / 2), about(now.bottom, pane.height / 2)];
  const across = edge === 'left' ? -left : edge === 'right' ? pane.width - right : (pane.width - left - right) / 2;
  return { zoom, move: [across, (pane.height - top - bottom) / 2] };
}

function boundsOf(map: ImageToCanvas, { rows, columns }: { readonly rows: number; readonly columns: number }) {
  const corners = [
    [-0.5, -0.5],
    [columns - 0.5, -0.5],
    [columns - 0.5, rows - 0.5],
    [-0.5, rows - 0.5],
  ].map(([column = 0, row = 0]) => ({
    x: map.x0 + map.xPerColumn * column + map.xPerRow * row,
    y: map.y0 + map.yPerColumn * column + map.yPerRow * row,
  }));
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}
