import type { ModelManifest, ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { KeyFrame, RunBox, RunHeatmap, RunMask } from './run-answer.ts';
import type { RunFinished } from './runner-protocol.ts';

/** One measured quantity; of the whole finding, or of the part that is counted from 1. A code occurs once in each. */
export type FindingMeasurement = {
  readonly code: string;
  readonly scheme: string;
  readonly display: string;
  readonly value: number;
  /** UCUM. */
  readonly unit: string;
  readonly part: number | null;
};

/** An image as evidence names it, with the frame of reference that its coordinates are in. */
export type EvidenceKey = KeyFrame & { readonly frameOfReferenceUid: string | null };

/** A mask as evidence names it; its pixels are an object of the store. */
export type EvidenceMask = {
  readonly digest: string;
  readonly rows: number;
  readonly columns: number;
  readonly sopUids: readonly string[];
  /** One for each of the `sopUids`. */
  readonly frameNumbers: readonly number[];
};

/** What a finding has in one stack of the series; the image that shows most of it is in that stack's frame of reference. */
export type FindingPart = { readonly mask: EvidenceMask; readonly key: EvidenceKey | null };

/** A detector's box, on every frame it crosses. */
export type FindingMark = Omit<RunBox, 'tensor' | 'label' | 'key'> & { readonly key: EvidenceKey };

/** A heatmap of one stack. */
export type EvidenceHeatmap = Pick<RunHeatmap, 'digest' | 'rows' | 'columns' | 'low' | 'high' | 'frames'>;

/** What a finding rests on: numbers, the image that shows it best, and where on the pixels it is, stack by stack. */
export type FindingEvidence = {
  readonly measurements: readonly FindingMeasurement[];
  readonly keyImage: EvidenceKey | null;
  /** Stacks in which anything is marked, the one with most pixels first. */
  readonly parts: readonly FindingPart[];
  readonly marks: readonly FindingMark[];
  readonly heatmaps: readonly EvidenceHeatmap[];
};

/** What evidence is gathered by: the manifest's outputs, the uses in force, and in which frame of reference an object lies. */
export type EvidenceRules = {
  readonly outputs: ModelManifest['outputs'];
  readonly uses: readonly ModelUse[];
  readonly frameOfReferenceOf: (sopUid: string) => string | null;
};

/** A finding with more boxes than these keeps the best; the receipt has the others. */
const MOST_MARKS = 100;
const MOST_MARKED_FRAMES = 2000;

const VOLUME = { code: '118565006', scheme: 'SCT', display: 'Volume', unit: 'mL' } as const;
const LONG_AXIS = { code: '103339001', scheme: 'SCT', display: 'Long axis', unit: 'mm' } as const;
const DIAMETER = { code: '81827009', scheme: 'SCT', display: 'Diameter', unit: 'mm' } as const;
type Quantity = Omit<FindingMeasurement, 'value' | 'part'>;

/**
 * Gathers what a run has to show for one label. What we measure on a model's masks and boxes is left to models that may measure;
 * of several parts each is measured by itself, since two acquisitions may show the same thing twice.
 */
export function gatherEvidence(rules: EvidenceRules, label: string, result: RunFinished): FindingEvidence {
  const ofLabel = result.masks.filter((one) => one.label === label).toSorted((a, b) => b.pixels - a.pixels);
  // A mask without a pixel says that the stack was read, which is worth showing where no other has any.
  const masks = ofLabel.filter(({ pixels }, index) => pixels > 0 || index === 0);
  const boxes = result.boxes.filter((one) => one.label === label);
  const placed = (key: KeyFrame): EvidenceKey => ({
    ...key,
    frameOfReferenceUid: rules.frameOfReferenceOf(key.sopUid),
  });
  const key = keyOf(label, result, masks[0] ?? null, boxes);
  return {
    measurements: measure(rules, label, result, masks, boxes),
    keyImage: key === null ? null : placed(key),
    parts: masks.map((mask) => {
      const own = keyOfMask(mask);
      return { mask: storedMask(mask), key: own === null ? null : placed(own) };
    }),
    marks: markOf(boxes, rules.uses).map(({ key: of, ...mark }) => ({ ...mark, key: placed(of) })),
    heatmaps: result.heatmaps.filter((one) => one.label === label).map(storedHeatmap),
  };
}

function measure(
  { outputs, uses }: EvidenceRules,
  label: string,
  result: RunFinished,
  masks: readonly RunMask[],
  boxes: readonly RunBox[],
): readonly FindingMeasurement[] {
  const said = outputs.flatMap((output, index): FindingMeasurement[] => {
    if (output.role !== 'number' || output.label !== label) return [];
    // Several numbers may be of one tensor: they come in the order of the manifest.
    const before = outputs.slice(0, index).filter((one) => isSame(one, output)).length;
    const value = result.outputs.filter(
      (one) => one.role === 'measurement' && one.tensor === output.tensor && one.label === label,
    )[before]?.value;
    const { value: code, scheme, meaning: display } = output.quantity;
    return value === undefined ? [] : [{ code, scheme, display, value, unit: output.unit, part: null }];
  });
  const all = [...said, ...(uses.includes('measure') ? measuredOn(masks, boxes) : [])];
  // The model's own number comes before ours of the same quantity.
  return all.filter(
    ({ code, part }, index) => all.findIndex((one) => one.code === code && one.part === part) === index,
  );
}

/** Ours, of each part or of the only one, and else of the best box. */
function measuredOn(masks: readonly RunMask[], boxes: readonly RunBox[]): readonly FindingMeasurement[] {
  const given = (part: number | null, some: readonly (readonly [Quantity, number | null | undefined])[]) =>
    some.flatMap(([quantity, value]) => (value == null ? [] : [{ ...quantity, value, part }]));
  const parts = masks.flatMap((mask, index) =>
    given(masks.length > 1 ? index + 1 : null, [
      [VOLUME, mask.pixels > 0 ? mask.volumeMl : null],
      [LONG_AXIS, mask.largest?.longest?.mm],
    ]),
  );
  const [box] = boxes;
  return [
    ...parts,
    ...given(null, [
      [DIAMETER, box?.diameterMm],
      // Beside masks in parts a box's volume would read as that of them all.
      [VOLUME, masks.length > 1 ? null : box?.volumeMl],
    ]),
  ];
}

/** The image with most of the largest part, else the best box, else the highest score. */
function keyOf(label: string, result: RunFinished, mask: RunMask | null, boxes: readonly RunBox[]): KeyFrame | null {
  const ofMask = mask === null ? null : keyOfMask(mask);
  if (ofMask !== null) return ofMask;
  const [box] = boxes;
  if (box !== undefined) return box.key;
  return result.outputs.find((output) => output.label === label && output.key !== null)?.key ?? null;
}

function keyOfMask({ largest }: RunMask): KeyFrame | null {
  if (largest === null) return null;
  return { sopUid: largest.keySopUid, frameNumber: largest.keyFrameNumber, centreMm: largest.centreMm };
}

function markOf(boxes: readonly RunBox[], uses: readonly ModelUse[]): readonly Omit<RunBox, 'tensor' | 'label'>[] {
  const marks: Omit<RunBox, 'tensor' | 'label'>[] = [];
  let frames = 0;
  for (const { tensor: _tensor, label: _label, ...box } of boxes) {
    frames += box.frames.length;
    if (marks.length === MOST_MARKS || frames > MOST_MARKED_FRAMES) break;
    marks.push(uses.includes('measure') ? box : { ...box, diameterMm: null, volumeMl: null });
  }
  return marks;
}

function storedMask({ digest, rows, columns, slices }: RunMask): EvidenceMask {
  const sopUids = slices.map(({ sopUid }) => sopUid);
  return { digest, rows, columns, sopUids, frameNumbers: slices.map(({ frameNumber }) => frameNumber) };
}

function storedHeatmap({ digest, rows, columns, low, high, frames }: RunHeatmap): EvidenceHeatmap {
  return { digest, rows, columns, low, high, frames };
}

function isSame(one: ModelManifest['outputs'][number], other: { readonly tensor: string; readonly label: string }) {
  return one.role === 'number' && one.tensor === other.tensor && one.label === other.label;
}
