import type { Random } from '../random.ts';
import type { HeadAnatomy } from './head-anatomy.ts';
import type { HeadShape } from './head-shape.ts';

export const BLEED_KINDS = ['intraparenchymal', 'subdural', 'small'] as const;
export type BleedKind = (typeof BLEED_KINDS)[number];
export type Side = 'left' | 'right';

/** What bleed to draw; what is left out, the seed decides. `small` is an intraparenchymal bleed of at most 5 ml. */
export type BleedWish = { readonly kind: BleedKind; readonly volumeMl: number; readonly side?: Side };

/** A bleed as a body in head coordinates. */
export type Bleed = {
  readonly kind: BleedKind;
  readonly side: Side;
  readonly hu: number;
  /** Swelling around fresh blood, darker than brain. */
  readonly rimHu: number;
  /** 1 in blood, between 1 and 0 at its edge, 0 outside, −1 in the rim. */
  readonly at: (x: number, y: number, z: number) => number;
};

/** Places a bleed of the wanted volume inside the skull, wholly on one side. Throws when the head has no room for it. */
export function drawBleed(random: Random, shape: HeadShape, anatomy: HeadAnatomy, wish: BleedWish): Bleed {
  const side = wish.side ?? random.pick(['left', 'right'] as const);
  const sign = side === 'left' ? 1 : -1;
  const common = { kind: wish.kind, side, hu: random.between(58, 78), rimHu: random.between(19, 25) };
  if (wish.kind === 'subdural') return { ...common, at: crescent(random, shape, anatomy, wish.volumeMl, sign) };
  return { ...common, at: clot(random, anatomy, wish.volumeMl, sign) };
}

function clot(random: Random, anatomy: HeadAnatomy, volumeMl: number, sign: number): Bleed['at'] {
  const stretch = [random.between(0.85, 1.15), random.between(0.9, 1.35)] as const;
  const c = ((volumeMl * 1000 * 3) / (4 * Math.PI * stretch[0] * stretch[1])) ** (1 / 3);
  const [a, b] = [c * stretch[0], c * stretch[1]];
  const rim = random.between(2, 5);
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const x = sign * random.between(a + 3, a + 30);
    const y = random.between(-48, 48);
    const z = random.between(-8, 42);
    const reach = [
      [a, 0, 0],
      [-a, 0, 0],
      [0, b, 0],
      [0, -b, 0],
      [0, 0, c],
      [0, 0, -c],
    ] as const;
    const fits = reach.every(
      ([dx, dy, dz]) => anatomy.depthAt(x + dx, y + dy, z + dz) > 5 && anatomy.isIntracranial(x + dx, y + dy, z + dz),
    );
    if (!fits) continue;
    return (px, py, pz) => {
      const radius = Math.sqrt(((px - x) / a) ** 2 + ((py - y) / b) ** 2 + ((pz - z) / c) ** 2);
      const outside = (radius - 1) * c;
      if (outside < -0.5) return 1;
      if (outside < 0.5) return 0.5 - outside;
      return outside < rim ? -1 : 0;
    };
  }
  throw new Error('no room for this bleed');
}

function crescent(random: Random, shape: HeadShape, anatomy: HeadAnatomy, volumeMl: number, sign: number): Bleed['at'] {
  const [bx, by, bz] = shape.brainMm;
  const forward = random.between(-0.35, 0.35);
  const upward = random.between(0.1, 0.45);
  const across = Math.sqrt(1 - forward * forward - upward * upward);
  const spreadDegrees = 45 * random.between(0.9, 1.12) * Math.cbrt(volumeMl / 60); // 60 ml: about 10 mm thick, 12 cm long
  const nearest = Math.cos((spreadDegrees * Math.PI) / 180);

  function thicknessShare(x: number, y: number, z: number): number {
    const length = Math.sqrt((x / bx) ** 2 + (y / by) ** 2 + (z / bz) ** 2);
    const cosine = (sign * across * (x / bx) + forward * (y / by) + upward * (z / bz)) / length;
    if (cosine <= nearest) return 0;
    const toEdge = (1 - cosine) / (1 - nearest);
    return 1 - toEdge * toEdge;
  }
  const thickestMm = thicknessFor(volumeMl, (thickest) => measure(thickest));
  return (x, y, z) => {
    if (x * sign < 3 || !anatomy.isIntracranial(x, y, z)) return 0;
    const share = thicknessShare(x, y, z);
    if (share === 0) return 0;
    const within = thickestMm * share - anatomy.depthAt(x, y, z);
    return Math.max(0, Math.min(1, within + 0.5));
  };

  function measure(thickest: number): number {
    const step = 2;
    let count = 0;
    for (let z = -bz; z < bz; z += step) {
      for (let y = -by; y < by; y += step) {
        for (let x = 3; x < bx * 1.1; x += step) {
          const share = thicknessShare(x * sign, y, z);
          if (share === 0) continue;
          const depth = anatomy.depthAt(x * sign, y, z);
          if (depth > 0 && depth < thickest * share && anatomy.isIntracranial(x * sign, y, z)) count += 1;
        }
      }
    }
    return (count * step ** 3) / 1000;
  }
}

function thicknessFor(volumeMl: number, measure: (thickestMm: number) => number): number {
  let [thin, thick] = [0.5, 30];
  for (let step = 0; step < 10; step += 1) {
    const middle = (thin + thick) / 2;
    if (measure(middle) < volumeMl) thin = middle;
    else thick = middle;
  }
  return (thin + thick) / 2;
}
