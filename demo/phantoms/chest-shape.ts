import type { Random } from '../random.ts';

/**
 * The parameters of one made-up chest. Coordinates in mm from the middle of the lungs' height: x to the left, y to the back, z to
 * the head, as DICOM's patient coordinates.
 */
export type ChestShape = {
  /** Semi-axes of the body across and from front to back, and of the cavity of the ribs within it. */
  readonly bodyMm: readonly [number, number];
  readonly cavityMm: readonly [number, number];
  /** Half of the lungs' height. */
  readonly reachMm: number;
  readonly fatMm: number;
  readonly lungHu: number;
  /** How much denser lung is at the back than at the front: who lies, breathes less there. */
  readonly dependentHu: number;
  readonly muscleHu: number;
  readonly bloodHu: number;
  readonly mediastinumMm: number;
  /** Semi-axes of the heart. */
  readonly heartMm: readonly [number, number, number];
  readonly domeMm: readonly [number, number];
  readonly hasStomachGas: boolean;
  readonly fissureHu: number;
  /** Thickening at the tops of the lungs, and flat plaques on the pleura: no nodules. */
  readonly capMm: number;
  readonly plaques: readonly {
    readonly side: -1 | 1;
    readonly turnDegrees: number;
    readonly z: number;
    readonly thickMm: number;
    readonly wideMm: number;
    readonly hu: number;
  }[];
};

/** Draws a chest: build, depth of breath, density of tissue, and what many adults have at the pleura. */
export function drawChestShape(random: Random): ChestShape {
  const size = random.between(0.9, 1.1);
  const fatMm = random.between(8, 28);
  const cavity = [size * random.between(128, 142), size * random.between(84, 98)] as const;
  const wall = random.between(16, 24);
  const plaques: ChestShape['plaques'][number][] = [];
  for (const side of [-1, 1] as const) {
    if (!random.chance(0.3)) continue;
    plaques.push({
      side,
      turnDegrees: random.between(-50, 60),
      z: random.between(-60, 50),
      thickMm: random.between(2, 3.5),
      wideMm: random.between(14, 26),
      hu: random.between(30, 250),
    });
  }
  return {
    bodyMm: [cavity[0] + wall + fatMm, cavity[1] + wall + fatMm],
    cavityMm: cavity,
    reachMm: size * random.between(98, 114),
    fatMm,
    lungHu: random.between(-885, -825),
    dependentHu: random.between(15, 70),
    muscleHu: random.between(45, 62),
    bloodHu: random.between(30, 50),
    mediastinumMm: random.between(27, 36),
    heartMm: [random.between(52, 62), random.between(42, 50), random.between(48, 56)],
    domeMm: [random.between(28, 42), random.between(22, 36)],
    hasStomachGas: random.chance(0.6),
    fissureHu: random.between(-780, -550),
    capMm: random.chance(0.35) ? random.between(2, 6) : 0,
    plaques,
  };
}
