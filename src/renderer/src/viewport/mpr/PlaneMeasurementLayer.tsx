import { type ReactNode, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { imageToCanvas } from '../geometry.ts';
import viewportClasses from '../ImageViewport.module.css';
import type { ImagePoint, Measured, MeasurementKind } from '../measurements/measurement.ts';
import { MeasuredWords } from '../measurements/MeasuredWords.tsx';
import classes from '../measurements/MeasurementLayer.module.css';
import { drawnLineOf } from '../measurements/shapes.ts';
import { describeInPlane } from './describe-in-plane.ts';
import { isOnPlane, isPlaneMeasurement, measureInPlane, placesBelow, pointsOn } from './plane-measurement.ts';
import type { Slab } from './reslice.ts';
import type { MeasuredPane, PlaneDraft } from './use-plane-measuring.ts';

const SAME = imageToCanvas([0, 0], [1, 0], [0, 1]);

/** The reader's measurements of exactly the plane and slab that is shown, each said to be resampled, and the one on its way. */
export function PlaneMeasurementLayer({
  pane,
  draft,
}: {
  readonly pane: MeasuredPane;
  readonly draft: PlaneDraft | null;
}): ReactNode {
  const { plane, grid, state, volume, book } = pane;
  const { all, selected } = useSyncExternalStore(book.subscribe, book.getState);
  const frame = state.frames[plane];
  const standing = all.filter(isPlaneMeasurement).filter((one) => one.id !== draft?.id && isOnPlane(one, pane));
  return (
    <svg className={viewportClasses.layer} data-measurements={standing.length} aria-hidden>
      {standing.map(({ id, kind, on, measured }) => (
        <Shape
          key={id}
          {...{ kind, measured, slab: on.slab, points: pointsOn(grid.plane, on.places) }}
          isSelected={id === selected}
        />
      ))}
      {draft !== null && (
        <Shape
          {...{ kind: draft.kind, points: draft.points, slab: state.slab }}
          measured={measureInPlane(draft.kind, placesBelow(grid.plane, draft.points), frame, volume, state.slab, false)}
          isSelected
        />
      )}
    </svg>
  );
}

type ShapeProps = {
  readonly kind: MeasurementKind;
  readonly points: readonly ImagePoint[];
  readonly measured: Measured;
  readonly slab: Slab;
  readonly isSelected: boolean;
};

function Shape({ kind, points, measured, slab, isSelected }: ShapeProps): ReactNode {
  const { t } = useTranslation('reading');
  const line = drawnLineOf(kind, points, SAME);
  return (
    <g className={classes.shape} data-selected={isSelected} data-kind={kind}>
      {kind !== 'probe' && <polyline points={line.map(([left, top]) => `${left},${top}`).join(' ')} />}
      {points.map(([left, top], index) => (
        <circle key={index} cx={left} cy={top} r={isSelected ? 4 : 2.5} />
      ))}
      <MeasuredWords line={line} words={describeInPlane(measured, slab, t)} />
    </g>
  );
}
