import { type DicomJson, itemsOf, numberOf, textOf, textsOf } from '../dicom-json.ts';
import { codedMeaning } from '../documents/sr-tree.ts';
import type { Stack, StackImage } from '../stack.ts';
import { TAG } from '../tags.ts';
import { type Colour, colourOf } from './cielab.ts';
import { type ImageReferences, readReferences } from './image-references.ts';
import { type Provenance, provenanceOf } from './provenance.ts';

/** Who or what drew a segment, as its maker says (PS3.3 §C.8.20.2). */
export type SegmentedBy = 'MANUAL' | 'SEMIAUTOMATIC' | 'AUTOMATIC' | null;

/** One segment. */
export type Segment = {
  readonly number: number;
  readonly label: string;
  /** The category and type of what is marked, as coded. */
  readonly category: string | null;
  readonly type: string | null;
  readonly colour: Colour;
  readonly by: SegmentedBy;
  readonly algorithm: string | null;
};

/** One frame of a segmentation: the picture its values are fetched by, and what it says it was made from. */
export type SegmentFrame = {
  readonly image: StackImage;
  /** Null in a label map, whose values are the segments. */
  readonly segment: number | null;
  /** Null where it names none. */
  readonly sources: ImageReferences | null;
};

/** A segmentation that somebody else made (PS3.3 §A.51). */
export type Segmentation = Provenance & {
  readonly kind: 'segmentation';
  readonly label: string;
  readonly description: string | null;
  readonly values: 'binary' | 'fractional' | 'labels';
  /** Of fractional ones: what they are a fraction of, and the value that is all of it. */
  readonly fraction: { readonly of: 'PROBABILITY' | 'OCCUPANCY' | null; readonly greatest: number } | null;
  readonly segments: readonly Segment[];
  readonly frames: readonly SegmentFrame[];
};

const CLASSES: Readonly<Record<string, Segmentation['values'] | 'as-said'>> = {
  '1.2.840.10008.5.1.4.1.1.66.4': 'as-said',
  '1.2.840.10008.5.1.4.1.1.66.7': 'labels',
};
/** Where a segment recommends no colour: none is that of what AI here marks, none that of a warning. */
const COLOURS: readonly Colour[] = [
  [255, 140, 220],
  [170, 220, 90],
  [255, 170, 80],
  [150, 170, 255],
  [230, 220, 110],
  [120, 210, 150],
];
const MOST_SEGMENTS = 1000;

/** The segmentations among the pictures of a series. */
export function readSegmentations({ images, seriesUid }: Stack): readonly Segmentation[] {
  return [...Map.groupBy(images, ({ sopUid }) => sopUid).values()].flatMap((frames) => {
    const read = readSegmentation(frames, seriesUid);
    return read === null ? [] : [read];
  });
}

function readSegmentation(frames: readonly StackImage[], seriesUid: string): Segmentation | null {
  const [first] = frames;
  if (first === undefined) return null;
  const { dataSet } = first;
  const sourcesOf = sourcesReader();
  const said = CLASSES[textOf(dataSet, TAG.SOPClassUID) ?? ''];
  const provenance = provenanceOf(dataSet, seriesUid);
  if (said === undefined || provenance === null) return null;
  const type = textOf(dataSet, '00620001');
  const values = said === 'labels' || type === 'LABELMAP' ? 'labels' : type === 'FRACTIONAL' ? 'fractional' : 'binary';
  const of = (['PROBABILITY', 'OCCUPANCY'] as const).find((one) => one === textOf(dataSet, '00620010')) ?? null;
  return {
    kind: 'segmentation',
    ...provenance,
    label: textOf(dataSet, '00700080') ?? textOf(dataSet, TAG.SeriesDescription) ?? '',
    description: textOf(dataSet, '00700081'),
    values,
    fraction: values === 'fractional' ? { of, greatest: numberOf(dataSet, '0062000E') || 255 } : null,
    segments: itemsOf(dataSet, '00620002').slice(0, MOST_SEGMENTS).map(readSegment),
    frames: frames.map((image) => ({
      image,
      segment: values === 'labels' ? null : numberOf(image.dataSet, '0062000B'),
      sources: sourcesOf(image.dataSet),
    })),
  };
}

function readSegment(item: DicomJson, index: number): Segment {
  const by = (['MANUAL', 'SEMIAUTOMATIC', 'AUTOMATIC'] as const).find((one) => one === textOf(item, '00620008'));
  const [identified] = itemsOf(item, '00620007');
  return {
    number: numberOf(item, '00620004') ?? index + 1,
    label: textOf(item, '00620005') ?? '',
    category: codedMeaning(item, '00620003'),
    type: codedMeaning(item, '0062000F'),
    colour: colourOf(item, '0062000D') ?? COLOURS[index % COLOURS.length] ?? [255, 140, 220],
    by: by ?? null,
    algorithm: textOf(item, '00620009') ?? (identified ? textsOf(identified, '00660036').join(' ') || null : null),
  };
}

/** Frames that share their sources are given the same ones: thousands of frames may, of thousands of images. */
function sourcesReader(): (dataSet: DicomJson) => ImageReferences | null {
  const read = new Map<unknown, ImageReferences | null>();
  return (dataSet) => {
    const { '00082112': said } = dataSet;
    const known = read.get(said);
    if (known !== undefined) return known;
    const items = itemsOf(dataSet, '00082112');
    const sources = items.length === 0 ? null : readReferences(items);
    read.set(said, sources);
    return sources;
  };
}
