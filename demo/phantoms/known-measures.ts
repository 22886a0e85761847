/** Column and row in pixels; 0, 0 is the middle of the first pixel. */
export type PixelPoint = readonly [column: number, row: number];

/**
 * Something that a viewer can measure in an image of a phantom, and what has to come out: the yardstick of measuring tools.
 * `frame` counts from 1 within the object.
 */
export type KnownMeasure = { readonly name: string; readonly sopUid: string; readonly frame: number } & (
  | {
      readonly kind: 'length';
      readonly from: PixelPoint;
      readonly to: PixelPoint;
      /** Of the thing itself. */
      readonly mm: number;
      /** Of its shadow on the detector, where a projection magnifies it. */
      readonly atDetectorMm?: number;
    }
  | {
      readonly kind: 'angle';
      /** One leg's end, the vertex, the other leg's end. */
      readonly points: readonly [PixelPoint, PixelPoint, PixelPoint];
      readonly degrees: number;
    }
  | {
      readonly kind: 'mean';
      readonly centre: PixelPoint;
      readonly radiusPixels: number;
      readonly value: number;
      /** By noise and by the size of pixels. */
      readonly tolerance: number;
      readonly unit: 'HU' | 'SUVbw';
    }
);
