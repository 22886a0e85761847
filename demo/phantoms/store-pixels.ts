import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import type { VendorHabits } from './vendors.ts';

/** The pixel module of an image of HU as the vendor would store it: rescale, sign, bits, and padding outside the circle. */
export function storePixels(hu: Int16Array, rows: number, columns: number, vendor: VendorHabits): DicomRecord {
  const { rescaleIntercept, rescaleSlope, bitsStored, isSigned, padding } = vendor;
  const lowest = isSigned ? -(2 ** (bitsStored - 1)) : 0;
  const highest = 2 ** (isSigned ? bitsStored - 1 : bitsStored) - 1;
  const stored = new Int16Array(hu.length);
  const radius = Math.min(rows, columns) / 2;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const pixel = row * columns + column;
      const isOutside = (row + 0.5 - rows / 2) ** 2 + (column + 0.5 - columns / 2) ** 2 > radius * radius;
      const value = Math.round(((hu[pixel] ?? 0) - rescaleIntercept) / rescaleSlope);
      stored[pixel] = padding !== null && isOutside ? padding.stored : Math.min(highest, Math.max(lowest, value));
    }
  }
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: bitsStored,
    HighBit: bitsStored - 1,
    PixelRepresentation: isSigned ? 1 : 0,
    ...(padding?.isNamed && { PixelPaddingValue: padding.stored }),
    RescaleIntercept: rescaleIntercept,
    RescaleSlope: rescaleSlope,
    RescaleType: 'HU',
    PixelData: stored,
  };
}
