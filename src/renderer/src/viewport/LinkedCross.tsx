import { type ReactNode, useEffect } from 'react';
import { numberOf } from './dicom-json.ts';
import { cross, dot, imageCoordinateOf, placeOf, sizedPlane, type Vector3 } from './geometry.ts';
import classes from './ImageViewport.module.css';
import { toCanvas } from './measurements/shapes.ts';
import { pointAt, usePointedPlace } from './pointed-place.ts';
import type { StackViewState } from './stack-view.ts';
import type { StackImage } from './stack.ts';

type Props = { readonly shown: StackViewState; readonly pane: number; readonly isOn: boolean };

const ARM_PX = 9;

/** A cross at the place that the mouse is on in another pane, where this image goes through that place in the same frame of reference. */
export function LinkedCross({ shown: { image, map, probe }, pane, isOn }: Props): ReactNode {
  const { pointed } = usePointedPlace();
  useEffect(() => {
    const uid = image?.frameOfReferenceUid;
    const plane = image && sizedPlane(image);
    if (!isOn || !plane || !probe || !uid) return pointAt(pane, null);
    pointAt(pane, { place: placeOf(plane, probe.column, probe.row), frameOfReferenceUid: uid, pane });
  }, [image, probe, pane, isOn]);
  useEffect(() => () => pointAt(pane, null), [pane]);
  if (!isOn || pointed === null || pointed.pane === pane || image === null || map === null) return null;
  if (image.frameOfReferenceUid !== pointed.frameOfReferenceUid) return null;
  const at = crossAt(image, numberOf(image.dataSet, SLICE_THICKNESS), pointed.place);
  if (at === null) return null;
  const [x, y] = toCanvas(map, at);
  return (
    <svg className={classes.layer} data-linked-cross aria-hidden>
      <line className={classes.linkedCross} x1={x - ARM_PX} x2={x + ARM_PX} y1={y} y2={y} />
      <line className={classes.linkedCross} x1={x} x2={x} y1={y - ARM_PX} y2={y + ARM_PX} />
    </svg>
  );
}

const SLICE_THICKNESS = '00180050';
/** How far an image reaches to each side at least, mm: places are seldom written closer. */
const THIN_MM = 0.6;

/** Where a place lies on an image, in columns and rows; null where the image does not go through it, or its pixels have no place. */
export function crossAt(
  image: Pick<StackImage, 'plane' | 'rows' | 'columns'>,
  thicknessMm: number | null,
  place: Vector3,
): readonly [number, number] | null {
  const { rows, columns } = image;
  const plane = sizedPlane(image);
  if (plane === null) return null;
  const [x, y, z] = plane.originMm;
  const away = dot([place[0] - x, place[1] - y, place[2] - z], cross(plane.alongRow, plane.alongColumn));
  if (Math.abs(away) > Math.max(THIN_MM, (thicknessMm ?? 0) / 2)) return null;
  const [column, row] = imageCoordinateOf(plane, place);
  return column < -0.5 || row < -0.5 || column > columns - 0.5 || row > rows - 0.5 ? null : [column, row];
}
