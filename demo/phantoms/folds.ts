import type { Random } from '../random.ts';

const CELLS = 32;
const MASK = CELLS - 1;

/** A smooth, periodic random field over space, about −1 to 1: the folds of the cortex and the grain of tissue. */
export type Folds = (x: number, y: number, z: number) => number;

/** Draws a field whose features are about `featureMm` wide; trilinear between the corners of a 32³ lattice. */
export function drawFolds(random: Random, featureMm: number): Folds {
  const lattice = new Float32Array(CELLS ** 3);
  for (let index = 0; index < lattice.length; index += 1) lattice[index] = random.between(-1, 1);
  const scale = 1 / featureMm;
  return (x, y, z) => {
    const u = x * scale + 1024;
    const v = y * scale + 1024;
    const w = z * scale + 1024;
    const i = Math.floor(u);
    const j = Math.floor(v);
    const k = Math.floor(w);
    const fu = u - i;
    const fv = v - j;
    const fw = w - k;
    const i0 = i & MASK;
    const i1 = (i + 1) & MASK;
    const j0 = (j & MASK) * CELLS;
    const j1 = ((j + 1) & MASK) * CELLS;
    const k0 = (k & MASK) * CELLS * CELLS;
    const k1 = ((k + 1) & MASK) * CELLS * CELLS;
    const near = mix(mix(at(k0 + j0 + i0), at(k0 + j0 + i1), fu), mix(at(k0 + j1 + i0), at(k0 + j1 + i1), fu), fv);
    const far = mix(mix(at(k1 + j0 + i0), at(k1 + j0 + i1), fu), mix(at(k1 + j1 + i0), at(k1 + j1 + i1), fu), fv);
    return mix(near, far, fw);
  };

  function at(index: number): number {
    return lattice[index] as number;
  }
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
