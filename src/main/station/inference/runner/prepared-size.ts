import { GRID_AXES, type PreparingStep, type Preprocessing } from '../../../../shared/domain/model-preprocessing.ts';
import { perAxis, type Triple } from './triple.ts';

type Size = Triple<number | null>;

/** Slices, rows and columns of the prepared grid, as far as the steps alone say; null where the series decides. */
export function preparedSize({ steps }: Pick<Preprocessing, 'steps'>): Size {
  return steps.reduce<Size>(sizeAfter, [null, null, null]);
}

function sizeAfter(size: Size, step: PreparingStep): Size {
  const [slices, rows, columns] = size;
  switch (step.do) {
    case 'crop-or-pad':
      return perAxis((axis) => step.to[axis] ?? size[axis]);
    case 'resize':
      return perAxis((axis) =>
        step.to[axis] === null ? size[axis] : step.aspect === 'stretch' ? step.to[axis] : null,
      );
    case 'resample':
      return perAxis((axis) => (step.spacingMm[axis] === null ? size[axis] : null));
    case 'pad-to-multiple':
      return perAxis((axis) => upTo(size[axis], step.of[axis]));
    case 'trim':
      return perAxis((axis) => (step.shares[axis] === null ? size[axis] : null));
    case 'crop-to-content':
      return perAxis((axis) => (step.axes.includes(GRID_AXES[axis]) ? null : size[axis]));
    case 'square': {
      if (rows === null || columns === null) return [slices, null, null];
      const side = step.by === 'pad' ? Math.max(rows, columns) : Math.min(rows, columns);
      return [slices, side, side];
    }
    case 'transpose':
      return [slices, columns, rows];
    case 'orient':
      // Which axis becomes which is the series' business, unless all are alike.
      return slices === rows && rows === columns ? size : [null, null, null];
    default:
      return size;
  }
}

function upTo(cells: number | null, multiple: number | null): number | null {
  return cells === null || multiple === null ? cells : Math.ceil(cells / multiple) * multiple;
}
