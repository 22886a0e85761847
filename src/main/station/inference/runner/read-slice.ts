import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { describeInstance, type ImageDescription } from '../../dicom/dataset/describe-instance.ts';
import { bytesReader } from '../../dicom/dataset/find-pixel-data.ts';
import type { ReadDataset } from '../../dicom/dataset/read-dataset.ts';
import { numbers } from '../../dicom/dataset/values.ts';
import { readPart10Header } from '../../dicom/part10.ts';
import { decodeFrame, type EncodedFrame, type Pixels } from '../../dicom/pixel/decode-frame.ts';
import { openFrames } from '../../dicom/pixel/read-frames.ts';
import type { InstanceReference } from '../runner-protocol.ts';
import { dot, type SourceSlice, type Vector } from './source-slice.ts';

type ReadFailure = { readonly code: 'object-damaged' | 'not-decodable' | 'missing-geometry' };

/**
 * Reads one stored object (a Part-10 file) as a slice of rescaled values. Pixels with the padding value, or in its range
 * (PS3.3 §C.7.5.1.1.2), become `paddingValue`. An object that holds another SOP instance than referenced counts as damaged.
 */
export async function readSlice(
  file: Uint8Array,
  reference: InstanceReference,
  paddingValue: number,
): Promise<Result<SourceSlice, ReadFailure>> {
  const header = readPart10Header(file);
  if (!header.ok || header.value.transferSyntaxUid !== reference.transferSyntaxUid)
    return err({ code: 'object-damaged' });
  const bytes = file.subarray(header.value.dataSetOffset);
  const frames = await openFrames(bytesReader(bytes), reference.transferSyntaxUid);
  if (!frames.ok) return err({ code: 'object-damaged' });
  const { dataset, image } = frames.value;
  if (describeInstance(dataset).sopUid !== reference.sopUid) return err({ code: 'object-damaged' });
  const place = placeOf(image);
  if (place === null || frames.value.count !== 1) return err({ code: 'missing-geometry' });
  const frame = await frames.value.read(0);
  const pixels = frame === null ? null : await decode(frame, image);
  if (pixels === null) return err({ code: 'not-decodable' });
  return ok({
    ...place,
    sopUid: reference.sopUid,
    values: rescale(pixels, image, paddingRange(dataset), paddingValue),
  });
}

function placeOf(image: ImageDescription): Omit<SourceSlice, 'sopUid' | 'values'> | null {
  const { rows, columns, imagePositionPatient, imageOrientationPatient, pixelSpacing, sliceThicknessMm } = image;
  if (!rows || !columns || !imagePositionPatient || !imageOrientationPatient || !pixelSpacing) return null;
  const [rx, ry, rz, cx, cy, cz] = imageOrientationPatient as [number, number, number, number, number, number];
  const alongRow: Vector = [rx, ry, rz];
  const alongColumn: Vector = [cx, cy, cz];
  const isSquare =
    Math.abs(dot(alongRow, alongRow) - 1) < 0.01 &&
    Math.abs(dot(alongColumn, alongColumn) - 1) < 0.01 &&
    Math.abs(dot(alongRow, alongColumn)) < 0.01;
  const [betweenRows, betweenColumns] = pixelSpacing as [number, number];
  if (!isSquare || betweenRows <= 0 || betweenColumns <= 0) return null;
  const [x, y, z] = imagePositionPatient as [number, number, number];
  const thicknessMm = sliceThicknessMm !== null && sliceThicknessMm > 0 ? sliceThicknessMm : null;
  return {
    rows,
    columns,
    position: [x, y, z],
    alongRow,
    alongColumn,
    pixelMm: [betweenRows, betweenColumns],
    thicknessMm,
  };
}

async function decode(frame: EncodedFrame, image: ImageDescription): Promise<Pixels | null> {
  const { bitsAllocated, bitsStored, highBit, pixelRepresentation } = image;
  const isComplete = bitsAllocated && bitsStored && highBit !== null && pixelRepresentation !== null;
  if (!isComplete || image.photometricInterpretation !== 'MONOCHROME2' || frame.samplesPerPixel !== 1) return null;
  const decoded = await decodeFrame(frame);
  return decoded.ok ? decoded.value.pixels : null;
}

function paddingRange(dataset: ReadDataset): readonly [number, number] | null {
  const from = numbers(dataset, 'PixelPaddingValue')?.[0];
  if (from === undefined) return null;
  const to = numbers(dataset, 'PixelPaddingRangeLimit')?.[0] ?? from;
  return [Math.min(from, to), Math.max(from, to)];
}

function rescale(
  pixels: Pixels,
  image: ImageDescription,
  padding: readonly [number, number] | null,
  paddingValue: number,
): Float32Array {
  const slope = image.rescaleSlope ?? 1;
  const intercept = image.rescaleIntercept ?? 0;
  const values = new Float32Array(pixels.length);
  const [from, to] = padding ?? [1, 0]; // an empty range: nothing is padding
  for (let index = 0; index < pixels.length; index += 1) {
    const stored = pixels[index] as number;
    values[index] = stored >= from && stored <= to ? paddingValue : stored * slope + intercept;
  }
  return values;
}
