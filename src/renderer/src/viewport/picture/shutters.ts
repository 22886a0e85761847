import { type DicomJson, entryOf, numberOf, numbersOf, textsOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';
import type { OverlayBits } from './overlay-planes.ts';

/** What of an image is hidden: 1 where it is, row after row; null where nothing is. */
export type Hidden = Uint8Array | null;

/**
 * Where the image's shutters hide it (PS3.3 §C.7.6.11, §C.7.6.15): outside a rectangle, a circle, a polygon, or any of several, and
 * wherever a bitmap has a bit. Coordinates are rows and columns counted from 1, edges and vertices themselves visible.
 */
export function shutteredPixels(
  dataSet: DicomJson,
  rows: number,
  columns: number,
  bitmap: OverlayBits | null = null,
): Hidden {
  // Each kind has its values once, however often it is named.
  const shapes = [...new Set(textsOf(dataSet, TAG.ShutterShape))];
  const visible = shapes.map((shape) => entryOf(SHAPES, shape)?.(dataSet) ?? null).filter((one) => one !== null);
  if (visible.length === 0 && bitmap === null) return null;
  const hidden = new Uint8Array(rows * columns);
  for (let row = 1; row <= rows; row += 1)
    for (let column = 1; column <= columns; column += 1)
      if (!visible.every((isVisible) => isVisible(row, column)) || (bitmap !== null && hides(bitmap, row, column)))
        hidden[(row - 1) * columns + column - 1] = 1;
  return hidden.includes(1) ? hidden : null;
}

function hides({ top, left, rows, columns, bits }: OverlayBits, row: number, column: number): boolean {
  const [down, right] = [row - 1 - top, column - 1 - left];
  return down >= 0 && right >= 0 && down < rows && right < columns && bits[down * columns + right] === 1;
}

/** The overlay group that is a shutter and no overlay (Shutter Overlay Group), as the beginning of a tag; null where none is. */
export function shutterGroupOf(dataSet: DicomJson): string | null {
  const group = textsOf(dataSet, TAG.ShutterShape).includes('BITMAP') ? numberOf(dataSet, '00181623') : null;
  return group === null ? null : group.toString(16).toUpperCase().padStart(4, '0');
}

/** True of a data set that names a shutter of a kind that is not known, without all its values or with more corners than are drawn: it hides nothing, which must be said. */
export function hasDamagedShutter(dataSet: DicomJson): boolean {
  return textsOf(dataSet, TAG.ShutterShape).some((shape) => !isShutterWhole(dataSet, shape));
}

function isShutterWhole(dataSet: DicomJson, shape: string): boolean {
  if (shape === 'BITMAP') return numberOf(dataSet, '00181623') !== null;
  return (entryOf(SHAPES, shape)?.(dataSet) ?? null) !== null;
}

/** The shade of what is hidden, 0 black to 1 white (PS3.3 §C.7.6.11, Shutter Presentation Value, P-values of 16 bits). */
export function shutterShade(dataSet: DicomJson): number {
  return (numberOf(dataSet, '00181622') ?? 0) / 0xffff;
}

/** Of a polygon with more nothing is hidden: every pixel is held against every edge. */
const MOST_CORNERS = 512;

type IsVisible = (row: number, column: number) => boolean;

const SHAPES: Readonly<Record<string, (dataSet: DicomJson) => IsVisible | null>> = {
  RECTANGULAR: (dataSet) => {
    const [left, right, upper, lower] = ['00181602', '00181604', '00181606', '00181608'].map((tag) =>
      numberOf(dataSet, tag),
    );
    if (left == null || right == null || upper == null || lower == null) return null;
    return (row, column) => column >= left && column <= right && row >= upper && row <= lower;
  },
  CIRCULAR: (dataSet) => {
    const [centreRow, centreColumn] = numbersOf(dataSet, '00181610');
    const radius = numberOf(dataSet, '00181612');
    if (centreRow === undefined || centreColumn === undefined || radius === null) return null;
    return (row, column) => Math.hypot(row - centreRow, column - centreColumn) <= radius;
  },
  POLYGONAL: (dataSet) => {
    const values = numbersOf(dataSet, '00181620');
    const corners = Array.from({ length: Math.floor(values.length / 2) }, (_, index): readonly [number, number] => [
      values[2 * index] ?? 0,
      values[2 * index + 1] ?? 0,
    ]);
    return corners.length < 3 || corners.length > MOST_CORNERS ? null : (row, column) => isWithin(corners, row, column);
  },
};

/** Whether a pixel lies within a polygon or on its edge: edges crossed on the way out, counted. */
function isWithin(corners: readonly (readonly [number, number])[], row: number, column: number): boolean {
  let isInside = false;
  for (const [index, [row1, column1]] of corners.entries()) {
    const [row2, column2] = corners[(index + 1) % corners.length] ?? [row1, column1];
    const across = (row - row1) * (column2 - column1) - (column - column1) * (row2 - row1);
    const along = (row - row1) * (row - row2) + (column - column1) * (column - column2);
    if (across === 0 && along <= 0) return true;
    if (row1 > row !== row2 > row && column < ((column2 - column1) * (row - row1)) / (row2 - row1) + column1)
      isInside = !isInside;
  }
  return isInside;
}
