import type { AppliesTo } from '../../../../shared/domain/model-applies-to.ts';
import type { ModelSource, ModelTolerates } from '../../../../shared/domain/model-preprocessing.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { FramePlace, SourceFrame, SourceStack, StackCorrection } from './prepared-grid.ts';
import { type StackLine, stackLine } from './stack-line.ts';
import { cross, dot, type Vector } from './vector.ts';

/** Why frames do not make what a model reads. */
export type ArrangeFailure =
  | 'missing-geometry'
  | 'mixed-sizes'
  | 'mixed-orientations'
  | 'mixed-frames-of-reference'
  | 'not-axial'
  | 'not-coronal'
  | 'not-sagittal'
  | 'duplicate-positions'
  | 'slices-missing'
  | 'uneven-spacing'
  | 'gantry-tilt'
  | 'too-few-slices'
  | 'too-many-slices';

/** What a model asks of its images. */
export type ArrangeLimits = {
  readonly arrangement: ModelSource['arrangement'];
  readonly orientation: AppliesTo['orientation'];
  readonly minSlices: number;
  readonly maxSlices: number;
  readonly tolerates: ModelTolerates;
};

type Refusal = { readonly code: ArrangeFailure };
type PlacedFrame = SourceFrame & { readonly place: FramePlace; readonly pixelMm: readonly [number, number] };

const SAME_DIRECTION = 0.9999; // cosine of 0.8 degrees: scanners round
const MAINLY = 0.7; // cosine of 45 degrees: gantry tilt reaches 30
const SAME_PLACE_MM = 0.05;
/** Steps that differ by no more than this share of the middle one are even: scanners round positions. */
const EVEN_WITHIN = 0.05;

/**
 * Makes of a series' frames the one stack of a volume, ordered by position along the normal and never by number; or, of images, a
 * stack a size, each in the order of instance and frame number. What is irregular and not tolerated is refused.
 */
export function arrangeStacks(
  frames: readonly SourceFrame[],
  limits: ArrangeLimits,
): Result<readonly SourceStack[], Refusal> {
  if (frames.length < limits.minSlices || frames.length === 0) return err({ code: 'too-few-slices' });
  if (frames.length > limits.maxSlices) return err({ code: 'too-many-slices' });
  if (limits.arrangement === 'images') return ok(arrangeImages(frames));
  const stack = arrangeVolume(frames, limits);
  return stack.ok ? ok([stack.value]) : stack;
}

function arrangeImages(frames: readonly SourceFrame[]): readonly SourceStack[] {
  const alike = new Map<string, SourceFrame[]>();
  for (const frame of frames.toSorted(byNumber)) {
    const key = JSON.stringify([frame.rows, frame.columns, frame.channels, frame.pixelMm]);
    alike.set(key, [...(alike.get(key) ?? []), frame]);
  }
  const arrangement = 'images' as const;
  return [...alike.values()].map((group) => {
    return { arrangement, frames: group, stepsMm: [], tiltDegrees: 0, corrections: [], leftOut: [] };
  });
}

function arrangeVolume(all: readonly SourceFrame[], limits: ArrangeLimits): Result<SourceStack, Refusal> {
  const { tolerates, orientation } = limits;
  const corrections: StackCorrection[] = [];
  if (!all.every(isPlaced)) return err({ code: 'missing-geometry' });

  const parallel = chooseParallel(all, tolerates);
  const [first] = parallel;
  if (first === undefined) return err({ code: 'mixed-orientations' });
  if (parallel.length < all.length) corrections.push('others-left-out');
  if (!parallel.every((frame) => hasSameSize(frame, first))) return err({ code: 'mixed-sizes' });
  const frameOfReference = first.place.frameOfReferenceUid;
  if (!parallel.every(({ place }) => place.frameOfReferenceUid === frameOfReference))
    return err({ code: 'mixed-frames-of-reference' });
  const normal = cross(first.place.alongRow, first.place.alongColumn);
  if (orientation !== 'any' && !isOriented(first.place, normal, orientation))
    return err({ code: `not-${orientation}` });

  const single = leaveOutDuplicates(orderAlong(parallel, normal));
  if (single.length < parallel.length) {
    if (tolerates.duplicates === 'refuse') return err({ code: 'duplicate-positions' });
    corrections.push('duplicates-left-out');
  }
  if (single.length < limits.minSlices) return err({ code: 'too-few-slices' });
  const places = single.map(({ place }) => place);
  const line = stackLine(places);
  if (line === null) return err({ code: 'missing-geometry' }); // one slice that does not say how thick it is
  const irregular = corrected(single, line, tolerates, corrections);
  if (!irregular.ok) return irregular;
  const kept = new Set<SourceFrame>(single);
  return ok({
    arrangement: 'volume',
    frames: single,
    stepsMm: line.stepsMm,
    tiltDegrees: line.tiltDegrees,
    corrections,
    leftOut: all.filter((frame) => !kept.has(frame)).map(({ sopUid, frameNumber }) => ({ sopUid, frameNumber })),
  });
}

/** Adds how gaps, uneven steps and tilt are to be corrected, or says what is not tolerated. */
function corrected(
  frames: readonly PlacedFrame[],
  line: StackLine,
  tolerates: ModelTolerates,
  corrections: StackCorrection[],
): Result<null, Refusal> {
  const { stepsMm, middleStepMm } = line;
  const thicknessOf = (index: number) => frames[index]?.place.thicknessMm ?? middleStepMm;
  const hasGap = stepsMm.some((step, index) => {
    return step > (tolerates.maxGapOverThickness * (thicknessOf(index) + thicknessOf(index + 1))) / 2;
  });
  if (hasGap) return err({ code: 'slices-missing' });
  const isUneven = stepsMm.some((step) => {
    return Math.abs(step - middleStepMm) > Math.max(EVEN_WITHIN * middleStepMm, SAME_PLACE_MM);
  });
  if (isUneven && tolerates.unevenSteps === 'refuse') return err({ code: 'uneven-spacing' });
  if (isUneven && tolerates.unevenSteps === 'resample') corrections.push('steps-evened');
  if (line.tiltDegrees <= tolerates.maxTiltDegrees) return ok(null);
  if (tolerates.gantryTilt === 'refuse') return err({ code: 'gantry-tilt' });
  if (tolerates.gantryTilt === 'shear') {
    // Slices that do not lie on one line cannot be set upright by moving them along it.
    if (!line.isStraight) return err({ code: 'gantry-tilt' });
    if (isUneven && tolerates.unevenSteps === 'as-is') return err({ code: 'uneven-spacing' });
    corrections.push('tilt-sheared');
  }
  return ok(null);
}

/** Frames of one orientation: all, or those of the largest stack; none where that is not tolerated. */
function chooseParallel(frames: readonly PlacedFrame[], tolerates: ModelTolerates): readonly PlacedFrame[] {
  const groups: PlacedFrame[][] = [];
  for (const frame of frames) {
    const group = groups.find(([first]) => first !== undefined && hasSameOrientation(frame.place, first.place));
    if (group) group.push(frame);
    else groups.push([frame]);
  }
  const [largest = [], second = []] = groups.toSorted((a, b) => b.length - a.length);
  if (groups.length === 1) return largest;
  const isChosen =
    tolerates.mixedOrientations === 'largest-stack' &&
    largest.length > second.length &&
    largest.length >= tolerates.minShareOfStack * frames.length;
  return isChosen ? largest : [];
}

function orderAlong(frames: readonly PlacedFrame[], normal: Vector): readonly PlacedFrame[] {
  return frames.toSorted((a, b) => dot(a.place.position, normal) - dot(b.place.position, normal));
}

/** Of frames at one place along the normal the one with the lowest number stays. */
function leaveOutDuplicates(ordered: readonly PlacedFrame[]): readonly PlacedFrame[] {
  const [first] = ordered;
  if (first === undefined) return ordered;
  const normal = cross(first.place.alongRow, first.place.alongColumn);
  const groups: [PlacedFrame, ...PlacedFrame[]][] = [];
  for (const frame of ordered) {
    const group = groups.at(-1);
    const stepMm = group ? dot(frame.place.position, normal) - dot(group[0].place.position, normal) : 0;
    if (group && stepMm < SAME_PLACE_MM) group.push(frame);
    else groups.push([frame]);
  }
  return groups.map((group) => group.toSorted(byNumber)[0] as PlacedFrame);
}

function byNumber(a: SourceFrame, b: SourceFrame): number {
  const number = ({ instanceNumber }: SourceFrame) => instanceNumber ?? Number.MAX_SAFE_INTEGER;
  return number(a) - number(b) || a.frameNumber - b.frameNumber;
}

function isPlaced(frame: SourceFrame): frame is PlacedFrame {
  return frame.place !== null && frame.pixelMm !== null;
}

function hasSameSize(frame: PlacedFrame, first: PlacedFrame): boolean {
  const isAlike = (axis: 0 | 1) => Math.abs(frame.pixelMm[axis] - first.pixelMm[axis]) < 1e-3 * first.pixelMm[axis];
  return frame.rows === first.rows && frame.columns === first.columns && isAlike(0) && isAlike(1);
}

function hasSameOrientation(place: FramePlace, first: FramePlace): boolean {
  return (
    dot(place.alongRow, first.alongRow) > SAME_DIRECTION && dot(place.alongColumn, first.alongColumn) > SAME_DIRECTION
  );
}

const NORMALS = { sagittal: 0, coronal: 1, axial: 2 } as const;

/** Whether the normal runs mainly along the named one, and rows along an axis of the patient, so that whole turns make it upright. */
function isOriented({ alongRow }: FramePlace, normal: Vector, orientation: keyof typeof NORMALS): boolean {
  const axis = NORMALS[orientation];
  const others = [0, 1, 2].filter((one) => one !== axis).map((one) => Math.abs(alongRow[one] as number));
  return Math.abs(normal[axis]) > MAINLY && Math.max(...others) > MAINLY;
}
