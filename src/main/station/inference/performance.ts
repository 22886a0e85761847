import type { Performance, Rate } from '../../../shared/contract/models.ts';
import { wilsonInterval } from '../../../shared/domain/wilson-interval.ts';

/** What a model said of a study, and what was there. */
export type Judged = { readonly isFlagged: boolean; readonly isPresent: boolean };

/** Fewer positives than this carry no sensitivity (STANDARDS §8.2). */
export const FEW_POSITIVES = 20;

/** Counts and rates of what was flagged against what was there, each rate with its Wilson 95 % interval. */
export function performanceOf(judged: readonly Judged[]): Performance {
  const count = (isFlagged: boolean, isPresent: boolean) =>
    judged.filter((one) => one.isFlagged === isFlagged && one.isPresent === isPresent).length;
  const [tp, fp, fn, tn] = [count(true, true), count(true, false), count(false, true), count(false, false)];
  return {
    ...{ n: judged.length, positives: tp + fn, tp, fp, tn, fn },
    sensitivity: rateOf(tp, tp + fn),
    specificity: rateOf(tn, tn + fp),
    ppv: rateOf(tp, tp + fp),
    npv: rateOf(tn, tn + fn),
    hasFewPositives: tp + fn < FEW_POSITIVES,
  };
}

/** So many hits of so many; of nothing there is no value, and anything is possible. */
export function rateOf(hits: number, of: number): Rate {
  return { value: of === 0 ? null : hits / of, ...wilsonInterval(hits, of), hits, of };
}
