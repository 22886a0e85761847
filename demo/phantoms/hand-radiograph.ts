import { seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import type { KnownMeasure, PixelPoint } from './known-measures.ts';
import { dxRecord, layLetter, type Shadow } from './projection-record.ts';
import { type DemoStudy, sealSeries, seriesRecord, type StudyWish, studyRecord, timeRecord } from './study-objects.ts';

/** A hand radiograph to make, from the back of the hand. */
export type HandRadiographWish = StudyWish & {
  /** Rows; columns are three quarters of them. 768 unless told. */
  readonly rows?: number;
  readonly side?: 'R' | 'L';
  /** MONOCHROME1 unless told otherwise: as many plate readers of hands store it. */
  readonly isInverse?: boolean;
};

export type HandRadiographTruth = {
  readonly side: 'R' | 'L';
  /** Lengths of bones, and the angles between a finger's bones. */
  readonly measures: readonly KnownMeasure[];
};

type Bone = {
  readonly name: string;
  readonly from: PixelPoint;
  readonly to: PixelPoint;
  readonly radiusMm: number;
};

const FIELD_MM = 240;
const HAND = ['85562004', 'SCT', 'Hand'] as const;
const FINGERS = ['thumb', 'index finger', 'middle finger', 'ring finger', 'little finger'] as const;
/** Of each finger: where its metacarpal begins, its direction from straight up, and the lengths of its bones. */
const RAYS: readonly (readonly [x: number, y: number, degrees: number, bonesMm: readonly number[]])[] = [
  [24, 30, 42, [46, 32, 23]],
  [16, 18, 10, [66, 42, 25, 18]],
  [3, 16, 1, [64, 46, 29, 19]],
  [-10, 18, -8, [57, 42, 28, 19]],
  [-21, 24, -18, [53, 34, 20, 17]],
];
const GAP_MM = 3;

/** Makes a hand radiograph: bones as rods of known lengths, joined at known angles, in soft tissue. The hand lies on the detector. */
export async function makeHandRadiograph(wish: HandRadiographWish): Promise<DemoStudy<HandRadiographTruth>> {
  const random = seededRandom(wish.seed, 'hand');
  const picked = random.pick(['R', 'L'] as const);
  const side = wish.side ?? picked;
  const rows = wish.rows ?? 768;
  const columns = Math.round(rows * 0.75);
  const spacingMm = FIELD_MM / rows;
  const scale = random.between(0.9, 1.1);
  // From the back of the right hand the thumb lies at the image's left.
  const mirror = side === 'R' ? -1 : 1;
  const toPixel = (x: number, y: number): PixelPoint => [
    (mirror * x) / spacingMm + columns / 2,
    rows * 0.8 - y / spacingMm,
  ];
  const seriesUid = uidFrom('hand', wish.seed, 'series');
  const sopUid = uidFrom(seriesUid, 0);
  const bones: Bone[] = [];
  const measures: KnownMeasure[] = [];
  for (const [finger, [startX, startY, degrees, lengths]] of RAYS.entries()) {
    let [x, y, way] = [startX * scale, startY * scale, degrees + random.between(-3, 3)];
    let before: readonly [PixelPoint, PixelPoint, number] | null = null;
    for (const [bone, length] of lengths.entries()) {
      if (bone > 0) way += random.between(-6, 6);
      const mm = length * scale;
      const radians = (way * Math.PI) / 180;
      const end = [x + mm * Math.sin(radians), y + mm * Math.cos(radians)] as const;
      const [from, to] = [toPixel(x, y), toPixel(...end)];
      const name = `${FINGERS[finger]}, bone ${bone + 1}`;
      bones.push({ name, from, to, radiusMm: (6 - bone) * scale * 0.8 });
      measures.push({ kind: 'length', name, sopUid, frame: 1, from, to, mm, atDetectorMm: mm });
      if (before !== null) {
        // At the joint, halfway between the two ends; the legs run as the bones do.
        const joint = midpoint(before[1], from);
        const points = [shifted(before[0], before[1], joint), joint, shifted(to, from, joint)] as const;
        const between = 180 - Math.abs(way - before[2]);
        measures.push({
          kind: 'angle',
          name: `${name} against the one before`,
          sopUid,
          frame: 1,
          points,
          degrees: between,
        });
      }
      before = [from, to, way];
      x = end[0] + GAP_MM * Math.sin(radians);
      y = end[1] + GAP_MM * Math.cos(radians);
    }
  }
  const shadow = drawHand(rows, columns, spacingMm, bones, toPixel);
  for (let pixel = 0; pixel < shadow.values.length; pixel += 1) {
    shadow.values[pixel] = (shadow.values[pixel] as number) + random.normal() * 14;
  }
  const stroke = Math.max(1, Math.round(rows / 256));
  layLetter(shadow, side, [side === 'R' ? stroke * 3 : columns - stroke * 9, stroke * 3], stroke);
  const studyUid = uidFrom('hand', wish.seed, 'study');
  const machine = { manufacturer: 'Haruka Medical', model: 'Plate Hana', station: 'DEMODX2', serial: '30002' };
  const description = `Hand PA ${side}`;
  const record = {
    ...studyRecord({ studyDescription: 'XR HAND', ...wish }, machine, studyUid),
    ...seriesRecord(wish, {
      ...{ modality: 'DX', bodyPart: 'HAND', protocol: 'Hand PA', seriesUid, number: 1, description },
    }),
    ...timeRecord(wish, 10),
    ...dxRecord({
      ...{ shadow, sopUid, number: 1, laterality: side, region: HAND, viewPosition: 'PA', spacingMm, kvp: 52 },
      ...{ orientation: [side, 'H'], view: ['272479007', 'SCT', 'postero-anterior'] },
      ...{ magnification: 1, sourceToDetectorMm: 1100, isInverse: wish.isInverse ?? true },
    }),
  };
  const series = await sealSeries(wish, [{ seriesUid, description, records: [record] }]);
  return { studyUid, series, truth: { side, measures } };
}

function drawHand(
  rows: number,
  columns: number,
  spacingMm: number,
  bones: readonly Bone[],
  toPixel: (x: number, y: number) => PixelPoint,
): Shadow {
  const flesh = new Float32Array(rows * columns);
  const bone = new Float32Array(rows * columns);
  /** Raises what a body reaches, within the pixels around it. */
  const lay = (
    into: Float32Array,
    { from, to }: Pick<Bone, 'from' | 'to'>,
    radius: number,
    shareAt: typeof rodAt,
  ): void => {
    const [left, right] = [Math.min(from[0], to[0]) - radius, Math.max(from[0], to[0]) + radius];
    const [top, bottom] = [Math.min(from[1], to[1]) - radius, Math.max(from[1], to[1]) + radius];
    for (let row = Math.max(0, Math.floor(top)); row <= Math.min(rows - 1, bottom); row += 1) {
      for (let column = Math.max(0, Math.floor(left)); column <= Math.min(columns - 1, right); column += 1) {
        const at = row * columns + column;
        into[at] = Math.max(into[at] as number, shareAt([column, row], from, to, radius));
      }
    }
  };
  lay(flesh, { from: toPixel(0, -60), to: toPixel(0, 6) }, 26 / spacingMm, depthIn);
  lay(flesh, { from: toPixel(0, 20), to: toPixel(-2, 68) }, 36 / spacingMm, depthIn);
  for (const one of bones) {
    lay(flesh, one, (one.radiusMm + 5) / spacingMm, depthIn);
    lay(bone, one, one.radiusMm / spacingMm, rodAt);
  }
  for (const x of [-9, 10]) lay(bone, { from: toPixel(x, -60), to: toPixel(x, -4) }, 8 / spacingMm, rodAt);
  const values = flesh.map((deep, at) => 150 + 900 * Math.sqrt(Math.min(1, deep * 3)) + 1900 * (bone[at] as number));
  return { values, rows, columns };
}

/** How deep in a round-ended body a pixel lies, as a share of its radius; nothing outside. */
function depthIn(at: PixelPoint, from: PixelPoint, to: PixelPoint, radius: number): number {
  return Math.max(0, 1 - awayFrom(at, from, to, true) / radius);
}

/** A bone: flat-ended, so that its length ends where it is said to, denser at its rim. */
function rodAt(at: PixelPoint, from: PixelPoint, to: PixelPoint, radius: number): number {
  const away = awayFrom(at, from, to, false) / radius;
  return away >= 1 ? 0 : away > 0.72 ? 1 : 0.62;
}

function awayFrom([x, y]: PixelPoint, from: PixelPoint, to: PixelPoint, isRound: boolean): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const share = ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy);
  if (!isRound && (share < 0 || share > 1)) return Number.POSITIVE_INFINITY;
  const on = Math.min(1, Math.max(0, share));
  return Math.hypot(x - from[0] - on * dx, y - from[1] - on * dy);
}

function midpoint(a: PixelPoint, b: PixelPoint): PixelPoint {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** A bone's far end, moved as its near end would be to lie on the joint. */
function shifted(end: PixelPoint, near: PixelPoint, joint: PixelPoint): PixelPoint {
  return [end[0] + joint[0] - near[0], end[1] + joint[1] - near[1]];
}
