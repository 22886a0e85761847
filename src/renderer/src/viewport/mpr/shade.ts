import type { GreyWindow } from '../window-presets.ts';

/** Grey values of a window as pixels; what was not measured is black, whatever is inverted. */
export function shade(
  values: Float32Array,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  { centre, width }: GreyWindow,
  isInverted: boolean,
): ImageData {
  const image = new ImageData(columns, rows);
  const low = centre - width / 2;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? Number.NaN;
    const share = Math.max(0, Math.min(1, (value - low) / width));
    const grey = Number.isNaN(value) ? 0 : Math.round(255 * (isInverted ? 1 - share : share));
    image.data.fill(grey, index * 4, index * 4 + 3);
    image.data[index * 4 + 3] = 255;
  }
  return image;
}
