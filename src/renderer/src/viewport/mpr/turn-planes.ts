import { cross, dot, normalOf, unit, type Vector3 } from '../geometry.ts';
import { DIRECTIONS, MPR_PLANES, type MprPlane, type PlaneFrame } from './reslice.ts';

type Frames = Readonly<Record<MprPlane, PlaneFrame>>;

/**
 * Turns two planes about the normal of the third, by degrees clockwise as that third one is looked at. It keeps its own picture, so
 * that what is turned is the crosshairs and not what lies below them; turned in a second plane they are double oblique.
 */
export function turnFrames(frames: Frames, about: MprPlane, degrees: number): Frames {
  const axis = normalOf(frames[about]);
  const turned = (frame: PlaneFrame): PlaneFrame =>
    squared({ alongRow: turn(frame.alongRow, axis, degrees), alongColumn: turn(frame.alongColumn, axis, degrees) });
  const next = MPR_PLANES.map((plane) => [plane, plane === about ? frames[plane] : turned(frames[plane])] as const);
  return Object.fromEntries(next) as Frames;
}

/** How far a plane leans from where it opened, in degrees from 0 to 180. */
export function leanDegrees(frames: Frames, plane: MprPlane): number {
  const share = dot(normalOf(frames[plane]), normalOf(DIRECTIONS[plane]));
  return (Math.acos(Math.max(-1, Math.min(1, share))) * 180) / Math.PI;
}

/** True where a plane is no longer one of the three standard ones. */
export function isOblique(frames: Frames, plane: MprPlane): boolean {
  return leanDegrees(frames, plane) > 0.05;
}

/** Another plane as a line on this one: its direction on the picture, to the right and down, of length one. */
export type CrossingLine = { readonly name: MprPlane; readonly direction: readonly [number, number] };

/** The other two planes as lines through the crosshairs of this one. */
export function crossingLines(frames: Frames, plane: MprPlane): readonly CrossingLine[] {
  const { alongRow, alongColumn } = frames[plane];
  return MPR_PLANES.filter((one) => one !== plane).map((name) => {
    const along = cross(normalOf(frames[plane]), normalOf(frames[name]));
    return { name, direction: [dot(along, alongRow), dot(along, alongColumn)] as const };
  });
}

/** Rodrigues' formula. */
function turn(vector: Vector3, axis: Vector3, degrees: number): Vector3 {
  const [cosine, sine] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const sideways = cross(axis, vector);
  const along = dot(axis, vector) * (1 - cosine);
  const at = (i: 0 | 1 | 2) => vector[i] * cosine + sideways[i] * sine + axis[i] * along;
  return [at(0), at(1), at(2)];
}

/** Many small turns add up: directions are made one long and square to one another again. */
function squared({ alongRow, alongColumn }: PlaneFrame): PlaneFrame {
  const row = unit(alongRow);
  const share = dot(row, alongColumn);
  const at = (i: 0 | 1 | 2) => alongColumn[i] - share * row[i];
  return { alongRow: row, alongColumn: unit([at(0), at(1), at(2)]) };
}
