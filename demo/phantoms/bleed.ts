import type { Random } from '../random.ts';
import type { HeadAnatomy } from './head-anatomy.ts';
import type { HeadShape } from './head-shape.ts';

/** What the demo's hospital sees. */
export const BLEED_KINDS = ['intraparenchymal', 'subdural', 'small'] as const;
/** What an evaluation draws too: between skull and dura, and in the furrows of the brain. */
export const MORE_BLEED_KINDS = ['epidural', 'subarachnoid'] as const;
export type BleedKind = (typeof BLEED_KINDS)[number] | (typeof MORE_BLEED_KINDS)[number];
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
  if (wish.kind === 'subdural') return { ...common, at: cap(random, shape, anatomy, wish.volumeMl, sign, CRESCENT) };
  if (wish.kind === 'epidural') return { ...common, at: cap(random, shape, anatomy, wish.volumeMl, sign, LENS) };
  if (wish.kind === 'subarachnoid')
    return { ...common, hu: random.between(50, 68), at: furrows(random, shape, anatomy, wish.volumeMl, sign) };
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

/** How wide blood lies along the skull, in degrees of a bleed of 60 ml, and how it thins out towards its edge. */
type Cap = { readonly spreadDegrees: number; readonly share: (toEdge: number) => number };
/** 60 ml: about 10 mm thick, 12 cm long. */
const CRESCENT: Cap = { spreadDegrees: 45, share: (toEdge) => 1 - toEdge * toEdge };
/** Held by the sutures: 60 ml are about 25 mm thick, 7 cm long. */
const LENS: Cap = { spreadDegrees: 31, share: (toEdge) => 1 - toEdge };

type Middle = { readonly cosineAt: (x: number, y: number, z: number) => number };

/** A random place on one side of the skull, and how far other directions are from it. */
function middleOf(random: Random, [bx, by, bz]: HeadShape['brainMm'], sign: number): Middle {
  const forward = random.between(-0.35, 0.35);
  const upward = random.between(0.1, 0.45);
  const across = Math.sqrt(1 - forward * forward - upward * upward);
  return {
    cosineAt: (x, y, z) => {
      const length = Math.sqrt((x / bx) ** 2 + (y / by) ** 2 + (z / bz) ** 2);
      return (sign * across * (x / bx) + forward * (y / by) + upward * (z / bz)) / length;
    },
  };
}

function cap(
  random: Random,
  shape: HeadShape,
  anatomy: HeadAnatomy,
  volumeMl: number,
  sign: number,
  form: Cap,
): Bleed['at'] {
  const { cosineAt } = middleOf(random, shape.brainMm, sign);
  const spreadDegrees = form.spreadDegrees * random.between(0.9, 1.12) * Math.cbrt(volumeMl / 60);
  const nearest = Math.cos((spreadDegrees * Math.PI) / 180);
  const thicknessShare = (x: number, y: number, z: number): number => {
    const cosine = cosineAt(x, y, z);
    return cosine <= nearest ? 0 : form.share((1 - cosine) / (1 - nearest));
  };
  const thickestMm = solveFor(volumeMl, [0.5, 40], (thickest) =>
    measure(shape, anatomy, sign, (x, y, z, depth) => depth < thickest * thicknessShare(x, y, z)),
  );
  return (x, y, z) => {
    if (x * sign < 3 || !anatomy.isIntracranial(x, y, z)) return 0;
    const share = thicknessShare(x, y, z);
    if (share === 0) return 0;
    const within = thickestMm * share - anatomy.depthAt(x, y, z);
    return Math.max(0, Math.min(1, within + 0.5));
  };
}

/** Blood in place of the fluid in the furrows below a part of the skull, as wide as the volume needs. */
function furrows(random: Random, shape: HeadShape, anatomy: HeadAnatomy, volumeMl: number, sign: number): Bleed['at'] {
  const { cosineAt } = middleOf(random, shape.brainMm, sign);
  const isFluid = (x: number, y: number, z: number, depth: number) => {
    if (depth < 0.8 || depth > 16) return false;
    const hu = anatomy.huAt(x, y, z);
    return hu < (shape.csfHu + shape.greyHu) / 2 + shape.cuppingHu + 1 && hu > -20;
  };
  const degrees = solveFor(volumeMl, [10, 100], (angle) => {
    const nearest = Math.cos((angle * Math.PI) / 180);
    return measure(shape, anatomy, sign, (x, y, z, depth) => cosineAt(x, y, z) > nearest && isFluid(x, y, z, depth));
  });
  const nearest = Math.cos((degrees * Math.PI) / 180);
  return (x, y, z) => {
    if (x * sign < 3 || !anatomy.isIntracranial(x, y, z) || cosineAt(x, y, z) < nearest) return 0;
    return isFluid(x, y, z, anatomy.depthAt(x, y, z)) ? 0.9 : 0;
  };
}

/** Millilitres on one side of the head where a condition holds, in steps of 2 mm. */
function measure(
  { brainMm: [bx, by, bz] }: HeadShape,
  anatomy: HeadAnatomy,
  sign: number,
  holds: (x: number, y: number, z: number, depth: number) => boolean,
): number {
  const step = 2;
  let count = 0;
  for (let z = -bz; z < bz; z += step)
    for (let y = -by; y < by; y += step)
      for (let x = 3; x < bx * 1.1; x += step) {
        const depth = anatomy.depthAt(x * sign, y, z);
        if (depth > 0 && depth < 42 && anatomy.isIntracranial(x * sign, y, z) && holds(x * sign, y, z, depth))
          count += 1;
      }
  return (count * step ** 3) / 1000;
}

/** Where between two limits something that grows comes to a volume; the upper one where it never does. */
function solveFor(
  volumeMl: number,
  [least, most]: readonly [number, number],
  measured: (at: number) => number,
): number {
  let [low, high] = [least, most];
  for (let step = 0; step < 10; step += 1) {
    const middle = (low + high) / 2;
    if (measured(middle) < volumeMl) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
