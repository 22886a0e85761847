import { lookUpTag, tagOf, type Tag } from './dictionary.ts';
import type { Dataset, Element } from './dataset.ts';

/** A person name as sent, and its component groups (PS3.5 §6.2.1.2); a group that is absent is empty. */
export type PersonName = {
  readonly raw: string;
  readonly alphabetic: string;
  readonly ideographic: string;
  readonly phonetic: string;
};

/** Text that may hold backslashes and has one value (PS3.5 §6.2). */
const SINGLE_TEXT = new Set(['LT', 'ST', 'UT', 'UR']);
const ENCODED_TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UT']);
const PLAIN_TEXT = new Set(['AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'TM', 'UI', 'UR']);
const PIXEL_REPRESENTATION = 0x00280103;

/** The element of a keyword, or null. */
export function findElement(dataset: Dataset, keyword: string): Element | null {
  return dataset.elements.get(tagOf(keyword)) ?? null;
}

/** True for VRs whose values are text. */
export function isText(vr: string): boolean {
  return ENCODED_TEXT.has(vr) || PLAIN_TEXT.has(vr);
}

/** An element's text values without padding, in the data set's character set; empty for an empty element. */
export function elementTexts(element: Element, dataset: Dataset): readonly string[] {
  if (element.bytes.length === 0) return [];
  const text = ENCODED_TEXT.has(element.vr)
    ? dataset.characterSet.decode(element.bytes, element.vr)
    : Buffer.from(element.bytes).toString('latin1');
  if (SINGLE_TEXT.has(element.vr)) return [text.replace(/[\0 ]+$/, '')];
  return text.split('\\').map((value) => value.replaceAll('\0', '').trim());
}

/** Reads one binary number: how many bytes, and how. */
type NumberReader = { readonly size: number; readonly read: (view: DataView, at: number, little: boolean) => number };

const NUMBERS: Readonly<Record<string, NumberReader>> = {
  US: { size: 2, read: (view, at, little) => view.getUint16(at, little) },
  SS: { size: 2, read: (view, at, little) => view.getInt16(at, little) },
  UL: { size: 4, read: (view, at, little) => view.getUint32(at, little) },
  SL: { size: 4, read: (view, at, little) => view.getInt32(at, little) },
  FL: { size: 4, read: (view, at, little) => view.getFloat32(at, little) },
  FD: { size: 8, read: (view, at, little) => view.getFloat64(at, little) },
  UV: { size: 8, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  SV: { size: 8, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
};

/** `xs` resolved: signed where the pixels are (PS3.5 §A.1). */
export function resolvedVr(element: Element, dataset: Dataset): string {
  if (element.vr !== 'xs') return element.vr;
  const representation = dataset.elements.get(PIXEL_REPRESENTATION);
  return representation?.bytes[dataset.isLittleEndian ? 0 : 1] === 1 ? 'SS' : 'US';
}

/** An element's numbers, from binary or from text; NaN where a text is no number. Null where the VR holds no numbers. */
export function elementNumbers(element: Element, dataset: Dataset): readonly number[] | null {
  const vr = resolvedVr(element, dataset);
  if (vr === 'DS' || vr === 'IS') {
    return elementTexts(element, dataset).map((text) => (text === '' ? Number.NaN : Number(text)));
  }
  const reader = NUMBERS[vr];
  if (!reader) return null;
  const view = new DataView(element.bytes.buffer, element.bytes.byteOffset, element.bytes.byteLength);
  return Array.from({ length: Math.floor(view.byteLength / reader.size) }, (_, index) =>
    reader.read(view, index * reader.size, dataset.isLittleEndian),
  );
}

/** The tags in an AT element. */
export function elementTags(element: Element, dataset: Dataset): readonly Tag[] {
  const words = elementNumbers({ ...element, vr: 'US' }, dataset) ?? [];
  return Array.from({ length: Math.floor(words.length / 2) }, (_, index) => {
    return (words[2 * index] ?? 0) * 0x10000 + (words[2 * index + 1] ?? 0);
  });
}

/** The text values of a keyword; empty where it is absent. */
export function texts(dataset: Dataset, keyword: string): readonly string[] {
  const element = findElement(dataset, keyword);
  return element === null || element.items !== null ? [] : elementTexts(element, dataset);
}

/** The first text value of a keyword; null where it is absent or empty. */
export function text(dataset: Dataset, keyword: string): string | null {
  return texts(dataset, keyword)[0] || null;
}

/** The numbers of a keyword; null where it is absent or any of them is no finite number. */
export function numbers(dataset: Dataset, keyword: string): readonly number[] | null {
  const element = findElement(dataset, keyword);
  const found = element && element.items === null ? numbersOf(element, dataset) : null;
  return found && found.length > 0 && found.every(Number.isFinite) ? found : null;
}

/** By the element's VR; where that holds no numbers the writer had it wrong, and the dictionary's is tried. */
function numbersOf(element: Element, dataset: Dataset): readonly number[] | null {
  return (
    elementNumbers(element, dataset) ?? elementNumbers({ ...element, vr: lookUpTag(element.tag)?.vr ?? '' }, dataset)
  );
}

/** The first number of a keyword, or null. */
export function number(dataset: Dataset, keyword: string): number | null {
  const first = findElement(dataset, keyword) ? numbers(dataset, keyword)?.[0] : null;
  return first ?? null;
}

/** The items of a sequence; empty where it is absent. */
export function items(dataset: Dataset, keyword: string): readonly Dataset[] {
  return findElement(dataset, keyword)?.items ?? [];
}

/** A person name taken apart. */
export function parsePersonName(raw: string): PersonName {
  const [alphabetic = '', ideographic = '', phonetic = ''] = raw.split('=').map((group) => group.trim());
  return { raw, alphabetic, ideographic, phonetic };
}
