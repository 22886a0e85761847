import type { Random } from '../random.ts';
import type { Vector } from './reconstruct.ts';

/** A straight piece of vessel or airway. */
export type Segment = { readonly from: Vector; readonly to: Vector; readonly radiusMm: number };

const MOST_SEGMENTS = 900;
const LEAST_RADIUS_MM = 0.55;
const TRIES = 8;

/**
 * Grows a tree from a root into a lung: every piece is a few of its radii long and splits in two by Murray's law, so that what
 * a scanner sees of it are tubes, forks and, at their ends, dots. It stays `marginMm` inside.
 */
export function growTree(
  random: Random,
  root: { readonly at: Vector; readonly towards: Vector; readonly radiusMm: number },
  depthAt: (x: number, y: number, z: number) => number,
  marginMm: number,
): readonly Segment[] {
  type Tip = { at: Vector; towards: Vector; radiusMm: number; generation: number };
  const tips: Tip[] = [{ ...root, towards: unit(root.towards), generation: 0 }];
  const segments: Segment[] = [];
  for (let next = 0; next < tips.length && segments.length < MOST_SEGMENTS; next += 1) {
    const tip = tips[next] as Tip;
    let [at, towards, radiusMm] = [tip.at, tip.towards, tip.radiusMm];
    const pieces = random.whole(1, 2);
    for (let piece = 0; piece < pieces; piece += 1) {
      const end = step(at, towards, Math.min(16, Math.max(5, radiusMm * random.between(2.5, 4.5))), tip.generation);
      if (end === null) break;
      segments.push({ from: at, to: end.at, radiusMm });
      [at, towards] = [end.at, end.towards];
      radiusMm *= 0.96;
    }
    if (at === tip.at) continue;
    // r³ = a³ + b³
    const share = random.between(0.5, 0.85);
    const angle = random.between(0, Math.PI * 2);
    for (const [part, spreadBy] of [
      [share, 0.3],
      [1 - share, -0.85],
    ] as const) {
      const child = radiusMm * Math.cbrt(part);
      if (child < LEAST_RADIUS_MM) continue;
      tips.push({
        at,
        towards: turned(towards, angle, spreadBy * random.between(0.7, 1.2)),
        radiusMm: child,
        generation: tip.generation + 1,
      });
    }
  }
  return segments;

  function step(
    at: Vector,
    towards: Vector,
    lengthMm: number,
    generation: number,
  ): { at: Vector; towards: Vector } | null {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const wild = 0.15 + attempt * 0.16;
      const way = unit([
        towards[0] + wild * random.normal(),
        towards[1] + wild * random.normal(),
        towards[2] + wild * random.normal(),
      ]);
      const end: Vector = [at[0] + way[0] * lengthMm, at[1] + way[1] * lengthMm, at[2] + way[2] * lengthMm];
      // The first pieces begin in the mediastinum.
      if (generation < 2 || depthAt(...end) > marginMm) return { at: end, towards: way };
    }
    return null;
  }
}

/** A direction turned away from itself by an angle, to the side that `around` says. */
function turned(way: Vector, around: number, by: number): Vector {
  const helper: Vector = Math.abs(way[2]) < 0.8 ? [0, 0, 1] : [1, 0, 0];
  const u = unit(cross(way, helper));
  const v = cross(way, u);
  const side: Vector = [0, 1, 2].map(
    (axis) => (u[axis] as number) * Math.cos(around) + (v[axis] as number) * Math.sin(around),
  ) as unknown as Vector;
  return unit([
    way[0] * Math.cos(by) + side[0] * Math.sin(by),
    way[1] * Math.cos(by) + side[1] * Math.sin(by),
    way[2] * Math.cos(by) + side[2] * Math.sin(by),
  ]);
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function unit(v: Vector): Vector {
  const length = Math.hypot(...v);
  return [v[0] / length, v[1] / length, v[2] / length];
}
