import { isDeepStrictEqual } from 'node:util';
import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import {
  type DicomJson,
  type DicomJsonAttribute,
  type DicomJsonValue,
  toDicomJson,
} from '../dicom/dataset/dicom-json.ts';
import { lookUpTag } from '../dicom/dataset/dictionary.ts';

/** One attribute of two objects side by side; null where one does not have it. */
export type ComparedAttribute = {
  /** Eight hexadecimal digits. */
  readonly tag: string;
  readonly keyword: string | null;
  readonly vr: string;
  readonly held: string | null;
  readonly current: string | null;
  readonly differs: boolean;
};

const LONGEST_TEXT = 200;

/** The attributes of an object beside those of another, by tag; without another nothing differs. Long values are cut short. */
export function compareHeaders(held: ReadDataset | null, current: ReadDataset | null): readonly ComparedAttribute[] {
  const [one, other] = [jsonOf(held), jsonOf(current)];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].toSorted().map((tag) => ({
    tag,
    keyword: lookUpTag(Number.parseInt(tag, 16))?.keyword ?? null,
    vr: one[tag]?.vr ?? other[tag]?.vr ?? 'UN',
    held: textOf(one[tag]),
    current: textOf(other[tag]),
    differs: held !== null && current !== null && !isDeepStrictEqual(one[tag], other[tag]),
  }));
}

function jsonOf(dataset: ReadDataset | null): DicomJson {
  return dataset === null ? {} : toDicomJson(dataset);
}

function textOf(attribute: DicomJsonAttribute | undefined): string | null {
  if (attribute === undefined) return null;
  if (attribute.InlineBinary !== undefined) return `${Math.floor((attribute.InlineBinary.length * 3) / 4)} bytes`;
  const text = (attribute.Value ?? []).map((value) => valueText(value, attribute.vr)).join('\\');
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}

function valueText(value: DicomJsonValue, vr: string): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  if (vr === 'PN') return Object.values(value).join('=');
  const first = Object.entries(value as DicomJson)
    .slice(0, 4)
    .map(([tag, attribute]) => `${lookUpTag(Number.parseInt(tag, 16))?.keyword ?? tag} ${textOf(attribute) ?? ''}`);
  return `{${first.join(', ')}}`;
}
