import type { KnownMeasure, PixelPoint } from './known-measures.ts';
import type { Vector } from './reconstruct.ts';

/** Slices as numbers, with their place in the patient; the first is where `imagePositions` begins. */
type Slices = {
  readonly rows: number;
  readonly columns: number;
  readonly pixelMm: readonly [number, number];
  readonly imagePositions: readonly Vector[];
  readonly imageOrientation: readonly number[];
};

/** Three little balls in the air over the patient, as physicists tape them there. */
export type Fiducials = {
  /** The slice, and in it the columns and rows of their middles. */
  readonly slice: number;
  readonly at: readonly [PixelPoint, PixelPoint, PixelPoint];
};

/** Distances from the first ball: to the second along the row, and to the third along the diagonal. */
const ALONG_MM = 80;
const DIAGONAL_MM = 24;
const FROM_TOP_MM = 6;

/** Draws the balls into one slice of a volume of numbers: exactly `ALONG_MM` apart, and 45° between the legs from the first. */
export function drawFiducials(volume: Int16Array, of: Slices, slice: number, value: number): Fiducials {
  const { rows, columns, pixelMm } = of;
  const left = Math.floor(columns / 2 - ALONG_MM / 2 / pixelMm[1]);
  const reach = Math.max(1.2, 2 / pixelMm[0]);
  const top = Math.ceil(Math.max(FROM_TOP_MM / pixelMm[0], reach + 2));
  const first: PixelPoint = [left, top];
  const second: PixelPoint = [left + ALONG_MM / pixelMm[1], top];
  const third: PixelPoint = [left + DIAGONAL_MM / pixelMm[1], top + DIAGONAL_MM / pixelMm[0]];
  const at = [first, second, third] as const;
  for (const [column, row] of at) {
    for (let y = Math.floor(row - reach - 1); y <= row + reach + 1; y += 1) {
      for (let x = Math.floor(column - reach - 1); x <= column + reach + 1; x += 1) {
        if (x < 0 || y < 0 || x >= columns || y >= rows) throw new Error('no room for the balls');
        const share = Math.min(1, Math.max(0, reach + 0.5 - Math.hypot(x - column, y - row)));
        const cell = (slice * rows + y) * columns + x;
        volume[cell] = Math.round((volume[cell] as number) * (1 - share) + value * share);
      }
    }
  }
  return { slice, at };
}

/** What a viewer measures between the balls. */
export function fiducialMeasures({ at }: Fiducials, sopUid: string, frame = 1): readonly KnownMeasure[] {
  const [first, second, third] = at;
  return [
    { kind: 'length', name: 'ball to ball along the row', sopUid, frame, from: first, to: second, mm: ALONG_MM },
    {
      ...({ kind: 'length', name: 'ball to ball along the diagonal', sopUid, frame } as const),
      ...{ from: first, to: third, mm: DIAGONAL_MM * Math.SQRT2 },
    },
    {
      kind: 'angle',
      name: 'between the legs of the balls',
      sopUid,
      frame,
      points: [second, first, third],
      degrees: 45,
    },
  ];
}
