/** How many grey values there are in 8 bits. */
const BINS = 256;

/**
 * Contrast limited adaptive histogram equalisation of one plane, in place, as OpenCV's `createCLAHE` computes it with 8 bits: a
 * plane that the tiles do not divide is mirrored beyond its last row and column, each tile's histogram is cut at the limit and
 * what was cut spread over all bins, and each value goes through the tables of the four tiles around it, linear between them.
 */
export function equalisePlane(
  plane: Float32Array,
  [rows, columns]: readonly [number, number],
  { tiles, clipLimit }: { readonly tiles: readonly [number, number]; readonly clipLimit: number },
): void {
  const bytes = Uint8ClampedArray.from(plane);
  const [down, across] = tiles;
  const isWhole = rows % down === 0 && columns % across === 0;
  const height = isWhole ? rows / down : Math.ceil((rows + down - (rows % down)) / down);
  const width = isWhole ? columns / across : Math.ceil((columns + across - (columns % across)) / across);
  const area = height * width;
  const most = Math.max(1, Math.trunc((clipLimit * area) / BINS));
  const tables = new Uint8Array(down * across * BINS);
  for (let tile = 0; tile < down * across; tile += 1) {
    const [top, left] = [Math.floor(tile / across) * height, (tile % across) * width];
    const histogram = new Int32Array(BINS);
    for (let row = top; row < top + height; row += 1)
      for (let column = left; column < left + width; column += 1) {
        const value = bytes[mirrored(row, rows) * columns + mirrored(column, columns)] as number;
        histogram[value] = (histogram[value] as number) + 1;
      }
    cutAndSpread(histogram, most);
    let sum = 0;
    for (let bin = 0; bin < BINS; bin += 1) {
      sum += histogram[bin] as number;
      tables[tile * BINS + bin] = toByte(Math.fround(sum * Math.fround((BINS - 1) / area)));
    }
  }
  const along = (count: number, size: number, most: number) =>
    Array.from({ length: count }, (_, index) => {
      const at = Math.fround(index * Math.fround(1 / size) - 0.5);
      const low = Math.floor(at);
      return { low: Math.max(low, 0), high: Math.min(low + 1, most - 1), share: Math.fround(at - low) };
    });
  const [byRow, byColumn] = [along(rows, height, down), along(columns, width, across)];
  for (const [row, vertical] of byRow.entries())
    for (const [column, horizontal] of byColumn.entries()) {
      const value = bytes[row * columns + column] as number;
      const table = (y: number, x: number) => tables[(y * across + x) * BINS + value] as number;
      const onTiles = (y: number) => mixed(table(y, horizontal.low), table(y, horizontal.high), horizontal.share);
      plane[row * columns + column] = toByte(mixed(onTiles(vertical.low), onTiles(vertical.high), vertical.share));
    }
}

/** Between two numbers, each step as single precision has it. */
function mixed(a: number, b: number, share: number): number {
  return Math.fround(Math.fround(a * Math.fround(1 - share)) + Math.fround(b * share));
}

/** Beyond the edge the plane goes back, without its last cell twice. */
function mirrored(index: number, cells: number): number {
  if (cells === 1) return 0;
  const at = index % (2 * cells - 2);
  return at < cells ? at : 2 * cells - 2 - at;
}

/** What is above the limit is spread evenly, and the rest of it over bins at even distances. */
function cutAndSpread(histogram: Int32Array, most: number): void {
  let cut = 0;
  for (const [bin, count] of histogram.entries()) {
    if (count <= most) continue;
    cut += count - most;
    histogram[bin] = most;
  }
  const each = Math.trunc(cut / BINS);
  let rest = cut - each * BINS;
  for (let bin = 0; bin < BINS; bin += 1) histogram[bin] = (histogram[bin] as number) + each;
  if (rest === 0) return;
  const stride = Math.max(1, Math.trunc(BINS / rest));
  for (let bin = 0; bin < BINS && rest > 0; bin += stride, rest -= 1) histogram[bin] = (histogram[bin] as number) + 1;
}

/** To the nearest whole number, halves to the even one, as the processor rounds. */
function toByte(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return Math.min(255, Math.max(0, rest < 0.5 || (rest === 0.5 && down % 2 === 0) ? down : down + 1));
}
