import type { ImageRectangle } from './frame-marks.ts';
import type { ImageToCanvas } from './geometry.ts';
import { heatColour, type Heatmap } from './heatmap.ts';
import { markedBox, type Mask, outlineOf } from './mask.ts';
import { placeLabels, type ScreenRectangle } from './place-labels.ts';
import type { FrameAddress } from './stack.ts';

/** An image as far as marks must fit it. */
export type MarkedImage = FrameAddress & { readonly rows: number; readonly columns: number };

/** One frame's marked pixels, ready to be drawn: a tinted picture of no more than them, where it lies, and the line around it, in image coordinates. */
export type MaskPicture = {
  readonly left: number;
  readonly top: number;
  readonly rows: number;
  readonly columns: number;
  readonly tint: HTMLCanvasElement;
  readonly outline: Path2D;
  readonly ink: Ink;
};

/** How marked pixels are drawn: in which colour, how strongly filled (0 to 255), and with a dark rim around the line, as what AI here marks never has. */
export type Ink = {
  readonly colour: readonly [number, number, number];
  readonly fill: number;
  readonly isRimmed: boolean;
};

/** One frame's heat, ready to be drawn over the whole image. */
export type HeatPicture = { readonly rows: number; readonly columns: number; readonly colours: HTMLCanvasElement };

/** A box with what stands beside it. */
export type BoxPicture = {
  readonly rectangle: ImageRectangle;
  readonly lines: readonly string[];
  readonly isDashed: boolean;
};

/** The colour of what AI marked: no tissue and no urgency has it. */
const AI_COLOUR = [64, 224, 255] as const;
const AI_STROKE = `rgb(${AI_COLOUR.join(' ')})`;
const TINT_ALPHA = 44;
const OUTLINE_PX = 1.5;
const DASH_PX = [5, 4];
const LABEL_PX = 11;
const LABEL_LINE_PX = 13;
const LABEL_PAD_PX = 3;

const AI_INK: Ink = { colour: AI_COLOUR, fill: TINT_ALPHA, isRimmed: false };
const RIM_PX = 4;

/** Prepares what is marked on one frame; null when nothing is, or when the mask is not of that image's size. */
export function paintMask(mask: Mask, image: MarkedImage, isDashed: boolean, ink: Ink = AI_INK): MaskPicture | null {
  if (mask.rows !== image.rows || mask.columns !== image.columns) return null;
  const bits = mask.bitsOf(image);
  if (bits === null || !bits.includes(1)) return null;
  return paintMarked(
    bits.map((bit) => bit * 255),
    mask,
    isDashed,
    ink,
  );
}

/** Prepares pixels that are marked more or less, 0 to 255: filled by as much, with a line around those that are so by half. */
export function paintMarked(
  all: Uint8Array,
  image: { readonly rows: number; readonly columns: number },
  isDashed: boolean,
  ink: Ink,
): MaskPicture | null {
  // Of a hundred segments most are small: what lies around them is not looked at again.
  const around = markedBox(all, image);
  if (around === null) return null;
  const { strengths, left, top, rows, columns } = cropped(all, image.columns, around);
  const tint = pictureOf({ rows, columns }, (pixels) => {
    for (let index = 0; index < strengths.length; index += 1) {
      const strength = strengths[index] ?? 0;
      if (strength > 0) pixels.set([...ink.colour, Math.round((ink.fill * strength) / 255)], index * 4);
    }
  });
  if (tint === null) return null;
  const bits = strengths.map((strength) => (strength >= 128 ? 1 : 0));
  const lines = outlineOf(bits, rows, columns).map((at, index) => at + (index % 2 === 0 ? left : top));
  return { left, top, rows, columns, tint, outline: pathOf(lines, isDashed), ink };
}

/** The part of an image within a box of whole pixels. */
function cropped(all: Uint8Array, width: number, { left, top, right, bottom }: ImageRectangle) {
  const [rows, columns] = [bottom - top + 1, right - left + 1];
  const strengths = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const from = (top + row) * width + left;
    strengths.set(all.subarray(from, from + columns), row * columns);
  }
  return { strengths, left, top, rows, columns };
}

/** Prepares the heat of one frame; null when the heatmap says nothing of it. */
export function paintHeat(heatmap: Heatmap, image: MarkedImage, opacity: number): HeatPicture | null {
  const cells = heatmap.cellsOf(image);
  if (cells === null) return null;
  const scale = Array.from({ length: 256 }, (_, value) => heatColour(value / 255, opacity));
  const colours = pictureOf(heatmap, (pixels) => {
    cells.forEach((value, index) => pixels.set(scale[value] ?? [0, 0, 0, 0], index * 4));
  });
  return colours === null ? null : { rows: image.rows, columns: image.columns, colours };
}

/** Draws marked pixels where the image's own pixels are drawn: same map, hence right under zoom, pan, rotation and flip. */
export function drawMask(
  context: CanvasRenderingContext2D,
  picture: MaskPicture,
  map: ImageToCanvas,
  devicePixels: number,
): void {
  drawPixels(context, picture.tint, picture, map, devicePixels, false, picture);
  const outline = new Path2D();
  outline.addPath(picture.outline, matrixOf(map));
  const { colour, isRimmed } = picture.ink;
  if (isRimmed) stroke(context, outline, false, devicePixels, 'rgb(0 0 0 / 70%)', RIM_PX);
  stroke(context, outline, false, devicePixels, `rgb(${colour.join(' ')})`);
}

/** Draws heat over the whole image: each cell covers its share of the image's pixels. */
export function drawHeat(
  context: CanvasRenderingContext2D,
  picture: HeatPicture,
  map: ImageToCanvas,
  devicePixels: number,
): void {
  drawPixels(context, picture.colours, picture, map, devicePixels, true);
}

/** Draws boxes with their labels beside them; a box that is off the picture has none. */
export function drawBoxes(
  context: CanvasRenderingContext2D,
  boxes: readonly BoxPicture[],
  map: ImageToCanvas,
  devicePixels: number,
): void {
  const [width, height] = [context.canvas.width / devicePixels, context.canvas.height / devicePixels];
  const seen = boxes
    .map((box) => ({ ...box, ...cornersOf(box.rectangle, map) }))
    .filter(({ mark }) => mark.x < width && mark.y < height && mark.x + mark.width > 0 && mark.y + mark.height > 0);
  for (const { path, isDashed } of seen) stroke(context, path, isDashed, devicePixels);
  context.font = `600 ${LABEL_PX}px system-ui, sans-serif`;
  const measured = seen.map(({ mark, lines }) => ({
    mark,
    width: Math.max(...lines.map((line) => context.measureText(line).width)) + 2 * LABEL_PAD_PX,
    height: lines.length * LABEL_LINE_PX + LABEL_PAD_PX,
  }));
  placeLabels(measured, { width, height }).forEach((place, index) => {
    context.fillStyle = 'rgb(0 0 0 / 70%)';
    context.fillRect(place.x, place.y, place.width, place.height);
    context.fillStyle = AI_STROKE;
    seen[index]?.lines.forEach((line, row) =>
      context.fillText(line, place.x + LABEL_PAD_PX, place.y + (row + 1) * LABEL_LINE_PX - 2),
    );
  });
}

function pictureOf(
  { rows, columns }: { readonly rows: number; readonly columns: number },
  paint: (pixels: Uint8ClampedArray) => void,
): HTMLCanvasElement | null {
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  if (context === null) return null;
  const pixels = context.createImageData(columns, rows);
  paint(pixels.data);
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** Draws a picture over so many rows and columns of an image, from its first pixel on or from another. */
function drawPixels(
  context: CanvasRenderingContext2D,
  picture: HTMLCanvasElement,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  map: ImageToCanvas,
  devicePixels: number,
  isSmooth: boolean,
  { left, top }: { readonly left: number; readonly top: number } = { left: 0, top: 0 },
): void {
  context.setTransform(new DOMMatrix().scale(devicePixels).multiply(matrixOf(map)));
  context.imageSmoothingEnabled = isSmooth;
  // A pixel's coordinate is its centre, so the picture starts half a pixel before it.
  context.drawImage(picture, left - 0.5, top - 0.5, columns, rows);
  context.setTransform(devicePixels, 0, 0, devicePixels, 0, 0);
}

function stroke(
  context: CanvasRenderingContext2D,
  path: Path2D,
  isDashed: boolean,
  devicePixels: number,
  colour = AI_STROKE,
  width = OUTLINE_PX,
): void {
  context.setTransform(devicePixels, 0, 0, devicePixels, 0, 0);
  context.setLineDash(isDashed ? DASH_PX : []);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke(path);
  context.setLineDash([]);
}

/** A rectangle of the image on the screen: turned with the image, and the upright rectangle around it. */
function cornersOf({ left, top, right, bottom }: ImageRectangle, map: ImageToCanvas) {
  const corners = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ].map(([column = 0, row = 0]) => ({
    x: map.xPerColumn * column + map.xPerRow * row + map.x0,
    y: map.yPerColumn * column + map.yPerRow * row + map.y0,
  }));
  const path = new Path2D();
  corners.forEach(({ x, y }, index) => (index === 0 ? path.moveTo(x, y) : path.lineTo(x, y)));
  path.closePath();
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  const mark: ScreenRectangle = { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
  return { path, mark };
}

function matrixOf(map: ImageToCanvas): DOMMatrix {
  return new DOMMatrix([map.xPerColumn, map.yPerColumn, map.xPerRow, map.yPerRow, map.x0, map.y0]);
}

/** An outline of pieces a pixel long; a dashed one leaves out every other two, for a line's own dashes begin anew at each piece. */
function pathOf(lines: readonly number[], isDashed: boolean): Path2D {
  const path = new Path2D();
  for (let index = 0; index + 3 < lines.length; index += 4) {
    const [x = 0, y = 0] = [lines[index], lines[index + 1]];
    if (isDashed && ((Math.round(x + 0.5) + Math.round(y + 0.5)) & 2) !== 0) continue;
    path.moveTo(x, y);
    path.lineTo(lines[index + 2] ?? 0, lines[index + 3] ?? 0);
  }
  return path;
}
