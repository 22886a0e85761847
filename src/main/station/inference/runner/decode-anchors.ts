import type { BoxAnchors, ModelOutput } from '../../../../shared/domain/model-outputs.ts';

type Axes = Extract<ModelOutput, { role: 'boxes' }>['axes'];
type Level = BoxAnchors['levels'][number];

/** Tells centre and size of a box, by axis in the order of `axes`, from its row and the offsets there. */
export type AnchorDecoder = {
  /** As many as the tensor must have. */
  readonly rows: number;
  readonly decode: (row: number, offsetAt: (column: number) => number) => readonly { centre: number; size: number }[];
};

/**
 * Opens the anchors of a sample of so many cells by axis, in the order of `axes`: centre = anchor's + offset / weight · its size, size
 * = its size · e^(offset / weight), in cells from the sample's first edge.
 */
export function openAnchors(anchors: BoxAnchors, axes: Axes, cells: readonly number[]): AnchorDecoder {
  const { order, levels, offset, weights, mostLogSize } = anchors;
  // Along which axis the places of a level step, the one that changes first last.
  const steps = order.split('').map((letter) => axes.indexOf(letter));
  const grids = levels.map((level) => placesOf(level, cells));
  const ends: number[] = [];
  for (const [index, { sizes }] of levels.entries())
    ends.push(
      (ends.at(-1) ?? 0) + sizes.length * (grids[index] as readonly number[]).reduce((all, one) => all * one, 1),
    );

  return {
    rows: ends.at(-1) ?? 0,
    decode(row, offsetAt) {
      const at = ends.findIndex((end) => row < end);
      const { stride, sizes } = levels[at] as Level;
      const places = grids[at] as readonly number[];
      const inLevel = row - (ends[at - 1] ?? 0);
      const anchor = sizes[inLevel % sizes.length] as readonly number[];
      let place = Math.floor(inLevel / sizes.length);
      const index = axes.split('').map(() => 0);
      for (const axis of steps.toReversed()) {
        index[axis] = place % (places[axis] as number);
        place = Math.floor(place / (places[axis] as number));
      }
      return anchor.map((size, axis) => {
        const middle = ((index[axis] as number) + offset) * (stride[axis] as number);
        const grown = Math.min(offsetAt(axes.length + axis) / weights.size, mostLogSize);
        return { centre: middle + (offsetAt(axis) / weights.centre) * size, size: size * Math.exp(grown) };
      });
    },
  };
}

function placesOf({ stride }: Level, cells: readonly number[]): readonly number[] {
  return stride.map((step, axis) => Math.ceil((cells[axis] as number) / step));
}
