import { type ImagePlane, type ImageToCanvas, placeOf, type Vector3 } from '../geometry.ts';
import { toImage } from '../measurements/shapes.ts';
import { type PictureGrid, reslice, type Slab } from '../mpr/reslice.ts';
import { coloursOf } from './colour-tables.ts';
import { type FusionView, type PetVolume, petWindowOf } from './fusion-view.ts';

/** Below this share of the window colours fade, so that what takes up nothing does not darken the picture below. */
const FADES_BELOW = 0.12;

/** The colours of PET values, four bytes a value: nothing where nothing was measured or below the window, else as opaque as asked. */
export function colourValues(
  values: Float32Array,
  view: Pick<FusionView, 'table' | 'opacity' | 'window'>,
  pet: Pick<PetVolume, 'volume' | 'told'>,
): Uint8ClampedArray<ArrayBuffer> {
  const { from, to } = petWindowOf(view, pet);
  const colours = coloursOf(view.table);
  const pixels = new Uint8ClampedArray(values.length * 4);
  const { factor } = pet.told;
  for (let index = 0; index < values.length; index += 1) {
    const share = ((values[index] ?? Number.NaN) * factor - from) / (to - from);
    if (!(share > 0)) continue;
    const entry = Math.min(255, Math.round(share * 255)) * 3;
    for (const channel of [0, 1, 2]) pixels[index * 4 + channel] = colours[entry + channel] ?? 0;
    pixels[index * 4 + 3] = 255 * view.opacity * Math.min(1, share / FADES_BELOW);
  }
  return pixels;
}

/** Draws a PET on the planes of a picture's grid, at so many of the grid's pixels a sample. */
export function paintFusion(
  canvas: HTMLCanvasElement,
  { plane, columns, rows }: PictureGrid,
  coarse: number,
  pet: PetVolume,
  view: FusionView,
  slab: Slab,
): void {
  const small = { columns: Math.ceil(columns / coarse), rows: Math.ceil(rows / coarse) };
  canvas.width = small.columns;
  canvas.height = small.rows;
  const context = canvas.getContext('2d');
  if (context === null || small.columns * small.rows === 0) return;
  const asked = {
    plane: { ...plane, columnSpacing: plane.columnSpacing * coarse, rowSpacing: plane.rowSpacing * coarse },
    ...small,
  };
  const pixels = colourValues(reslice(pet.volume, asked, slab), view, pet);
  context.putImageData(new ImageData(pixels, small.columns, small.rows), 0, 0);
}

/**
 * The grid of a pane's own pixels on the plane of an image that is drawn there, however it is zoomed, turned or flipped; each pixel
 * is taken at its middle. Null where the map is flat.
 */
export function gridOnImage(
  plane: ImagePlane,
  map: ImageToCanvas,
  size: { readonly columns: number; readonly rows: number },
): PictureGrid | null {
  const placeAt = (x: number, y: number): Vector3 | null => {
    const at = toImage(map, [x + 0.5, y + 0.5]);
    return at && placeOf(plane, ...at);
  };
  const [origin, right, down] = [placeAt(0, 0), placeAt(1, 0), placeAt(0, 1)];
  if (origin === null || right === null || down === null) return null;
  const step = (to: Vector3) => {
    const by: Vector3 = [to[0] - origin[0], to[1] - origin[1], to[2] - origin[2]];
    const mm = Math.hypot(...by);
    return { mm, direction: [by[0] / mm, by[1] / mm, by[2] / mm] as const };
  };
  const [along, below] = [step(right), step(down)];
  return {
    plane: {
      ...{ originMm: origin, alongRow: along.direction, alongColumn: below.direction },
      ...{ columnSpacing: along.mm, rowSpacing: below.mm },
    },
    ...size,
  };
}
