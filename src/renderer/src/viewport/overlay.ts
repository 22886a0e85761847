import type { ImageToCanvas } from './geometry.ts';
import { type Mask, outlineOf } from './mask.ts';

/** One instance's marked pixels, ready to be drawn: a tinted picture and the line around it, in image coordinates. */
export type MaskPicture = {
  readonly rows: number;
  readonly columns: number;
  readonly tint: HTMLCanvasElement;
  readonly outline: Path2D;
};

/** The colour of what AI marked: no tissue and no urgency has it. */
const AI_COLOUR = [64, 224, 255] as const;
const TINT_ALPHA = 44;
const OUTLINE_PX = 1.5;

/** Prepares what is marked on one instance; null when nothing is, or when the mask is not of that instance's size. */
export function paintMask(
  mask: Mask,
  image: { readonly sopUid: string; readonly rows: number; readonly columns: number },
): MaskPicture | null {
  const bits = mask.slices.get(image.sopUid);
  if (bits === undefined || !bits.includes(1)) return null;
  if (mask.rows !== image.rows || mask.columns !== image.columns) return null;
  const tint = document.createElement('canvas');
  tint.width = mask.columns;
  tint.height = mask.rows;
  const context = tint.getContext('2d');
  if (context === null) return null;
  const pixels = context.createImageData(mask.columns, mask.rows);
  bits.forEach((bit, index) => {
    if (bit === 1) pixels.data.set([...AI_COLOUR, TINT_ALPHA], index * 4);
  });
  context.putImageData(pixels, 0, 0);
  return { rows: mask.rows, columns: mask.columns, tint, outline: pathOf(outlineOf(bits, mask.rows, mask.columns)) };
}

/** Draws marked pixels where the image's own pixels are drawn: same map, hence right under zoom, pan, rotation and flip. */
export function drawMask(
  context: CanvasRenderingContext2D,
  picture: MaskPicture,
  map: ImageToCanvas,
  devicePixels: number,
): void {
  const matrix = new DOMMatrix([map.xPerColumn, map.yPerColumn, map.xPerRow, map.yPerRow, map.x0, map.y0]);
  context.setTransform(new DOMMatrix().scale(devicePixels).multiply(matrix));
  context.imageSmoothingEnabled = false;
  // A pixel's coordinate is its centre, so the picture starts half a pixel before it.
  context.drawImage(picture.tint, -0.5, -0.5, picture.columns, picture.rows);
  const outline = new Path2D();
  outline.addPath(picture.outline, matrix);
  context.setTransform(devicePixels, 0, 0, devicePixels, 0, 0);
  context.lineWidth = OUTLINE_PX;
  context.strokeStyle = `rgb(${AI_COLOUR.join(' ')})`;
  context.stroke(outline);
}

function pathOf(lines: readonly number[]): Path2D {
  const path = new Path2D();
  for (let index = 0; index + 3 < lines.length; index += 4) {
    path.moveTo(lines[index] ?? 0, lines[index + 1] ?? 0);
    path.lineTo(lines[index + 2] ?? 0, lines[index + 3] ?? 0);
  }
  return path;
}
