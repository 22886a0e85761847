import type { Page } from 'playwright';
import type { KnownMeasure, PixelPoint } from '../../../demo/phantoms/known-measures.ts';
import { measureOnPage, type MeasureWish, type SaidMeasure } from './measure-on-page.ts';

/** What the page said of something known, beside what it is; `tolerance` is what a hand and a pixel allow. */
export type HeldMeasure = {
  readonly name: string;
  /** Of the object, at the detector, in degrees or values. */
  readonly unit: string;
  readonly truth: number;
  /** Null where the page gave no number of that unit. */
  readonly said: number | null;
  readonly tolerance: number;
  readonly isRight: boolean;
};

/** What the page rounds to. */
const ROUNDING = 0.05;

/**
 * Measures something known on the page, its frame being on the screen, and holds what the page says against it. A length may be
 * off by half a pixel of the image, or of the screen where that is larger; an angle by what that turns its shorter leg; a mean by
 * what the phantom's noise and pixels allow.
 */
export async function holdMeasure(page: Page, known: KnownMeasure, pixelMm: number): Promise<readonly HeldMeasure[]> {
  const said = await measureOnPage(page, wishFor(known));
  const halfPixel = 0.5 * Math.max(1, 1 / said.screenPixels);
  const held = (unit: string, truth: number, ending: RegExp, tolerance: number): HeldMeasure => {
    const number = numberEnding(said, ending);
    const isRight = number !== null && Math.abs(number - truth) <= tolerance;
    return { name: known.name, unit, truth, said: number, tolerance, isRight };
  };
  switch (known.kind) {
    case 'length': {
      const [{ mm, atDetectorMm }, tolerance] = [known, halfPixel * pixelMm + ROUNDING];
      if (atDetectorMm === undefined) return [held('mm', mm, /^([\d.]+) mm$/, tolerance)];
      const atDetector = held('mm at detector', atDetectorMm, /^([\d.]+) mm at detector$/, tolerance);
      // What lies on the detector is not magnified, and nothing says that it is.
      if (atDetectorMm === mm) return [atDetector];
      return [atDetector, held('mm', mm, /^([\d.]+) mm in the plane of ×[\d.]+$/, tolerance)];
    }
    case 'angle': {
      const [one, vertex, other] = known.points;
      const shorter = Math.min(distance(one, vertex), distance(other, vertex));
      const turned = (Math.atan2(2 * halfPixel, shorter) * 180) / Math.PI;
      return [held('°', known.degrees, /^([\d.]+)°$/, turned + ROUNDING)];
    }
    case 'mean':
      return [held(known.unit, known.value, new RegExp(`^mean (-?[\\d.]+) ${known.unit}, SD`), known.tolerance)];
  }
}

function wishFor(known: KnownMeasure): MeasureWish {
  const { sopUid, frame } = known;
  switch (known.kind) {
    case 'length':
      return { sopUid, frame, tool: 'length', points: [known.from, known.to] };
    case 'angle':
      return { sopUid, frame, tool: 'angle', points: known.points };
    case 'mean': {
      const [[column, row], radius] = [known.centre, known.radiusPixels];
      const points = [
        [column - radius, row - radius],
        [column + radius, row + radius],
      ] as const;
      return { sopUid, frame, tool: 'ellipse', points };
    }
  }
}

function numberEnding({ lines }: SaidMeasure, ending: RegExp): number | null {
  const found = lines.map((line) => ending.exec(line)?.[1]).find((one) => one !== undefined);
  return found === undefined ? null : Number(found);
}

function distance(a: PixelPoint, b: PixelPoint): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
