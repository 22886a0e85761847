import type { Finding, FindingBox, FindingPart, KeyImage, MaskOverlay } from '../../../../shared/contract/studies.ts';
import { middleOfBox } from '../../viewport/frame-marks.ts';

/** Where a reader is taken to: an image of a series, and what is brought to its middle. */
export type JumpTarget = {
  readonly seriesUid: string;
  readonly keyImage: KeyImage;
  /** Column and row, whole numbers at pixel centres; null where the key image's place in the patient says it. */
  readonly pixel: readonly [number, number] | null;
  /** Whose middle on that image it is, where neither a pixel nor a place is known. */
  readonly mask: MaskOverlay | null;
};

/** The image that shows a finding best; null where nothing says which. */
export function targetOfFinding(finding: Finding): JumpTarget | null {
  const { keyImage, boxes, parts, seriesUid } = finding;
  if (keyImage === null) return null;
  const isThis = (one: KeyImage | null) =>
    one !== null && one.sopUid === keyImage.sopUid && one.frameNumber === keyImage.frameNumber;
  const part = parts.find((one) => isThis(one.keyImage));
  if (part !== undefined) return { seriesUid, keyImage, pixel: null, mask: part.mask };
  const box = boxes.find((one) => isThis(one.keyImage));
  return { seriesUid, keyImage, pixel: box === undefined ? null : middleOfBox(box), mask: null };
}

/** The image that shows most of a part, in that part's own frame of reference; null where nothing is marked in it. */
export function targetOfPart({ seriesUid }: Finding, { keyImage, mask }: FindingPart): JumpTarget | null {
  return keyImage === null ? null : { seriesUid, keyImage, pixel: null, mask };
}

/** The image in the middle of a box. */
export function targetOfBox({ seriesUid }: Finding, box: FindingBox): JumpTarget {
  return { seriesUid, keyImage: box.keyImage, pixel: middleOfBox(box), mask: null };
}
