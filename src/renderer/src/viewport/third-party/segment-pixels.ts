import { fetchNativeFrame } from '../picture/native-frame.ts';
import { pixelFormatOf } from '../picture/pixel-format.ts';
import { type StoredValues, storedValues } from '../picture/stored-values.ts';
import type { FittedFrame, GridMap } from './segment-fit.ts';
import type { Segmentation, SegmentFrame } from './segmentation.ts';

/** Values of segmentations that nobody looks at are kept up to so many bytes. */
const KEPT_BYTES = 96 * 1024 * 1024;

/** Values of segmentations, frame by frame, fetched once while there is room; one that cannot be had is tried anew when asked for again. */
export class SegmentPixels {
  readonly #kept = new Map<string, Promise<StoredValues | null>>();
  #bytes = 0;

  /** The stored values of a frame, row after row; null where they cannot be had. */
  valuesOf({ image }: SegmentFrame): Promise<StoredValues | null> {
    const { imageId } = image;
    const known = this.#kept.get(imageId);
    if (known !== undefined) {
      this.#kept.delete(imageId);
      this.#kept.set(imageId, known);
      return known;
    }
    const format = pixelFormatOf(image.dataSet);
    const asked = fetchNativeFrame(imageId, format).then(
      (frame) => narrowed(storedValues(format, frame)),
      () => null,
    );
    this.#kept.set(imageId, asked);
    void asked.then((values) => this.#note(imageId, values));
    return asked;
  }

  #note(imageId: string, values: StoredValues | null): void {
    if (values === null) return void this.#kept.delete(imageId);
    this.#bytes += values.byteLength;
    for (const [oldest, asked] of this.#kept) {
      if (this.#bytes <= KEPT_BYTES || oldest === imageId) break;
      this.#kept.delete(oldest);
      void asked.then((one) => {
        this.#bytes -= one?.byteLength ?? 0;
      });
    }
  }
}

/** As few bytes a value as hold it: segmentations have no more than a few hundred values. */
function narrowed(values: StoredValues | null): StoredValues | null {
  if (values === null || values instanceof Uint8Array) return values;
  return values.every((value) => value >= 0 && value <= 0xff) ? Uint8Array.from(values) : values;
}

/** How strongly each pixel of an image is marked by a segment, 0 to 255, row after row; null where none is. */
export function markedPixels(
  { values: kind, fraction }: Pick<Segmentation, 'values' | 'fraction'>,
  segment: number,
  fitted: readonly { readonly on: FittedFrame; readonly values: StoredValues }[],
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Uint8Array | null {
  // Most segments of a map of a hundred are on few of its images.
  if (kind === 'labels' && !fitted.some(({ values }) => values.includes(segment))) return null;
  const marked = new Uint8Array(rows * columns);
  let isAny = false;
  const strengthOf = (value: number) => {
    if (kind === 'labels') return value === segment ? 255 : 0;
    if (kind === 'binary') return value > 0 ? 255 : 0;
    return Math.round(255 * Math.min(1, value / (fraction?.greatest ?? 255)));
  };
  for (const { on, values } of fitted) {
    if (on.frame.segment !== null && on.frame.segment !== segment) continue;
    const { rows: frameRows, columns: frameColumns } = on.frame.image;
    const whole = { left: 0, top: 0, right: frameColumns - 1, bottom: frameRows - 1 };
    const isGround = kind === 'labels' && segment === 0;
    const inFrame = isGround ? whole : extentsOf(values, frameColumns).get(kind === 'labels' ? segment : ANY);
    if (inFrame === undefined) continue;
    eachPixel(on.map, imageBox(on.map, inFrame, { rows, columns }), columns, (at, column, row) => {
      if (column < 0 || row < 0 || column >= frameColumns || row >= frameRows) return;
      const strength = strengthOf(values[row * frameColumns + column] ?? 0);
      if (strength <= (marked[at] ?? 0)) return;
      marked[at] = strength;
      isAny = true;
    });
  }
  return isAny ? marked : null;
}

/** Whole pixels, the last row and column within. */
type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** Under this, where everything but 0 lies; no segment has this number. */
const ANY = -1;
const extents = new WeakMap<StoredValues, ReadonlyMap<number, Box>>();

/** Where in a frame each of its values lies, and where any but 0: worked out once, for most segments are small and redrawn often. */
function extentsOf(values: StoredValues, columns: number): ReadonlyMap<number, Box> {
  const known = extents.get(values);
  if (known !== undefined) return known;
  const boxes = new Map<number, { left: number; top: number; right: number; bottom: number }>();
  const stretch = (value: number, column: number, row: number) => {
    const box = boxes.get(value);
    if (box === undefined) return void boxes.set(value, { left: column, top: row, right: column, bottom: row });
    box.left = Math.min(box.left, column);
    box.right = Math.max(box.right, column);
    box.bottom = row;
  };
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    if (value === 0) continue;
    const [column, row] = [at % columns, Math.floor(at / columns)];
    stretch(value, column, row);
    stretch(ANY, column, row);
  }
  extents.set(values, boxes);
  return boxes;
}

/** The pixels of an image that may lie in a box of a frame: around its corners carried back; all of them where the map is flat. */
function imageBox(
  { zero, perColumn, perRow }: GridMap,
  { left, top, right, bottom }: Box,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Box {
  const determinant = perColumn[0] * perRow[1] - perRow[0] * perColumn[1];
  if (determinant === 0) return { left: 0, top: 0, right: columns - 1, bottom: rows - 1 };
  const corners = [
    [left - 1, top - 1],
    [right + 1, top - 1],
    [left - 1, bottom + 1],
    [right + 1, bottom + 1],
  ].map(([x = 0, y = 0]) => {
    const [across, down] = [x - zero[0], y - zero[1]];
    return {
      column: (perRow[1] * across - perRow[0] * down) / determinant,
      row: (perColumn[0] * down - perColumn[1] * across) / determinant,
    };
  });
  const [atColumns, atRows] = [corners.map(({ column }) => column), corners.map(({ row }) => row)];
  return {
    left: Math.max(0, Math.floor(Math.min(...atColumns))),
    top: Math.max(0, Math.floor(Math.min(...atRows))),
    right: Math.min(columns - 1, Math.ceil(Math.max(...atColumns))),
    bottom: Math.min(rows - 1, Math.ceil(Math.max(...atRows))),
  };
}

function eachPixel(
  { zero, perColumn, perRow }: GridMap,
  { left, top, right, bottom }: Box,
  columns: number,
  visit: (at: number, column: number, row: number) => void,
): void {
  for (let row = top; row <= bottom; row += 1)
    for (let column = left; column <= right; column += 1)
      visit(
        row * columns + column,
        Math.round(zero[0] + column * perColumn[0] + row * perRow[0]),
        Math.round(zero[1] + column * perColumn[1] + row * perRow[1]),
      );
}
