import { expect, test } from 'vitest';
import { cross, edgeLetters, imageToCanvas, type Vector3 } from '../geometry.ts';
import type { Stack, StackImage } from '../stack.ts';
import { DIRECTIONS, gridAt, MPR_PLANES, reslice, resliceMarks, type Volume, valueAtPlace } from './reslice.ts';
import { turnFrames } from './turn-planes.ts';
import { middleOfVolume, placeOfVoxel, toldAs, type VolumeGeometry, volumeOf, voxelOf } from './volume.ts';

type Shape = {
  readonly alongRow: Vector3;
  readonly alongColumn: Vector3;
  /** From one image to the next, mm. */
  readonly step: Vector3;
  readonly originMm?: Vector3;
  readonly count?: number;
};

const SIZE = { columns: 24, rows: 20 };

function stackOf(
  { alongRow, alongColumn, step, originMm = [-12, -15, 30], count = 16 }: Shape,
  change: (image: StackImage, index: number) => Partial<StackImage> = () => ({}),
): Stack {
  const images = Array.from({ length: count }, (_, index): StackImage => {
    const at: Vector3 = [originMm[0] + index * step[0], originMm[1] + index * step[1], originMm[2] + index * step[2]];
    const plane = { originMm: at, alongRow, alongColumn, columnSpacing: 1, rowSpacing: 1.5 };
    const image = {
      ...{
        sopUid: `s${index}`,
        frame: 1,
        frameOfReferenceUid: 'f',
        modality: 'CT',
        ...SIZE,
        bytes: SIZE.columns * SIZE.rows * 2,
      },
      ...{ isColour: false, plane, drawnPlane: plane, spacing: { kind: 'patient', rowMm: 1.5, columnMm: 1 } },
    } as unknown as StackImage;
    return { ...image, ...change(image, index) };
  });
  return { seriesUid: '1', modality: 'CT', images };
}

const AXIAL: Shape = { alongRow: [1, 0, 0], alongColumn: [0, 1, 0], step: [0, 0, 2] };
/** The planes as they open, and three that lean in two directions. */
const LEANING = turnFrames(turnFrames(DIRECTIONS, 'axial', 31), 'coronal', -17);
const FRAMES = [...MPR_PLANES.map((plane) => DIRECTIONS[plane]), ...MPR_PLANES.map((plane) => LEANING[plane])];

const ORIENTATIONS: readonly (readonly [string, Shape])[] = [
  ['axial', AXIAL],
  ['axial from the head down', { ...AXIAL, step: [0, 0, -2] }],
  [
    'axial with the patient face down and rows to the right',
    { alongRow: [-1, 0, 0], alongColumn: [0, -1, 0], step: [0, 0, 2] },
  ],
  ['sagittal', { alongRow: [0, 1, 0], alongColumn: [0, 0, -1], step: [2, 0, 0] }],
  ['coronal', { alongRow: [1, 0, 0], alongColumn: [0, 0, -1], step: [0, 2, 0] }],
  ['oblique', oblique()],
];

function oblique(): Shape {
  const [a, b] = [Math.cos(0.4), Math.sin(0.4)];
  const [alongRow, alongColumn]: [Vector3, Vector3] = [
    [1, 0, 0],
    [0, a, b],
  ];
  const [x, y, z] = cross(alongRow, alongColumn);
  return { alongRow, alongColumn, step: [2 * x, 2 * y, 2 * z] };
}

const geometryOf = (stack: Stack, most = 1e9): VolumeGeometry => {
  const volume = volumeOf(stack, most);
  if (!volume.ok) throw new Error(volume.error.code);
  return volume.value;
};

/** A volume whose value at each place is linear in it: x + 10 y + 100 z, as stored values with a slope and an intercept. */
function linearVolume(geometry: VolumeGeometry): Volume {
  const slices = geometry.images.map((_, k) => {
    const values = new Float32Array(geometry.columns * geometry.rows);
    for (let j = 0; j < geometry.rows; j += 1)
      for (let i = 0; i < geometry.columns; i += 1) {
        const [x, y, z] = placeOfVoxel(geometry, [i, j, k]);
        values[j * geometry.columns + i] = (x + 10 * y + 100 * z + 1024) / 2;
      }
    return { values, slope: 2, intercept: -1024 };
  });
  return { geometry, slices };
}

test.each(ORIENTATIONS)('%s: every plane shows each place with the value it has in the patient', (_name, shape) => {
  const volume = linearVolume(geometryOf(stackOf(shape)));
  const middle = middleOfVolume(volume.geometry);
  for (const [number, frame] of FRAMES.entries()) {
    const grid = gridAt(frame, middle, { columns: 9, rows: 7 }, 0.75);
    const picture = reslice(volume, grid, { kind: 'none', mm: 0 });
    const { originMm, alongRow, alongColumn } = grid.plane;
    const wrong = [...picture].filter((value, index) => {
      const [right, down] = [(index % 9) * 0.75, Math.floor(index / 9) * 0.75];
      const [x, y, z] = [0, 1, 2].map(
        (axis) => (originMm[axis] ?? 0) + right * (alongRow[axis] ?? 0) + down * (alongColumn[axis] ?? 0),
      ) as [number, number, number];
      return !(Math.abs(value - (x + 10 * y + 100 * z)) < 0.01);
    });
    expect([number, wrong.length]).toEqual([number, 0]);
  }
  expect(valueAtPlace(volume, middle)).toBeCloseTo(middle[0] + 10 * middle[1] + 100 * middle[2], 2);
});

test.each(ORIENTATIONS)(
  '%s: marks lie on the voxels they were made on, in every plane, and on none beside',
  (_name, shape) => {
    const geometry = geometryOf(stackOf(shape));
    const wanted = voxelOf(geometry, middleOfVolume(geometry)).map(Math.round) as unknown as Vector3;
    const bits = new Uint8Array(geometry.columns * geometry.rows);
    bits[wanted[1] * geometry.columns + wanted[0]] = 1;
    for (const [number, frame] of FRAMES.entries()) {
      const grid = gridAt(frame, placeOfVoxel(geometry, wanted), { columns: 31, rows: 31 }, 0.5);
      const marked = resliceMarks(geometry, grid, (k) => (k === wanted[2] ? bits : null));
      const { originMm, alongRow, alongColumn } = grid.plane;
      const isRight = [...marked].every((one, index) => {
        const [right, down] = [(index % 31) * 0.5, Math.floor(index / 31) * 0.5];
        const place = [0, 1, 2].map(
          (axis) => (originMm[axis] ?? 0) + right * (alongRow[axis] ?? 0) + down * (alongColumn[axis] ?? 0),
        ) as unknown as Vector3;
        const here = voxelOf(geometry, place).map(Math.round);
        return (one === 1) === here.every((at, axis) => at === wanted[axis]);
      });
      expect([number, isRight, marked[15 * 31 + 15]]).toEqual([number, true, 1]);
    }
  },
);

test('each plane faces the way it is looked at', () => {
  const letters = MPR_PLANES.map((plane) =>
    edgeLetters(
      gridAt(DIRECTIONS[plane], [0, 0, 0], { columns: 3, rows: 3 }, 1).plane,
      imageToCanvas([0, 0], [1, 0], [0, 1]),
    ),
  );
  expect(letters).toEqual([
    { left: 'R', right: 'L', top: 'A', bottom: 'P' },
    { left: 'A', right: 'P', top: 'H', bottom: 'F' },
    { left: 'R', right: 'L', top: 'H', bottom: 'F' },
  ]);
});

test('a slab takes the greatest, the least and the mean through just its thickness, half on each side', () => {
  const volume = linearVolume(geometryOf(stackOf(AXIAL)));
  const middle: Vector3 = [0, 0, 45];
  const grid = gridAt(DIRECTIONS.axial, middle, { columns: 1, rows: 1 }, 1);
  const through = (kind: 'mip' | 'minip' | 'mean', mm: number) => reslice(volume, grid, { kind, mm })[0];
  // 100 a mm along z: 5 mm up and 5 mm down.
  expect([through('mip', 10), through('minip', 10), through('mean', 10), through('mip', 0)]).toEqual([
    5000, 4000, 4500, 4500,
  ]);
  // At the edge only what was measured counts: images lie from 30 to 60 mm, and half a step beyond.
  const edge = gridAt(DIRECTIONS.axial, [0, 0, 60], { columns: 1, rows: 1 }, 1);
  expect(reslice(volume, edge, { kind: 'minip', mm: 10 })[0]).toBeCloseTo(5500, 3);
});

test('shows nothing where nothing was measured', () => {
  const volume = linearVolume(geometryOf(stackOf(AXIAL)));
  const grid = gridAt(DIRECTIONS.axial, [0, 0, 62], { columns: 3, rows: 1 }, 1);
  expect([...reslice(volume, grid, { kind: 'none', mm: 0 })]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

const refusal = (stack: Stack) => {
  const volume = volumeOf(stack, 1e9);
  return volume.ok ? null : volume.error.code;
};

test('says why a series is no volume, rather than drawing one that lies', () => {
  const place = ({ plane }: StackImage, by: Vector3) => {
    const moved = {
      ...plane,
      originMm: [
        (plane?.originMm[0] ?? 0) + by[0],
        (plane?.originMm[1] ?? 0) + by[1],
        (plane?.originMm[2] ?? 0) + by[2],
      ],
    };
    return { plane: moved, drawnPlane: moved } as unknown as Partial<StackImage>;
  };
  const tilt = 0.3;
  expect([
    refusal(stackOf({ ...AXIAL, count: 3 })),
    refusal(stackOf(AXIAL, (_, index) => (index === 3 ? { plane: null } : {}))),
    refusal(stackOf(AXIAL, () => ({ spacing: { kind: 'none' } }))),
    refusal(stackOf(AXIAL, (_, index) => (index > 7 ? { frameOfReferenceUid: 'g' } : {}))),
    refusal(stackOf(AXIAL, () => ({ frameOfReferenceUid: null }))),
    refusal(stackOf(AXIAL, (_, index) => (index === 3 ? { rows: 21 } : {}))),
    refusal(stackOf(AXIAL, () => ({ isColour: true }))),
    // One image is missing: the rest are two steps apart there.
    refusal({ ...stackOf(AXIAL), images: stackOf(AXIAL).images.toSpliced(7, 1) }),
    // Two at one place, as of two acquisitions.
    refusal(stackOf(AXIAL, (image, index) => (index === 8 ? place(image, [0, 0, -2]) : {}))),
    // A gantry that leans: images are shifted along their own columns.
    refusal(stackOf({ alongRow: [1, 0, 0], alongColumn: [0, Math.cos(tilt), -Math.sin(tilt)], step: [0, 0, 2] })),
  ]).toEqual([
    ...['too-few-images', 'no-place', 'no-place', 'several-frames-of-reference', 'several-frames-of-reference'],
    ...['different-images', 'colour', 'uneven-spacing', 'uneven-spacing', 'tilted'],
  ]);
});

test('takes every second image where all would not fit, and its steps are as long', () => {
  const stack = stackOf(AXIAL);
  const bytes = stack.images.reduce((sum, one) => sum + one.bytes, 0);
  const volume = geometryOf(stack, bytes / 2);
  expect([volume.thinning, volume.images.length, volume.spacingMm]).toEqual([2, 8, [1, 1.5, 4]]);
  expect(voxelOf(volume, [-12, -15, 38])).toEqual([0, 0, 2]);
});

test('tells values in the unit all images agree on, PET in SUV times its factor, and in none where they do not', () => {
  const rescale = { slope: 1, intercept: 0, unit: 'SUVbw', factor: 0.0002 };
  const pet = geometryOf(stackOf(AXIAL, () => ({ rescale })));
  const mixed = geometryOf(
    stackOf(AXIAL, (_, index) => ({ rescale: index === 3 ? { ...rescale, factor: 1 } : rescale })),
  );
  const plain = geometryOf(stackOf(AXIAL, () => ({ rescale: { slope: 1, intercept: -1024, unit: 'HU' } })));
  expect([toldAs(pet), toldAs(mixed), toldAs(plain)]).toEqual([
    { unit: 'SUVbw', factor: 0.0002 },
    { unit: null, factor: 1 },
    { unit: 'HU', factor: 1 },
  ]);
});
