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
  const strengthOf = (value: number) => {
    if (kind === 'labels') return value === segment ? 255 : 0;
    if (kind === 'binary') return value > 0 ? 255 : 0;
    return Math.round(255 * Math.min(1, value / (fraction?.greatest ?? 255)));
  };
  for (const { on, values } of fitted) {
    if (on.frame.segment !== null && on.frame.segment !== segment) continue;
    const { rows: frameRows, columns: frameColumns } = on.frame.image;
    eachPixel(on.map, rows, columns, (at, column, row) => {
      if (column < 0 || row < 0 || column >= frameColumns || row >= frameRows) return;
      const strength = strengthOf(values[row * frameColumns + column] ?? 0);
      if (strength > (marked[at] ?? 0)) marked[at] = strength;
    });
  }
  return marked.some((strength) => strength > 0) ? marked : null;
}

function eachPixel(
  { zero, perColumn, perRow }: GridMap,
  rows: number,
  columns: number,
  visit: (at: number, column: number, row: number) => void,
): void {
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1)
      visit(
        row * columns + column,
        Math.round(zero[0] + column * perColumn[0] + row * perRow[0]),
        Math.round(zero[1] + column * perColumn[1] + row * perRow[1]),
      );
}
