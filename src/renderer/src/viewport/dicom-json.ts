import { z } from 'zod';

/** One attribute of the DICOM JSON model (PS3.18 §F.2.2): its values, or none where they live elsewhere. */
const Attribute = z.object({ vr: z.string().optional(), Value: z.array(z.unknown()).optional() }).loose();

/** One data set in the DICOM JSON model (PS3.18 §F.2): attributes by eight-digit upper-case tag. */
export const DicomJson = z.record(z.string(), Attribute);
export type DicomJson = z.infer<typeof DicomJson>;

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
  return (dataSet[tag]?.Value ?? []).flatMap((item) => {
    const read = DicomJson.safeParse(item);
    return read.success ? [read.data] : [];
  });
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
