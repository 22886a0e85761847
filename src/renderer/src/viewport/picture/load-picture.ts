import { Enums, imageLoader, imageRetrievalPoolManager, type Types, utilities } from '@cornerstonejs/core';
import { wadors } from '@cornerstonejs/dicom-image-loader';
import { type DicomJson, itemsOf, numberOf } from '../dicom-json.ts';
import { drawnSpacing } from './drawn-spacing.ts';
import { TAG } from '../tags.ts';
import { type Palette, colourPixels } from './colour-pixels.ts';
import { notedMask } from './frame-mask.ts';
import { lessMask } from './less-mask.ts';
import { fetchNativeFrame, fetchStoredWords, type NativeFrame } from './native-frame.ts';
import { modalityValues, ownWindowOf, type ShapedWindow, tabledValues, wholeWindow } from './grey-pixels.ts';
import { LUT_ITEM, readLookupTable } from './lookup-table.ts';
import { PictureRefusal } from './picture-refusal.ts';
import {
  embeddedOverlayGroups,
  isGrey,
  isInverted,
  isPlainGrey,
  paddingOf,
  type PixelFormat,
  pixelFormatOf,
} from './pixel-format.ts';
import { presentedValues, readPresentationTable } from './presentation-table.ts';
import { lostOverlayGroups, type OverlayBits, readOverlays } from './overlay-planes.ts';
import { hasDamagedShutter } from './shutters.ts';
import { type StoredValues, storedValues } from './stored-values.ts';

/** What the page needs to know of a loaded picture beyond what the engine draws. */
export type PictureFacts = {
  /** Values after rescale where the engine is given others: those after a VOI table. */
  readonly modality: ArrayLike<number> | null;
  /** Drawn by a VOI table of its own, not by a window. */
  readonly hasVoiTable: boolean;
  /** 1 where the pixel is padding; null where none is. */
  readonly padding: Uint8Array | null;
  readonly overlays: readonly OverlayBits[];
};

const facts = new WeakMap<Types.IImage, PictureFacts>();
const dataSets = new Map<string, DicomJson>();
const refusals = new Map<string, string>();
const faults = new Map<string, ReadonlySet<PictureFault>>();

/** What of a picture that was loaded is not shown as its header wants. */
export const PICTURE_FAULTS = ['lost-overlays', 'damaged-shutter', 'damaged-window'] as const;
export type PictureFault = (typeof PICTURE_FAULTS)[number];

/** What is known of a loaded picture. */
export function factsOf(loaded: Types.IImage): PictureFacts | null {
  return facts.get(loaded) ?? null;
}

/** Why a picture could not be loaded; null of one that was not tried, or could. */
export function refusalOf(imageId: string): string | null {
  return refusals.get(imageId) ?? null;
}

/**
 * What of a loaded picture is not as its header wants: overlays within compressed pixels, where nobody can read them; a shutter or a
 * window that makes no sense.
 */
export function faultsOf(imageId: string): readonly PictureFault[] {
  return PICTURE_FAULTS.filter((fault) => faults.get(imageId)?.has(fault));
}

function noteFault(imageId: string, fault: PictureFault): void {
  faults.set(imageId, new Set([...(faults.get(imageId) ?? []), fault]));
}

/** What a picture's own header says, for as long as its series is open. */
export function rememberDataSet(imageId: string, dataSet: DicomJson): void {
  dataSets.set(imageId, dataSet);
}

/** Forgets it. */
export function forgetDataSet(imageId: string): void {
  dataSets.delete(imageId);
  refusals.delete(imageId);
  faults.delete(imageId);
}

/** Loads pictures for the engine: plain grey ones by its own decoder, all others as the station decodes them. */
export function registerPictureLoader(): void {
  imageLoader.registerImageLoader('wadors', (imageId, options) => {
    const promise = loadPicture(imageId, options ?? {});
    promise.then(
      () => refusals.delete(imageId),
      (error: unknown) => refusals.set(imageId, error instanceof PictureRefusal ? error.code : 'frame-damaged'),
    );
    return { promise };
  });
}

/**
 * Whether the page's codec is known to give the values others give (`npm run bench -- pictures`): not of JPEG of 12 bits, nor of
 * JPEG 2000 whose stream is not as the header says, or of odd width.
 */
function isTrusted(
  { transferSyntaxUID = '', imageFrame }: DecodedHere,
  { bitsStored, isSigned }: PixelFormat,
): boolean {
  if (transferSyntaxUID === '1.2.840.10008.1.2.4.51') return false;
  if (!/\.4\.(90|91|201|202|203)$/.test(transferSyntaxUID)) return true;
  const stream = imageFrame?.imageInfo;
  return stream?.bitsPerPixel === bitsStored && Boolean(stream.signed) === isSigned && WIDTHS_HELD.has(bitsStored);
}

const WIDTHS_HELD: ReadonlySet<number> = new Set([8, 12, 16]);

type LoaderOptions = Parameters<typeof wadors.loadImage>[1] & {
  readonly requestType?: Enums.RequestType;
  readonly priority?: number;
};

/** What the engine's own loader gives. */
type DecodedHere = Types.IImage & {
  readonly transferSyntaxUID?: string;
  readonly imageFrame?: { readonly imageInfo?: { readonly bitsPerPixel?: number; readonly signed?: boolean } };
};

async function loadPicture(imageId: string, options: LoaderOptions): Promise<Types.IImage> {
  const dataSet = dataSets.get(imageId);
  if (dataSet === undefined) return wadors.loadImage(imageId, options).promise;
  if (hasDamagedShutter(dataSet)) noteFault(imageId, 'damaged-shutter');
  const format = pixelFormatOf(dataSet);
  if (isPlainGrey(dataSet) && notedMask(dataSet) === null) {
    const loaded = await (wadors.loadImage(imageId, options).promise as Promise<DecodedHere>).catch(() => null);
    // What the page's decoder cannot decode, or gives too little of, the station is asked for.
    if (loaded !== null && isTrusted(loaded, format) && loaded.getPixelData().length >= format.rows * format.columns)
      return present(loaded, dataSet, await readOverlays(dataSet, null));
  }
  return new Promise((resolve, reject) => {
    const { requestType = Enums.RequestType.Interaction, priority = 5 } = options;
    const load = async () => makePicture(imageId, dataSet, format).then(resolve, reject);
    imageRetrievalPoolManager.addRequest(load, requestType, { imageId }, priority);
  });
}

async function makePicture(imageId: string, dataSet: DicomJson, format: PixelFormat): Promise<Types.IImage> {
  const frame = await fetchNativeFrame(imageId, format);
  const stored = storedValues(format, frame);
  if (stored === null) throw new PictureRefusal('frame-too-short');
  const words = await overlayBytes(imageId, dataSet, format, frame);
  const overlays = await readOverlays(dataSet, words);
  if (lostOverlayGroups(dataSet, words).length > 0) noteFault(imageId, 'lost-overlays');
  if (isGrey(format)) {
    const padding = paddingMask(dataSet, stored);
    const values = await rescaled(stored, dataSet, format);
    const mask = notedMask(dataSet);
    if (mask === null) return present(pictureOf(imageId, dataSet, format, values), dataSet, overlays, padding);
    const less = await lessMask(imageId, values, mask, format, async (frameId) => {
      const other = storedValues(format, await fetchNativeFrame(frameId, format));
      if (other === null) throw new PictureRefusal('frame-too-short');
      return rescaled(other, dataSet, format);
    });
    return present(pictureOf(imageId, dataSet, format, less.values), dataSet, overlays, padding, less.window);
  }
  const pixels = await coloursOf(dataSet, format, frame, stored);
  const loaded = pictureOf(imageId, dataSet, format, pixels);
  note(loaded, { modality: null, hasVoiTable: false, padding: null, overlays });
  return loaded;
}

/** Values after the image's table, or its slope and intercept. */
async function rescaled(stored: StoredValues, dataSet: DicomJson, { isSigned }: PixelFormat): Promise<Float32Array> {
  const [item] = itemsOf(dataSet, TAG.ModalityLUTSequence);
  const table = item === undefined ? null : await readLookupTable(item, LUT_ITEM, isSigned);
  if (item !== undefined && table === null) throw new PictureRefusal('lookup-table-damaged');
  return modalityValues(stored, dataSet, table);
}

/** The bytes that overlays within the pixels are read from: what the station decodes has no more than the pixels' own bits. */
async function overlayBytes(
  imageId: string,
  dataSet: DicomJson,
  format: PixelFormat,
  frame: NativeFrame,
): Promise<Uint8Array | null> {
  if (!frame.isDecoded) return frame.bytes;
  return embeddedOverlayGroups(dataSet).length === 0 ? null : fetchStoredWords(imageId, format);
}

/** Notes what is known of a picture; the bytes that takes count among the picture's own, so that the cache keeps to its bound. */
function note(loaded: Types.IImage, known: PictureFacts): void {
  facts.set(loaded, known);
  const values = known.modality as { readonly byteLength?: number } | null;
  const bits = known.overlays.reduce((sum, overlay) => sum + overlay.bits.byteLength, 0);
  loaded.sizeInBytes += (values?.byteLength ?? 0) + (known.padding?.byteLength ?? 0) + bits;
}

async function coloursOf(
  dataSet: DicomJson,
  format: PixelFormat,
  frame: NativeFrame,
  stored: StoredValues,
): Promise<Uint8Array> {
  const photometric = frame.photometric ?? format.photometric;
  const palette = photometric === 'PALETTE COLOR' ? await paletteOf(dataSet, format.isSigned) : null;
  if (photometric === 'PALETTE COLOR' && palette === null) throw new PictureRefusal('lookup-table-damaged');
  const decoded = frame.isDecoded ? { ...format, isPlanar: false } : format;
  const pixels = colourPixels(stored, decoded, photometric, palette);
  if (pixels === null) throw new PictureRefusal('unsupported-pixels');
  return pixels;
}

async function paletteOf(dataSet: DicomJson, isSigned: boolean): Promise<Palette | null> {
  const [red, green, blue] = await Promise.all(
    ['1', '2', '3'].map((colour) =>
      readLookupTable(
        dataSet,
        { descriptor: `0028110${colour}`, data: `0028120${colour}`, segmented: `0028122${colour}` },
        isSigned,
      ),
    ),
  );
  return red && green && blue ? [red, green, blue] : null;
}

/** Sets how a grey picture asks to be drawn: its window, else its VOI table, else what is usual, else all its values. */
async function present(
  loaded: Types.IImage,
  dataSet: DicomJson,
  overlays: readonly OverlayBits[],
  padded: Uint8Array | null = null,
  usual: ShapedWindow | null = null,
): Promise<Types.IImage> {
  const values = loaded.getPixelData();
  const padding = padded ?? paddingMask(dataSet, values, loaded.preScale?.scaled === true);
  const window = ownWindowOf(dataSet);
  const [item] = window === null ? itemsOf(dataSet, TAG.VOILUTSequence) : [];
  // A table after rescaling starts at a signed value wherever negative values can come out.
  const isSigned =
    itemsOf(dataSet, TAG.ModalityLUTSequence).length === 0 &&
    (pixelFormatOf(dataSet).isSigned || (numberOf(dataSet, TAG.RescaleIntercept) ?? 0) < 0);
  const table = item === undefined ? null : await readLookupTable(item, LUT_ITEM, isSigned);
  const asksForWindow = dataSet[TAG.WindowWidth]?.Value !== undefined || item !== undefined;
  if (asksForWindow && window === null && table === null) noteFault(loaded.imageId, 'damaged-window');
  const presentation = await readPresentationTable(dataSet);
  if (presentation !== null) {
    const before = table ?? window ?? usual ?? wholeWindow(values, (index) => padding?.[index] === 1);
    return presentTabled(loaded, dataSet, presentedValues(values, before, presentation), presentation.bits, {
      padding,
      overlays,
    });
  }
  if (table === null) {
    setWindow(loaded, window ?? usual ?? wholeWindow(values, (index) => padding?.[index] === 1));
    note(loaded, { modality: null, hasVoiTable: false, padding, overlays });
    return loaded;
  }
  return presentTabled(loaded, dataSet, tabledValues(values, table), table.bits, { padding, overlays });
}

/** Draws what came out of a table, over all that it can give; what is read under the mouse stays what went in. */
function presentTabled(
  loaded: Types.IImage,
  dataSet: DicomJson,
  tabled: Float32Array,
  bits: number,
  known: Pick<PictureFacts, 'padding' | 'overlays'>,
): Types.IImage {
  const shown = pictureOf(loaded.imageId, dataSet, pixelFormatOf(dataSet), tabled);
  setWindow(shown, { centre: (2 ** bits - 1) / 2, width: 2 ** bits - 1, shape: 'LINEAR_EXACT' });
  note(shown, { modality: loaded.getPixelData(), hasVoiTable: true, ...known });
  return shown;
}

function setWindow(loaded: Types.IImage, { centre, width, shape }: ShapedWindow): void {
  loaded.windowCenter = centre;
  // The narrowest linear window is a step; the engine divides by its width less one.
  loaded.windowWidth = shape === 'LINEAR' ? Math.max(width, 1.001) : width;
  loaded.voiLUTFunction = VOI_FUNCTIONS[shape];
}

const VOI_FUNCTIONS = {
  LINEAR: Enums.VOILUTFunctionType.LINEAR,
  LINEAR_EXACT: Enums.VOILUTFunctionType.LINEAR_EXACT,
  SIGMOID: Enums.VOILUTFunctionType.SAMPLED_SIGMOID,
} as const;

/** Where pixels are padding; of rescaled values, what padding is rescaled to. */
function paddingMask(dataSet: DicomJson, values: ArrayLike<number>, isRescaled = false): Uint8Array | null {
  const range = paddingOf(dataSet);
  if (range === null) return null;
  const [from = 0, to = 0] = isRescaled ? modalityValues(Float64Array.from(range), dataSet, null).toSorted() : range;
  const mask = new Uint8Array(values.length);
  let isAny = false;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < from || value > to) continue;
    mask[index] = 1;
    isAny = true;
  }
  return isAny ? mask : null;
}

/** A picture as the engine takes it, of grey values or of three bytes a pixel. */
function pictureOf(
  imageId: string,
  dataSet: DicomJson,
  { rows, columns }: PixelFormat,
  pixels: Float32Array | Uint8Array,
): Types.IImage {
  const isColour = pixels instanceof Uint8Array;
  const numberOfComponents = isColour ? 3 : 1;
  const voxelManager = utilities.VoxelManager.createImageVoxelManager({
    scalarData: pixels,
    width: columns,
    height: rows,
    numberOfComponents,
  });
  const { min, max } = isColour ? { min: 0, max: 255 } : rangeOf(pixels);
  const { rowSpacing, columnSpacing } = drawnSpacing(dataSet);
  return {
    imageId,
    dataType: isColour ? 'Uint8Array' : 'Float32Array',
    color: isColour,
    rgba: false,
    rows,
    columns,
    height: rows,
    width: columns,
    rowPixelSpacing: rowSpacing,
    columnPixelSpacing: columnSpacing,
    sizeInBytes: pixels.byteLength,
    numberOfComponents,
    intercept: 0,
    slope: 1,
    preScale: { enabled: true, scaled: true },
    invert: !isColour && isInverted(dataSet),
    minPixelValue: min,
    maxPixelValue: max,
    windowCenter: 128,
    windowWidth: 256,
    voiLUTFunction: Enums.VOILUTFunctionType.LINEAR,
    voxelManager,
    getPixelData: () => pixels,
    getCanvas: () => colourCanvas(pixels, rows, columns),
  } as unknown as Types.IImage;
}

function rangeOf(values: Float32Array): { readonly min: number; readonly max: number } {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? { min, max } : { min: 0, max: 0 };
}

/** What the engine draws colours from where it has no WebGL. */
function colourCanvas(pixels: ArrayLike<number>, rows: number, columns: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  const picture = context?.createImageData(columns, rows);
  if (!context || !picture) return canvas;
  for (let index = 0; index < rows * columns; index += 1) {
    for (let channel = 0; channel < 3; channel += 1)
      picture.data[4 * index + channel] = pixels[3 * index + channel] ?? 0;
    picture.data[4 * index + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}
