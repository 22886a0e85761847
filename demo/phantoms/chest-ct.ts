import { seededRandom } from '../random.ts';
import { chestAnatomy } from './chest-anatomy.ts';
import { drawChestShape } from './chest-shape.ts';
import { drawFolds } from './folds.ts';
import { type Nodule, type NoduleKind, type NoduleWish, placeNodule } from './nodule.ts';
import { noiseTile, type ReconstructedCt, spread, type Vector } from './reconstruct.ts';
import { growChestTrees } from './chest-trees.ts';
import type { Segment } from './vessel-tree.ts';

export const CHEST_KERNELS = ['soft', 'medium', 'sharp'] as const;
export type ChestKernel = (typeof CHEST_KERNELS)[number];

/** What to draw. What is left out, the seed decides; without `nodules` there are none. */
export type ChestCtWish = {
  readonly seed: number;
  readonly nodules?: readonly NoduleWish[];
  /** Rows and columns; 512 unless told. */
  readonly matrix?: number;
  readonly sliceMm?: number;
  readonly kernel?: ChestKernel;
  /** Standard deviation of the noise in HU; left out, by kernel and slice. */
  readonly noiseHu?: number;
  /** Another day's noise in the same chest; left out, the seed. */
  readonly noiseSeed?: number;
  /** Heights between which it is scanned; left out, from below the lungs to above them. */
  readonly fromToMm?: readonly [number, number];
  /** Side of the square that is reconstructed; a small one cuts the body off. */
  readonly fieldMm?: number;
};

/** A nodule that is in the phantom. */
export type NoduleTruth = {
  readonly kind: NoduleKind;
  readonly centreMm: Vector;
  /** Of a ball of its volume. */
  readonly diameterMm: number;
  readonly volumeMl: number;
  readonly hu: number;
};

/** A chest CT, and what is in it. */
export type ChestCt = ReconstructedCt & {
  readonly kernel: ChestKernel;
  readonly noiseHu: number;
  readonly truth: { readonly nodules: readonly NoduleTruth[] };
};

/** Of a kernel: noise of a slice of one millimetre, and how often it is smoothed. */
const KERNELS: Readonly<Record<ChestKernel, { readonly noiseHu: number; readonly smoothings: number }>> = {
  soft: { noiseHu: 22, smoothings: 2 },
  medium: { noiseHu: 34, smoothings: 1 },
  sharp: { noiseHu: 55, smoothings: 0 },
};
const FINEST_PART_MM = 1.6;
const MOST_GRID = 320;
const AIRWAY_WALL = 1.25;

/** Draws a chest CT. The same wish gives the same voxels, every time. */
export function drawChestCt(wish: ChestCtWish): ChestCt {
  const random = seededRandom(wish.seed, 'chest-ct');
  const shape = drawChestShape(random);
  const folds = drawFolds(random, 9);
  const anatomy = chestAnatomy(shape, folds);
  const kernelDrawn = random.pick(CHEST_KERNELS);
  const sliceDrawn = random.pick([1, 1.5, 2, 3, 5]);
  const kernel = wish.kernel ?? kernelDrawn;
  const sliceMm = wish.sliceMm ?? sliceDrawn;
  const noiseHu = wish.noiseHu ?? (KERNELS[kernel].noiseHu * random.between(0.8, 1.2)) / Math.sqrt(sliceMm);
  const fieldMm = wish.fieldMm ?? Math.max(...shape.bodyMm) * 2 + 14;
  const centre: Vector = [random.normal() * 3, random.normal() * 3 + 6, 0];
  const [low, high] = wish.fromToMm ?? [-shape.reachMm - 22, shape.reachMm + 14];
  const slices = Math.floor((high - low) / sliceMm);

  const { vessels, airways } = growChestTrees(wish.seed, shape, anatomy);
  const noduleRandom = seededRandom(wish.seed, 'nodules');
  const nodules: Nodule[] = [];
  for (const wanted of wish.nodules ?? []) {
    const margin = wanted.diameterMm / 2 + sliceMm;
    const z = [Math.max(low, -shape.reachMm) + margin, Math.min(high, shape.reachMm) - margin] as const;
    nodules.push(
      placeNodule(noduleRandom, wanted, { depthAt: anatomy.lungDepthAt, vessels, folds, z, others: nodules }),
    );
  }

  const matrix = wish.matrix ?? 512;
  const grid = Math.min(matrix, MOST_GRID);
  const gridMm = fieldMm / grid;
  const pixelMm = fieldMm / matrix;
  const halfField = (fieldMm - pixelMm) / 2;
  const parts = Math.max(1, Math.round(sliceMm / FINEST_PART_MM));
  const cells = grid * grid;
  const body = new Float32Array(cells);
  const part = new Float32Array(cells);
  const depth = new Float32Array(cells);
  const solid = new Float32Array(cells);
  const hu = new Int16Array(slices * matrix * matrix);
  const noise = noiseTile(seededRandom(wish.noiseSeed ?? wish.seed, 'noise'), noiseHu, KERNELS[kernel].smoothings);
  const volumes = nodules.map(() => 0);
  const edge = (index: number) => (index + 0.5) * gridMm - fieldMm / 2;
  /** Raises the cells that a body reaches on this plane to its share of them; what may hold nodules is given out. */
  const stamp = (
    at: Vector,
    reachMm: number,
    into: Float32Array,
    outsideAt: (x: number, y: number) => number,
    visit?: (cell: number, share: number) => void,
  ) => {
    const cell = (mm: number) => Math.floor((mm + fieldMm / 2) / gridMm);
    const [left, right] = [
      Math.max(0, cell(at[0] - centre[0] - reachMm)),
      Math.min(grid - 1, cell(at[0] - centre[0] + reachMm) + 1),
    ];
    const [top, bottom] = [
      Math.max(0, cell(at[1] - centre[1] - reachMm)),
      Math.min(grid - 1, cell(at[1] - centre[1] + reachMm) + 1),
    ];
    for (let row = top; row <= bottom; row += 1) {
      const y = edge(row) + centre[1];
      for (let column = left; column <= right; column += 1) {
        const outside = outsideAt(edge(column) + centre[0], y);
        if (outside > gridMm / 2) continue;
        const share = Math.min(1, 0.5 - outside / gridMm);
        const index = row * grid + column;
        if (visit) visit(index, share);
        else if (share > (into[index] as number)) into[index] = share;
      }
    }
  };
  const stampTree = (segments: readonly Segment[], z: number, into: Float32Array, scale: number) => {
    for (const { from, to, radiusMm } of segments) {
      const radius = radiusMm * scale;
      if (Math.min(from[2], to[2]) - radius - 1 > z || Math.max(from[2], to[2]) + radius + 1 < z) continue;
      const middle: Vector = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2, z];
      const reach = Math.max(Math.abs(from[0] - to[0]), Math.abs(from[1] - to[1])) / 2 + radius + gridMm;
      const [dx, dy, dz] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
      const length2 = dx * dx + dy * dy + dz * dz;
      const pz = z - from[2];
      stamp(middle, reach, into, (x, y) => {
        const [px, py] = [x - from[0], y - from[1]];
        const share = Math.min(1, Math.max(0, (px * dx + py * dy + pz * dz) / length2));
        return Math.sqrt((px - share * dx) ** 2 + (py - share * dy) ** 2 + (pz - share * dz) ** 2) - radius;
      });
    }
  };

  for (let slice = 0; slice < slices; slice += 1) {
    body.fill(0);
    for (let index = 0; index < parts; index += 1) {
      const z = low + (slice + (index + 0.5) / parts) * sliceMm;
      for (let row = 0, cell = 0; row < grid; row += 1) {
        const y = edge(row) + centre[1];
        for (let column = 0; column < grid; column += 1, cell += 1) {
          const x = edge(column) + centre[0];
          const deep = anatomy.lungDepthAt(x, y, z);
          depth[cell] = deep;
          part[cell] = anatomy.huAt(x, y, z, deep, gridMm);
        }
      }
      for (const [segments, scale, value] of [
        [airways, AIRWAY_WALL, 10],
        [vessels, 1, shape.bloodHu],
        [airways, 1, -990],
      ] as const) {
        solid.fill(0);
        stampTree(segments, z, solid, scale);
        for (let cell = 0; cell < cells; cell += 1) {
          const share = solid[cell] as number;
          if (share > 0) part[cell] = (part[cell] as number) + (value - (part[cell] as number)) * share;
        }
      }
      for (const [number, { centreMm, radiusMm, hu: value, outsideAt }] of nodules.entries()) {
        if (Math.abs(centreMm[2] - z) > radiusMm * 1.5 + 1) continue;
        stamp(
          centreMm,
          radiusMm * 1.4 + 1,
          solid,
          (x, y) => outsideAt(x, y, z),
          (cell, share) => {
            const inLung = share * Math.min(1, Math.max(0, 0.5 + (depth[cell] as number) / gridMm));
            volumes[number] = (volumes[number] as number) + inLung;
            if ((part[cell] as number) < value)
              part[cell] = (part[cell] as number) + (value - (part[cell] as number)) * inLung;
          },
        );
      }
      for (let cell = 0; cell < cells; cell += 1) body[cell] = (body[cell] as number) + (part[cell] as number) / parts;
    }
    const target = slice * matrix * matrix;
    spread(body, grid, hu.subarray(target, target + matrix * matrix), matrix, noise(random));
  }
  return {
    hu,
    slices,
    rows: matrix,
    columns: matrix,
    sliceMm,
    pixelMm: [pixelMm, pixelMm],
    imagePositions: Array.from(
      { length: slices },
      (_, slice): Vector => [centre[0] - halfField, centre[1] - halfField, low + (slice + 0.5) * sliceMm],
    ),
    imageOrientation: [1, 0, 0, 0, 1, 0],
    kernel,
    noiseHu,
    truth: {
      nodules: nodules.map(({ kind, centreMm, hu: value }, number) => {
        const volumeMl = ((volumes[number] as number) * gridMm * gridMm * (sliceMm / parts)) / 1000;
        return { kind, centreMm, volumeMl, diameterMm: Math.cbrt((6000 * volumeMl) / Math.PI), hu: value };
      }),
    },
  };
}
