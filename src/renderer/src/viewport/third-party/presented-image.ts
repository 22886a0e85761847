import { type DicomJson, itemsOf, numberOf, textOf } from '../dicom-json.ts';
import { frameMaskOf, notedMask } from '../picture/frame-mask.ts';
import { modalityValues, WINDOW_SHAPES } from '../picture/grey-pixels.ts';
import { HIDDEN_OVERLAYS } from '../picture/overlay-planes.ts';
import { isGrey, isInverted, OVERLAY_GROUPS, pixelFormatOf } from '../picture/pixel-format.ts';
import { PRESENTATION_TABLE } from '../picture/presentation-table.ts';
import { addressOf } from '../frame-marks.ts';
import type { Stack, StackImage } from '../stack.ts';
import { framesByObject, subtractImage } from '../subtraction/subtract-stack.ts';
import { TAG } from '../tags.ts';
import { names } from './image-references.ts';
import type { Annotation, DisplayedArea, PresentationState, Turn } from './presentation-state.ts';

/** How the camera stands on an image under a presentation state. */
export type Presented = { readonly turn: Turn; readonly area: DisplayedArea | null };

/** Whether a state is of this image. */
export function isPresented(state: PresentationState, image: StackImage): boolean {
  return state.refusal === null && names(state.references, addressOf(image));
}

/** The stack as a state shows it: the images it names drawn its way, all others as they are in `others`, image by image the same. */
export function presentStack(stack: Stack, state: PresentationState, others: Stack = stack): Stack {
  const frames = framesByObject(stack);
  const images = stack.images.map((image, index) =>
    isPresented(state, image) ? present(image, state, frames.get(image.sopUid) ?? 1) : (others.images[index] ?? image),
  );
  return { ...stack, images };
}

/** Where the camera stands on an image; null of one the state does not name. */
export function presentedOn(state: PresentationState, image: StackImage): Presented | null {
  if (!isPresented(state, image)) return null;
  return { turn: state.turn, area: firstOf(state.areas, image) };
}

/** The graphics of an image, the lowest layer first. */
export function annotationsOn(state: PresentationState, image: StackImage): readonly Annotation[] {
  if (!isPresented(state, image)) return [];
  return state.annotations.filter((one) => isOf(one, image)).map(({ value }) => value);
}

type OfImages<T> = PresentationState['areas'][number] extends { images: infer Images }
  ? { readonly images: Images; readonly value: T }
  : never;

function isOf({ images }: Pick<PresentationState['areas'][number], 'images'>, image: StackImage): boolean {
  return images === null || names(images, addressOf(image));
}

function firstOf<T>(all: readonly OfImages<T>[], image: StackImage): T | null {
  return all.find((one) => isOf(one, image))?.value ?? null;
}

/** The image under a name of its own, so that its own picture stays ready beside: what is fetched is the same. */
function present(image: StackImage, state: PresentationState, frames: number): StackImage {
  const mask = state.subtracts && !image.isColour ? frameMaskOf(state.dataSet, image.frame, frames) : null;
  // A state that subtracts says by a table of its own where values are no logarithms, and then it is not applied.
  const less = mask && subtractImage(image, { ...mask, isOfLogarithms: false, by: 'maker' });
  const dataSet = presentedDataSet(less ?? image, state);
  return { ...(less ?? image), imageId: `${image.imageId}#${state.id}`, dataSet, monochrome1: isInverted(dataSet) };
}

const OWN_SHUTTER = ['00181600', '00181602', '00181604', '00181606', '00181608', '00181610', '00181612', '00181620'];
const SHUTTER = [...OWN_SHUTTER, '00181622', '00181623', '00181624'];

/** What is drawn by: the image's own shutters, overlays, windows and presentation tables give way to the state's (PS3.4 §N.2). */
function presentedDataSet({ dataSet: own, ...image }: StackImage, state: PresentationState): DicomJson {
  const { dataSet: said } = state;
  const kept = Object.entries(own).filter(([tag]) => !SHUTTER.includes(tag) && !VOI.includes(tag));
  const taken = Object.fromEntries(SHUTTER.flatMap((tag) => (said[tag] === undefined ? [] : [[tag, said[tag]]])));
  const dataSet: DicomJson = { ...Object.fromEntries(kept), ...taken, ...overlaysOf(own, state) };
  if (state.isColour || !isGrey(pixelFormatOf(own))) return dataSet;
  return { ...dataSet, ...greyOfState(own, firstOf(state.windows, { dataSet: own, ...image }), said) };
}

const VOI = [
  TAG.WindowCenter,
  TAG.WindowWidth,
  TAG.VOILUTFunction,
  TAG.VOILUTSequence,
  TAG.PresentationLUTShape,
  PRESENTATION_TABLE,
];

/** Overlays of the state lie on its images; those of the image where the state activates them, and no others. */
function overlaysOf(own: DicomJson, { dataSet: said, shownOverlays }: PresentationState): DicomJson {
  const bitmap = numberOf(said, '00181623');
  const shutter = bitmap === null ? null : bitmap.toString(16).toUpperCase().padStart(4, '0');
  const inState = OVERLAY_GROUPS.filter((group) => said[`${group}3000`] !== undefined);
  const attributes = inState.flatMap((group) => Object.entries(said).filter(([tag]) => tag.startsWith(group)));
  const hidden = OVERLAY_GROUPS.filter(
    (group) => own[`${group}0010`] !== undefined && !inState.includes(group) && !shownOverlays.has(group),
  );
  const idle = inState.filter((group) => !shownOverlays.has(group) && group !== shutter);
  return {
    ...Object.fromEntries(attributes),
    [HIDDEN_OVERLAYS]: { vr: 'LO', Value: [...hidden, ...idle] },
  };
}

/** The state's values before the window are the image's where both rescale by lines; where one has a table, the state's table is looked up. */
function greyOfState(own: DicomJson, window: DicomJson | null, said: DicomJson): DicomJson {
  const hasTable = [own, said].some((dataSet) => itemsOf(dataSet, TAG.ModalityLUTSequence).length > 0);
  const presentation = {
    [TAG.PresentationLUTShape]: { vr: 'CS', Value: [textOf(said, TAG.PresentationLUTShape) ?? 'IDENTITY'] },
    ...(said[PRESENTATION_TABLE] !== undefined && { [PRESENTATION_TABLE]: said[PRESENTATION_TABLE] }),
  };
  const modality = hasTable ? modalityOf(said) : {};
  const centre = window && numberOf(window, TAG.WindowCenter);
  const width = window && numberOf(window, TAG.WindowWidth);
  if (window !== null && (centre === null || width === null))
    return { ...presentation, ...modality, [TAG.VOILUTSequence]: window[TAG.VOILUTSequence] ?? { vr: 'SQ' } };
  const shape = WINDOW_SHAPES.find((one) => window !== null && one === textOf(window, TAG.VOILUTFunction)) ?? 'LINEAR';
  // Nothing said: all values that the stored bits can have, after rescaling (PS3.4 §N.2.1.2).
  const exact =
    centre === null || width === null
      ? wholeRange(own, said)
      : shape === 'LINEAR'
        ? { centre: centre - 0.5, width: Math.max(width - 1, 0.001), shape: 'LINEAR_EXACT' }
        : { centre, width, shape };
  // Of differences nothing is known but what the state says of them.
  const isOfDifferences = notedMask(own) !== null;
  if (isOfDifferences && (centre === null || width === null)) return presentation;
  const told = hasTable || isOfDifferences ? exact : inUnitsOf(own, said, exact);
  return {
    ...presentation,
    ...modality,
    [TAG.WindowCenter]: { vr: 'DS', Value: [told.centre] },
    [TAG.WindowWidth]: { vr: 'DS', Value: [told.width] },
    [TAG.VOILUTFunction]: { vr: 'CS', Value: [told.shape] },
  };
}

type Window = { readonly centre: number; readonly width: number; readonly shape: string };

function wholeRange(own: DicomJson, said: DicomJson): Window {
  const { bitsStored, isSigned } = pixelFormatOf(own);
  const [least, greatest] = isSigned ? [-(2 ** (bitsStored - 1)), 2 ** (bitsStored - 1) - 1] : [0, 2 ** bitsStored - 1];
  const [from = 0, to = 1] = modalityValues(Float64Array.of(least, greatest), said, null);
  return { centre: (from + to) / 2, width: Math.abs(to - from), shape: 'LINEAR_EXACT' };
}

/** A window over values that the state rescales, over those that the image rescales: what is read and measured stays the image's. */
function inUnitsOf(own: DicomJson, said: DicomJson, { centre, width, shape }: Window): Window {
  const lineOf = (dataSet: DicomJson) => ({
    slope: numberOf(dataSet, TAG.RescaleSlope) || 1,
    intercept: numberOf(dataSet, TAG.RescaleIntercept) ?? 0,
  });
  const [from, to] = [lineOf(said), lineOf(own)];
  const scale = to.slope / from.slope;
  return {
    centre: (centre - from.intercept) * scale + to.intercept,
    width: Math.abs(width * scale),
    shape,
  };
}

function modalityOf(said: DicomJson): DicomJson {
  const line = (value: number) => ({ vr: 'DS', Value: [value] });
  return {
    [TAG.ModalityLUTSequence]: said[TAG.ModalityLUTSequence] ?? { vr: 'SQ' },
    [TAG.RescaleSlope]: line(numberOf(said, TAG.RescaleSlope) || 1),
    [TAG.RescaleIntercept]: line(numberOf(said, TAG.RescaleIntercept) ?? 0),
  };
}
