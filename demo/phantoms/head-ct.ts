import { seededRandom } from '../random.ts';
import { type Bleed, type BleedKind, type BleedWish, drawBleed, type Side } from './bleed.ts';
import { drawFolds } from './folds.ts';
import { type HeadAnatomy, headAnatomy } from './head-anatomy.ts';
import { drawHeadShape } from './head-shape.ts';
import { noiseTile, type ReconstructedCt, spread, type Vector } from './reconstruct.ts';

/** What to draw. What is left out, the seed decides; `bleed` left out or null is a head without one. */
export type HeadCtWish = {
  readonly seed: number;
  readonly bleed?: BleedWish | null;
  /** Rows and columns; 512 unless told. */
  readonly matrix?: number;
  readonly slices?: number;
  readonly sliceMm?: number;
  readonly gantryTiltDegrees?: number;
  /** Standard deviation of the noise in HU. */
  readonly noiseHu?: number;
  /** Side of the square that is reconstructed; a small one cuts the head off. */
  readonly fieldMm?: number;
  /** Slices, counted from the feet, in which the head lies so many mm beside where it lay. */
  readonly movement?: { readonly from: number; readonly to: number; readonly mm: Vector };
};

/** What is really in the phantom. */
export type HeadCtTruth = {
  readonly bleed: {
    readonly kind: BleedKind;
    readonly volumeMl: number;
    readonly centreMm: Vector;
    readonly side: Side;
  } | null;
  /** 1 where at least half of the voxel is blood; slice, row, column as the volume. */
  readonly mask: Uint8Array;
};

/** A head CT, and what is in it. */
export type HeadCt = ReconstructedCt & {
  readonly gantryTiltDegrees: number;
  readonly truth: HeadCtTruth;
};

const PARTS = 3;
const STILL: Vector = [0, 0, 0];

/** Draws a head CT. The same wish gives the same voxels, every time. */
export function drawHeadCt(wish: HeadCtWish): HeadCt {
  const random = seededRandom(wish.seed, 'head-ct');
  const shape = drawHeadShape(random);
  const anatomy = headAnatomy(shape, drawFolds(random, 9));
  const turn = rotation(random.normal() * 0.05, random.normal() * 0.06, random.normal() * 0.05);
  const offset: Vector = [random.normal() * 4, random.normal() * 5, random.normal() * 3];
  // Everything is drawn whether it is wished otherwise or not, so that a wish changes nothing but what it names.
  const drawn = {
    tilt: random.chance(0.2) ? random.between(8, 20) : 0,
    noiseHu: random.between(3, 5.5),
    slices: random.whole(28, 32),
  };
  const tilt = ((wish.gantryTiltDegrees ?? drawn.tilt) * Math.PI) / 180;
  const noiseHu = wish.noiseHu ?? drawn.noiseHu;
  const fieldDrawn = random.between(220, 245);
  const fieldMm = wish.fieldMm ?? fieldDrawn;
  const bleed = wish.bleed ? drawBleed(seededRandom(wish.seed, 'bleed'), shape, anatomy, wish.bleed) : null;

  const matrix = wish.matrix ?? 512;
  const slices = wish.slices ?? drawn.slices;
  const sliceMm = wish.sliceMm ?? 5;
  const pixelMm = fieldMm / matrix;
  const stepZ = sliceMm / Math.cos(tilt);
  const bottom = offset[2] + shape.brainMm[2] + 16 - slices * stepZ;
  const down: Vector = [0, Math.cos(tilt), -Math.sin(tilt)];
  const normal: Vector = [0, Math.sin(tilt), Math.cos(tilt)];
  const halfField = (fieldMm - pixelMm) / 2;
  const imagePositions = Array.from({ length: slices }, (_, slice): Vector => {
    return [-halfField, -halfField * down[1], bottom + slice * stepZ - halfField * down[2]];
  });

  const grid = Math.min(matrix, 256);
  const gridMm = fieldMm / grid;
  const body = new Float32Array(grid * grid);
  const blood = new Float32Array(grid * grid);
  const hu = new Int16Array(slices * matrix * matrix);
  const mask = new Uint8Array(hu.length);
  const noise = noiseTile(seededRandom(wish.seed, 'noise'), noiseHu);
  const found = { volume: 0, x: 0, y: 0, z: 0 };
  for (let slice = 0; slice < slices; slice += 1) {
    const corner = imagePositions[slice] as Vector;
    const moved = wish.movement && slice >= wish.movement.from && slice < wish.movement.to ? wish.movement.mm : STILL;
    drawSlice({
      anatomy,
      bleed,
      turn,
      offset: [offset[0] + moved[0], offset[1] + moved[1], offset[2] + moved[2]],
      corner,
      down,
      normal,
      sliceMm,
      grid,
      gridMm,
      pixelMm,
      body,
      blood,
      found,
    });
    const target = slice * matrix * matrix;
    spread(body, grid, hu.subarray(target, target + matrix * matrix), matrix, noise(random));
    if (bleed !== null) spreadMask(blood, grid, mask.subarray(target, target + matrix * matrix), matrix);
  }
  return {
    hu,
    slices,
    rows: matrix,
    columns: matrix,
    sliceMm,
    pixelMm: [pixelMm, pixelMm],
    gantryTiltDegrees: (tilt * 180) / Math.PI,
    imagePositions,
    imageOrientation: [1, 0, 0, ...down],
    truth: {
      bleed:
        bleed === null
          ? null
          : {
              kind: bleed.kind,
              side: bleed.side,
              volumeMl: (found.volume * gridMm * gridMm * sliceMm) / 1000,
              centreMm: [found.x / found.volume, found.y / found.volume, found.z / found.volume],
            },
      mask,
    },
  };
}

type SliceJob = {
  readonly anatomy: HeadAnatomy;
  readonly bleed: Bleed | null;
  readonly turn: readonly number[];
  readonly offset: Vector;
  readonly corner: Vector;
  readonly down: Vector;
  readonly normal: Vector;
  readonly sliceMm: number;
  readonly grid: number;
  readonly gridMm: number;
  readonly pixelMm: number;
  readonly body: Float32Array;
  readonly blood: Float32Array;
  readonly found: { volume: number; x: number; y: number; z: number };
};

/** Fills `body` with the mean HU and `blood` with the share of blood of each cell, over the thickness of the slice. */
function drawSlice(job: SliceJob): void {
  const { anatomy, bleed, turn, offset, corner, down, normal, grid, gridMm, body, blood, found } = job;
  const [a, b, c, d, e, f, g, h, i] = turn as [number, number, number, number, number, number, number, number, number];
  const shift = (gridMm - job.pixelMm) / 2; // grid cells may be larger than pixels; their corners agree, not their centres
  body.fill(0);
  blood.fill(0);
  for (let part = 0; part < PARTS; part += 1) {
    const along = ((part + 0.5) / PARTS - 0.5) * job.sliceMm;
    for (let row = 0; row < grid; row += 1) {
      const v = row * gridMm + shift;
      const y = corner[1] + v * down[1] + along * normal[1];
      const z = corner[2] + v * down[2] + along * normal[2];
      for (let column = 0; column < grid; column += 1) {
        const x = corner[0] + column * gridMm + shift;
        const px = x - offset[0];
        const py = y - offset[1];
        const pz = z - offset[2];
        const hx = a * px + b * py + c * pz;
        const hy = d * px + e * py + f * pz;
        const hz = g * px + h * py + i * pz;
        const cell = row * grid + column;
        let value = anatomy.huAt(hx, hy, hz);
        if (bleed !== null && value > -20 && value < 500) {
          const share = bleed.at(hx, hy, hz);
          if (share > 0) {
            value += (bleed.hu - value) * share;
            blood[cell] = (blood[cell] as number) + share / PARTS;
            found.volume += share / PARTS;
            found.x += (x * share) / PARTS;
            found.y += (y * share) / PARTS;
            found.z += (z * share) / PARTS;
          } else if (share < 0 && value > bleed.rimHu && value < 60) value = bleed.rimHu;
        }
        body[cell] = (body[cell] as number) + value / PARTS;
      }
    }
  }
}

function spreadMask(from: Float32Array, grid: number, to: Uint8Array, matrix: number): void {
  const scale = grid / matrix;
  for (let row = 0; row < matrix; row += 1) {
    const line = Math.floor((row + 0.5) * scale) * grid;
    for (let column = 0; column < matrix; column += 1) {
      to[row * matrix + column] = (from[line + Math.floor((column + 0.5) * scale)] as number) >= 0.5 ? 1 : 0;
    }
  }
}

function rotation(aboutX: number, aboutY: number, aboutZ: number): readonly number[] {
  const [cx, sx, cy, sy, cz, sz] = [aboutX, aboutY, aboutZ].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return [
    cy * cz,
    cz * sx * sy - cx * sz,
    cx * cz * sy + sx * sz,
    cy * sz,
    cx * cz + sx * sy * sz,
    cx * sy * sz - cz * sx,
    -sy,
    cy * sx,
    cx * cy,
  ];
}
