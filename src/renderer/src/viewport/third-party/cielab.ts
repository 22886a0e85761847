import { type DicomJson, numbersOf } from '../dicom-json.ts';

/** Red, green and blue, each 0 to 255. */
export type Colour = readonly [number, number, number];

/** The colour a data set recommends as PCS values (PS3.3 §C.10.7.1.1); null where it has none that make sense. */
export function colourOf(dataSet: DicomJson, tag: string): Colour | null {
  const values = numbersOf(dataSet, tag);
  const [lightness, a, b] = values;
  if (lightness === undefined || a === undefined || b === undefined) return null;
  if (values.some((value) => value < 0 || value > 0xffff)) return null;
  return fromLab((lightness * 100) / 0xffff, (a * 255) / 0xffff - 128, (b * 255) / 0xffff - 128);
}

/** A grey a data set recommends as a P-value of 16 bits; null where it has none. */
export function greyOf(dataSet: DicomJson, tag: string): Colour | null {
  const [value] = numbersOf(dataSet, tag);
  if (value === undefined || value < 0 || value > 0xffff) return null;
  const grey = Math.round((value * 255) / 0xffff);
  return [grey, grey, grey];
}

/** A colour as CSS has it. */
export function cssOf([red, green, blue]: Colour, opacity = 1): string {
  return `rgb(${red} ${green} ${blue} / ${Math.round(opacity * 100)}%)`;
}

/** CIELab of the profile connection space (white D50) as sRGB (IEC 61966-2-1), white adapted as Bradford has it; what a screen cannot show is cut off. */
function fromLab(lightness: number, a: number, b: number): Colour {
  const y = (lightness + 16) / 116;
  const [x, z] = [y + a / 500, y - b / 200];
  const cubed = (value: number) => (value ** 3 > 0.008856 ? value ** 3 : (value - 16 / 116) / 7.787);
  const [X, Y, Z] = [0.96422 * cubed(x), cubed(y), 0.82521 * cubed(z)];
  const linear = [
    3.1338561 * X - 1.6168667 * Y - 0.4906146 * Z,
    -0.9787684 * X + 1.9161415 * Y + 0.033454 * Z,
    0.0719453 * X - 0.2289914 * Y + 1.4052427 * Z,
  ];
  const [red = 0, green = 0, blue = 0] = linear.map((value) => {
    const curved = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.max(0, Math.min(1, curved)));
  });
  return [red, green, blue];
}
