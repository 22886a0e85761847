import type { ImageReferences } from '../../viewport/third-party/image-references.ts';
import type { KeyObjects } from '../../viewport/third-party/key-objects.ts';
import type { MarkedReport, ReportedMark } from '../../viewport/third-party/marked-report.ts';
import type { PresentationState } from '../../viewport/third-party/presentation-state.ts';
import type { Provenance } from '../../viewport/third-party/provenance.ts';
import type { Segmentation } from '../../viewport/third-party/segmentation.ts';
import type { ThirdPartyObject } from '../../viewport/third-party/third-party-object.ts';
import type { JumpTarget } from './jump-target.ts';

/** Every key image of a selection, in its order; those whose series it does not name cannot be gone to. */
export function keyTargets(keys: KeyObjects): readonly (JumpTarget | null)[] {
  return [...keys.references].flatMap(([sopUid, frames]) =>
    [...(frames ?? [1])].map((frameNumber) => targetOf(keys, sopUid, frameNumber, null)),
  );
}

/** The first image a presentation state names. */
export function stateTarget(state: PresentationState): JumpTarget | null {
  return firstOf(state, state.references);
}

/** The image of the frame in the middle of those that mark a segment. */
export function segmentTarget(segmentation: Segmentation, segment: number): JumpTarget | null {
  const frames = segmentation.frames.filter((one) => one.segment === null || one.segment === segment);
  const sources = frames[Math.floor(frames.length / 2)]?.sources ?? null;
  return sources && firstOf(segmentation, sources);
}

/** The image a mark of a report lies on; null where it names a place in the patient alone. */
export function reportTargets(report: MarkedReport, { places }: ReportedMark): JumpTarget | null {
  const [place] = places;
  if (place?.on !== 'images') return null;
  const middle = (axis: 0 | 1) => place.points.reduce((sum, point) => sum + point[axis], 0) / place.points.length;
  return firstOf(report, place.images, [middle(0), middle(1)]);
}

/** How many key images of each kind others picked out of a series. */
export function countKeys(
  objects: readonly ThirdPartyObject[] | null,
  seriesUid: string,
): { readonly picked: number; readonly warned: number } {
  const keys = (objects ?? []).filter((one) => one.kind === 'key-objects');
  const count = (isWarning: boolean) =>
    keys
      .filter((one) => one.isWarning === isWarning)
      .flatMap((one) => [...one.references.keys()].filter((sopUid) => one.seriesOf.get(sopUid) === seriesUid)).length;
  return { picked: count(false), warned: count(true) };
}

function firstOf(of: Provenance, references: ImageReferences, pixel: JumpTarget['pixel'] = null): JumpTarget | null {
  const [first] = references;
  if (first === undefined) return null;
  const [sopUid, frames] = first;
  return targetOf(of, sopUid, frames?.values().next().value ?? 1, pixel);
}

function targetOf(
  { seriesOf }: Provenance,
  sopUid: string,
  frameNumber: number,
  pixel: JumpTarget['pixel'],
): JumpTarget | null {
  const seriesUid = seriesOf.get(sopUid);
  if (seriesUid === undefined) return null;
  return { seriesUid, keyImage: { sopUid, frameNumber, centreMm: null, frameOfReferenceUid: null }, pixel, mask: null };
}
