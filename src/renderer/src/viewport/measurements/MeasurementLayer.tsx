import { type ReactNode, type RefObject, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { ImageToCanvas } from '../geometry.ts';
import type { StackImage } from '../stack.ts';
import type { StackView, StackViewState } from '../stack-view.ts';
import { MeasuredWords } from './MeasuredWords.tsx';
import { measure } from './measure.ts';
import { isOn, type Measurement } from './measurement.ts';
import type { MeasurementBook } from './measurement-book.ts';
import { describeMeasured } from './measurement-text.ts';
import classes from './MeasurementLayer.module.css';
import { drawnLineOf, toCanvas } from './shapes.ts';
import { useMeasuring } from './use-measuring.ts';

type Props = {
  /** What hears the mouse: the whole viewport. */
  readonly target: RefObject<HTMLElement | null>;
  readonly view: StackView | null;
  readonly shown: StackViewState;
  readonly book: MeasurementBook;
};

/** The reader's measurements of exactly the frame that is shown, and the one on its way. */
export function MeasurementLayer({ target, view, shown, book }: Props): ReactNode {
  const { all, selected } = useSyncExternalStore(book.subscribe, book.getState);
  const draft = useMeasuring(target, view, shown, book);
  const { image, map } = shown;
  if (image === null || map === null) return null;
  const standing = all.filter((one) => isOn(one, image) && one.id !== draft?.id);
  const drawn: readonly Drawn[] = draft
    ? [...standing, { ...draft, id: 'draft', measured: measure(draft.kind, draft.points, image, null) }]
    : standing;
  return (
    <svg
      className={classes.layer}
      data-measurements={standing.length}
      data-map={[map.xPerColumn, map.yPerColumn, map.xPerRow, map.yPerRow, map.x0, map.y0].join(' ')}
      aria-hidden
    >
      {drawn.map((one) => (
        <Shape
          key={one.id}
          drawn={one}
          map={map}
          image={image}
          isSelected={one.id === selected || one.id === 'draft'}
        />
      ))}
    </svg>
  );
}

type Drawn = Pick<Measurement, 'id' | 'kind' | 'points' | 'measured'>;
type ShapeProps = {
  readonly drawn: Drawn;
  readonly map: ImageToCanvas;
  readonly image: StackImage;
  readonly isSelected: boolean;
};

function Shape({ drawn: { id, kind, points, measured }, map, isSelected }: ShapeProps): ReactNode {
  const { t } = useTranslation('reading');
  const line = drawnLineOf(kind, points, map);
  const ends = points.map((point) => toCanvas(map, point));
  return (
    <g className={classes.shape} data-selected={isSelected} data-kind={kind} data-measurement={id}>
      {kind !== 'probe' && <polyline points={line.map(([left, top]) => `${left},${top}`).join(' ')} />}
      {ends.map(([left, top], index) => (
        <circle key={index} cx={left} cy={top} r={isSelected ? 4 : 2.5} />
      ))}
      <MeasuredWords line={line} words={describeMeasured(measured, t)} />
    </g>
  );
}
