import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import { chestAnatomy } from './chest-anatomy.ts';
import { drawChestShape } from './chest-shape.ts';
import { growChestTrees } from './chest-trees.ts';
import { drawFolds } from './folds.ts';
import type { KnownMeasure, PixelPoint } from './known-measures.ts';
import { placeNodule } from './nodule.ts';
import { dxRecord, layLetter, type Shadow, WHITE } from './projection-record.ts';
import type { Vector } from './reconstruct.ts';
import { type DemoStudy, sealSeries, seriesRecord, type StudyWish, studyRecord, timeRecord } from './study-objects.ts';

/** A chest radiograph to make, from the back and from the side. */
export type ChestRadiographWish = StudyWish & {
  /** Rows and columns; 1024 unless told. */
  readonly matrix?: number;
  /** A nodule of the lung; without it there is none. */
  readonly noduleMm?: number;
  /** Which way round pixels are stored (PS3.3 §C.7.6.3.1.2); MONOCHROME2 unless told. */
  readonly isInverse?: boolean;
};

/** What is in it, and on which side the lead letter lies. */
export type ChestRadiographTruth = {
  readonly measures: readonly KnownMeasure[];
  readonly letters: readonly { readonly sopUid: string; readonly letter: 'R' | 'L'; readonly at: PixelPoint }[];
};

const FIELD_MM = 400;
const MAGNIFICATION = 1.1;
const SOURCE_TO_DETECTOR_MM = 1800;
/** The body is drawn in cells no finer than this, and spread to the pixels. */
const FINEST_CELL_MM = 2.5;
const STEP_MM = 3;
/** Millimetres of water that are white. */
const WHITE_MM = 330;
const LUNG_SHARE = 0.86;
const CHEST = ['51185008', 'SCT', 'Chest'] as const;

const VIEWS = [
  {
    ...{ name: 'pa', description: 'Chest PA', position: 'PA', orientation: ['L', 'F'] as const },
    letter: 'R',
    view: ['272479007', 'SCT', 'postero-anterior'],
    place: (u: number, depth: number, z: number): Vector => [u, depth, z],
    across: ([x]: Vector) => x,
  },
  {
    ...{ name: 'lateral', description: 'Chest LAT', position: 'LL', orientation: ['P', 'F'] as const },
    letter: 'L',
    view: ['399173006', 'SCT', 'left lateral'],
    place: (u: number, depth: number, z: number): Vector => [depth, u, z],
    across: ([, y]: Vector) => y,
  },
] as const;

/** Makes a two-view chest radiograph by projecting a drawn chest: a series a view. */
export async function makeChestRadiograph(wish: ChestRadiographWish): Promise<DemoStudy<ChestRadiographTruth>> {
  const shape = drawChestShape(seededRandom(wish.seed, 'chest-ct'));
  const folds = drawFolds(seededRandom(wish.seed, 'chest-radiograph'), 9);
  const anatomy = chestAnatomy(shape, folds);
  const { vessels } = growChestTrees(wish.seed, shape, anatomy);
  const reach = shape.reachMm * 0.8;
  const room = { depthAt: anatomy.lungDepthAt, vessels, folds, z: [-reach, reach], others: [] } as const;
  const nodule =
    wish.noduleMm === undefined
      ? null
      : placeNodule(seededRandom(wish.seed, 'nodules'), { kind: 'isolated', diameterMm: wish.noduleMm }, room);
  const matrix = wish.matrix ?? 1024;
  const spacingMm = (FIELD_MM * MAGNIFICATION) / matrix;
  const pixelMm = FIELD_MM / matrix; // in the patient
  const studyUid = uidFrom('chest-radiograph', wish.seed, 'study');
  const machine = { manufacturer: 'Northlight Imaging', model: 'Plate One', station: 'DEMODX1', serial: '30001' };
  const study = studyRecord({ studyDescription: 'XR CHEST 2 VIEWS', ...wish }, machine, studyUid);
  const measures: KnownMeasure[] = [];
  const letters: { sopUid: string; letter: 'R' | 'L'; at: PixelPoint }[] = [];
  const series = VIEWS.map((view, index) => {
    const seriesUid = uidFrom('chest-radiograph', wish.seed, view.name);
    const sopUid = uidFrom(seriesUid, 0);
    const shadow = project(view);
    for (const { from, to, radiusMm } of vessels) {
      const middle = (a: number, b: number, share: number) => a + (b - a) * share;
      for (let share = 0; share <= 1; share += 0.125) {
        const at: Vector = [0, 1, 2].map((axis) => middle(from[axis] ?? 0, to[axis] ?? 0, share)) as unknown as Vector;
        addBall(shadow, toPixel(view.across(at), at[2]), radiusMm / pixelMm, radiusMm * 0.5);
      }
    }
    if (nodule !== null) {
      const centre = toPixel(view.across(nodule.centreMm), nodule.centreMm[2]);
      const radius = nodule.radiusMm / pixelMm;
      addBall(shadow, centre, radius, nodule.radiusMm * 2 * LUNG_SHARE);
      measures.push({
        ...{ kind: 'length', name: `nodule across, ${view.name}`, sopUid, frame: 1 },
        ...{ from: [centre[0] - radius, centre[1]], to: [centre[0] + radius, centre[1]] },
        ...{ mm: nodule.radiusMm * 2, atDetectorMm: nodule.radiusMm * 2 * MAGNIFICATION },
      });
    }
    const random = seededRandom(wish.seed, `noise ${view.name}`);
    for (let pixel = 0; pixel < shadow.values.length; pixel += 1) {
      shadow.values[pixel] = ((shadow.values[pixel] as number) / WHITE_MM) * WHITE + random.normal() * 12;
    }
    const stroke = Math.max(1, Math.round(matrix / 256));
    const at: PixelPoint = [view.letter === 'R' ? stroke * 4 : matrix - stroke * 9, stroke * 4];
    layLetter(shadow, view.letter, at, stroke);
    letters.push({ sopUid, letter: view.letter, at });
    const record: DicomRecord = {
      ...study,
      ...seriesRecord(wish, {
        ...{ modality: 'DX', bodyPart: 'CHEST', protocol: 'Chest 2V' },
        ...{ seriesUid, number: index + 1, description: view.description },
      }),
      ...timeRecord(wish, index * 60),
      ...dxRecord({
        ...{ shadow, sopUid, number: 1, orientation: view.orientation, laterality: 'U', region: CHEST },
        ...{ viewPosition: view.position, view: view.view, spacingMm, magnification: MAGNIFICATION, kvp: 120 },
        ...{ sourceToDetectorMm: SOURCE_TO_DETECTOR_MM, isInverse: wish.isInverse ?? false },
      }),
    };
    return { seriesUid, description: view.description, records: [record] };
  });
  return { studyUid, series: await sealSeries(wish, series), truth: { measures, letters } };

  function toPixel(u: number, z: number): PixelPoint {
    return [u / pixelMm + (matrix - 1) / 2, -z / pixelMm + (matrix - 1) / 2];
  }

  /** Millimetres of water along each ray, spread from cells to pixels. */
  function project(view: (typeof VIEWS)[number]): Shadow {
    const cells = Math.min(matrix, Math.round(FIELD_MM / FINEST_CELL_MM));
    const cellMm = FIELD_MM / cells;
    const path = new Float32Array(cells * cells);
    const middle = (cells - 1) / 2;
    for (let row = 0; row < cells; row += 1) {
      for (let column = 0; column < cells; column += 1) {
        let sum = 0;
        for (let depth = -160; depth < 160; depth += STEP_MM) {
          const [x, y, z] = view.place((column - middle) * cellMm, depth, (middle - row) * cellMm);
          if ((x / shape.bodyMm[0]) ** 2 + (y / shape.bodyMm[1]) ** 2 > 1) continue; // who stands lies on no table
          const hu = anatomy.huAt(x, y, z, anatomy.lungDepthAt(x, y, z), cellMm);
          if (hu > -950) sum += (hu + 1000) / 1000;
        }
        path[row * cells + column] = sum * STEP_MM;
      }
    }
    return { values: enlarge(path, cells, matrix), rows: matrix, columns: matrix };
  }
}

/** Adds the shadow of a ball: its chord at each pixel, in millimetres of water. */
function addBall(shadow: Shadow, [column, row]: PixelPoint, radius: number, throughMm: number): void {
  const reach = Math.ceil(radius + 1);
  const { columns, rows, values } = shadow;
  for (let y = Math.max(0, Math.floor(row) - reach); y <= Math.min(rows - 1, row + reach); y += 1) {
    for (let x = Math.max(0, Math.floor(column) - reach); x <= Math.min(columns - 1, column + reach); x += 1) {
      const share = 1 - ((x - column) ** 2 + (y - row) ** 2) / (radius * radius);
      if (share > 0) values[y * columns + x] = (values[y * columns + x] as number) + throughMm * Math.sqrt(share);
    }
  }
}

/** Bilinear, from the middles of cells to the middles of pixels. */
function enlarge(from: Float32Array, cells: number, matrix: number): Float32Array {
  const to = new Float32Array(matrix * matrix);
  const place = (index: number) => Math.min(cells - 1.001, Math.max(0, ((index + 0.5) * cells) / matrix - 0.5));
  for (let row = 0; row < matrix; row += 1) {
    const v = place(row);
    const top = Math.floor(v);
    for (let column = 0; column < matrix; column += 1) {
      const u = place(column);
      const left = Math.floor(u);
      const at = top * cells + left;
      const [a, b, c, d] = [from[at], from[at + 1], from[at + cells], from[at + cells + 1]] as number[];
      const [fu, fv] = [u - left, v - top];
      const upper = (a as number) * (1 - fu) + (b as number) * fu;
      to[row * matrix + column] = upper * (1 - fv) + ((c as number) * (1 - fu) + (d as number) * fu) * fv;
    }
  }
  return to;
}
