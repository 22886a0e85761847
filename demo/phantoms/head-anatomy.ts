import type { Folds } from './folds.ts';
import type { HeadShape } from './head-shape.ts';

/** What the scanner would measure at a point of the head, before noise and partial volume. */
export type HeadAnatomy = {
  /** HU at a point in head coordinates (mm). */
  readonly huAt: (x: number, y: number, z: number) => number;
  /** Depth below the inner table of the skull in mm along the ray from the middle; negative in bone and beyond. */
  readonly depthAt: (x: number, y: number, z: number) => number;
  /** True where brain or its fluid may be: inside the skull and above its base. */
  readonly isIntracranial: (x: number, y: number, z: number) => boolean;
};

const AIR = -1000;
const FAT = -85;
const SKIN = 30;
const TABLE = 1350;
const DIPLOE = 650;
const EDGE_MM = 0.8;

/** Builds the anatomy of a head: scalp, skull, base of the skull with orbits, dura, brain, ventricles, vessels. */
export function headAnatomy(shape: HeadShape, folds: Folds): HeadAnatomy {
  const [bx, by, bz] = shape.brainMm;

  function depthAt(x: number, y: number, z: number): number {
    const long = z < -25 ? -25 + (z + 25) * 0.55 : z; // the head goes on into face and neck: it does not close below
    const wide = bx * (1 + (shape.egg * y) / by);
    const rho = Math.sqrt((x / wide) ** 2 + (y / by) ** 2 + (long / bz) ** 2);
    if (rho < 1e-3) return Math.min(bx, by, bz);
    return ((1 - rho) * Math.sqrt(x * x + y * y + z * z)) / rho;
  }

  function huAt(x: number, y: number, z: number): number {
    const depth = depthAt(x, y, z);
    if (depth < -(shape.skullMm + shape.scalpMm)) return AIR;
    if (depth < -shape.skullMm) return scalpHu(x, y, z, -depth - shape.skullMm);
    if (depth < 0) return skullHu(-depth);
    const floor = floorHeight(y);
    const above = z - floor;
    if (above < 0) return above > -4 ? TABLE : faceHu(x, y, z, depth);
    const inside = insideHu(x, y, z, depth);
    const nearest = Math.min(depth, above);
    const hardened = inside + shape.cuppingHu * Math.exp(-nearest / 4);
    return nearest < EDGE_MM ? TABLE + (hardened - TABLE) * (0.5 + nearest / (2 * EDGE_MM)) : hardened;
  }

  function floorHeight(y: number): number {
    if (y < -35) return -24;
    if (y < 5) return -24 - (y + 35) * 0.5;
    return -44 - Math.min(18, (y - 5) * 0.8);
  }

  function scalpHu(x: number, y: number, z: number, beyond: number): number {
    if (beyond > shape.scalpMm - 1.8) return SKIN;
    if (Math.abs(x) > 0.78 * bx && z < 18 && y > -55 && y < 20) return shape.muscleHu;
    if (y > 60 && z < -30) return shape.muscleHu;
    return FAT;
  }

  function skullHu(beyond: number): number {
    const table = shape.skullMm * 0.28;
    const edge = Math.min(beyond, shape.skullMm - beyond);
    return edge < table ? TABLE : DIPLOE;
  }

  function faceHu(x: number, y: number, z: number, depth: number): number {
    const side = Math.abs(x);
    const globe = ellipsoid(side - 31, y + 0.72 * by, z + 38, 12, 12, 12);
    if (globe < 1) return globe > 0.85 ? 45 : 14;
    if (y < -30) {
      if (side < 13) return shape.sinusAir ? AIR : 25;
      if (side < 15 || depth < 3) return TABLE;
      return ellipsoid(side - 29, y + 40, z + 38, 5, 22, 4) < 1 ? shape.muscleHu : FAT;
    }
    if (side < 12 && y < 0) return shape.sinusAir ? AIR : 25;
    if (side > 30 && y < 5) return shape.muscleHu;
    if (side < 14) return TABLE * 0.6;
    return folds(x, y, z) > 0 ? shape.muscleHu : FAT;
  }

  function insideHu(x: number, y: number, z: number, depth: number): number {
    const side = Math.abs(x);
    if (y > -8 && y < 44 && z < -28) {
      const along = (side - 36) * 0.78 - (y - 16) * 0.62;
      const across = (side - 36) * 0.62 + (y - 16) * 0.78;
      const petrous = ellipsoid(across, along, z + 44, 9, 30, 11);
      if (petrous < 1) return petrous > 0.45 ? 1100 : 300;
    }
    for (const spot of shape.calcifications) {
      const dx = x - spot.centreMm[0];
      const dy = y - spot.centreMm[1];
      const dz = z - spot.centreMm[2];
      if (dx * dx + dy * dy + dz * dz < spot.radiusMm * spot.radiusMm) return spot.hu;
    }
    const vessel = duraHu(x, y, z, depth, side);
    if (vessel !== null) return vessel;
    const vs = shape.ventricleScale;
    if (
      ellipsoid(side - 8 - 2 * vs, y + 8, z - 18 + 0.12 * y, 5 * vs, 28, 7.5 * vs) < 1 ||
      ellipsoid(side - 21, y - 30, z - 9, 6.5 * vs, 15, 8 * vs) < 1 ||
      ellipsoid(x, y - 3, z - 3, 2.4 * vs, 12, 9) < 1 ||
      ellipsoid(x, y - 46, z + 32, 8, 5 * vs, 8) < 1
    ) {
      return shape.csfHu;
    }
    const streak = z < -24 && y > 0 && y < 30 ? -shape.petrousStreakHu * Math.max(0, Math.cos((y - 14) * 0.22)) : 0;
    return brainHu(x, y, z, depth, side) + streak;
  }

  function duraHu(x: number, y: number, z: number, depth: number, side: number): number | null {
    if (y > 0 && z > -15 && depth < 8 && side < 5.5 - 0.6 * depth) return shape.venousHu;
    if (y > 38 && Math.abs(z + 21) < 4 && depth < 6) return shape.venousHu;
    const falxReach = z > 24 || depth < 26;
    if (z > -10 && falxReach) {
      if (side < shape.falxHalfMm) return shape.falxHu;
      if (side < shape.falxHalfMm + shape.csfMm * 0.6) return shape.csfHu + 6;
    }
    const tent = 16 - 0.5 * y - 0.3 * side;
    if (y > 22 && z < 8 && Math.abs(z - tent) < 1.1) return shape.falxHu - 4;
    if (ellipsoid(x, y + 6, z + 32, 2, 2, 12) < 1 || ellipsoid(side - 22, y + 16, z + 18, 14, 1.6, 1.6) < 1) {
      return shape.venousHu - 4;
    }
    return null;
  }

  function brainHu(x: number, y: number, z: number, depth: number, side: number): number {
    const fold = folds(x, y, z);
    if (depth < shape.csfMm * (0.7 + 0.5 * fold)) return shape.csfHu + 3;
    const cerebellum = y > 22 && z < 16 - 0.5 * y - 0.3 * side;
    if (depth < 16 && Math.abs(fold) < 0.045 * shape.csfMm) return (shape.csfHu + shape.greyHu) / 2;
    if (cerebellum) return shape.greyHu - 2 + 1.5 * fold;
    if (depth < 5.5 + 9 * Math.abs(fold)) return shape.greyHu + fold;
    if (
      ellipsoid(side - 23, y + 2, z - 4, 7, 18, 11) < 1 ||
      ellipsoid(side - 10, y - 11, z - 5, 7, 11, 8) < 1 ||
      ellipsoid(side - 12, y + 26, z - 12, 5, 9, 8) < 1
    ) {
      return shape.greyHu + 0.5;
    }
    return shape.whiteHu + fold;
  }

  return {
    huAt,
    depthAt,
    isIntracranial: (x, y, z) => depthAt(x, y, z) > 0 && z > floorHeight(y),
  };
}

function ellipsoid(x: number, y: number, z: number, a: number, b: number, c: number): number {
  return (x / a) ** 2 + (y / b) ** 2 + (z / c) ** 2;
}
