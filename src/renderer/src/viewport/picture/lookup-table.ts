import { type DicomJson, numbersOf } from '../dicom-json.ts';
import { bytesOf, toWords, wordsOf } from './binary-value.ts';

/** A table from values to output values (PS3.3 §C.11.1, §C.11.2, §C.7.6.3.1.5); values beyond either end take the end's. */
export type LookupTable = {
  /** The value of the first entry. */
  readonly first: number;
  readonly values: Uint16Array;
  /** Of an entry: the largest is 2^bits - 1. */
  readonly bits: number;
};

/** The tags a table stands in; palettes may have a segmented form. */
export type TableTags = { readonly descriptor: string; readonly data: string; readonly segmented?: string };

/** Of a modality or VOI LUT item. */
export const LUT_ITEM: TableTags = { descriptor: '00283002', data: '00283006' };

/** Reads a table; null where it is absent or makes no sense. `isSigned`: the values it is looked up by may be negative. */
export async function readLookupTable(
  dataSet: DicomJson,
  tags: TableTags,
  isSigned: boolean,
): Promise<LookupTable | null> {
  const [count, firstRaw, bits] = numbersOf(dataSet, tags.descriptor);
  if (count === undefined || firstRaw === undefined || bits === undefined || bits < 1 || bits > 16) return null;
  const entries = (count & 0xffff) === 0 ? 0x10000 : count & 0xffff;
  const unsigned = firstRaw & 0xffff;
  const first = isSigned && unsigned > 0x7fff ? unsigned - 0x10000 : unsigned;
  const values =
    (await plainEntries(dataSet, tags.data, entries, bits)) ??
    (tags.segmented === undefined ? null : await segmentedEntries(dataSet, tags.segmented, entries, bits));
  if (values === null) return null;
  // A descriptor that says 16 while no entry passes 255 is a known fault of writers: the table then has 8.
  return { first, values, bits: bits === 16 && values.every((value) => value <= 0xff) ? 8 : bits };
}

/** The output for a value. */
export function lookUp({ first, values }: LookupTable, value: number): number {
  const index = Math.min(Math.max(Math.round(value) - first, 0), values.length - 1);
  return values[index] ?? 0;
}

/** One entry a word; or, of tables of up to 8 bits, one a byte where there are too few bytes for words. */
async function plainEntries(
  dataSet: DicomJson,
  tag: string,
  entries: number,
  bits: number,
): Promise<Uint16Array | null> {
  const numbers = numbersOf(dataSet, tag);
  if (numbers.length >= entries) return Uint16Array.from(numbers.slice(0, entries));
  const bytes = numbers.length > 0 ? new Uint8Array(Uint16Array.from(numbers).buffer) : await bytesOf(dataSet, tag);
  if (bytes === null || bytes.length < entries) return null;
  if (bytes.length >= 2 * entries) return toWords(bytes).subarray(0, entries);
  return bits > 8 ? null : Uint16Array.from(bytes.subarray(0, entries));
}

async function segmentedEntries(
  dataSet: DicomJson,
  tag: string,
  entries: number,
  bits: number,
): Promise<Uint16Array | null> {
  const input = bits > 8 ? await wordsOf(dataSet, tag) : await bytesOf(dataSet, tag);
  return input === null ? null : unfoldSegments([...input], entries, bits > 8);
}

/** A table of the most entries, a segment for each. */
const MOST_SEGMENTS = 0x10000;

/** Unfolds runs of values, straight lines and repetitions of earlier segments (PS3.3 §C.7.9.2); null where they are fewer than said. */
export function unfoldSegments(input: readonly number[], entries: number, isWords: boolean): Uint16Array | null {
  const out: number[] = [];
  let segments = 0;
  const unfold = (from: number, most: number, mayRepeat: boolean): boolean => {
    let at = from;
    for (let done = 0; done < most && at + 1 < input.length && out.length < entries; done += 1) {
      // Segments that give nothing, repeated by others, would go on for ever.
      segments += 1;
      if (segments > MOST_SEGMENTS) return false;
      const [kind = 0, length = 0] = [input[at], input[at + 1]];
      at += 2;
      if (kind === 0) {
        out.push(...input.slice(at, at + length));
        at += length;
      } else if (kind === 1) {
        const [before, after] = [out.at(-1) ?? 0, input[at] ?? 0];
        for (let step = 1; step <= length; step += 1) out.push(Math.round(before + ((after - before) * step) / length));
        at += 1;
      } else if (kind === 2 && mayRepeat) {
        // The offset, least significant part first, counts entries of this table.
        const [parts, base] = isWords ? [2, 0x10000] : [4, 0x100];
        const offset = input.slice(at, at + parts).reduceRight((sum, part) => sum * base + part, 0);
        if (!unfold(offset, length, false)) return false;
        at += parts;
      } else {
        return false;
      }
    }
    return true;
  };
  return unfold(0, input.length, true) && out.length >= entries ? Uint16Array.from(out.slice(0, entries)) : null;
}
