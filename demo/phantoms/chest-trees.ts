import { seededRandom } from '../random.ts';
import type { ChestAnatomy } from './chest-anatomy.ts';
import type { ChestShape } from './chest-shape.ts';
import type { Vector } from './reconstruct.ts';
import { growTree, type Segment } from './vessel-tree.ts';

/** The vessels and airways of both lungs. The same seed and chest give the same ones. */
export function growChestTrees(
  seed: number,
  shape: ChestShape,
  anatomy: ChestAnatomy,
): { readonly vessels: readonly Segment[]; readonly airways: readonly Segment[] } {
  const treeRandom = seededRandom(seed, 'chest-vessels');
  const vessels: Segment[] = [];
  const airways: Segment[] = [];
  const carina: Vector = [0, 14, 22];
  airways.push({ from: [0, 8, shape.reachMm + 40], to: carina, radiusMm: 8.5 });
  for (const side of [-1, 1] as const) {
    const depthAt = (x: number, y: number, z: number) => (x * side < 0 ? -20 : anatomy.lungDepthAt(x, y, z));
    for (const [y, up] of [
      [-8, 0.7],
      [2, 0.05],
      [16, -0.5],
      [20, -1.2],
    ] as const)
      vessels.push(
        ...growTree(
          treeRandom,
          { at: [side * 26, y, 2 + up * 14], towards: [side, 0.1, up], radiusMm: 5.4 },
          depthAt,
          3,
        ),
      );
    const hilum: Vector = [side * 36, 10, 4];
    airways.push({ from: carina, to: hilum, radiusMm: 6 });
    airways.push(
      ...growTree(treeRandom, { at: hilum, towards: [side, 0.1, -0.2], radiusMm: 4.6 }, depthAt, 12).filter(
        ({ radiusMm }) => radiusMm > 1.2,
      ),
    );
  }
  return { vessels, airways };
}
