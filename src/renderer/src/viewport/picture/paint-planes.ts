import type { OverlayBits } from './overlay-planes.ts';

/** What lies over a picture's own pixels, each 1 where it does, row after row. */
export type Planes = {
  readonly rows: number;
  readonly columns: number;
  /** Padding, black however the image is drawn. */
  readonly padding: Uint8Array | null;
  readonly overlays: readonly OverlayBits[];
  readonly shuttered: Uint8Array | null;
  /** Of what is shuttered, 0 black to 1 white. */
  readonly shade: number;
};

/** The planes as red, green, blue and opacity of every pixel of the image: padding, over it overlays in white, over both the shutters. */
export function paintPlanes({
  rows,
  columns,
  padding,
  overlays,
  shuttered,
  shade,
}: Planes): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * rows * columns);
  const words = new Uint32Array(pixels.buffer);
  const grey = (value: number) => (0xff000000 | (Math.round(value * 255) * 0x010101)) >>> 0;
  for (let at = padding?.indexOf(1) ?? -1; at >= 0; at = padding?.indexOf(1, at + 1) ?? -1) words[at] = grey(0);
  for (const overlay of overlays)
    for (let at = overlay.bits.indexOf(1); at >= 0; at = overlay.bits.indexOf(1, at + 1)) {
      const row = overlay.top + Math.floor(at / overlay.columns);
      const column = overlay.left + (at % overlay.columns);
      if (row >= 0 && column >= 0 && row < rows && column < columns && at < overlay.rows * overlay.columns)
        words[row * columns + column] = grey(1);
    }
  for (let at = shuttered?.indexOf(1) ?? -1; at >= 0; at = shuttered?.indexOf(1, at + 1) ?? -1) words[at] = grey(shade);
  return pixels;
}
