import { type DicomJson, numberOf, numbersOf, textOf, textsOf } from '../dicom-json.ts';
import { bytesOf, wordsOf } from './binary-value.ts';
import { embeddedOverlayGroups, OVERLAY_GROUPS, pixelFormatOf } from './pixel-format.ts';
import { bitPlane, unpackBits } from './stored-values.ts';

/** A bitmap its maker laid over the image (PS3.3 §C.9.2). */
export type OverlayBits = {
  readonly rows: number;
  readonly columns: number;
  /** The image's row and column, counted from 0, that its first bit lies on. */
  readonly top: number;
  readonly left: number;
  /** 1 where drawn, row after row. */
  readonly bits: Uint8Array;
  readonly label: string | null;
  /** The group it stands in, as the beginning of a tag. */
  readonly group: string;
};

/** The overlays of one frame: from their own data, or from bits of these undecoded pixels that the image does not use. */
export async function readOverlays(dataSet: DicomJson, pixels: Uint8Array | null): Promise<readonly OverlayBits[]> {
  const embedded = new Set(embeddedOverlayGroups(dataSet));
  const hidden = new Set(textsOf(dataSet, HIDDEN_OVERLAYS));
  const read = await Promise.all(
    OVERLAY_GROUPS.filter((group) => !hidden.has(group)).map(async (group) => {
      const [rows, columns] = ['0010', '0011'].map((element) => numberOf(dataSet, `${group}${element}`));
      if (!rows || !columns || rows < 1 || columns < 1) return null;
      const bits = embedded.has(group)
        ? pixels && embeddedBits(dataSet, group, pixels)
        : await storedBits(dataSet, group, rows * columns);
      if (bits === null || bits.length < rows * columns || !bits.includes(1)) return null;
      const [row = 1, column = 1] = numbersOf(dataSet, `${group}0050`);
      const label = textOf(dataSet, `${group}1500`) ?? textOf(dataSet, `${group}0022`);
      return { rows, columns, top: row - 1, left: column - 1, bits, label, group };
    }),
  );
  return read.filter((one) => one !== null);
}

/** The overlays that would be shown and stand within pixels whose words nobody gives (null): what was compressed has lost them. */
export function lostOverlayGroups(dataSet: DicomJson, pixels: Uint8Array | null): readonly string[] {
  if (pixels !== null) return [];
  const hidden = new Set(textsOf(dataSet, HIDDEN_OVERLAYS));
  return embeddedOverlayGroups(dataSet).filter((group) => !hidden.has(group));
}

/** The bit of every pixel that the overlay stands in; null where pixels have no such bit. */
function embeddedBits(dataSet: DicomJson, group: string, pixels: Uint8Array): Uint8Array | null {
  const { bitsAllocated } = pixelFormatOf(dataSet);
  const bit = numberOf(dataSet, `${group}0102`) ?? 0;
  return bit < bitsAllocated ? bitPlane(pixels, bitsAllocated, bit) : null;
}

/** The bits of the overlay's frame that lies on this frame of the image (PS3.3 §C.9.2.1: Number of Frames in Overlay, Image Frame Origin). */
async function storedBits(dataSet: DicomJson, group: string, count: number): Promise<Uint8Array | null> {
  const isWords = dataSet[`${group}3000`]?.Value !== undefined;
  const words = isWords ? await wordsOf(dataSet, `${group}3000`) : null;
  const bytes = words === null ? await bytesOf(dataSet, `${group}3000`) : new Uint8Array(words.buffer);
  if (bytes === null) return null;
  const overlayFrames = numberOf(dataSet, `${group}0015`) ?? 1;
  const frame = numberOf(dataSet, FRAME_NUMBER) ?? 1;
  const place = frame - (numberOf(dataSet, `${group}0051`) ?? 1);
  if (overlayFrames > 1 && (place < 0 || place >= overlayFrames)) return null;
  return unpackBits(bytes, overlayFrames > 1 ? place * count : 0, count);
}

/** Where `frameDataSets` notes which frame, counted from 1, its data set is of. */
export const FRAME_NUMBER = 'frame-number';

/** Where a data set that a presentation state was applied to notes the groups of overlays that are not shown. */
export const HIDDEN_OVERLAYS = 'hidden-overlays';
