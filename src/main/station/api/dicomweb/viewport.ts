import type { RenderedFrame } from '../../dicom/pixel/render-frame.ts';

/** What part of an image is shown, in its pixels, and the largest size it may have (PS3.18 §8.3.5.1.3). */
export type Viewport = {
  readonly columns: number;
  readonly rows: number;
  readonly left: number;
  readonly top: number;
  /** Null: to the image's edge. */
  readonly width: number | null;
  readonly height: number | null;
};

/** Larger than any screen; a viewport beyond it is refused. */
const MOST_PIXELS = 8192;
/** An image is enlarged to so many pixels a side at most, and one that has more is not enlarged: a screen does that better. */
const MOST_ENLARGED = 2048;

/** Reads `viewport=vw,vh[,sx,sy,sw,sh]`; null for what is none. Negative lengths, which would mirror, are refused. */
export function readViewport(text: string): Viewport | null {
  const parts = text.split(',').map((part) => (part.trim() === '' ? null : Number(part)));
  const [columns, rows, left, top, width, height] = parts;
  const isSize = (size: number | null | undefined) =>
    Number.isInteger(size) && Number(size) >= 1 && Number(size) <= MOST_PIXELS;
  const isPlace = (place: number | null | undefined) =>
    place === null || place === undefined || (Number.isFinite(place) && place >= 0);
  if ((parts.length !== 2 && parts.length !== 6) || !isSize(columns) || !isSize(rows)) return null;
  if (![left, top, width, height].every(isPlace)) return null;
  return {
    ...{ columns: Number(columns), rows: Number(rows), left: Math.floor(left ?? 0), top: Math.floor(top ?? 0) },
    ...{ width: width ? Math.ceil(width) : null, height: height ? Math.ceil(height) : null },
  };
}

/** The part of an image that a viewport shows, scaled to fit into it with its proportions kept: averaged down, linear up to 2,048 pixels a side. */
export function fitTo(image: RenderedFrame, viewport: Viewport): RenderedFrame {
  const left = Math.min(viewport.left, image.columns - 1);
  const top = Math.min(viewport.top, image.rows - 1);
  const width = Math.min(viewport.width ?? image.columns, image.columns - left);
  const height = Math.min(viewport.height ?? image.rows, image.rows - top);
  const most = Math.max(1, MOST_ENLARGED / Math.max(width, height));
  const scale = Math.min(viewport.columns / width, viewport.rows / height, most);
  const columns = Math.max(1, Math.round(width * scale));
  const rows = Math.max(1, Math.round(height * scale));
  const { channels } = image;
  const bytes = new Uint8Array(rows * columns * channels);
  const across = spans(columns, left, width);
  const down = spans(rows, top, height);
  // Source rows are scaled across once, when the first row that needs them is made, and forgotten after the last.
  const ready = new Map<number, Float64Array>();
  for (let row = 0; row < rows; row += 1) {
    const { first, weights } = down[row] as Span;
    for (const known of ready.keys()) if (known < first) ready.delete(known);
    const sum = new Float64Array(columns * channels);
    for (let at = 0; at < weights.length; at += 1) {
      const line = ready.get(first + at) ?? scaleAcross(image, first + at, across);
      ready.set(first + at, line);
      const weight = weights[at] ?? 0;
      for (let place = 0; place < sum.length; place += 1)
        sum[place] = (sum[place] as number) + weight * (line[place] as number);
    }
    const to = row * columns * channels;
    for (let place = 0; place < sum.length; place += 1) bytes[to + place] = Math.round(sum[place] as number);
  }
  return { rows, columns, channels, bytes };
}

/** Which source pixels make one target pixel, and how much each weighs; the weights add up to 1. */
type Span = { readonly first: number; readonly weights: readonly number[] };

function spans(count: number, from: number, length: number): readonly Span[] {
  const step = length / count;
  return Array.from({ length: count }, (_, index) => {
    if (step >= 1) {
      const [start, end] = [index * step, (index + 1) * step];
      const first = Math.floor(start);
      const last = Math.min(length, Math.ceil(end));
      const weights = Array.from({ length: last - first }, (_unused, at) => {
        return (Math.min(end, first + at + 1) - Math.max(start, first + at)) / step;
      });
      return { first: from + first, weights };
    }
    const centre = Math.min(length - 1, Math.max(0, (index + 0.5) * step - 0.5));
    const first = Math.min(Math.floor(centre), Math.max(0, length - 2));
    const share = centre - first;
    return { first: from + first, weights: length === 1 ? [1] : [1 - share, share] };
  });
}

function scaleAcross({ bytes, columns, channels }: RenderedFrame, row: number, across: readonly Span[]): Float64Array {
  const line = new Float64Array(across.length * channels);
  const from = row * columns * channels;
  for (let column = 0; column < across.length; column += 1) {
    const { first, weights } = across[column] as Span;
    for (let channel = 0; channel < channels; channel += 1) {
      let sum = 0;
      for (let at = 0; at < weights.length; at += 1)
        sum += (weights[at] as number) * (bytes[from + (first + at) * channels + channel] ?? 0);
      line[column * channels + channel] = sum;
    }
  }
  return line;
}
