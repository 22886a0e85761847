import { EXPLICIT_LITTLE_ENDIAN, findTransferSyntax } from '../transfer-syntaxes.ts';
import type { ReadDataset } from './dataset.ts';
import type { Tag } from './dictionary.ts';
import { encodeExplicit, explicitHeader, type Replacement } from './encode-explicit.ts';
import type { LocatedPixelData } from './find-pixel-data.ts';

/** An object's attributes after some took others' places, and its data set in pieces. */
export type Restated = {
  readonly transferSyntaxUid: string;
  readonly dataset: ReadDataset;
  readonly bytes: () => AsyncIterable<Uint8Array>;
};

const PIXEL_TAGS: Readonly<Record<string, Tag>> = { OF: 0x7fe00008, OD: 0x7fe00009 };
const PIXEL_DATA = 0x7fe00010;
const FIRST_PIXEL_TAG = 0x7fe00008;
const UNDEFINED_LENGTH = 0xffffffff;
const PIECE_BYTES = 1024 * 1024;
const DELIMITER_BYTES = 8;

/**
 * Writes an object anew with some elements replaced or, by null, left out; its pixels are copied as they stand. Native data
 * sets become explicit VR little endian, encapsulated ones keep their syntax. Null where that cannot be done without
 * touching pixels (big endian), or where what stands behind the pixels could not be read.
 */
export function restateObject(
  { dataset, location, source }: LocatedPixelData,
  transferSyntaxUid: string,
  replacements: ReadonlyMap<Tag, Replacement | null>,
): Restated | null {
  const syntax = findTransferSyntax(transferSyntaxUid);
  if (syntax === null || !dataset.isLittleEndian || dataset.marks.includes('tail-not-read')) return null;
  const elements = new Map(dataset.elements);
  for (const [tag, replacement] of replacements) {
    if (replacement === null) elements.delete(tag);
    else elements.set(tag, { tag, vr: replacement.vr, bytes: replacement.bytes, items: null });
  }
  const restated: ReadDataset = { ...dataset, elements };
  const part = (isWanted: (tag: Tag) => boolean) =>
    encodeExplicit({ ...restated, elements: new Map([...elements].filter(([tag]) => isWanted(tag))) });
  const pixels = dataset.pixelData;
  const length = pixels === null ? 0 : pixelLength(location, pixels.offset);
  if (length === null) return null;
  return {
    transferSyntaxUid: syntax.isEncapsulated ? transferSyntaxUid : EXPLICIT_LITTLE_ENDIAN,
    dataset: restated,
    async *bytes() {
      yield part((tag) => tag < FIRST_PIXEL_TAG);
      if (pixels !== null) {
        const isNative = location?.kind === 'native';
        yield explicitHeader(
          PIXEL_TAGS[pixels.vr] ?? PIXEL_DATA,
          isNative ? pixels.vr : 'OB',
          isNative ? length : UNDEFINED_LENGTH,
        );
        const end = pixels.offset + length;
        for (let at = pixels.offset; at < end; at += PIECE_BYTES)
          yield await source.read(at, Math.min(PIECE_BYTES, end - at));
      }
      yield part((tag) => tag > PIXEL_DATA);
    },
  };
}

/** How many bytes the pixel data take from where their value begins, the delimiter of fragments included. */
function pixelLength(location: LocatedPixelData['location'], offset: number): number | null {
  if (location === null) return null;
  if (location.kind === 'native') return location.length;
  const last = location.fragments.at(-1);
  return last === undefined ? null : last.offset + last.length + DELIMITER_BYTES - offset;
}
