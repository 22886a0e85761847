/** A direction or a place in the patient, mm, DICOM patient coordinates (x to the left, y to the back, z to the head). */
export type Vector3 = readonly [number, number, number];

/** Where an image lies: the centre of its first pixel, and the directions of rising column and of rising row. */
export type ImagePlane = {
  readonly originMm: Vector3;
  readonly alongRow: Vector3;
  readonly alongColumn: Vector3;
  /** Distance between two neighbouring columns and between two neighbouring rows, mm; of a guess only their ratio holds. */
  readonly columnSpacing: number;
  readonly rowSpacing: number;
  /** The image does not say how large its pixels are in the patient: none but the first has a place. */
  readonly isGuessed?: true | undefined;
};

/** Maps image coordinates (column, row; whole numbers are pixel centres) to CSS pixels: x = a·c + b·r + e, y = c·c + d·r + f. */
export type ImageToCanvas = {
  readonly xPerColumn: number;
  readonly yPerColumn: number;
  readonly xPerRow: number;
  readonly yPerRow: number;
  readonly x0: number;
  readonly y0: number;
};

/** The inner product. */
export function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** The vector product: with the two directions of an image, its normal. */
export function cross(a: Vector3, b: Vector3): Vector3 {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

/** A direction, one mm long; nowhere stays nowhere. */
export function unit([x, y, z]: Vector3): Vector3 {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

/** What an image looks along: with rows to the right and columns down, away from the eye. */
export function normalOf({ alongRow, alongColumn }: Pick<ImagePlane, 'alongRow' | 'alongColumn'>): Vector3 {
  return cross(alongRow, alongColumn);
}

/** Where every pixel of an image lies; null of one without a place, and of one whose pixel size would be a guess. */
export function sizedPlane({ plane }: { readonly plane: ImagePlane | null }): ImagePlane | null {
  return plane?.isGuessed === true ? null : plane;
}

/** The place of an image coordinate in the patient (PS3.3 §C.7.6.2.1.1, Equation C.7.6.2.1-1). */
export function placeOf(plane: ImagePlane, column: number, row: number): Vector3 {
  const x = column * plane.columnSpacing;
  const y = row * plane.rowSpacing;
  return [0, 1, 2].map(
    (axis) => (plane.originMm[axis] ?? 0) + x * (plane.alongRow[axis] ?? 0) + y * (plane.alongColumn[axis] ?? 0),
  ) as unknown as Vector3;
}

/** The image coordinate (column, row) below a place in the patient, measured along the plane. */
export function imageCoordinateOf(plane: ImagePlane, place: Vector3): readonly [number, number] {
  const [x, y, z] = plane.originMm;
  const offset: Vector3 = [place[0] - x, place[1] - y, place[2] - z];
  return [dot(offset, plane.alongRow) / plane.columnSpacing, dot(offset, plane.alongColumn) / plane.rowSpacing];
}

/** The map that agrees with how three image coordinates, (0, 0), (1, 0) and (0, 1), are drawn. */
export function imageToCanvas(
  origin: readonly [number, number],
  nextColumn: readonly [number, number],
  nextRow: readonly [number, number],
): ImageToCanvas {
  return {
    xPerColumn: nextColumn[0] - origin[0],
    yPerColumn: nextColumn[1] - origin[1],
    xPerRow: nextRow[0] - origin[0],
    yPerRow: nextRow[1] - origin[1],
    x0: origin[0],
    y0: origin[1],
  };
}

/** True when the picture is drawn the other way round than its pixels run: left for right, however it is turned. */
export function isMirrored({ xPerColumn, yPerColumn, xPerRow, yPerRow }: ImageToCanvas): boolean {
  return xPerColumn * yPerRow - xPerRow * yPerColumn < 0;
}

/** The letters of a direction in the patient, strongest first, weak ones (below a tenth) left out: `L`, `AR`, `HFA`. */
export function lettersOf(direction: Vector3): string {
  return [
    { size: direction[0], letters: ['L', 'R'] },
    { size: direction[1], letters: ['P', 'A'] },
    { size: direction[2], letters: ['H', 'F'] },
  ]
    .filter(({ size }) => Math.abs(size) >= 0.1)
    .toSorted((a, b) => Math.abs(b.size) - Math.abs(a.size))
    .map(({ size, letters }) => letters[size > 0 ? 0 : 1])
    .join('');
}

/** What lies at the four edges of the picture as it is drawn, turned and flipped included. */
export type EdgeLetters = {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
};

/** The letters at the edges: the canvas directions carried back through the map into the patient. */
export function edgeLetters(plane: ImagePlane, map: ImageToCanvas): EdgeLetters | null {
  const determinant = map.xPerColumn * map.yPerRow - map.xPerRow * map.yPerColumn;
  if (determinant === 0) return null;
  const directionOf = (x: number, y: number): Vector3 => {
    const columns = ((map.yPerRow * x - map.xPerRow * y) / determinant) * plane.columnSpacing;
    const rows = ((map.xPerColumn * y - map.yPerColumn * x) / determinant) * plane.rowSpacing;
    const length = Math.hypot(columns, rows) || 1;
    return [0, 1, 2].map(
      (axis) => (columns * (plane.alongRow[axis] ?? 0) + rows * (plane.alongColumn[axis] ?? 0)) / length,
    ) as unknown as Vector3;
  };
  return {
    left: lettersOf(directionOf(-1, 0)),
    right: lettersOf(directionOf(1, 0)),
    top: lettersOf(directionOf(0, -1)),
    bottom: lettersOf(directionOf(0, 1)),
  };
}

const OPPOSITE: Readonly<Record<string, string>> = { A: 'P', P: 'A', L: 'R', R: 'L', H: 'F', F: 'H' };

/**
 * The letters at the edges of an image without a place, from what it says of its rows and columns (PatientOrientation); null while
 * it is turned by other than a right angle, and where a letter is not one of the six.
 */
export function edgeLettersOfOrientation(
  [row, column]: readonly [string, string],
  map: ImageToCanvas,
): EdgeLetters | null {
  const letters = { row: row.trim().split(''), column: column.trim().split('') };
  if ([...letters.row, ...letters.column].some((letter) => OPPOSITE[letter] === undefined)) return null;
  const towards = (perColumn: number, perRow: number): string | null => {
    const [a, b] = [Math.abs(perColumn), Math.abs(perRow)];
    if (Math.min(a, b) > 0.02 * Math.max(a, b)) return null;
    const [along, sign] = a > b ? [letters.row, Math.sign(perColumn)] : [letters.column, Math.sign(perRow)];
    return along.map((letter) => (sign > 0 ? letter : OPPOSITE[letter])).join('');
  };
  const opposite = (text: string) =>
    text
      .split('')
      .map((letter) => OPPOSITE[letter])
      .join('');
  const right = towards(map.xPerColumn, map.xPerRow);
  const bottom = towards(map.yPerColumn, map.yPerRow);
  if (right === null || bottom === null) return null;
  return { left: opposite(right), right, top: opposite(bottom), bottom };
}
