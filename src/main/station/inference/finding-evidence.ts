import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { KeyFrame, RunBox, RunFinished, RunHeatmap, RunMask } from './runner-protocol.ts';

/** One measured quantity of a finding; a code occurs once. */
export type FindingMeasurement = {
  readonly code: string;
  readonly scheme: string;
  readonly display: string;
  readonly value: number;
  /** UCUM. */
  readonly unit: string;
};

/** A detector's box, on every frame it crosses. */
export type FindingMark = Omit<RunBox, 'tensor' | 'label'>;

/** What a finding rests on: numbers, the image that shows it best, and where on the pixels it is. */
export type FindingEvidence = {
  readonly measurements: readonly FindingMeasurement[];
  readonly keyImage: KeyFrame | null;
  readonly mask: {
    readonly digest: string;
    readonly rows: number;
    readonly columns: number;
    readonly sopUids: readonly string[];
    /** One for each of the `sopUids`. */
    readonly frameNumbers: readonly number[];
  } | null;
  readonly marks: readonly FindingMark[];
  readonly heatmap: Pick<RunHeatmap, 'digest' | 'rows' | 'columns' | 'low' | 'high' | 'frames'> | null;
};

/** A finding with more boxes than these keeps the best; the receipt has the others. */
const MOST_MARKS = 100;
const MOST_MARKED_FRAMES = 2000;

const VOLUME = { code: '118565006', scheme: 'SCT', display: 'Volume', unit: 'mL' } as const;
const LONG_AXIS = { code: '103339001', scheme: 'SCT', display: 'Long axis', unit: 'mm' } as const;
const DIAMETER = { code: '81827009', scheme: 'SCT', display: 'Diameter', unit: 'mm' } as const;

/** Gathers what a run has to show for one label. What we measure on a model's masks and boxes is left to models that may measure. */
export function gatherEvidence(
  model: Pick<ModelManifest, 'outputs' | 'permittedUses'>,
  label: string,
  result: RunFinished,
): FindingEvidence {
  const masks = result.masks.filter((one) => one.label === label).toSorted((a, b) => b.pixels - a.pixels);
  const boxes = result.boxes.filter((one) => one.label === label);
  const heatmap = result.heatmaps.find((one) => one.label === label) ?? null;
  const mask = masks[0] ?? null;
  return {
    measurements: measure(model, label, result, mask, boxes),
    keyImage: keyOf(label, result, mask, boxes),
    mask: mask === null ? null : storedMask(mask),
    marks: markOf(boxes),
    heatmap: heatmap === null ? null : storedHeatmap(heatmap),
  };
}

function measure(
  { outputs, permittedUses }: Pick<ModelManifest, 'outputs' | 'permittedUses'>,
  label: string,
  result: RunFinished,
  mask: RunMask | null,
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
    return value === undefined ? [] : [{ code, scheme, display, value, unit: output.unit }];
  });
  const measured = permittedUses.includes('measure') ? measuredOn(mask, boxes[0] ?? null) : [];
  const all = [...said, ...measured];
  // The model's own number comes before ours of the same quantity.
  return all.filter(({ code }, index) => all.findIndex((one) => one.code === code) === index);
}

function measuredOn(mask: RunMask | null, box: RunBox | null): readonly FindingMeasurement[] {
  const some: readonly (readonly [Omit<FindingMeasurement, 'value'>, number | null | undefined])[] = [
    [VOLUME, mask !== null && mask.pixels > 0 ? mask.volumeMl : null],
    [LONG_AXIS, mask?.largest?.longest?.mm],
    [DIAMETER, box?.diameterMm],
    [VOLUME, box?.volumeMl],
  ];
  return some.flatMap(([quantity, value]) => (value == null ? [] : [{ ...quantity, value }]));
}

/** The image with most of the largest part, else the best box, else the highest score. */
function keyOf(label: string, result: RunFinished, mask: RunMask | null, boxes: readonly RunBox[]): KeyFrame | null {
  if (mask !== null && mask.largest !== null) {
    const { keySopUid, keyFrameNumber, centreMm } = mask.largest;
    return { sopUid: keySopUid, frameNumber: keyFrameNumber, centreMm };
  }
  const [box] = boxes;
  if (box !== undefined) return box.key;
  return result.outputs.find((output) => output.label === label && output.key !== null)?.key ?? null;
}

function markOf(boxes: readonly RunBox[]): readonly FindingMark[] {
  const marks: FindingMark[] = [];
  let frames = 0;
  for (const { tensor: _tensor, label: _label, ...box } of boxes) {
    frames += box.frames.length;
    if (marks.length === MOST_MARKS || frames > MOST_MARKED_FRAMES) break;
    marks.push(box);
  }
  return marks;
}

function storedMask({ digest, rows, columns, slices }: RunMask): NonNullable<FindingEvidence['mask']> {
  const sopUids = slices.map(({ sopUid }) => sopUid);
  return { digest, rows, columns, sopUids, frameNumbers: slices.map(({ frameNumber }) => frameNumber) };
}

function storedHeatmap({ digest, rows, columns, low, high, frames }: RunHeatmap): FindingEvidence['heatmap'] {
  return { digest, rows, columns, low, high, frames };
}

function isSame(one: ModelManifest['outputs'][number], other: { readonly tensor: string; readonly label: string }) {
  return one.role === 'number' && one.tensor === other.tensor && one.label === other.label;
}
