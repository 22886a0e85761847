import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import { drawFolds } from './folds.ts';
import type { KnownMeasure, PixelPoint } from './known-measures.ts';
import { coded, projectionRecord, type Shadow } from './projection-record.ts';
import { type DemoStudy, sealSeries, seriesRecord, type StudyWish, studyRecord, timeRecord } from './study-objects.ts';

/** A mammogram of both breasts in two views to make. */
export type MammogramWish = StudyWish & {
  /** Rows; columns are four fifths of them. 800 unless told: binned, where a detector has 3000. */
  readonly rows?: number;
  /** A round mass; without it there is none. */
  readonly mass?: { readonly side: 'R' | 'L'; readonly diameterMm: number };
  /** Magnification of the plane the mass lies in; 1.05 unless told, 1.8 for a magnification view. */
  readonly magnification?: number;
  /** How pixels lie in the object, as detectors and plate readers store them; its orientation says so. */
  readonly storedAs?: (typeof STORED_AS)[number];
};

/** As it hangs, left and right swapped, or turned upside down. */
export const STORED_AS = ['hung', 'mirrored', 'upside-down'] as const;

export type MammogramTruth = {
  /** One object a view. */
  readonly views: readonly { readonly sopUid: string; readonly side: 'R' | 'L'; readonly view: 'CC' | 'MLO' }[];
  readonly measures: readonly KnownMeasure[];
};

const MG_FOR_PRESENTATION = '1.2.840.10008.5.1.4.1.1.1.2';
const FIELD_MM = 240;
const DEPTH_MM = 115;
const SOURCE_TO_DETECTOR_MM = 660;
const BREAST = ['76752008', 'SCT', 'Breast'] as const;
const CODES = {
  CC: ['399162004', 'SCT', 'cranio-caudal'],
  MLO: ['399368009', 'SCT', 'medio-lateral oblique'],
} as const;

/** Makes the four standard views, chest walls towards each other when right hangs left of left. */
export async function makeMammogram(wish: MammogramWish): Promise<DemoStudy<MammogramTruth>> {
  const rows = wish.rows ?? 800;
  const columns = Math.round(rows * 0.8);
  const magnification = wish.magnification ?? 1.05;
  const spacingMm = FIELD_MM / rows;
  const studyUid = uidFrom('mammogram', wish.seed, 'study');
  const machine = { manufacturer: 'VELDEN MEDICAL', model: 'Mamma 3', station: 'DEMOMG1', serial: '40001' };
  const study = studyRecord({ studyDescription: 'MG SCREENING BILATERAL', ...wish }, machine, studyUid);
  const measures: KnownMeasure[] = [];
  const views: MammogramTruth['views'][number][] = [];
  const sides = ['R', 'L'] as const;
  const series = (['CC', 'MLO'] as const).flatMap((view, viewIndex) =>
    sides.map((side, sideIndex) => {
      const number = viewIndex * 2 + sideIndex + 1;
      const seriesUid = uidFrom('mammogram', wish.seed, `${side}${view}`);
      const sopUid = uidFrom(seriesUid, 0);
      const massMm = wish.mass?.side === side ? wish.mass.diameterMm : null;
      const drawn = drawBreast({ seed: wish.seed, side, view, rows, columns, spacingMm, massMm, magnification });
      const breast = stored(drawn, wish.storedAs ?? 'hung');
      views.push({ sopUid, side, view });
      if (breast.mass !== null && massMm !== null) {
        const [column, row] = breast.mass;
        const radius = (massMm * magnification) / 2 / spacingMm;
        measures.push({
          ...{ kind: 'length', name: `mass across, ${side} ${view}`, sopUid, frame: 1 },
          ...{ from: [column - radius, row], to: [column + radius, row] },
          ...{ mm: massMm, atDetectorMm: massMm * magnification },
        });
      }
      const description = `${side} ${view}`;
      const record: DicomRecord = {
        ...study,
        ...seriesRecord(wish, {
          ...{ modality: 'MG', bodyPart: 'BREAST', protocol: 'Screening', seriesUid, number, description },
        }),
        ...timeRecord(wish, number * 45),
        ...projectionRecord({
          ...{ shadow: breast.shadow, sopUid, number: 1, laterality: side, region: BREAST, view: CODES[view] },
          ...{ viewPosition: view, spacingMm, magnification, kvp: 28, sourceToDetectorMm: SOURCE_TO_DETECTOR_MM },
          ...{ isInverse: false, orientation: ['A', 'R'] },
        }),
        SOPClassUID: MG_FOR_PRESENTATION,
        PatientOrientation: storedOrientation(orientationOf(side, view), wish.storedAs ?? 'hung'),
        ViewPosition: view,
        ViewCodeSequence: [{ ...coded(CODES[view]), ViewModifierCodeSequence: [] }],
        PositionerType: 'MAMMOGRAPHIC',
        PositionerPrimaryAngle: view === 'CC' ? 0 : side === 'R' ? -45 : 45,
        OrganExposed: 'BREAST',
        BreastImplantPresent: 'NO',
        PartialView: 'NO',
        ImageType: ['DERIVED', 'PRIMARY'],
        CompressionForce: 100,
        BodyPartThickness: 52,
        AnodeTargetMaterial: 'TUNGSTEN',
      };
      return { seriesUid, description, records: [record] };
    }),
  );
  return { studyUid, series: await sealSeries(wish, series), truth: { views, measures } };
}

/** Which way rows and columns run: the chest wall of the right breast is at the image's right (PS3.3 §C.8.11.7.1.3). */
function orientationOf(side: 'R' | 'L', view: 'CC' | 'MLO'): readonly [string, string] {
  if (view === 'CC') return side === 'R' ? ['P', 'L'] : ['A', 'R'];
  return side === 'R' ? ['P', 'FL'] : ['A', 'FR'];
}

type Breast = { readonly shadow: Shadow; readonly mass: PixelPoint | null };

/** A picture the other way round; a quarter of a turn would need other rows and columns. */
function stored({ shadow, mass }: Breast, how: (typeof STORED_AS)[number]): Breast {
  const { rows, columns, values } = shadow;
  if (how === 'hung') return { shadow, mass };
  const isTurned = how === 'upside-down';
  const moved = values.map((_, at) => {
    const [row, column] = [Math.floor(at / columns), columns - 1 - (at % columns)];
    return values[(isTurned ? rows - 1 - row : row) * columns + column] as number;
  });
  return {
    shadow: { rows, columns, values: moved },
    mass: mass && [columns - 1 - mass[0], isTurned ? rows - 1 - mass[1] : mass[1]],
  };
}

const OPPOSITE: Readonly<Record<string, string>> = { A: 'P', P: 'A', L: 'R', R: 'L', H: 'F', F: 'H' };

function storedOrientation(
  [right, down]: readonly [string, string],
  how: (typeof STORED_AS)[number],
): readonly [string, string] {
  const opposite = (letters: string) => letters.replaceAll(/[APLRHF]/g, (letter) => OPPOSITE[letter] ?? letter);
  if (how === 'hung') return [right, down];
  return [opposite(right), how === 'upside-down' ? opposite(down) : down];
}

function drawBreast(wish: {
  readonly seed: number;
  readonly side: 'R' | 'L';
  readonly view: 'CC' | 'MLO';
  readonly rows: number;
  readonly columns: number;
  readonly spacingMm: number;
  readonly massMm: number | null;
  readonly magnification: number;
}): Breast {
  const { side, view, rows, columns, spacingMm, massMm } = wish;
  const random = seededRandom(wish.seed, `${side}${view}`);
  const folds = drawFolds(seededRandom(wish.seed, `tissue ${side}`), 11);
  const dense = seededRandom(wish.seed, 'density').between(0.2, 0.75);
  const height = random.between(82, 98);
  const values = new Float32Array(rows * columns);
  const massAt = [DEPTH_MM * 0.45, random.between(-25, 25)] as const;
  const isRight = side === 'R';
  const middle = (rows - 1) / 2;
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const depth = (isRight ? columns - 1 - column : column) * spacingMm;
      const y = (row - middle) * spacingMm;
      const rho = Math.hypot(depth / DEPTH_MM, y / height);
      let value = 60;
      if (rho < 1) {
        const thick = Math.min(1, (1 - rho) * 5);
        const gland = Math.max(0, 1 - Math.hypot((depth - 55) / 50, y / 55));
        const texture = folds(depth, y, 3) * 0.6 + folds(depth * 2.7, y * 2.7, 40) * 0.4;
        value = 380 + 700 * thick + 1500 * dense * gland * (0.7 + 0.6 * texture) + 90 * texture;
        if (view === 'MLO' && depth < (60 - (y + height)) * 0.55 + 12) value += 900;
        if (massMm !== null) {
          const away = Math.hypot(depth - massAt[0], y - massAt[1]) / ((massMm * wish.magnification) / 2);
          if (away < 1) value += 500 + 700 * Math.sqrt(1 - away * away);
        }
      }
      values[row * columns + column] = value + random.normal() * 16;
    }
  }
  const massColumn = massAt[0] / spacingMm;
  const mass: PixelPoint = [isRight ? columns - 1 - massColumn : massColumn, middle + massAt[1] / spacingMm];
  return { shadow: { values, rows, columns }, mass: massMm === null ? null : mass };
}
