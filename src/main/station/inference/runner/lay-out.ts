import type { ModelSample } from './prepared-grid.ts';

/** Numbers in the order of a tensor's axes. */
export type LaidOut = { readonly dims: readonly number[]; readonly values: Float32Array };

/**
 * A batch of samples of one size in the layout named (letters of NCDHW, outermost first), with the prepared channels chosen, all
 * where null. Slabs without an axis D have their slices as channels, slice by slice, each with its channels. Null where the samples
 * have more than one of an axis that is left out, or fewer channels than are chosen.
 */
export function layOut(
  samples: readonly ModelSample[],
  layout: string,
  chosen: readonly number[] | null,
): LaidOut | null {
  const [first] = samples;
  if (first === undefined) return null;
  const channels = chosen ?? Array.from({ length: first.channels }, (_, channel) => channel);
  if (channels.some((channel) => channel >= first.channels)) return null;
  const [, rows, columns] = first.size;
  const isSlab = first.size[0] === 1 && first.depth > 1;
  const slicesAsChannels = isSlab && !layout.includes('D');
  const sizes: Readonly<Record<string, number>> = {
    N: samples.length,
    C: channels.length * (slicesAsChannels ? first.depth : 1),
    D: slicesAsChannels ? 1 : first.depth,
    H: rows,
    W: columns,
  };
  for (const [axis, size] of Object.entries(sizes)) if (size !== 1 && !layout.includes(axis)) return null;
  const dims = layout.split('').map((axis) => sizes[axis] as number);
  const isAsItStands = samples.length === 1 && chosen === null && !slicesAsChannels && isInOrder(layout, sizes);
  if (isAsItStands) return { dims, values: first.values };

  const strideOf = (axis: string) => {
    const at = layout.indexOf(axis);
    return at < 0 ? 0 : dims.slice(at + 1).reduce((product, size) => product * size, 1);
  };
  const [byRow, byColumn] = [strideOf('H'), strideOf('W')];
  const values = new Float32Array(dims.reduce((product, size) => product * size, 1));
  for (const [index, sample] of samples.entries())
    for (const [place, channel] of channels.entries())
      for (let slice = 0; slice < first.depth; slice += 1) {
        const from = (channel * first.depth + slice) * rows * columns;
        const beside = slicesAsChannels
          ? (slice * channels.length + place) * strideOf('C')
          : place * strideOf('C') + slice * strideOf('D');
        const to = index * strideOf('N') + beside;
        for (let row = 0; row < rows; row += 1)
          for (let column = 0; column < columns; column += 1)
            values[to + row * byRow + column * byColumn] = sample.values[from + row * columns + column] as number;
      }
  return { dims, values };
}

/**
 * Samples of several series, as many of each, as one of each: behind one another along their slices, channel by channel. Null where
 * they are of several sizes or numbers of channels, and so stand in no one tensor.
 */
export function standBehind(series: readonly (readonly ModelSample[])[]): readonly ModelSample[] | null {
  const [own = []] = series;
  if (series.length < 2) return own;
  const stood: ModelSample[] = [];
  for (const [index, first] of own.entries()) {
    const all = series.flatMap((one) => one[index] ?? []);
    const [, rows, columns] = first.size;
    const { channels } = first;
    if (all.some(({ size, channels: count }) => size[1] !== rows || size[2] !== columns || count !== channels))
      return null;
    const depth = all.reduce((sum, one) => sum + one.depth, 0);
    const values = new Float32Array(channels * depth * rows * columns);
    let at = 0;
    for (let channel = 0; channel < channels; channel += 1)
      for (const one of all) {
        const size = one.depth * rows * columns;
        values.set(one.values.subarray(channel * size, (channel + 1) * size), at);
        at += size;
      }
    stood.push({ ...first, depth, values });
  }
  return stood;
}

/** Whether axes that are longer than 1 stand in the order in which a sample's values do. */
function isInOrder(layout: string, sizes: Readonly<Record<string, number>>): boolean {
  const long = layout
    .split('')
    .filter((axis) => sizes[axis] !== 1)
    .join('');
  return (
    long ===
    'NCDHW'
      .split('')
      .filter((axis) => sizes[axis] !== 1)
      .join('')
  );
}
