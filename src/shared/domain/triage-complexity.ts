/** How much there is to read of a study, as a plain number and what it is made of: to share work out, not to place studies. */
export type StudyComplexity = {
  /** In points, whole; a radiograph of two images without priors has 1. */
  readonly score: number;
  readonly parts: readonly {
    readonly of: 'series' | 'images' | 'priors';
    readonly count: number;
    readonly points: number;
  }[];
};

/** Points for each, and the most that one of them may give: the hundredth series is not read as the first is. */
const POINTS = {
  series: { each: 0.5, most: 10 },
  images: { each: 1 / 100, most: 20 },
  priors: { each: 0.5, most: 5 },
} as const;

/** The score of a study by its series, images and other studies of the patient; at least 1. */
export function complexityOf(counts: Readonly<Record<keyof typeof POINTS, number>>): StudyComplexity {
  const parts = (['series', 'images', 'priors'] as const).map((of) => {
    const { each, most } = POINTS[of];
    return { of, count: counts[of], points: Math.round(Math.min(most, counts[of] * each) * 10) / 10 };
  });
  return { score: Math.max(1, Math.round(parts.reduce((sum, { points }) => sum + points, 0))), parts };
}
