import { Enums, imageLoader } from '@cornerstonejs/core';
import type { StackImage } from './stack.ts';

/** What a small picture is made from: decoded values, row after row, `samples` of them a pixel. */
export type Picture = {
  readonly rows: number;
  readonly columns: number;
  readonly samples: number;
  readonly values: ArrayLike<number>;
  /** The values drawn black and white; swapped where low values are bright. */
  readonly black: number;
  readonly white: number;
};

/** Loads an image behind everything a reader waits for, and draws it small; leaves the canvas dark where that fails. */
export async function drawThumbnail(
  image: StackImage,
  canvas: HTMLCanvasElement,
  isWanted: () => boolean,
): Promise<void> {
  const loaded = await imageLoader
    .loadAndCacheImage(image.imageId, {
      requestType: Enums.RequestType.Thumbnail,
      priority: 5,
      additionalDetails: { imageId: image.imageId },
    })
    // A thumbnail that cannot be had is no more than that: the viewport says why when the series is opened.
    .catch(() => null);
  const context = canvas.getContext('2d');
  if (loaded === null || context === null || !isWanted()) return;
  const centre = [loaded.windowCenter].flat()[0] ?? 128;
  const width = [loaded.windowWidth].flat()[0] ?? 256;
  const [low, high] = loaded.color ? [0, 255] : [centre - width / 2, centre + width / 2];
  const values = loaded.getPixelData();
  if (values.length < image.rows * image.columns * (loaded.color ? 3 : 1)) return;
  const picture: Picture = {
    rows: image.rows,
    columns: image.columns,
    samples: Math.max(1, Math.round(values.length / (image.rows * image.columns))),
    values,
    black: image.monochrome1 ? high : low,
    white: image.monochrome1 ? low : high,
  };
  const pixels = context.createImageData(canvas.width, canvas.height);
  pixels.data.set(shrink(picture, canvas.width));
  context.putImageData(pixels, 0, 0);
}

/** The picture as a square of RGBA bytes, its longer side filling the square, the rest left clear; nearest pixels. */
export function shrink(picture: Picture, side: number): Uint8ClampedArray {
  const { rows, columns, samples, values, black, white } = picture;
  const step = Math.max(rows, columns) / side;
  const left = (side - columns / step) / 2;
  const top = (side - rows / step) / 2;
  const bytes = new Uint8ClampedArray(side * side * 4);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const column = Math.floor((x + 0.5 - left) * step);
      const row = Math.floor((y + 0.5 - top) * step);
      if (column < 0 || row < 0 || column >= columns || row >= rows) continue;
      const from = (row * columns + column) * samples;
      for (let channel = 0; channel < 3; channel += 1) {
        const value = values[from + (samples >= 3 ? channel : 0)] ?? 0;
        bytes[(y * side + x) * 4 + channel] = (255 * (value - black)) / (white - black || 1);
      }
      bytes[(y * side + x) * 4 + 3] = 255;
    }
  }
  return bytes;
}
