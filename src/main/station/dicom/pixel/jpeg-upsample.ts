/** The samples of one component, possibly fewer than the picture's; rows are `stride` apart. */
export type Plane = {
  readonly samples: Uint8Array | Uint16Array;
  readonly stride: number;
  readonly rows: number;
  readonly columns: number;
};

/**
 * One component at the picture's size. Colour at half width, or at half width and height, is interpolated with the triangle
 * filter the Independent JPEG Group's library uses; every other ratio repeats samples.
 */
export function upsample(plane: Plane, across: number, down: number, rows: number, columns: number): Plane['samples'] {
  const full = plane.samples instanceof Uint8Array ? new Uint8Array(rows * columns) : new Uint16Array(rows * columns);
  const isSmooth = across === 2 && down <= 2 && plane.columns > 2;
  if (isSmooth) smooth(plane, down, full, rows, columns);
  else repeat(plane, across, down, full, rows, columns);
  return full;
}

function repeat(plane: Plane, across: number, down: number, full: Plane['samples'], rows: number, columns: number) {
  for (let row = 0; row < rows; row += 1) {
    const from = Math.floor(row / down) * plane.stride;
    if (across === 1) {
      full.set(plane.samples.subarray(from, from + columns), row * columns);
      continue;
    }
    for (let column = 0; column < columns; column += 1) {
      full[row * columns + column] = plane.samples[from + Math.floor(column / across)] as number;
    }
  }
}

/** Three quarters of the nearer sample and one of the farther, across and, where rows are halved too, down. */
function smooth(plane: Plane, down: number, full: Plane['samples'], rows: number, columns: number): void {
  const { samples, stride } = plane;
  const last = plane.columns - 1;
  const sums = new Int32Array(plane.columns);
  // Rounded up and down by turns, so that no side is favoured.
  const [shift, lower, upper] = down === 2 ? [4, 8, 7] : [2, 1, 2];
  for (let row = 0; row < rows; row += 1) {
    const near = Math.floor(row / down);
    const beside = row % 2 === 0 ? near - 1 : near + 1;
    const far = Math.min(Math.max(beside, 0), plane.rows - 1);
    for (let column = 0; column <= last; column += 1) {
      const nearest = samples[near * stride + column] as number;
      sums[column] = down === 2 ? 3 * nearest + (samples[far * stride + column] as number) : nearest;
    }
    for (let column = 0; column < columns; column += 1) {
      const at = column >> 1;
      const sum = sums[at] as number;
      const isLeft = column % 2 === 0;
      const isEdge = isLeft ? at === 0 : at === last;
      // At the picture's edge the sample is its own neighbour.
      const neighbour = isEdge ? sum : (sums[isLeft ? at - 1 : at + 1] as number);
      full[row * columns + column] = (3 * sum + neighbour + (isLeft ? lower : upper)) >> shift;
    }
  }
}
