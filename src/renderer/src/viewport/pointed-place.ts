import { create } from 'zustand';
import type { Vector3 } from './geometry.ts';

/** Where in the patient the mouse is, in which frame of reference, and over which pane; null: over no picture that knows its place. */
export type PointedPlace = { readonly place: Vector3; readonly frameOfReferenceUid: string; readonly pane: number };

/** The place that all panes of one frame of reference point at together. */
export const usePointedPlace = create<{ readonly pointed: PointedPlace | null }>()(() => ({ pointed: null }));

/** Points at a place, or nowhere any more; what another pane pointed at meanwhile stays. */
export function pointAt(pane: number, pointed: PointedPlace | null): void {
  const now = usePointedPlace.getState().pointed;
  if (pointed === null && (now === null || now.pane !== pane)) return;
  usePointedPlace.setState({ pointed });
}
