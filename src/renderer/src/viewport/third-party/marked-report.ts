import { type DicomJson, entryOf, itemsOf, numbersOf, textOf } from '../dicom-json.ts';
import { codedMeaning, measuredValue } from '../documents/sr-tree.ts';
import type { Vector3 } from '../geometry.ts';
import { TAG } from '../tags.ts';
import { fromCorner, type GraphicsBudget, openBudget, pairsOf, PLAIN_STYLE, takeShape } from './graphics.ts';
import { type ImageReferences, readReferences } from './image-references.ts';
import { type Provenance, provenanceOf } from './provenance.ts';
import type { Point, ShapeKind } from './shapes.ts';

/** A place that a report points to: on images it names, or in the patient. */
export type ReportedPlace =
  | {
      readonly on: 'images';
      readonly images: ImageReferences;
      readonly kind: ShapeKind;
      readonly points: readonly Point[];
    }
  | {
      readonly on: 'patient';
      readonly frameOfReferenceUid: string;
      readonly kind: ShapeKind;
      readonly placesMm: readonly Vector3[];
    };

/** What a report says of some places: a finding, or a measurement. */
export type ReportedMark = {
  /** Its number in the report, from 1. */
  readonly number: number;
  readonly name: string;
  /** What was measured, as `name value unit`. */
  readonly values: readonly string[];
  readonly places: readonly ReportedPlace[];
};

/** A structured report whose coordinates can be drawn (PS3.3 §C.18.6, §C.18.9). */
export type MarkedReport = Provenance & {
  readonly kind: 'marked-report';
  readonly title: string | null;
  /** Made by a machine that looks for things (CAD), or observed by a device. */
  readonly isByMachine: boolean;
  readonly isVerified: boolean;
  readonly marks: readonly ReportedMark[];
  /** What of its coordinates cannot be drawn. */
  readonly undrawn: ReadonlySet<'graphics-damaged' | 'graphics-cut' | 'graphics-in-matrix' | 'places-without-image'>;
};

/** Mammography, chest and colon CAD, and implantation plans are not among them. */
const CAD: ReadonlySet<string> = new Set(['88.50', '88.65', '88.69'].map((end) => `1.2.840.10008.5.1.4.1.1.${end}`));
const DEEPEST = 32;
const MOST_ITEMS = 20_000;
const MOST_VALUES = 12;

type Undrawn = MarkedReport['undrawn'] extends ReadonlySet<infer Fault> ? Fault : never;
type Found = { readonly parent: DicomJson; readonly grand: DicomJson | null; readonly place: ReportedPlace };
type Walk = {
  readonly root: DicomJson;
  readonly budget: GraphicsBudget;
  readonly found: Found[];
  readonly say: (fault: Undrawn) => void;
  items: number;
};

/** Reads what a report marks on images; null of a data set that is no report, or marks nothing. */
export function readMarkedReport(dataSet: DicomJson, seriesUid: string): MarkedReport | null {
  const provenance = provenanceOf(dataSet, seriesUid);
  const sopClass = textOf(dataSet, TAG.SOPClassUID) ?? '';
  if (provenance === null || !sopClass.startsWith('1.2.840.10008.5.1.4.1.1.88.')) return null;
  const undrawn = new Set<Undrawn>();
  const say = (fault: Undrawn) => undrawn.add(fault);
  const walk: Walk = { root: dataSet, budget: openBudget(say), found: [], say, items: MOST_ITEMS };
  lookInto(dataSet, null, 0, walk);
  if (walk.found.length === 0 && undrawn.size === 0) return null;
  const marks = [...Map.groupBy(walk.found, ({ parent }) => parent)].map(([parent, of], index): ReportedMark => {
    const grand = of[0]?.grand ?? null;
    return {
      number: index + 1,
      name: nameOf(parent, grand),
      values: valuesOf(parent, grand),
      places: of.map(({ place }) => place),
    };
  });
  return {
    kind: 'marked-report',
    ...provenance,
    title: codedMeaning(dataSet, '0040A043'),
    isByMachine: CAD.has(sopClass) || isObservedByDevice(dataSet),
    isVerified: textOf(dataSet, '0040A493') === 'VERIFIED',
    marks,
    undrawn,
  };
}

function lookInto(item: DicomJson, parent: DicomJson | null, depth: number, walk: Walk): void {
  const children = itemsOf(item, '0040A730');
  if (depth >= DEEPEST && children.length > 0) return walk.say('graphics-cut');
  for (const child of children) {
    walk.items -= 1;
    if (walk.items < 0) return walk.say('graphics-cut');
    const type = textOf(child, '0040A040');
    const place = type === 'SCOORD' ? onImages(child, walk) : type === 'SCOORD3D' ? inPatient(child, walk) : null;
    if (place !== null) walk.found.push({ parent: item, grand: parent, place });
    lookInto(child, item, depth + 1, walk);
  }
}

const KINDS: Readonly<Record<string, ShapeKind>> = {
  POINT: 'POINT',
  MULTIPOINT: 'POINT',
  POLYLINE: 'POLYLINE',
  POLYGON: 'POLYLINE',
  CIRCLE: 'CIRCLE',
  ELLIPSE: 'ELLIPSE',
};

/** PS3.3 §C.18.6. Its images are those it was selected from: below it, or told elsewhere in the report. */
function onImages(item: DicomJson, walk: Walk): ReportedPlace | null {
  const kind = entryOf(KINDS, textOf(item, '00700023') ?? '');
  const pairs = pairsOf(item, '00700022');
  if (textOf(item, '00480301') === 'VOLUME') {
    walk.say('graphics-in-matrix');
    return null;
  }
  if (kind === undefined || pairs === null) {
    walk.say('graphics-damaged');
    return null;
  }
  const [image] = itemsOf(item, '0040A730')
    .map((child) => (child['0040DB73'] === undefined ? child : itemAt(walk.root, numbersOf(child, '0040DB73'))))
    .filter((child) => child !== null && textOf(child, '0040A040') === 'IMAGE');
  if (!image) {
    walk.say('places-without-image');
    return null;
  }
  const points = pairs.map(fromCorner);
  if (takeShape(shapeOf(kind, points), walk.budget) === null) return null;
  return { on: 'images', images: readReferences(itemsOf(image, '00081199')), kind, points };
}

/** PS3.3 §C.18.9. */
function inPatient(item: DicomJson, walk: Walk): ReportedPlace | null {
  const kind = entryOf(KINDS, textOf(item, '00700023') ?? '');
  const values = numbersOf(item, '00700022');
  const frameOfReferenceUid = textOf(item, '30060024');
  const isWhole = values.length === (item['00700022']?.Value ?? []).length && values.length % 3 === 0;
  if (kind === undefined || !isWhole || frameOfReferenceUid === null || values.some((one) => Math.abs(one) > 1e5)) {
    walk.say('graphics-damaged');
    return null;
  }
  const placesMm = Array.from(
    { length: values.length / 3 },
    (_, index): Vector3 => [values[3 * index] ?? 0, values[3 * index + 1] ?? 0, values[3 * index + 2] ?? 0],
  );
  const flat = placesMm.map(([x, y]): Point => [x, y]);
  if (takeShape(shapeOf(kind, flat), walk.budget) === null) return null;
  return { on: 'patient', frameOfReferenceUid, kind, placesMm };
}

/** As it counts against the budget: many points are as many as a line has. */
function shapeOf(kind: ShapeKind, points: readonly Point[]) {
  const counted = kind === 'POINT' && points.length > 1 ? 'POLYLINE' : kind;
  return { kind: counted, units: 'image', points, isFilled: false, style: PLAIN_STYLE } as const;
}

/** An item by its place at each level, counted from 1, the first being the report itself (PS3.3 §C.17.3.2.5). */
function itemAt(root: DicomJson, [, ...path]: readonly number[]): DicomJson | null {
  let at: DicomJson | undefined = root;
  for (const place of path) at = at && itemsOf(at, '0040A730')[place - 1];
  return at ?? null;
}

/** What the places are of: the finding beside them, or what the item above them is called. */
function nameOf(parent: DicomJson, grand: DicomJson | null): string {
  const finding = (item: DicomJson) =>
    childrenOf(item, 'CODE').find(
      (one) => codeOf(one, '0040A043') === '121071' || codeOf(one, '0040A043') === '111059',
    );
  const said = finding(parent) ?? (grand && finding(grand));
  const own = textOf(parent, '0040A040') === 'CODE' ? codedMeaning(parent, '0040A168') : null;
  const coded = said ? codedMeaning(said, '0040A168') : null;
  return own ?? coded ?? codedMeaning(parent, '0040A043') ?? '';
}

function valuesOf(parent: DicomJson, grand: DicomJson | null): readonly string[] {
  const own = textOf(parent, '0040A040') === 'NUM' ? [parent] : [];
  const beside = grand !== null && own.length === 0 && childrenOf(parent, 'NUM').length === 0 ? grand : parent;
  return [...own, ...childrenOf(beside, 'NUM').filter((item) => item !== parent)]
    .flatMap((item) => {
      const value = measuredValue(item);
      return value === null ? [] : [`${codedMeaning(item, '0040A043') ?? ''} ${value}`.trim()];
    })
    .slice(0, MOST_VALUES);
}

/** Observer Type (121005) is Device (121007). */
function isObservedByDevice(dataSet: DicomJson): boolean {
  return childrenOf(dataSet, 'CODE').some(
    (item) => codeOf(item, '0040A043') === '121005' && codeOf(item, '0040A168') === '121007',
  );
}

function childrenOf(item: DicomJson, type: string): readonly DicomJson[] {
  return itemsOf(item, '0040A730').filter((child) => textOf(child, '0040A040') === type);
}

function codeOf(item: DicomJson, tag: string): string | null {
  const [code] = itemsOf(item, tag);
  return code === undefined ? null : textOf(code, '00080100');
}
