import { ANSWER_LIMITS, type FrameBox, type RunBox } from '../run-answer.ts';
import type { RunFinished } from '../runner-protocol.ts';
import type { GridBox } from './join-boxes.ts';
import { frameAt, type SourceMap } from './source-map.ts';
import type { Vector } from './vector.ts';

/**
 * Carries boxes from their grids to the frames they cross, with a rectangle on each and their size in the patient. A box that holds
 * no pixel of the source, being in what was padded, is left out; `labels` counts those that do, also beyond what `left` allows.
 */
export function mapBoxes(
  tensor: string,
  boxes: readonly GridBox[],
  maps: readonly SourceMap[],
  left: { boxes: number; frames: number },
): { readonly boxes: readonly RunBox[]; readonly labels: RunFinished['boxLabels'] } {
  const mapped: RunBox[] = [];
  const labels = new Map<string, RunFinished['boxLabels'][number]>();
  for (const box of boxes) {
    const map = maps[box.stack] as SourceMap;
    const frames = framesOf(box, map);
    if (frames.length === 0) continue;
    const { label, score } = box;
    const known = labels.get(label);
    labels.set(label, { label, count: (known?.count ?? 0) + 1, best: Math.max(known?.best ?? score, score) });
    if (left.boxes === 0 || left.frames < frames.length) continue;
    left.boxes -= 1;
    left.frames -= frames.length;
    const best = box.of?.[0] ?? box;
    const centre = middle(best);
    const [frame] = map.toSource(centre);
    const place = map.toPatient(map.toSource(middle(box)));
    const key = nearest(frames, frameAt(map, frame), map, frame);
    mapped.push({
      tensor,
      label: box.label,
      score: box.score,
      key: { ...key, centreMm: place === null ? null : [place[0], place[1], place[2]] },
      frames: [...frames],
      ...measure(box, map, frames),
    });
  }
  return { boxes: mapped, labels: [...labels.values()] };
}

/** What a single answer may hold of boxes, to be used up. */
export function boxAllowance(): { boxes: number; frames: number } {
  return { boxes: ANSWER_LIMITS.boxes, frames: ANSWER_LIMITS.boxFrames };
}

/** The rectangle on every frame whose plane the box crosses; of one that lies between two planes, on the nearer. */
function framesOf(box: GridBox, map: SourceMap): readonly FrameBox[] {
  const found = new Map<number, FrameBox>();
  for (const part of box.of ?? [box]) {
    const corners = cornersOf(part).map(map.toSource);
    const slices = corners.map(([frame]) => frame);
    const [low, high] = [Math.min(...slices), Math.max(...slices)];
    const first = Math.max(0, Math.ceil(low));
    const last = Math.min(map.frames.length - 1, Math.ceil(high) - 1);
    const planes = first <= last ? range(first, last) : [Math.round((low + high) / 2)];
    for (const frame of planes) {
      const of = map.frames[frame];
      if (of === undefined || found.has(frame)) continue;
      const cut = cutAt(corners, Math.min(high, Math.max(low, frame)));
      const left = Math.max(0, cut.low[1] + 0.5);
      const right = Math.min(of.columns, cut.high[1] + 0.5);
      const top = Math.max(0, cut.low[0] + 0.5);
      const bottom = Math.min(of.rows, cut.high[0] + 0.5);
      if (!(left < right && top < bottom)) continue;
      found.set(frame, { sopUid: of.sopUid, frameNumber: of.frameNumber, left, top, right, bottom });
    }
  }
  return [...found].toSorted(([a], [b]) => a - b).map(([, rectangle]) => rectangle);
}

/** Rows and columns between which a box, by its eight corners, lies on the plane of one frame. */
function cutAt(corners: readonly Vector[], frame: number) {
  const low: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high: [number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [from, to] of EDGES) {
    const [a, b] = [corners[from] as Vector, corners[to] as Vector];
    const span = b[0] - a[0];
    const isIn = Math.abs(span) < FLAT;
    if (isIn ? Math.abs(a[0] - frame) >= FLAT : (frame - a[0]) / span < -FLAT || (frame - a[0]) / span > 1 + FLAT)
      continue;
    for (const share of isIn ? [0, 1] : [(frame - a[0]) / span]) {
      for (const axis of [0, 1] as const) {
        const at = a[(axis + 1) as 1 | 2] * (1 - share) + b[(axis + 1) as 1 | 2] * share;
        low[axis] = Math.min(low[axis], at);
        high[axis] = Math.max(high[axis], at);
      }
    }
  }
  return { low, high };
}

const FLAT = 1e-9;
/** Pairs of corners that differ along one axis. */
const EDGES = Array.from({ length: 8 }, (_, corner) => {
  return [1, 2, 4].filter((bit) => (corner & bit) === 0).map((bit) => [corner, corner | bit] as const);
}).flat();

/** Corners in indices of the grid, whose first cell is centred on 0. */
function cornersOf({ from, to }: GridBox): readonly Vector[] {
  return Array.from({ length: 8 }, (_, corner): Vector => {
    const edge = (axis: 0 | 1 | 2) => ((corner >> axis) & 1 ? to[axis] : from[axis]) - 0.5;
    return [edge(0), edge(1), edge(2)];
  });
}

function middle({ from, to }: GridBox): Vector {
  return [(from[0] + to[0] - 1) / 2, (from[1] + to[1] - 1) / 2, (from[2] + to[2] - 1) / 2];
}

/** The frame at the box's middle, or the crossed frame nearest to it. */
function nearest(
  frames: readonly FrameBox[],
  wanted: { sopUid: string; frameNumber: number },
  map: SourceMap,
  at: number,
) {
  const isCrossed = frames.some((one) => one.sopUid === wanted.sopUid && one.frameNumber === wanted.frameNumber);
  if (isCrossed) return wanted;
  const order = (one: FrameBox) =>
    map.frames.findIndex(({ sopUid, frameNumber }) => sopUid === one.sopUid && frameNumber === one.frameNumber);
  const [{ sopUid, frameNumber }] = frames.toSorted((a, b) => Math.abs(order(a) - at) - Math.abs(order(b) - at)) as [
    FrameBox,
  ];
  return { sopUid, frameNumber };
}

/** Edges of the box in the patient, the longer one on its images, and what an ellipsoid within it holds. */
function measure(
  box: GridBox,
  map: SourceMap,
  frames: readonly FrameBox[],
): Pick<RunBox, 'sizeMm' | 'diameterMm' | 'volumeMl'> {
  const corners = cornersOf(box).map(map.toSource);
  const places = corners.map(map.toPatient);
  const edge = (bit: 1 | 2 | 4): number | null => {
    const [a, b] = [places[0], places[bit]];
    if (a != null && b != null && map.isVolume) return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    const [from, to] = [corners[0] as Vector, corners[bit] as Vector];
    const pixelMm = map.frames[0]?.pixelMm ?? null;
    if (pixelMm === null || bit === 1) return null;
    return Math.hypot((from[1] - to[1]) * pixelMm[0], (from[2] - to[2]) * pixelMm[1]);
  };
  const sizeMm: RunBox['sizeMm'] = [edge(1), edge(2), edge(4)];
  const pixelMm = map.frames[0]?.pixelMm ?? null;
  const onImages = frames.map(({ left, right, top, bottom }) => {
    return pixelMm === null ? 0 : Math.max((right - left) * pixelMm[1], (bottom - top) * pixelMm[0]);
  });
  const [deep, high, wide] = sizeMm;
  return {
    sizeMm,
    diameterMm: pixelMm === null ? null : Math.max(...onImages),
    // What one image shows has no volume.
    volumeMl:
      deep === null || high === null || wide === null || frames.length === 1
        ? null
        : (Math.PI / 6) * ((deep * high * wide) / 1000),
  };
}

function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
