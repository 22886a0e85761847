import { tagText } from './dictionary.ts';
import type { Steps } from '../../platform/in-turns.ts';
import type { Dataset, Element, ReadDataset } from './dataset.ts';
import { elementNumbers, elementTags, elementTexts, isText, parsePersonName, resolvedVr } from './values.ts';

/** One attribute of the DICOM JSON model (PS3.18 §F.2.2). */
export type DicomJsonAttribute = {
  readonly vr: string;
  readonly Value?: readonly DicomJsonValue[];
  readonly InlineBinary?: string;
  readonly BulkDataURI?: string;
};
/** One value; null stands for an empty one among several. */
export type DicomJsonValue = string | number | null | DicomJsonPersonName | DicomJson;
/** The component groups of a person name that are not empty. */
export type DicomJsonPersonName = {
  readonly Alphabetic?: string;
  readonly Ideographic?: string;
  readonly Phonetic?: string;
};
/** A data set in the DICOM JSON model, by tag in eight hexadecimal digits. */
export type DicomJson = { readonly [tag: string]: DicomJsonAttribute };

/** Where a binary value is to be had; null where it shall stand inline. */
export type BulkUri = (element: Element) => string | null;

const SPECIFIC_CHARACTER_SET = 0x00080005;
const PIXEL_DATA = 0x7fe00010;
const ITEMS_A_STEP = 64;

/**
 * A data set as DICOM JSON (PS3.18 Annex F). Pixel data are named by the URI given, never inlined; group lengths are left
 * out; JSON is UTF-8, so the character set says so.
 */
export function toDicomJson(
  dataset: ReadDataset,
  options: { readonly pixelDataUri?: string; readonly bulkUri?: BulkUri } = {},
): DicomJson {
  const json = elementsToJson(dataset, options.bulkUri ?? (() => null));
  if (dataset.pixelData === null || options.pixelDataUri === undefined) return json;
  const vr = dataset.pixelData.vr === 'UN' ? 'OW' : dataset.pixelData.vr;
  return { ...json, [tagText(PIXEL_DATA)]: { vr, BulkDataURI: options.pixelDataUri } };
}

/** As `toDicomJson` without pixel data or bulk, in steps: lists of tens of thousands of items are written item by item. */
export function* dicomJsonSteps(dataset: Dataset): Steps<DicomJson> {
  const attributes: [string, DicomJsonAttribute][] = [];
  for (const element of dataset.elements.values()) {
    if ((element.tag & 0xffff) === 0) continue;
    attributes.push([tagText(element.tag), yield* attributeSteps(element, dataset)]);
  }
  return inOrder(attributes);
}

function* attributeSteps(element: Element, dataset: Dataset): Steps<DicomJsonAttribute> {
  if (element.items === null || element.items.length === 0) return attribute(element, dataset, () => null);
  const values: DicomJson[] = [];
  for (const item of element.items) {
    const isNested = [...item.elements.values()].some(({ items }) => items !== null);
    values.push(isNested ? yield* dicomJsonSteps(item) : elementsToJson(item, () => null));
    if (values.length % ITEMS_A_STEP === 0) yield;
  }
  return { vr: resolvedVr(element, dataset), Value: values };
}

function elementsToJson(dataset: Dataset, bulkUri: BulkUri): DicomJson {
  const attributes: [string, DicomJsonAttribute][] = [];
  for (const element of dataset.elements.values()) {
    if ((element.tag & 0xffff) === 0) continue; // group length
    attributes.push([tagText(element.tag), attribute(element, dataset, bulkUri)]);
  }
  return inOrder(attributes);
}

function inOrder(attributes: [string, DicomJsonAttribute][]): DicomJson {
  attributes.sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(attributes);
}

function attribute(element: Element, dataset: Dataset, bulkUri: BulkUri): DicomJsonAttribute {
  const vr = resolvedVr(element, dataset);
  if (element.items !== null) {
    return element.items.length === 0
      ? { vr }
      : { vr, Value: element.items.map((item) => elementsToJson(item, bulkUri)) };
  }
  if (element.bytes.length === 0) return { vr };
  if (element.tag === SPECIFIC_CHARACTER_SET) return { vr, Value: ['ISO_IR 192'] };
  if (vr === 'AT') return { vr, Value: elementTags(element, dataset).map(tagText) };
  const numbers = elementNumbers(element, dataset);
  if (numbers !== null) return { vr, Value: numberValues(numbers, element, dataset) };
  if (isText(vr)) return { vr, Value: textValues(vr, elementTexts(element, dataset)) };
  const uri = bulkUri(element);
  if (uri !== null) return { vr, BulkDataURI: uri };
  return { vr, InlineBinary: Buffer.from(element.bytes).toString('base64') };
}

/** A DS or IS that is no number keeps its text (PS3.18 §F.2.3). */
function numberValues(numbers: readonly number[], element: Element, dataset: Dataset): readonly DicomJsonValue[] {
  const originals = isText(element.vr) ? elementTexts(element, dataset) : [];
  return numbers.map((value, index) => (Number.isFinite(value) ? value : originals[index] || null));
}

function textValues(vr: string, values: readonly string[]): readonly DicomJsonValue[] {
  return values.map((value) => {
    if (value === '') return null;
    if (vr !== 'PN') return value;
    const { alphabetic, ideographic, phonetic } = parsePersonName(value);
    return {
      ...(alphabetic && { Alphabetic: alphabetic }),
      ...(ideographic && { Ideographic: ideographic }),
      ...(phonetic && { Phonetic: phonetic }),
    };
  });
}
