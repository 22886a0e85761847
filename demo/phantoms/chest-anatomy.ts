import type { ChestShape } from './chest-shape.ts';
import type { Folds } from './folds.ts';

/** What the scanner would measure at a point of the chest before vessels, nodules and noise are drawn into it. */
export type ChestAnatomy = {
  /** Depth below the surface of a lung in mm, about; negative outside. Positive x is the left lung. */
  readonly lungDepthAt: (x: number, y: number, z: number) => number;
  /** HU at a point whose depth is known; an edge of lung is `edgeMm` wide. */
  readonly huAt: (x: number, y: number, z: number, depth: number, edgeMm: number) => number;
};

const AIR = -1000;
const FAT = -95;
const BONE = 420;
const MARROW = 170;
const RIB_EVERY_MM = 27;

/** Builds the anatomy of a chest: skin, fat, muscle, ribs, spine, breastbone, mediastinum, heart, diaphragm and lungs. */
export function chestAnatomy(shape: ChestShape, folds: Folds): ChestAnatomy {
  const [cx, cy] = shape.cavityMm;
  const [bx, by] = shape.bodyMm;
  const [hx, hy, hz] = shape.heartMm;
  const spineY = cy - 8;

  /** How wide the cavity is at a height, as a share of its widest: the tops of the lungs are round. */
  function widthAt(z: number): number {
    if (z <= 0) return 1;
    const up = z / shape.reachMm;
    return up >= 1 ? 0.02 : Math.sqrt(1 - up ** 4);
  }

  function cavityDepth(x: number, y: number, z: number): number {
    const width = widthAt(z);
    const rho = ellipse(x / (cx * width), y / (cy * (0.25 + 0.75 * width)));
    return (1 - rho) * Math.min(cy * width, 60);
  }

  function lungDepthAt(x: number, y: number, z: number): number {
    if ((x / cx) ** 2 + (y / cy) ** 2 > 1.25) return -12;
    const cavity = cavityDepth(x, y, z);
    if (cavity < -12) return cavity;
    const side = x > 0 ? 1 : -1;
    const middle = Math.abs(x) - shape.mediastinumMm * (1 - 0.35 * Math.min(1, Math.abs(y) / cy)) * (z > 60 ? 1.1 : 1);
    const spine = ellipse(x / 26, (y - spineY) / 30);
    const heart = ellipsoid((x - 26) / hx, (y + 24) / hy, (z + shape.reachMm * 0.5) / hz);
    const dome =
      -shape.reachMm +
      shape.domeMm[side > 0 ? 1 : 0] * Math.max(-0.6, 1 - ((Math.abs(x) - cx * 0.5) / (cx * 0.5)) ** 2 - (y / cy) ** 2);
    const above = (z - dome) * 0.85;
    return Math.min(cavity, middle, (spine - 1) * 22, (heart - 1) * 44, above);
  }

  function huAt(x: number, y: number, z: number, depth: number, edgeMm: number): number {
    if (depth > edgeMm / 2) return lungHu(x, y, z, depth);
    const solid = solidHu(x, y, z, depth);
    if (depth < -edgeMm / 2) return solid;
    const share = 0.5 + depth / edgeMm;
    return solid + (lungHu(x, y, z, depth) - solid) * share;
  }

  function lungHu(x: number, y: number, z: number, depth: number): number {
    const grain = 26 * folds(x * 1.7, y * 1.7, z * 1.7);
    const base = shape.lungHu + shape.dependentHu * (y / cy) + grain;
    if (shape.capMm > 0 && z > shape.reachMm * 0.72 && depth < shape.capMm * (0.6 + 0.4 * folds(x, y, z))) return -120;
    for (const { side, turnDegrees, z: at, thickMm, wideMm, hu } of shape.plaques) {
      if (depth > thickMm || side * x < 0 || Math.abs(z - at) > wideMm || cavityDepth(x, y, z) > thickMm) continue;
      const turn = (turnDegrees * Math.PI) / 180;
      const along = ((side * x) / cx) * -Math.sin(turn) + (y / cy) * Math.cos(turn);
      if (Math.hypot(along * cy, z - at) < wideMm) return hu;
    }
    const oblique = z - 12 + 0.85 * y;
    if (Math.abs(oblique) < 0.8) return Math.max(base, shape.fissureHu);
    return base;
  }

  function solidHu(x: number, y: number, z: number, depth: number): number {
    const rho = ellipse(x / bx, y / by);
    const below = (1 - rho) * Math.min(bx, by);
    if (below < 0) return tableHu(x, y);
    if (below < 2) return 20;
    const fold = folds(x, y, z);
    if (below < shape.fatMm) return FAT + 8 * fold;
    const cavity = cavityDepth(x, y, z);
    const vertebra = ellipse(x / 21, (y - spineY) / 17);
    if (vertebra < 1) return vertebra > 0.86 ? BONE : MARROW + 25 * fold;
    if (ellipse(x / 9, (y - spineY - 24) / 8) < 1) return 25;
    if (ellipse(x / 26, (y - spineY - 26) / 16) < 1) return BONE * 0.8;
    if (Math.abs(x) < 17 && y < -cy - 2 && y > -cy - 13) return MARROW;
    if (cavity < 0) {
      const beyond = -cavity;
      if (beyond > 2.5 && beyond < 11 && z < shape.reachMm * 1.02) {
        // Ribs fall from the back to the front.
        const along = ((((z + 0.45 * (cy - y)) / RIB_EVERY_MM) % 1) + 1) % 1;
        if (along < 0.42) return beyond < 4 || beyond > 9.5 || along < 0.07 || along > 0.35 ? BONE : MARROW;
      }
      return fold > 0.55 ? FAT : shape.muscleHu + 6 * fold;
    }
    if (z < -shape.reachMm * 0.55 && depth < -1 && Math.abs(x) > shape.mediastinumMm * 0.6) {
      if (x < 0) return 58 + 4 * fold;
      const gas = ellipsoid((x - 70) / 34, (y + 10) / 30, (z + shape.reachMm + 14) / 24);
      if (shape.hasStomachGas && gas < 1) return AIR + 20;
      return 48 + 4 * fold;
    }
    return fold > 0.35 ? FAT + 40 : shape.bloodHu + 5 * fold;
  }

  /** A curved table under the back. */
  function tableHu(x: number, y: number): number {
    const under = y - by - 6 + (x * x) / 1800;
    return Math.abs(x) < 200 && under > 0 && under < 5 ? -180 : AIR;
  }

  return { lungDepthAt, huAt };
}

function ellipse(u: number, v: number): number {
  return Math.sqrt(u * u + v * v);
}

function ellipsoid(u: number, v: number, w: number): number {
  return Math.sqrt(u * u + v * v + w * w);
}
