import type { Finding, FindingBox, KeyImage } from '../../../shared/contract/studies.ts';
import { imageCoordinateOf, sizedPlane } from './geometry.ts';
import type { FrameAddress, StackImage } from './stack.ts';

/** A rectangle in image coordinates: whole numbers are pixel centres. */
export type ImageRectangle = {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
};

/** A box on one image. */
export type BoxOnImage = {
  readonly finding: Finding;
  readonly box: FindingBox;
  /** Its number among the boxes of its finding, from 1. */
  readonly number: number;
  readonly rectangle: ImageRectangle;
};

/** The address of the picture on the screen. */
export function addressOf({ sopUid, frame }: Pick<StackImage, 'sopUid' | 'frame'>): FrameAddress {
  return { sopUid, frameNumber: frame };
}

/** The boxes that cross exactly this frame, as far as they lie on its pixels. */
export function boxesOn(findings: readonly Finding[], image: StackImage): readonly BoxOnImage[] {
  return findings.flatMap((finding) =>
    finding.boxes.flatMap((box, index) => {
      const on = box.frames.find((one) => one.sopUid === image.sopUid && one.frameNumber === image.frame);
      if (on === undefined || !liesOn(on, image)) return [];
      // Evidence counts from the corner of the first pixel, images from its centre.
      const { left, top, right, bottom } = on;
      const rectangle = { left: left - 0.5, top: top - 0.5, right: right - 0.5, bottom: bottom - 0.5 };
      return [{ finding, box, number: index + 1, rectangle }];
    }),
  );
}

/** The middle of a box on its key image; null where it names none there. */
export function middleOfBox({ frames, keyImage }: FindingBox): readonly [number, number] | null {
  const on = frames.find((one) => one.sopUid === keyImage.sopUid && one.frameNumber === keyImage.frameNumber);
  return on === undefined ? null : [(on.left + on.right) / 2 - 0.5, (on.top + on.bottom) / 2 - 0.5];
}

/**
 * Where a place in the patient lies on an image, as column and row; null where its pixels have no place, it is in another frame
 * of reference, or it does not reach it: nothing is centred on what is not there.
 */
export function coordinateOn(
  image: StackImage,
  { centreMm, frameOfReferenceUid }: Pick<KeyImage, 'centreMm' | 'frameOfReferenceUid'>,
): readonly [number, number] | null {
  const plane = sizedPlane(image);
  if (centreMm === null || plane === null) return null;
  if (frameOfReferenceUid !== null && frameOfReferenceUid !== image.frameOfReferenceUid) return null;
  const [column, row] = imageCoordinateOf(plane, centreMm);
  const isOn = column >= -0.5 && row >= -0.5 && column <= image.columns - 0.5 && row <= image.rows - 0.5;
  return isOn ? [column, row] : null;
}

/** A box that reaches beyond the pixels of the image is not of this image. */
function liesOn({ left, top, right, bottom }: ImageRectangle, { rows, columns }: StackImage): boolean {
  return left >= 0 && top >= 0 && right <= columns && bottom <= rows && left < right && top < bottom;
}
