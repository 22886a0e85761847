/**
 * Gives a canvas this size, in its own pixels, with nothing on it, on the screen too: a new size alone empties it, but a browser may
 * go on showing what was there until something is drawn, and a mark of the image before would lie on this one.
 */
export function emptyCanvas(context: CanvasRenderingContext2D, columns: number, rows: number): void {
  const { canvas } = context;
  canvas.width = Math.round(columns);
  canvas.height = Math.round(rows);
  context.clearRect(0, 0, canvas.width, canvas.height);
}
