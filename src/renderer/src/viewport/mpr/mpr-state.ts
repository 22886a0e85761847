import { cross, dot, type Vector3 } from '../geometry.ts';
import type { ViewportCommand } from '../stack-view.ts';
import { findPreset, type GreyWindow, windowOf } from '../window-presets.ts';
import { DIRECTIONS, MPR_PLANES, type MprPlane, normalOfPlane, type Slab } from './reslice.ts';
import type { LoadedVolume } from './load-volume.ts';
import { middleOfVolume, placeOfVoxel, type VolumeGeometry, voxelOf } from './volume.ts';

/** How one plane is looked at: how large, and how far its middle is from the crosshairs, mm to the right and down. */
export type PlaneLook = { readonly zoom: number; readonly panMm: readonly [number, number] };

/** What the three planes show together. */
export type MprState = {
  /** Where the crosshairs stand in the patient: all three planes go through it. */
  readonly centre: Vector3;
  readonly window: GreyWindow;
  readonly isInverted: boolean;
  readonly slab: Slab;
  readonly looks: Readonly<Record<MprPlane, PlaneLook>>;
  readonly active: MprPlane;
};

const WHOLE: PlaneLook = { zoom: 1, panMm: [0, 0] };

/** The planes as they open: through the middle, in the window the images came with. */
export function openMpr({ geometry, window }: LoadedVolume): MprState {
  return {
    ...{ centre: middleOfVolume(geometry), window, isInverted: false, slab: { kind: 'none', mm: 10 } },
    ...{ looks: { axial: WHOLE, sagittal: WHOLE, coronal: WHOLE }, active: 'axial' },
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

/** Moves a plane by so many of its own steps: the voxels' distance along the axis it is nearest to. */
export function scrollPlane(state: MprState, geometry: VolumeGeometry, plane: MprPlane, by: number): MprState {
  const normal = normalOfPlane(plane);
  const mm = by * TURNING[plane] * stepMm(geometry, normal);
  const [x, y, z] = state.centre;
  return lookAtPlace(state, geometry, [x + normal[0] * mm, y + normal[1] * mm, z + normal[2] * mm]);
}

function stepMm({ alongRow, alongColumn, normal, spacingMm }: VolumeGeometry, direction: Vector3): number {
  const shares = [alongRow, alongColumn, normal].map((axis) => Math.abs(dot(axis, direction)));
  return spacingMm[shares.indexOf(Math.max(...shares)) as 0 | 1 | 2];
}

/** Carries out a viewport's command on the active plane; those that mean nothing here change nothing. */
export function performMpr(
  state: MprState,
  volume: LoadedVolume,
  modality: string,
  command: ViewportCommand,
): MprState {
  const { geometry } = volume;
  switch (command.type) {
    case 'preset': {
      const preset = findPreset(modality, command.key);
      return { ...state, window: (preset && windowOf(preset, volume.window, volume.range)) ?? state.window };
    }
    case 'scroll':
      return scrollPlane(state, geometry, state.active, command.by);
    case 'go':
      return scrollPlane(state, geometry, state.active, command.to === 'first' ? -1e5 : 1e5);
    case 'invert':
      return { ...state, isInverted: !state.isInverted };
    case 'reset':
      return { ...openMpr(volume), slab: state.slab, active: state.active };
    default:
      return state;
  }
}

/** Changes how a plane is looked at. */
export function changeLook(state: MprState, plane: MprPlane, change: (look: PlaneLook) => PlaneLook): MprState {
  return { ...state, looks: { ...state.looks, [plane]: change(state.looks[plane]) } };
}

/** How far the crosshairs are along a plane's normal, mm in the patient: what stands in the corner. */
export function placeOfPlane({ centre }: Pick<MprState, 'centre'>, plane: MprPlane): number {
  const normal = normalOfPlane(plane);
  return dot(centre, normal) * (Math.max(...normal) <= 0 ? -1 : 1);
}

/** The other two planes, as lines on this one: a column where one crosses it upright, a row where the other lies across. */
export function crossingPlanes(plane: MprPlane): { readonly upright: MprPlane; readonly across: MprPlane } {
  const { alongRow, alongColumn } = DIRECTIONS[plane];
  const facing = (direction: Vector3) =>
    MPR_PLANES.find(
      (one) =>
        one !== plane && Math.abs(dot(cross(DIRECTIONS[one].alongRow, DIRECTIONS[one].alongColumn), direction)) > 0.5,
    );
  return { upright: facing(alongRow) ?? plane, across: facing(alongColumn) ?? plane };
}
