import type { Random } from '../random.ts';

/**
 * The parameters of one made-up head. Head coordinates in mm from the middle of the brain: x to the left, y to the back,
 * z to the top, as in DICOM's patient coordinates but turned with the head.
 */
export type HeadShape = {
  /** Semi-axes of the inner surface of the skull. */
  readonly brainMm: readonly [number, number, number];
  readonly egg: number;
  readonly skullMm: number;
  readonly scalpMm: number;
  readonly csfMm: number;
  readonly ventricleScale: number;
  readonly greyHu: number;
  readonly whiteHu: number;
  readonly csfHu: number;
  readonly muscleHu: number;
  readonly venousHu: number;
  readonly falxHalfMm: number;
  readonly falxHu: number;
  /** Height above normal tissue right at the inner table, where beam hardening is not fully corrected. */
  readonly cuppingHu: number;
  readonly petrousStreakHu: number;
  /** Small bright spheres that are no blood: calcified choroid, pineal gland, plaques of the falx. */
  readonly calcifications: readonly {
    readonly centreMm: readonly [number, number, number];
    readonly radiusMm: number;
    readonly hu: number;
  }[];
  readonly sinusAir: boolean;
};

/** Draws a head: size, tissue contrast, atrophy and the calcifications that many adults have. */
export function drawHeadShape(random: Random): HeadShape {
  const size = random.between(0.94, 1.07);
  const brainMm = [
    size * random.between(65, 72),
    size * random.between(82, 90),
    size * random.between(62, 69),
  ] as const;
  const greyHu = random.between(34, 40);
  const calcifications: { centreMm: [number, number, number]; radiusMm: number; hu: number }[] = [];
  for (const side of [-1, 1]) {
    if (random.chance(0.6)) {
      calcifications.push({
        centreMm: [side * 20, 29, 11],
        radiusMm: random.between(1.5, 4),
        hu: random.between(110, 400),
      });
    }
    if (random.chance(0.12)) {
      calcifications.push({
        centreMm: [side * 19, -4, 3],
        radiusMm: random.between(1.5, 3.5),
        hu: random.between(70, 160),
      });
    }
  }
  if (random.chance(0.65)) {
    calcifications.push({ centreMm: [0, 25, 5], radiusMm: random.between(1.5, 3.5), hu: random.between(120, 350) });
  }
  if (random.chance(0.3)) {
    calcifications.push({
      centreMm: [0, -brainMm[1] * 0.6, 38],
      radiusMm: random.between(2, 4),
      hu: random.between(150, 500),
    });
  }
  return {
    brainMm,
    egg: random.between(0.03, 0.08),
    skullMm: random.between(5, 8.5),
    scalpMm: random.between(4.5, 8),
    csfMm: random.between(0.8, 3.2),
    ventricleScale: random.between(0.75, 1.5),
    greyHu,
    whiteHu: greyHu - random.between(6, 9.5),
    csfHu: random.between(4, 11),
    muscleHu: random.between(52, 64),
    venousHu: random.between(48, 60),
    falxHalfMm: random.between(0.6, 1.4),
    falxHu: random.between(48, 66),
    cuppingHu: random.between(2, 9),
    petrousStreakHu: random.between(3, 10),
    calcifications,
    sinusAir: random.chance(0.85),
  };
}
