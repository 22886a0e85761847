import { lookUpKeyword } from '../dataset/dictionary.ts';
import type { Dataset } from '../dataset/dataset.ts';
import { elementNumbers, findElement } from '../dataset/values.ts';

/** A table from stored or rescaled values to output values (PS3.3 §C.11.1, §C.11.2, §C.7.6.3.1.5). Values beyond either end take the end's. */
export type LookupTable = {
  /** The input value of the first entry. */
  readonly first: number;
  readonly values: Uint16Array;
  /** Of an entry: the largest is 2^bits - 1. */
  readonly bits: number;
};

/** The table that a descriptor and its data describe; null where either is absent or makes no sense. */
export function readLookupTable(
  dataset: Dataset,
  names: { readonly descriptor: string; readonly data: string; readonly segmented?: string },
  isSigned: boolean,
): LookupTable | null {
  const words = wordsOf(dataset, names.descriptor);
  const [count, firstRaw, bits] = words ?? [];
  if (count === undefined || firstRaw === undefined || bits === undefined || bits < 1 || bits > 16) return null;
  const first = isSigned && firstRaw > 0x7fff ? firstRaw - 0x10000 : firstRaw;
  const entries = count === 0 ? 0x10000 : count;
  const plain = entriesOf(dataset, names.data, entries, bits);
  const values = plain ?? (names.segmented ? unfoldSegments(dataset, names.segmented, entries, bits) : null);
  return values === null || values.length === 0 ? null : { first, values, bits: effectiveBits(values, bits) };
}

/** The output for an input value. */
export function lookUp({ first, values }: LookupTable, value: number): number {
  const index = Math.min(Math.max(Math.round(value) - first, 0), values.length - 1);
  return values[index] as number;
}

/** A descriptor that says 16 while no entry passes 255 is a known fault of writers: the table then has 8. */
function effectiveBits(values: Uint16Array, bits: number): number {
  return bits === 16 && values.every((value) => value <= 0xff) ? 8 : bits;
}

function wordsOf(dataset: Dataset, keyword: string): readonly number[] | null {
  const element = lookUpKeyword(keyword) === null ? null : findElement(dataset, keyword);
  return element === null || element.items !== null ? null : elementNumbers({ ...element, vr: 'US' }, dataset);
}

/** One entry a word; or, of 8-bit tables, one a byte where there are too few bytes for words. */
function entriesOf(dataset: Dataset, keyword: string, entries: number, bits: number): Uint16Array | null {
  const element = findElement(dataset, keyword);
  if (element === null || element.bytes.length < entries) return null;
  if (element.bytes.length >= 2 * entries)
    return Uint16Array.from(wordsOf(dataset, keyword) ?? []).subarray(0, entries);
  return bits > 8 ? null : Uint16Array.from(element.bytes.subarray(0, entries));
}

/** Runs of values, straight lines and repetitions of earlier segments (PS3.3 §C.7.9.2). */
function unfoldSegments(dataset: Dataset, keyword: string, entries: number, bits: number): Uint16Array | null {
  const element = findElement(dataset, keyword);
  if (element === null) return null;
  const input = bits > 8 ? (wordsOf(dataset, keyword) ?? []) : [...element.bytes];
  const out: number[] = [];
  const unfold = (from: number, most: number, depth: number): boolean => {
    let at = from;
    for (let done = 0; done < most && at + 1 < input.length && out.length < entries; done += 1) {
      const [kind = 0, length = 0] = input.slice(at, at + 2);
      if (kind === 0) {
        out.push(...input.slice(at + 2, at + 2 + length));
        at += 2 + length;
      } else if (kind === 1) {
        const [before, after] = [out.at(-1) ?? 0, input[at + 2] ?? 0];
        for (let step = 1; step <= length; step += 1) out.push(Math.round(before + ((after - before) * step) / length));
        at += 3;
      } else if (kind === 2 && depth === 0) {
        const half = bits > 8 ? [2, 0x10000] : [4, 0x100];
        const parts = input.slice(at + 2, at + 2 + (half[0] as number));
        const offset = parts.toReversed().reduce((sum, part) => sum * (half[1] as number) + part, 0);
        // The offset counts bytes or words of the table, as its entries are.
        if (!unfold(offset, length, 1)) return false;
        at += 2 + (half[0] as number);
      } else {
        return false;
      }
    }
    return true;
  };
  return unfold(0, input.length, 0) && out.length >= entries ? Uint16Array.from(out.slice(0, entries)) : null;
}
