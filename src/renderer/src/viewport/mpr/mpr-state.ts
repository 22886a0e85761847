import { changedParts } from '../changed-parts.ts';
import { dot, normalOf, type Vector3 } from '../geometry.ts';
import type { ViewportCommand } from '../stack-view.ts';
import { findPreset, type GreyWindow, windowOf } from '../window-presets.ts';
import { DIRECTIONS, type MprPlane, type PlaneFrame, type Slab } from './reslice.ts';
import type { LoadedVolume } from './load-volume.ts';
import { turnFrames } from './turn-planes.ts';
import { middleOfVolume, placeOfVoxel, toldAs, type VolumeGeometry, voxelOf } from './volume.ts';

/** How one plane is looked at: how large, and how far its middle is from the crosshairs, mm to the right and down. */
export type PlaneLook = { readonly zoom: number; readonly panMm: readonly [number, number] };

/** What the three planes show together. */
export type MprState = {
  /** Where the crosshairs stand in the patient: all three planes go through it. */
  readonly centre: Vector3;
  /** Which way each plane is looked at; always at right angles to one another. */
  readonly frames: Readonly<Record<MprPlane, PlaneFrame>>;
  readonly window: GreyWindow;
  readonly isInverted: boolean;
  readonly slab: Slab;
  readonly looks: Readonly<Record<MprPlane, PlaneLook>>;
  readonly active: MprPlane;
};

/** What planes and 3D views are told, and a stack of images is not: to turn the crosshairs, or the body, clockwise by degrees. */
export type TurnCommand = { readonly type: 'turn'; readonly degrees: number };

const WHOLE: PlaneLook = { zoom: 1, panMm: [0, 0] };

/** The planes as they open: through the middle, in the window the images came with. */
export function openMpr({ geometry, window }: LoadedVolume): MprState {
  return {
    ...{ centre: middleOfVolume(geometry), frames: DIRECTIONS, window, isInverted: false },
    ...{ slab: { kind: 'none', mm: 10 }, looks: { axial: WHOLE, sagittal: WHOLE, coronal: WHOLE }, active: 'axial' },
  };
}

/** Puts the crosshairs at a place, or as near to it as the volume reaches. */
export function lookAtPlace(state: MprState, geometry: VolumeGeometry, place: Vector3): MprState {
  const [i, j, k] = voxelOf(geometry, place);
  const within = (at: number, count: number) => Math.max(0, Math.min(count - 1, at));
  const voxel: Vector3 = [within(i, geometry.columns), within(j, geometry.rows), within(k, geometry.images.length)];
  return { ...state, centre: placeOfVoxel(geometry, voxel) };
}

/** Axial images are turned from head to foot. */
const TURNING: Readonly<Record<MprPlane, 1 | -1>> = { axial: -1, sagittal: 1, coronal: 1 };

/** Moves a plane along its normal by so many of its own steps: the voxels' distance along the axis it is nearest to. */
export function scrollPlane(state: MprState, geometry: VolumeGeometry, plane: MprPlane, by: number): MprState {
  const normal = normalOf(state.frames[plane]);
  const mm = by * TURNING[plane] * stepMm(geometry, normal);
  const [x, y, z] = state.centre;
  return lookAtPlace(state, geometry, [x + normal[0] * mm, y + normal[1] * mm, z + normal[2] * mm]);
}

function stepMm({ alongRow, alongColumn, normal, spacingMm }: VolumeGeometry, direction: Vector3): number {
  const shares = [alongRow, alongColumn, normal].map((axis) => Math.abs(dot(axis, direction)));
  return spacingMm[shares.indexOf(Math.max(...shares)) as 0 | 1 | 2];
}

/** Turns the crosshairs in a plane's picture, clockwise: that plane stays, the two others lean by as much. */
export function turnCrosshairs(state: MprState, plane: MprPlane, degrees: number): MprState {
  return { ...state, frames: turnFrames(state.frames, plane, degrees) };
}

/** Carries out a viewport's command on the active plane; those that mean nothing here change nothing. */
export function performMpr(
  state: MprState,
  volume: LoadedVolume,
  modality: string,
  command: ViewportCommand | TurnCommand,
): MprState {
  const { geometry } = volume;
  switch (command.type) {
    case 'preset': {
      const preset = findPreset(modality, command.key);
      return {
        ...state,
        window: (preset && windowOf(preset, volume.window, volume.range, toldAs(geometry))) ?? state.window,
      };
    }
    case 'scroll':
      return scrollPlane(state, geometry, state.active, command.by);
    case 'go':
      return scrollPlane(state, geometry, state.active, command.to === 'first' ? -1e5 : 1e5);
    case 'invert':
      return { ...state, isInverted: !state.isInverted };
    case 'turn':
      return turnCrosshairs(state, state.active, command.degrees);
    case 'reset':
      return { ...openMpr(volume), slab: state.slab, active: state.active };
    default:
      return state;
  }
}

/** The planes as they are now with that alone which changed from one state to another: where one has scrolled to since stays. */
export function withChange(now: MprState, from: MprState, to: MprState): MprState {
  return { ...now, ...changedParts(from, to), active: now.active };
}

/** Changes how a plane is looked at. */
export function changeLook(state: MprState, plane: MprPlane, change: (look: PlaneLook) => PlaneLook): MprState {
  return { ...state, looks: { ...state.looks, [plane]: change(state.looks[plane]) } };
}

/** How far the crosshairs are along a plane's normal, mm in the patient: what stands in the corner. */
export function placeOfPlane({ centre, frames }: Pick<MprState, 'centre' | 'frames'>, plane: MprPlane): number {
  const sign = Math.max(...normalOf(DIRECTIONS[plane])) <= 0 ? -1 : 1;
  return dot(centre, normalOf(frames[plane])) * sign;
}
