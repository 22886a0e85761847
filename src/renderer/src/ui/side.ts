import type { TFunction } from 'i18next';

const SIDES = ['L', 'R', 'B'] as const;

/** The side of the body in words, from Laterality (0020,0060): nothing of what has no pair (U), and anything else as it came. */
export function sideOf(laterality: string | null, t: TFunction): string | null {
  const side = SIDES.find((known) => known === laterality);
  if (side !== undefined) return t(`side.${side}`);
  return laterality === 'U' ? null : laterality;
}
