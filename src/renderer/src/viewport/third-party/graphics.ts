import { type DicomJson, entryOf, itemsOf, numberOf, numbersOf, textOf } from '../dicom-json.ts';
import { type Colour, colourOf } from './cielab.ts';
import { type Point, SHAPE_KINDS, type ShapeKind } from './shapes.ts';

/** What coordinates are of: pixels of the image with whole numbers at their centres, or shares of the displayed area. */
export type Units = 'image' | 'display';

/** How a shape is to be drawn where its maker said so; a colour that is null is its layer's. */
export type GraphicStyle = {
  readonly colour: Colour | null;
  /** In pixels of the screen. */
  readonly thickness: number;
  readonly isDashed: boolean;
};

/** One shape. */
export type Shape = {
  readonly kind: ShapeKind;
  readonly units: Units;
  readonly points: readonly Point[];
  readonly isFilled: boolean;
  readonly style: GraphicStyle;
};

/** A text beside or in the image: in a box, at an anchor, or in a box with a line to its anchor. */
export type GraphicText = {
  readonly lines: readonly string[];
  readonly box: {
    readonly units: Units;
    readonly corners: readonly [Point, Point];
    readonly justify: 'LEFT' | 'RIGHT' | 'CENTER';
  } | null;
  readonly anchor: { readonly units: Units; readonly point: Point; readonly isVisible: boolean } | null;
  readonly colour: Colour | null;
};

/** Of everything one object draws: what is more is left out, and that is said. */
const MOST_SHAPES = 2000;
const MOST_POINTS = 50_000;
const MOST_LETTERS = 2000;
/** No coordinate of an image is further away. */
const FURTHEST = 1e6;

/** How a shape is drawn of which nothing is said. */
export const PLAIN_STYLE: GraphicStyle = { colour: null, thickness: 1.5, isDashed: false };

/** Why a graphic is not drawn. */
export const GRAPHIC_FAULTS = ['graphics-damaged', 'graphics-cut', 'graphics-in-matrix'] as const;
export type GraphicFault = (typeof GRAPHIC_FAULTS)[number];

/** What may still be taken of one object, and where faults are told. */
export type GraphicsBudget = { shapes: number; points: number; readonly say: (fault: GraphicFault) => void };

/** A whole budget, for one object. */
export function openBudget(say: GraphicsBudget['say']): GraphicsBudget {
  return { shapes: MOST_SHAPES, points: MOST_POINTS, say };
}

/** The pairs of a list of coordinates; null where one of them is none, so that no point is made of halves of two others. */
export function pairsOf(dataSet: DicomJson, tag: string): readonly Point[] | null {
  const numbers = numbersOf(dataSet, tag);
  if (numbers.length !== (dataSet[tag]?.Value ?? []).length || numbers.length < 2 || numbers.length % 2 !== 0)
    return null;
  if (numbers.some((value) => Math.abs(value) > FURTHEST)) return null;
  return Array.from(
    { length: numbers.length / 2 },
    (_, index): Point => [numbers[2 * index] ?? 0, numbers[2 * index + 1] ?? 0],
  );
}

/** Coordinates that begin at the corner of the first pixel (PS3.3 §C.10.5.1.2, §C.18.6.1) as ours, which begin at its centre. */
export function fromCorner([column, row]: Point): Point {
  return [column - 0.5, row - 0.5];
}

/** How many points each kind has: at least, and at most. */
const POINTS_OF: Readonly<Record<ShapeKind, readonly [number, number]>> = {
  POINT: [1, 1],
  POLYLINE: [2, MOST_POINTS],
  INTERPOLATED: [2, MOST_POINTS],
  CIRCLE: [2, 2],
  ELLIPSE: [4, 4],
};

/** Takes a shape off the budget; null, and said, where it has not the points of its kind, or nothing is left. */
export function takeShape(shape: Shape, budget: GraphicsBudget): Shape | null {
  const count = shape.points.length;
  const [fewest, most] = POINTS_OF[shape.kind];
  if (budget.shapes < 1 || budget.points < count) budget.say('graphics-cut');
  else if (count < fewest || count > most) budget.say('graphics-damaged');
  else {
    budget.shapes -= 1;
    budget.points -= count;
    return shape;
  }
  return null;
}

/** One item of a Graphic Object Sequence (PS3.3 §C.10.5.1.2). */
export function readShape(item: DicomJson, budget: GraphicsBudget): Shape | null {
  const kind = SHAPE_KINDS.find((one) => one === textOf(item, '00700023'));
  return shapeOf(item, kind, textOf(item, '00700005'), budget);
}

/** The compound graphics that are drawn where their maker drew them in no other way (PS3.3 §C.10.5.1.3). */
const SIMPLE_COMPOUNDS: Readonly<Record<string, ShapeKind>> = {
  MULTILINE: 'POLYLINE',
  RECTANGLE: 'POLYLINE',
  ELLIPSE: 'ELLIPSE',
};

/** One item of a Compound Graphic Sequence; null where it is of no simple kind, which is for the caller to say. */
export function readCompound(item: DicomJson, budget: GraphicsBudget): Shape | null {
  const type = textOf(item, '00700294') ?? '';
  const kind = entryOf(SIMPLE_COMPOUNDS, type);
  const shape = kind === undefined ? null : shapeOf(item, kind, textOf(item, '00700282'), budget);
  const [first] = shape?.points ?? [];
  return shape && type === 'RECTANGLE' && first ? { ...shape, points: [...shape.points, first] } : shape;
}

function shapeOf(
  item: DicomJson,
  kind: ShapeKind | undefined,
  said: string | null,
  budget: GraphicsBudget,
): Shape | null {
  const units = unitsOf(said, budget);
  if (units === null) return null;
  const pairs = pairsOf(item, '00700022');
  if (kind === undefined || pairs === null) {
    budget.say('graphics-damaged');
    return null;
  }
  const points = units === 'image' ? pairs.map(fromCorner) : pairs;
  return takeShape({ kind, units, points, isFilled: textOf(item, '00700024') === 'Y', style: styleOf(item) }, budget);
}

/** One item of a Text Object Sequence (PS3.3 §C.10.5.1.1). */
export function readText(item: DicomJson, budget: GraphicsBudget): GraphicText | null {
  const words = textOf(item, '00700006');
  if (words === null) return null;
  const place = (tag: string, said: string) => {
    const point = pairsOf(item, tag)?.[0];
    const units = point && unitsOf(textOf(item, said), budget);
    return point && units ? { units, point: units === 'image' ? fromCorner(point) : point } : null;
  };
  const [from, to] = [place('00700010', '00700003'), place('00700011', '00700003')];
  const at = place('00700014', '00700004');
  if (at === null && (from === null || to === null)) {
    budget.say('graphics-damaged');
    return null;
  }
  if (budget.shapes < 1 || words.length > MOST_LETTERS) budget.say('graphics-cut');
  if (budget.shapes < 1) return null;
  budget.shapes -= 1;
  const [style] = itemsOf(item, '00700231');
  const justify = (['RIGHT', 'CENTER'] as const).find((one) => one === textOf(item, '00700012')) ?? 'LEFT';
  return {
    lines: words.slice(0, MOST_LETTERS).split(/\r\n|\r|\n/),
    box: from && to ? { units: from.units, corners: [from.point, to.point], justify } : null,
    anchor: at && { ...at, isVisible: textOf(item, '00700015') === 'Y' },
    colour: style ? colourOf(style, '00700241') : null,
  };
}

function unitsOf(said: string | null, budget: GraphicsBudget): Units | null {
  if (said === 'PIXEL') return 'image';
  if (said === 'DISPLAY') return 'display';
  budget.say(said === 'MATRIX' ? 'graphics-in-matrix' : 'graphics-damaged');
  return null;
}

function styleOf(item: DicomJson): GraphicStyle {
  const [line] = itemsOf(item, '00700232');
  if (line === undefined) return PLAIN_STYLE;
  const thickness = numberOf(line, '00700253') ?? PLAIN_STYLE.thickness;
  return {
    colour: colourOf(line, '00700251'),
    thickness: Math.min(20, Math.max(1, thickness)),
    isDashed: textOf(line, '00700254') === 'DASHED',
  };
}
