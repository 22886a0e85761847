import { z } from 'zod';

/** One attribute of the DICOM JSON model (PS3.18 §F.2.2): its values, or none where they live elsewhere. */
type Attribute = { readonly vr?: string; readonly Value?: readonly unknown[]; readonly [other: string]: unknown };

/** One data set in the DICOM JSON model (PS3.18 §F.2): attributes by eight-digit upper-case tag. */
export type DicomJson = { readonly [tag: string]: Attribute };

/**
 * Reads data sets in the DICOM JSON model; null where one is none. By hand: a schema takes half a second for the hundred thousand
 * attributes of 2,000 images, and nothing is drawn meanwhile.
 */
export function readDicomJson(answer: unknown): readonly DicomJson[] | null {
  return Array.isArray(answer) && answer.every(isDataSet) ? answer : null;
}

function isDataSet(value: unknown): value is DicomJson {
  if (!isRecord(value)) return false;
  for (const tag in value) if (!isAttribute(value[tag])) return false;
  return true;
}

function isAttribute(value: unknown): value is Attribute {
  if (!isRecord(value)) return false;
  const { vr, Value } = value;
  return (vr === undefined || typeof vr === 'string') && (Value === undefined || Array.isArray(Value));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The attribute's first value as trimmed text; null when absent or empty. */
export function textOf(dataSet: DicomJson, tag: string): string | null {
  return textsOf(dataSet, tag)[0] ?? null;
}

/** All values of the attribute that are text, trimmed, empty ones left out. */
export function textsOf(dataSet: DicomJson, tag: string): readonly string[] {
  const values = dataSet[tag]?.Value ?? [];
  return values
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .map((value) => String(value).trim())
    .filter((value) => value !== '');
}

/** All values of the attribute that are finite numbers; DS and IS may come as text (PS3.18 §F.2.3.1). */
export function numbersOf(dataSet: DicomJson, tag: string): readonly number[] {
  return textsOf(dataSet, tag).map(Number).filter(Number.isFinite);
}

/** The attribute's first value as a number; null when absent or no number. */
export function numberOf(dataSet: DicomJson, tag: string): number | null {
  return numbersOf(dataSet, tag)[0] ?? null;
}

/** The items of a sequence; none when absent, and only those that are data sets. */
export function itemsOf(dataSet: DicomJson, tag: string): readonly DicomJson[] {
  return (dataSet[tag]?.Value ?? []).filter(isDataSet);
}

/** The entry of a table under a name that a file says; undefined also of names that every object inherits, as `constructor`. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The alphabetic form of a person name, components as stored (`Family^Given^Middle^Prefix^Suffix`); null when absent. */
export function personNameOf(dataSet: DicomJson, tag: string): string | null {
  const parsed = PersonName.safeParse(dataSet[tag]?.Value?.[0]);
  const name = parsed.success ? (parsed.data.Alphabetic ?? parsed.data.Ideographic ?? parsed.data.Phonetic) : undefined;
  return name?.trim() || null;
}

const PersonName = z.object({
  Alphabetic: z.string().optional(),
  Ideographic: z.string().optional(),
  Phonetic: z.string().optional(),
});
