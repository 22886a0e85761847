import type { Random } from '../random.ts';
import type { Folds } from './folds.ts';
import type { Vector } from './reconstruct.ts';
import type { Segment } from './vessel-tree.ts';

export const NODULE_KINDS = ['isolated', 'juxtapleural', 'juxtavascular'] as const;
export type NoduleKind = (typeof NODULE_KINDS)[number];

/** A solid nodule to draw; its diameter is that of a ball of its volume, about. Where it is, the seed decides unless told. */
export type NoduleWish = { readonly kind: NoduleKind; readonly diameterMm: number; readonly atMm?: Vector };

/** A nodule as a body in patient coordinates. */
export type Nodule = {
  readonly kind: NoduleKind;
  readonly centreMm: Vector;
  readonly radiusMm: number;
  readonly hu: number;
  /** Millimetres from its surface, negative inside. */
  readonly outsideAt: (x: number, y: number, z: number) => number;
};

const TRIES = 4000;

/** Places a nodule of the wanted kind in either lung, within `z` from–to. Throws when there is no room. */
export function placeNodule(
  random: Random,
  wish: NoduleWish,
  room: {
    readonly depthAt: (x: number, y: number, z: number) => number;
    readonly vessels: readonly Segment[];
    readonly folds: Folds;
    readonly z: readonly [number, number];
    readonly others: readonly Nodule[];
  },
): Nodule {
  const radius = wish.diameterMm / 2;
  const lumps = random.between(0.02, 0.1);
  const hu = random.between(15, 70);
  const stretch = [random.between(0.92, 1.08), random.between(0.92, 1.08)] as const;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const centre = wish.atMm ?? (wish.kind === 'juxtavascular' ? besideVessel() : anywhere());
    if (centre === null || (wish.atMm === undefined && !fits(centre))) continue;
    const [cx, cy, cz] = centre;
    const turn = random.between(0, 100);
    return {
      kind: wish.kind,
      centreMm: centre,
      radiusMm: radius,
      hu,
      outsideAt: (x, y, z) => {
        const u = (x - cx) / stretch[0];
        const v = (y - cy) / stretch[1];
        const w = (z - cz) * stretch[0] * stretch[1];
        const distance = Math.sqrt(u * u + v * v + w * w);
        if (distance > radius * 1.6 + 2) return distance - radius;
        const scale = 5 / (distance + 1e-6);
        return distance - radius * (1 + lumps * room.folds(u * scale + turn, v * scale, w * scale));
      },
    };
  }
  throw new Error('no room for this nodule');

  function anywhere(): Vector {
    return [random.between(-135, 135), random.between(-95, 95), random.between(room.z[0], room.z[1])];
  }

  function besideVessel(): Vector | null {
    const { from, to, radiusMm } = random.pick(room.vessels);
    if (radiusMm < 0.8 || radiusMm > 2.8) return null;
    const off = radius * random.between(0.6, 1) + radiusMm;
    const way = unit([random.normal(), random.normal(), random.normal()]);
    const share = random.next();
    return [0, 1, 2].map((axis) => {
      const [a, b] = [from[axis] as number, to[axis] as number];
      return a + (b - a) * share + (way[axis] as number) * off;
    }) as unknown as Vector;
  }

  function fits(centre: Vector): boolean {
    if (centre[2] < room.z[0] || centre[2] > room.z[1]) return false;
    const depth = room.depthAt(...centre);
    const isRoomy =
      wish.kind === 'juxtapleural'
        ? depth > radius * 0.45 && depth < radius * 0.95
        : depth > radius + (wish.kind === 'isolated' ? 4 : 2);
    if (!isRoomy) return false;
    for (const other of room.others)
      if (distanceMm(centre, other.centreMm) < radius + other.radiusMm + 12) return false;
    if (wish.kind === 'juxtavascular')
      return room.vessels.every(
        ({ from, to, radiusMm }) => radiusMm < 3.5 || distanceToSegment(centre, from, to) > radius + radiusMm,
      );
    const clear = wish.kind === 'isolated' ? 1.5 : 0;
    return room.vessels.every(
      ({ from, to, radiusMm }) => radiusMm < 0.7 || distanceToSegment(centre, from, to) > radius + radiusMm + clear,
    );
  }
}

/** Millimetres from a point to a straight piece. */
export function distanceToSegment(p: Vector, from: Vector, to: Vector): number {
  const d = [to[0] - from[0], to[1] - from[1], to[2] - from[2]] as const;
  const length2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
  const along = ((p[0] - from[0]) * d[0] + (p[1] - from[1]) * d[1] + (p[2] - from[2]) * d[2]) / length2;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(p[0] - from[0] - share * d[0], p[1] - from[1] - share * d[1], p[2] - from[2] - share * d[2]);
}

function distanceMm(a: Vector, b: Vector): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}
