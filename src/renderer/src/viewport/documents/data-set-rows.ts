import { utilities } from '@cornerstonejs/metadata';
import { type DicomJson, itemsOf, textsOf } from '../dicom-json.ts';

/** One attribute of a data set as a line to read. */
export type DataSetRow = {
  readonly key: string;
  readonly depth: number;
  /** `0008,0060`. */
  readonly tag: string;
  /** By PS3.6; null of private and unknown ones. */
  readonly name: string | null;
  readonly vr: string;
  readonly value: string;
};

/** A line is to be read, not to be scrolled for ever. */
const LONGEST_VALUE = 200;
const MOST_ROWS = 2000;

/** A data set as lines, items below their sequence, at most 2,000 of them; `isCut` where there are more. */
export function dataSetRows(dataSet: DicomJson): { readonly rows: readonly DataSetRow[]; readonly isCut: boolean } {
  const rows: DataSetRow[] = [];
  const isWhole = addRows(dataSet, '', 0, rows);
  return { rows, isCut: !isWhole };
}

function addRows(dataSet: DicomJson, path: string, depth: number, rows: DataSetRow[]): boolean {
  for (const tag of Object.keys(dataSet)
    .filter((one) => /^[0-9A-F]{8}$/.test(one))
    .toSorted()) {
    if (rows.length >= MOST_ROWS) return false;
    const vr = dataSet[tag]?.vr ?? '';
    const items = vr === 'SQ' ? itemsOf(dataSet, tag) : [];
    const place = `${tag.slice(0, 4)},${tag.slice(4)}`;
    const name = utilities.Tags.dictionaryLookup(`(${place})`)?.name ?? null;
    const key = `${path}/${tag}`;
    rows.push({ key, depth, tag: place, name, vr, value: vr === 'SQ' ? `(${items.length})` : valueOf(dataSet, tag) });
    for (const [index, item] of items.entries()) if (!addRows(item, `${key}[${index}]`, depth + 1, rows)) return false;
  }
  return true;
}

function valueOf(dataSet: DicomJson, tag: string): string {
  const attribute = dataSet[tag];
  if (attribute?.['BulkDataURI'] !== undefined || attribute?.['InlineBinary'] !== undefined) return '…';
  const names = (attribute?.Value ?? []).flatMap((value) =>
    typeof value === 'object' && value !== null ? Object.values(value).filter((part) => typeof part === 'string') : [],
  );
  const text = [...textsOf(dataSet, tag), ...names].join(' \\ ');
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
