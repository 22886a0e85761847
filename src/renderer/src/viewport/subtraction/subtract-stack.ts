import type { DicomJson } from '../dicom-json.ts';
import {
  FRAME_MASK,
  type FrameMask,
  frameMaskOf,
  isMeantSubtracted,
  MASK_SUBTRACTION,
  maskOfFrame,
} from '../picture/frame-mask.ts';
import { ownWindowOf } from '../picture/grey-pixels.ts';
import { pixelFormatOf } from '../picture/pixel-format.ts';
import type { Stack, StackImage } from '../stack.ts';
import { TAG } from '../tags.ts';
import type { SubtractionState } from './subtraction-book.ts';

/** What is taken away from a frame, and who says so: its maker, the reader, or nobody, and then it is the first frame. */
export type Subtracted = FrameMask & { readonly by: 'maker' | 'reader' | 'nobody' };

/** Runs of X-rays, of which a frame before the contrast agent is the mask. */
const RUNS: ReadonlySet<string> = new Set(['XA', 'RF']);

/** Whether a series has anything to subtract: grey frames of an X-ray run, or of an object that names masks. */
export function canSubtract(stack: Stack): boolean {
  const frames = framesByObject(stack);
  return stack.images.some(
    ({ isColour, modality, dataSet, sopUid }) =>
      !isColour && (frames.get(sopUid) ?? 1) > 1 && (RUNS.has(modality) || dataSet[MASK_SUBTRACTION] !== undefined),
  );
}

/** Whether a series is looked at subtracted: as the reader wants, else where its maker means any of it so. */
export function isSubtracted(state: SubtractionState, stack: Stack): boolean {
  return stack.images.some((image) => isWanted(state, stack, image));
}

/** What one object of a series is meant for says nothing of another. */
function isWanted({ on }: SubtractionState, { seriesUid }: Stack, { dataSet }: StackImage): boolean {
  return on.get(seriesUid) ?? isMeantSubtracted(dataSet);
}

/**
 * The series with its masks taken away; frames that have none, and all of a series that is not subtracted, as they were stored: those
 * not in a window that is meant for differences. The same stack where nothing changes.
 */
export function subtractStack(stack: Stack, state: SubtractionState): Stack {
  if (!canSubtract(stack)) return stack;
  const isOn = isSubtracted(state, stack);
  if (!isOn && !stack.images.some(({ dataSet }) => hasWindowOfDifferences(dataSet))) return stack;
  const frames = framesByObject(stack);
  const images = stack.images.map((image) => {
    const count = frames.get(image.sopUid) ?? 1;
    const mask =
      !image.isColour && isWanted(state, stack, image) ? maskFor(image, count, state.masks.get(image.sopUid)) : null;
    return mask === null ? asStored(image) : subtractImage(image, mask);
  });
  return { ...stack, images };
}

/** Differences lie about 0: a window is of them where its middle is so near to that, as a share of all values there can be. */
const ABOUT_NOTHING = 1 / 8;

/** Whether the window an image came with is of what its maker's mask leaves of it, and not of its values. */
function hasWindowOfDifferences(dataSet: DicomJson): boolean {
  const window = isMeantSubtracted(dataSet) ? ownWindowOf(dataSet) : null;
  return window !== null && Math.abs(window.centre) < ABOUT_NOTHING * 2 ** pixelFormatOf(dataSet).bitsStored;
}

function asStored(image: StackImage): StackImage {
  if (!hasWindowOfDifferences(image.dataSet)) return image;
  return { ...image, imageId: `${image.imageId}#values`, dataSet: withoutWindow(image.dataSet) };
}

function withoutWindow(dataSet: DicomJson): DicomJson {
  return Object.fromEntries(Object.entries(dataSet).filter(([tag]) => !VOI.includes(tag)));
}

function maskFor({ dataSet, frame }: StackImage, frames: number, chosen: number | undefined): Subtracted | null {
  if (chosen !== undefined) return { ...maskOfFrame(dataSet, chosen), by: 'reader' };
  if (dataSet[MASK_SUBTRACTION] === undefined) return frames > 1 ? { ...maskOfFrame(dataSet, 1), by: 'nobody' } : null;
  const mask = frameMaskOf(dataSet, frame, frames);
  return mask && { ...mask, by: 'maker' };
}

/** How many frames of each object are here, by SOP Instance UID. */
export function framesByObject({ images }: Stack): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { sopUid } of images) counts.set(sopUid, (counts.get(sopUid) ?? 0) + 1);
  return counts;
}

/** What values of a subtracted frame are: what was measured of them stays and says so, also over the frame as it was stored. */
const DIFFERENCE = 'difference';

/** The frame under a name of its own, its values differences; in the window it came with only where that is meant for them. */
export function subtractImage(image: StackImage, mask: Subtracted): StackImage {
  const { dataSet: own } = image;
  const rest = hasWindowOfDifferences(own) && mask.by === 'maker' ? own : withoutWindow(own);
  const dataSet: DicomJson = { ...rest, [FRAME_MASK]: { Value: [mask] } };
  const { maskFrames, averaged, shift, share } = mask;
  return {
    ...image,
    imageId: `${image.imageId}#less-${[...maskFrames, averaged, ...shift, share].join('-')}`,
    rescale: { slope: 1, intercept: 0, unit: DIFFERENCE },
    subtracted: mask,
    dataSet,
  };
}

const VOI: readonly string[] = [TAG.WindowCenter, TAG.WindowWidth, TAG.VOILUTFunction, TAG.VOILUTSequence];
