import { type DicomJson, itemsOf, numberOf, numbersOf, textOf } from '../dicom-json.ts';
import { MASK_SUBTRACTION } from '../picture/frame-mask.ts';
import { OVERLAY_GROUPS } from '../picture/pixel-format.ts';
import { hasDamagedShutter } from '../picture/shutters.ts';
import { TAG } from '../tags.ts';
import { type Colour, colourOf, greyOf } from './cielab.ts';
import {
  GRAPHIC_FAULTS,
  type GraphicText,
  openBudget,
  pairsOf,
  readCompound,
  readShape,
  readText,
  type Shape,
} from './graphics.ts';
import { type ImageReferences, joinReferences, readReferences, referencedImages } from './image-references.ts';
import { type Provenance, provenanceOf } from './provenance.ts';

/** What of a presentation state is not applied, said wherever it is on. */
export const UNAPPLIED_PARTS = [
  ...GRAPHIC_FAULTS,
  'true-size',
  'area-damaged',
  'turn-damaged',
  'mask-subtraction',
  'compound-graphics',
  'shutter-damaged',
  'window-damaged',
  'colour-profile',
  'pixel-shape',
  'overlay-colour',
] as const;
export type UnappliedPart = (typeof UNAPPLIED_PARTS)[number];

/** How a picture is turned: clockwise first, then flipped left for right (PS3.3 §C.10.6). */
export type Turn = { readonly degrees: 0 | 90 | 180 | 270; readonly isFlipped: boolean };

/** The part of an image that is to fill the screen, in image coordinates whose whole numbers are pixel centres; `magnification` in screen pixels a pixel, null to fit. */
export type DisplayedArea = {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly magnification: number | null;
};

/** Something a state says of some of its images alone; null: of all. */
type OfImages<T> = { readonly images: ImageReferences | null; readonly value: T };

/** Graphics of one layer. */
export type Annotation = {
  readonly colour: Colour | null;
  readonly shapes: readonly Shape[];
  readonly texts: readonly GraphicText[];
};

/** A softcopy presentation state that somebody else sent (PS3.3 §A.33). */
export type PresentationState = Provenance & {
  readonly kind: 'presentation-state';
  readonly label: string;
  readonly description: string | null;
  readonly references: ImageReferences;
  readonly isColour: boolean;
  /** It takes a mask away from the frames it names (PS3.3 §C.11.13). */
  readonly subtracts: boolean;
  readonly turn: Turn;
  readonly areas: readonly OfImages<DisplayedArea>[];
  /** Items of a Softcopy VOI LUT Sequence. */
  readonly windows: readonly OfImages<DicomJson>[];
  /** In the order in which layers are drawn, the lowest first. */
  readonly annotations: readonly OfImages<Annotation>[];
  /** Groups of overlays that are shown. */
  readonly shownOverlays: ReadonlySet<string>;
  readonly unapplied: readonly UnappliedPart[];
  /** Why it cannot be applied at all; null of one that can. */
  readonly refusal: 'kind-not-shown' | 'names-no-image' | null;
  readonly dataSet: DicomJson;
};

const GREYSCALE = '1.2.840.10008.5.1.4.1.1.11.1';
const COLOUR = '1.2.840.10008.5.1.4.1.1.11.2';
/** XA/XRF: as greyscale, but for its mask. */
const ANGIOGRAPHIC = '1.2.840.10008.5.1.4.1.1.11.5';
const MOST_ITEMS = 5000;

/** Reads a presentation state, what cannot be applied of it included; null of a data set that is none. */
export function readPresentationState(dataSet: DicomJson, seriesUid: string): PresentationState | null {
  const provenance = provenanceOf(dataSet, seriesUid);
  const sopClass = textOf(dataSet, TAG.SOPClassUID) ?? '';
  if (provenance === null || !sopClass.startsWith('1.2.840.10008.5.1.4.1.1.11.')) return null;
  const unapplied = new Set<UnappliedPart>();
  const references = joinReferences(
    itemsOf(dataSet, '00081115').map((series) => readReferences(itemsOf(series, '00081140'))),
  );
  const isKnown = [GREYSCALE, COLOUR, ANGIOGRAPHIC].includes(sopClass);
  const masks = itemsOf(dataSet, MASK_SUBTRACTION);
  const subtracts = masks.length === 1 && masks.every(isPlainMask) && !NOT_PLAIN.some((tag) => tag in dataSet);
  if (masks.length > 0 && !subtracts) unapplied.add('mask-subtraction');
  if (dataSet['00282000'] !== undefined) unapplied.add('colour-profile');
  const layers = readLayers(dataSet);
  const part = {
    turn: readTurn(dataSet, unapplied),
    areas: readAreas(dataSet, unapplied),
    windows: readWindows(dataSet, unapplied),
    annotations: readAnnotations(dataSet, layers, unapplied),
  };
  const shownOverlays = OVERLAY_GROUPS.filter((group) => textOf(dataSet, `${group}1001`) !== null);
  // Bits are drawn white, whatever the colour of their layer.
  const colours = shownOverlays.map((group) => layers.get(textOf(dataSet, `${group}1001`) ?? '')?.colour ?? []);
  if (colours.flat().some((part) => part < 0xff)) unapplied.add('overlay-colour');
  if (hasDamagedShutter(dataSet)) unapplied.add('shutter-damaged');
  return {
    kind: 'presentation-state',
    ...provenance,
    label: textOf(dataSet, '00700080') ?? '',
    description: textOf(dataSet, '00700081'),
    references,
    isColour: sopClass === COLOUR,
    subtracts,
    ...part,
    shownOverlays: new Set(shownOverlays),
    unapplied: [...unapplied],
    refusal: isKnown ? (references.size === 0 ? 'names-no-image' : null) : 'kind-not-shown',
    dataSet,
  };
}

/** Tables that make logarithms of values, and shifts of parts of a mask: with these a mask is not subtracted. */
const NOT_PLAIN = ['00289422', '00289501'];

function isPlainMask(item: DicomJson): boolean {
  return (
    ['AVG_SUB', 'TID'].includes(textOf(item, '00286101') ?? '') && !NOT_PLAIN.some((tag) => item[tag] !== undefined)
  );
}

function readTurn(dataSet: DicomJson, unapplied: Set<UnappliedPart>): Turn {
  const said = numberOf(dataSet, '00700042') ?? 0;
  const degrees = ([0, 90, 180, 270] as const).find((one) => one === said);
  if (degrees === undefined) unapplied.add('turn-damaged');
  return { degrees: degrees ?? 0, isFlipped: textOf(dataSet, '00700041') === 'Y' };
}

/** PS3.3 §C.10.4. Corners are columns and rows counted from 1, both within the area. */
function readAreas(dataSet: DicomJson, unapplied: Set<UnappliedPart>): readonly OfImages<DisplayedArea>[] {
  return itemsOf(dataSet, '0070005A')
    .slice(0, MOST_ITEMS)
    .flatMap((item) => {
      const [from, to] = [pairsOf(item, '00700052')?.[0], pairsOf(item, '00700053')?.[0]];
      if (from === undefined || to === undefined) {
        unapplied.add('area-damaged');
        return [];
      }
      const mode = textOf(item, '00700100');
      // How large a pixel of this screen is, nobody told us.
      if (mode === 'TRUE SIZE') unapplied.add('true-size');
      const ratio = numberOf(item, '00700103');
      const [rowShape = 1, columnShape = 1] = numbersOf(item, '00700102');
      if (rowShape !== columnShape) unapplied.add('pixel-shape');
      const [[x1, y1], [x2, y2]] = [from, to];
      const value: DisplayedArea = {
        left: Math.min(x1, x2) - 1.5,
        top: Math.min(y1, y2) - 1.5,
        right: Math.max(x1, x2) - 0.5,
        bottom: Math.max(y1, y2) - 0.5,
        magnification: mode === 'MAGNIFY' && ratio !== null && ratio > 0 && ratio < 1000 ? ratio : null,
      };
      return [{ images: referencedImages(item), value }];
    });
}

/** PS3.3 §C.11.8: each a window or a table. */
function readWindows(dataSet: DicomJson, unapplied: Set<UnappliedPart>): readonly OfImages<DicomJson>[] {
  return itemsOf(dataSet, '00283110')
    .slice(0, MOST_ITEMS)
    .flatMap((item) => {
      const width = numberOf(item, TAG.WindowWidth);
      const isWindow = width !== null && width > 0 && numberOf(item, TAG.WindowCenter) !== null;
      if (isWindow || itemsOf(item, TAG.VOILUTSequence).length > 0)
        return [{ images: referencedImages(item), value: item }];
      unapplied.add('window-damaged');
      return [];
    });
}

type Layer = { readonly order: number; readonly colour: Colour | null };

/** PS3.3 §C.10.7, by name. */
function readLayers(dataSet: DicomJson): ReadonlyMap<string, Layer> {
  return new Map(
    itemsOf(dataSet, '00700060').map((item): [string, Layer] => [
      textOf(item, '00700002') ?? '',
      {
        order: numberOf(item, '00700062') ?? 0,
        colour: colourOf(item, '00700401') ?? greyOf(item, '00700066'),
      },
    ]),
  );
}

/** PS3.3 §C.10.5. */
function readAnnotations(
  dataSet: DicomJson,
  layers: ReadonlyMap<string, Layer>,
  unapplied: Set<UnappliedPart>,
): readonly OfImages<Annotation>[] {
  const budget = openBudget((fault) => unapplied.add(fault));
  const items = itemsOf(dataSet, '00700001');
  if (items.length > MOST_ITEMS) unapplied.add('graphics-cut');
  return items
    .slice(0, MOST_ITEMS)
    .map((item) => ({ item, layer: layers.get(textOf(item, '00700002') ?? '') ?? { order: 0, colour: null } }))
    .toSorted((a, b) => a.layer.order - b.layer.order)
    .map(({ item, layer }) => {
      const [simple, words] = [itemsOf(item, '00700009'), itemsOf(item, '00700008')];
      const drawnSimply = new Set([...simple, ...words].map((one) => numberOf(one, '00700226')));
      const compounds = itemsOf(item, '00700209').filter((one) => {
        const id = numberOf(one, '00700226');
        return id === null || !drawnSimply.has(id);
      });
      const shapes = [
        ...simple.map((one) => readShape(one, budget)),
        ...compounds.map((one) => {
          const shape = readCompound(one, budget);
          if (shape === null) unapplied.add('compound-graphics');
          return shape;
        }),
      ].filter((shape) => shape !== null);
      const texts = words.map((one) => readText(one, budget)).filter((one) => one !== null);
      return { images: referencedImages(item), value: { colour: layer.colour, shapes, texts } };
    });
}
