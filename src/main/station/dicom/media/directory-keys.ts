import type { Dataset, Element } from '../dataset/dataset.ts';
import { normalDate, normalTime } from '../dataset/dates.ts';
import { lookUpTag, tagOf } from '../dataset/dictionary.ts';
import { elementNumbers, elementTexts, findElement, isText, text } from '../dataset/values.ts';
import type { DicomRecord, DicomValue } from '../dataset/write-dataset.ts';
import type { KeyType, RecordType } from './record-types.ts';

/** A record's keys, as its type wants them. */
type Keys = Readonly<Record<string, DicomValue>>;

/** What stands in for a date or time that the standard wants and the object does not tell: the next best of its own. */
const NEXT_BEST: Readonly<Record<string, readonly string[]>> = {
  StudyDate: ['SeriesDate', 'AcquisitionDate', 'ContentDate', 'InstanceCreationDate'],
  StudyTime: ['SeriesTime', 'AcquisitionTime', 'ContentTime', 'InstanceCreationTime'],
  ContentDate: ['InstanceCreationDate', 'SeriesDate', 'StudyDate'],
  ContentTime: ['InstanceCreationTime', 'SeriesTime', 'StudyTime'],
  PresentationCreationDate: ['ContentDate', 'InstanceCreationDate', 'StudyDate'],
  PresentationCreationTime: ['ContentTime', 'InstanceCreationTime', 'StudyTime'],
  InstanceCreationDate: ['ContentDate', 'StudyDate'],
};
/** And where there is nothing at all, for what may not be empty: recognisably nobody's. */
const NOTHING_KNOWN: Readonly<Record<string, string>> = {
  DA: '19000101',
  TM: '000000',
  CompletionFlag: 'PARTIAL',
  VerificationFlag: 'UNVERIFIED',
  Modality: 'OT',
  ContentLabel: 'UNKNOWN',
  MIMETypeOfEncapsulatedDocument: 'application/octet-stream',
  DoseSummationType: 'PLAN',
};
const LARGEST_NUMBER = 2 ** 31 - 1;
const DEEPEST = 4;

/** The keys of a directory record as an object fills them (PS3.3 §F.5); `ordinal` numbers what the object left without a number. */
export function directoryKeys(dataset: Dataset, { keys }: RecordType, ordinal: number): Keys {
  const found: Record<string, DicomValue> = {};
  for (const [keyword, type] of keys) {
    const value = keyOf(dataset, keyword, type, ordinal);
    if (value !== undefined) found[keyword] = value;
  }
  return found;
}

/** UTF-8 is named where a record needs more than ASCII (PS3.3 §F.5: each record has a character set of its own). */
export function withCharacterSet(record: DicomRecord): DicomRecord {
  return needsMore(record) ? { SpecificCharacterSet: 'ISO_IR 192', ...record } : record;
}

function keyOf(dataset: Dataset, keyword: string, type: KeyType, ordinal: number): DicomValue | undefined {
  const known = lookUpTag(tagOf(keyword));
  const vr = known?.vr ?? 'LO';
  if (vr === 'SQ') return sequenceOf(dataset, keyword, type);
  const value = [keyword, ...(NEXT_BEST[keyword] ?? [])].map((one) => plain(dataset, one, vr)).find(isThere);
  if (value !== undefined) return value;
  if (type === '1C') return undefined;
  if (type === '2') return null;
  if (vr === 'IS') return String(ordinal);
  return NOTHING_KNOWN[keyword] ?? NOTHING_KNOWN[vr] ?? `UNKNOWN-${ordinal}`;
}

function isThere(value: string | null): value is string {
  return value !== null && value !== '';
}

/** One value fit for a key: dates and numbers that are none count as absent. */
function plain(dataset: Dataset, keyword: string, vr: string): string | null {
  if (vr === 'DA') return normalDate(text(dataset, keyword) ?? '');
  if (vr === 'TM') return normalTime(text(dataset, keyword) ?? '');
  if (vr === 'IS') {
    const number = Number(text(dataset, keyword) ?? Number.NaN);
    return Number.isInteger(number) && Math.abs(number) <= LARGEST_NUMBER ? String(number) : null;
  }
  const element = findElement(dataset, keyword);
  if (element === null || element.items !== null || !isText(element.vr)) return null;
  const values = elementTexts(element, dataset).join('\\');
  return vr === 'CS' || vr === 'UI' ? values.replaceAll(/[^\x20-\x7e]/g, '') : shownText(values);
}

/** No control characters: a directory's values are one line each. */
function shownText(value: string): string {
  return value.replaceAll(/\p{Cc}+/gu, ' ').trim();
}

/** Of a document's content, only what modifies its title is a key (PS3.3 §F.5.24). */
function sequenceOf(dataset: Dataset, keyword: string, type: KeyType): DicomValue | undefined {
  const items = findElement(dataset, keyword)?.items ?? [];
  const wanted =
    keyword === 'ContentSequence'
      ? items.filter((item) => text(item, 'RelationshipType') === 'HAS CONCEPT MOD')
      : items;
  if (wanted.length === 0 && type === '1C') return undefined;
  if (wanted.length === 0 && type === '1')
    return [{ CodeValue: '121181', CodingSchemeDesignator: 'DCM', CodeMeaning: 'DICOM Object Catalog' }];
  return wanted.map((item) => copyItem(item, DEEPEST));
}

function copyItem(item: Dataset, deepest: number): DicomRecord {
  const copied: Record<string, DicomValue> = {};
  for (const element of item.elements.values()) {
    const known = lookUpTag(element.tag);
    const value = known === null ? undefined : copyValue(element, item, known.vr, deepest);
    if (known !== null && value !== undefined && known.keyword !== 'SpecificCharacterSet')
      copied[known.keyword] = value;
  }
  return copied;
}

function copyValue(element: Element, item: Dataset, vr: string, deepest: number): DicomValue | undefined {
  if (element.items !== null) {
    if (vr !== 'SQ' || deepest === 0) return undefined;
    return element.items.map((inner) => copyItem(inner, deepest - 1));
  }
  if (isText(element.vr) && isText(vr)) {
    const values = elementTexts(element, item).map(shownText);
    return /^(?:AE|AS|CS|DA|DS|DT|IS|TM|UI|UR)$/.test(vr)
      ? values.map((one) => one.replaceAll(/[^\x20-\x7e]/g, ''))
      : values;
  }
  if (/^(?:US|SS|UL|SL|FL|FD)$/.test(vr)) return [...(elementNumbers(element, item) ?? [])];
  return undefined;
}

function needsMore(value: unknown): boolean {
  if (typeof value === 'string') return /[^\0-\x7f]/.test(value);
  if (Array.isArray(value)) return value.some(needsMore);
  return (
    typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && Object.values(value).some(needsMore)
  );
}
