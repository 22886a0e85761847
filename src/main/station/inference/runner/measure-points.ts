import type { ModelOutput } from '../../../../shared/domain/model-outputs.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { RunOutput } from '../run-answer.ts';
import type { GridBox } from './join-boxes.ts';
import type { BadOutput } from './read-tensor.ts';
import { frameAt, type SourceMap } from './source-map.ts';
import { along, dot, type Vector } from './vector.ts';

type PointsOutput = Extract<ModelOutput, { role: 'points' }>;

/**
 * Distances and angles between the best points of an output, in the patient, or on one image where that has no place there. One
 * whose points were not all found, or lie on images that share no space, is not told; one out of its range makes the answer bad.
 */
export function measurePoints(
  { tensor, measures }: PointsOutput,
  points: readonly GridBox[],
  maps: readonly SourceMap[],
): Result<readonly RunOutput[], BadOutput | { readonly code: 'not-calibrated' }> {
  const outputs: RunOutput[] = [];
  for (const { label, what, of, range } of measures) {
    const found = of.map((name) => points.find((point) => point.label === name));
    const all = found.filter((point) => point !== undefined);
    const [first] = all;
    if (first === undefined || all.length < of.length) continue;
    const placed = placesOf(all, maps);
    if (placed === 'apart') continue;
    if (placed === 'not-calibrated') return err({ code: placed });
    const value = what === 'distance-mm' ? distance(placed) : angle(placed);
    if (!Number.isFinite(value) || value < range.min || value > range.max)
      return err({ code: 'bad-output', tensor, why: 'out-of-range' });
    const map = maps[first.stack] as SourceMap;
    const key = { ...frameAt(map, map.toSource(middleOf(first))[0]), centreMm: null };
    outputs.push({ tensor, role: 'measurement', label, value, unit: what === 'distance-mm' ? 'mm' : 'deg', key });
  }
  return ok(outputs);
}

/** In the patient, in millimetres; of images without a place there, on the one image that all lie on. */
function placesOf(
  points: readonly GridBox[],
  maps: readonly SourceMap[],
): readonly Vector[] | 'apart' | 'not-calibrated' {
  const sources = points.map((point) => (maps[point.stack] as SourceMap).toSource(middleOf(point)));
  const [first] = points;
  const map = maps[first?.stack ?? 0] as SourceMap;
  if (map.isVolume) return sources.map((source) => map.toPatient(source) as Vector);
  const images = new Set(points.map(({ stack }, at) => `${stack}:${Math.round(sources[at]?.[0] ?? 0)}`));
  if (images.size > 1) return 'apart';
  const pixelMm = map.frames[Math.round(sources[0]?.[0] ?? 0)]?.pixelMm ?? null;
  if (pixelMm === null) return 'not-calibrated';
  return sources.map(([, row, column]): Vector => [0, row * pixelMm[0], column * pixelMm[1]]);
}

function distance([a, b]: readonly Vector[]): number {
  return Math.hypot(...along(b as Vector, a as Vector, -1));
}

/** Between two lines, each of two points: 0 to 90 degrees; not a number where a line has no length. */
function angle([a, b, c, d]: readonly Vector[]): number {
  const [one, two] = [along(b as Vector, a as Vector, -1), along(d as Vector, c as Vector, -1)];
  const cosine = Math.abs(dot(one, two)) / (Math.hypot(...one) * Math.hypot(...two));
  return (Math.acos(Math.min(1, cosine)) * 180) / Math.PI;
}

function middleOf({ from, to }: GridBox): Vector {
  return [(from[0] + to[0] - 1) / 2, (from[1] + to[1] - 1) / 2, (from[2] + to[2] - 1) / 2];
}
