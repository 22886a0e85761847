/** Unpacks a mask's bits, least significant first (PS3.5 §8.1.1), into one 0 or 1 a pixel, slice by slice. */
export function maskPixels(
  packed: Uint8Array,
  shape: { readonly rows: number; readonly columns: number; readonly slices: number },
): Uint8Array {
  const pixels = new Uint8Array(shape.rows * shape.columns * shape.slices);
  for (let pixel = 0; pixel < pixels.length; pixel += 1) {
    pixels[pixel] = ((packed[pixel >> 3] ?? 0) >> (pixel & 7)) & 1;
  }
  return pixels;
}
