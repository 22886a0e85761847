import { type DicomJson, entryOf, itemsOf, numberOf, numbersOf, textOf } from '../dicom-json.ts';
import { TAG } from '../tags.ts';

/** What is subtracted from a frame: the mean of other frames of its object, counted from 1, moved by rows down and columns to the left. */
export type FrameMask = {
  readonly maskFrames: readonly number[];
  /** So many frames from this one on are averaged before. */
  readonly averaged: number;
  readonly shift: readonly [rows: number, columns: number];
  /** How much of the mask is taken away, 0 to 1. */
  readonly share: number;
  /** Logarithms of the values are subtracted: these are in proportion to the X-rays. */
  readonly isOfLogarithms: boolean;
  /** Every frame has another mask. */
  readonly movesAlong?: true;
};

/** Where a data set that a frame is drawn by notes its mask, which then is subtracted. */
export const FRAME_MASK = 'frame-mask';

/** The mask that is subtracted from a frame that is drawn by this data set; null where none is. */
export function notedMask(dataSet: DicomJson): FrameMask | null {
  const [mask] = (dataSet[FRAME_MASK]?.Value ?? []) as readonly FrameMask[];
  return mask ?? null;
}

/** Where the mask operations of an image and of a presentation state stand (PS3.3 §C.7.6.10, §C.11.13). */
export const MASK_SUBTRACTION = '00286100';

/** Whether its maker wants an image looked at subtracted. */
export function isMeantSubtracted(dataSet: DicomJson): boolean {
  return textOf(dataSet, '00281090') === 'SUB' && itemsOf(dataSet, MASK_SUBTRACTION).length > 0;
}

/** One frame as the whole mask. */
export function maskOfFrame(dataSet: DicomJson, frame: number): FrameMask {
  return { maskFrames: [frame], averaged: 1, shift: [0, 0], share: 1, isOfLogarithms: isLinear(dataSet) };
}

/** Values in proportion to the X-rays, and no table that makes logarithms of them (PS3.3 §C.8.7.1.1.2). */
function isLinear(dataSet: DicomJson): boolean {
  return textOf(dataSet, '00281040') === 'LIN' && itemsOf(dataSet, TAG.ModalityLUTSequence).length === 0;
}

/** No mean is of more: a header that says so is damaged, and would have a run read whole for each of its frames. */
const MOST_AVERAGED = 32;

/**
 * What a data set says is to be subtracted from one of so many frames (PS3.3 §C.7.6.10.1); null where it says nothing of that frame,
 * that nothing is, or names frames that are not there or are too many.
 */
export function frameMaskOf(dataSet: DicomJson, frame: number, frames: number): FrameMask | null {
  for (const item of itemsOf(dataSet, MASK_SUBTRACTION)) {
    const ranges = rangesOf(item);
    if (ranges.length > 0 && !ranges.some(([from, to]) => frame >= from && frame <= to)) continue;
    const averaged = Math.max(1, Math.floor(numberOf(item, '00286112') ?? 1));
    const operation = textOf(item, '00286101') ?? '';
    const maskFrames = entryOf(OPERATIONS, operation)?.(item, frame, ranges[0]?.[0] ?? null) ?? [];
    const areThere = maskFrames.every((one) => Number.isInteger(one) && one >= 1 && one <= frames);
    if (Math.max(averaged, maskFrames.length) > MOST_AVERAGED) continue;
    // Beyond the last whole average nothing is subtracted.
    if (maskFrames.length === 0 || !areThere || frame + averaged - 1 > frames) continue;
    const [rows = 0, columns = 0] = shiftOf(item, dataSet);
    const kept = numberOf(dataSet, '00289478') ?? 0;
    const share = 1 - Math.min(100, Math.max(0, kept)) / 100;
    return {
      ...{ maskFrames, averaged, shift: [rows, columns], share, isOfLogarithms: isLinear(dataSet) },
      ...(operation !== 'AVG_SUB' && { movesAlong: true }),
    };
  }
  return null;
}

/** Of the operation, or of the frame where it tells of this operation (Frame Pixel Shift Sequence). */
function shiftOf(item: DicomJson, dataSet: DicomJson): readonly number[] {
  const own = numbersOf(item, '00286114');
  const isOfFrame = own.length === 0 && numberOf(dataSet, '00289416') === numberOf(item, '00289416');
  return isOfFrame ? numbersOf(dataSet, '00286114') : own;
}

type MaskFrames = (item: DicomJson, frame: number, first: number | null) => readonly number[];

const OPERATIONS: Readonly<Record<string, MaskFrames>> = {
  AVG_SUB: (item) => numbersOf(item, '00286110'),
  TID: (item, frame) => [frame - offsetOf(item)],
  // The mask runs backwards while the frames run on.
  REV_TID: (item, frame, first) => (first === null ? [] : [first - offsetOf(item) - (frame - first)]),
};

function offsetOf(item: DicomJson): number {
  return numberOf(item, '00286120') ?? 1;
}

function rangesOf(item: DicomJson): readonly (readonly [number, number])[] {
  const ends = numbersOf(item, '00286102');
  return Array.from({ length: Math.floor(ends.length / 2) }, (_, index) => [
    ends[2 * index] ?? 0,
    ends[2 * index + 1] ?? 0,
  ]);
}
