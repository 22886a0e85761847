import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';

/** A box on the grid: slices, rows, columns of its edges, counted from the edge of the first cell. */
export type GridBox = {
  readonly label: string;
  readonly score: number;
  /** Which of the series' stacks the grid is of. */
  readonly stack: number;
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  /** The boxes of neighbouring slices that this one was joined of, best first; absent where it is one box. */
  readonly of?: readonly GridBox[];
};

type Joining = Pick<Extract<ModelOutput, { role: 'boxes' }>, 'axes' | 'overlapAtMost' | 'suppress' | 'most'>;

/**
 * Non-maximum suppression over all samples of the study, then, for boxes of two axes in a volume, one thing of what overlaps on
 * neighbouring slices. Best first, ties in the order given.
 */
export function joinBoxes(
  boxes: readonly GridBox[],
  how: Joining,
  joins: { readonly acrossSlices: boolean },
): readonly GridBox[] {
  const ordered = boxes.toSorted((a, b) => b.score - a.score);
  if (how.suppress === 'none') return ordered.slice(0, how.most);
  const isFlat = how.axes.length === 2;
  const kept: GridBox[] = [];
  // Boxes of two axes compete on their own slice only; all others with all.
  const rivals = new Map<string, GridBox[]>();
  for (const box of ordered) {
    const place = isFlat ? `${box.stack}:${box.from[0]}:${box.to[0]}` : `${box.stack}`;
    const key = how.suppress === 'within-class' ? `${place} ${box.label}` : place;
    const better = rivals.get(key) ?? [];
    if (better.some((one) => overlap(one, box) > how.overlapAtMost)) continue;
    better.push(box);
    rivals.set(key, better);
    kept.push(box);
    if (!(isFlat && joins.acrossSlices) && kept.length === how.most) break;
  }
  return isFlat && joins.acrossSlices ? joinSlices(kept, how.overlapAtMost).slice(0, how.most) : kept;
}

/** Share of the union of two boxes that is in both. */
function overlap(a: GridBox, b: GridBox, axes: readonly (0 | 1 | 2)[] = [0, 1, 2]): number {
  let both = 1;
  let sizeA = 1;
  let sizeB = 1;
  for (const axis of axes) {
    both *= Math.max(0, Math.min(a.to[axis], b.to[axis]) - Math.max(a.from[axis], b.from[axis]));
    sizeA *= a.to[axis] - a.from[axis];
    sizeB *= b.to[axis] - b.from[axis];
  }
  return both / (sizeA + sizeB - both);
}

/** Chains of boxes of one label that overlap from slice to slice; the best box of a chain gives its score. */
function joinSlices(ordered: readonly GridBox[], overlapAtMost: number): readonly GridBox[] {
  const group = ordered.map((_, index) => index);
  const root = (index: number): number => {
    let at = index;
    while (group[at] !== at) at = group[at] as number;
    group[index] = at;
    return at;
  };
  const byStart = new Map<string, number[]>();
  for (const [index, box] of ordered.entries()) {
    const start = `${box.stack}:${box.from[0]}`;
    byStart.set(start, [...(byStart.get(start) ?? []), index]);
  }
  for (const [index, box] of ordered.entries()) {
    for (const next of byStart.get(`${box.stack}:${box.to[0]}`) ?? []) {
      const other = ordered[next] as GridBox;
      if (other.label !== box.label || overlap(box, other, [1, 2]) <= overlapAtMost) continue;
      // The lower index is the better box: it stays the head of its chain.
      const [one, two] = [root(index), root(next)];
      group[Math.max(one, two)] = Math.min(one, two);
    }
  }
  const chains = new Map<number, GridBox[]>();
  for (const [index, box] of ordered.entries()) {
    const head = root(index);
    chains.set(head, [...(chains.get(head) ?? []), box]);
  }
  return [...chains.values()].map((chain) => (chain.length === 1 ? (chain[0] as GridBox) : around(chain)));
}

function around(chain: readonly GridBox[]): GridBox {
  const { label, score, stack } = chain[0] as GridBox;
  const edge = (axis: 0 | 1 | 2, side: 'from' | 'to') =>
    chain.map((box) => box[side][axis]).reduce((a, b) => (side === 'from' ? Math.min(a, b) : Math.max(a, b)));
  return {
    label,
    score,
    stack,
    from: [edge(0, 'from'), edge(1, 'from'), edge(2, 'from')],
    to: [edge(0, 'to'), edge(1, 'to'), edge(2, 'to')],
    of: chain,
  };
}
