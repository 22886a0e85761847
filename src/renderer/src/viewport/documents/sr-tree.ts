import { type DicomJson, entryOf, itemsOf, numbersOf, personNameOf, textOf, textsOf } from '../dicom-json.ts';

/** One content item of a structured report (PS3.3 §C.17.3) as a person reads it. */
export type SrItem = {
  /** How it stands to the item above it, as coded: `CONTAINS`, `HAS CONCEPT MOD` …; null of the root. */
  readonly relationship: string | null;
  readonly valueType: string;
  /** The concept it is about, by its coded meaning; null where none is named. */
  readonly name: string | null;
  /** What it says; null of a container. */
  readonly value: string | null;
  readonly children: readonly SrItem[];
  /** It has items that are not among its children: too deep, or too many in all. */
  readonly isCut: boolean;
};

/** No report is deeper; one that says so is damaged or hostile. */
const DEEPEST = 32;
/** A page draws no more items than this. */
const MOST_ITEMS = 5000;

/** The content of a structured report as far as a page can show it; null where the data set has none. */
export function readSrTree(dataSet: DicomJson): SrItem | null {
  return dataSet['0040A730'] === undefined ? null : readItem(dataSet, 0, { items: MOST_ITEMS });
}

/** The meaning a code item gives, with the code itself where no meaning stands beside it. */
export function codedMeaning(dataSet: DicomJson, tag: string): string | null {
  const [item] = itemsOf(dataSet, tag);
  return item === undefined ? null : (textOf(item, '00080104') ?? textOf(item, '00080100'));
}

function readItem(dataSet: DicomJson, depth: number, left: { items: number }): SrItem {
  left.items -= 1;
  const valueType = textOf(dataSet, '0040A040') ?? '';
  const items = itemsOf(dataSet, '0040A730');
  const children: SrItem[] = [];
  for (const item of depth >= DEEPEST ? [] : items) {
    if (left.items <= 0) break;
    children.push(readItem(item, depth + 1, left));
  }
  return {
    relationship: textOf(dataSet, '0040A010'),
    valueType,
    name: codedMeaning(dataSet, '0040A043'),
    value:
      dataSet['0040DB73'] === undefined ? (entryOf(VALUES, valueType)?.(dataSet) ?? null) : referencedItem(dataSet),
    children,
    isCut: children.length < items.length,
  };
}

/** An item that is told elsewhere in the same report: by its place, counted from 1 at each level. */
function referencedItem(dataSet: DicomJson): string {
  return numbersOf(dataSet, '0040DB73').join('.');
}

const VALUES: Readonly<Record<string, (dataSet: DicomJson) => string | null>> = {
  TEXT: (dataSet) => textOf(dataSet, '0040A160'),
  CODE: (dataSet) => codedMeaning(dataSet, '0040A168'),
  NUM: measuredValue,
  DATE: (dataSet) => textOf(dataSet, '0040A121'),
  TIME: (dataSet) => textOf(dataSet, '0040A122'),
  DATETIME: (dataSet) => textOf(dataSet, '0040A120'),
  PNAME: (dataSet) => personNameOf(dataSet, '0040A123'),
  UIDREF: (dataSet) => textOf(dataSet, '0040A124'),
  IMAGE: referencedObjects,
  COMPOSITE: referencedObjects,
  WAVEFORM: referencedObjects,
  SCOORD: coordinates,
  SCOORD3D: coordinates,
  TCOORD: (dataSet) => textOf(dataSet, '0040A130'),
};

/** A number with its unit, or in words why there is none (PS3.3 §C.18.1). */
export function measuredValue(dataSet: DicomJson): string | null {
  const [measured] = itemsOf(dataSet, '0040A300');
  const number = measured === undefined ? null : textOf(measured, '0040A30A');
  if (measured === undefined || number === null) return codedMeaning(dataSet, '0040A301');
  const [unit] = itemsOf(measured, '004008EA');
  const code = unit === undefined ? null : textOf(unit, '00080100');
  // `1` and what stands in braces are UCUM's ways of saying that a number is one of nothing.
  const isBare = code === null || code === '1' || /^\{.*\}$/.test(code);
  return isBare ? number : `${number} ${code}`;
}

function referencedObjects(dataSet: DicomJson): string | null {
  const told = itemsOf(dataSet, '00081199').map((item) => {
    const frames = textsOf(item, '00081160');
    return [textOf(item, '00081155'), frames.length > 0 ? `(${frames.join(', ')})` : null].filter(Boolean).join(' ');
  });
  return told.length === 0 ? null : told.join('; ');
}

function coordinates(dataSet: DicomJson): string | null {
  const points = numbersOf(dataSet, '00700022').map((value) => Math.round(value * 10) / 10);
  const shape = textOf(dataSet, '00700023');
  return shape === null ? null : `${shape} ${points.slice(0, 12).join(', ')}${points.length > 12 ? ' …' : ''}`;
}
