import type { ModelLabel } from '../../../shared/domain/model-manifest.ts';
import type { RunFinished } from './runner-protocol.ts';

/** What a run says of one label. `not-flagged` is all that is said then: never that the thing is absent. */
export type LabelVerdict = { readonly label: string } & (
  | { readonly state: 'flagged'; readonly score: number; readonly threshold: number }
  /** The score is null where the model gave nothing that could be scored, as no box. */
  | { readonly state: 'uncertain' | 'not-flagged'; readonly score: number | null; readonly threshold: number | null }
);

/** What the runner found, as far as labels are judged by it. */
type Answer = Pick<RunFinished, 'outputs' | 'boxLabels' | 'masks'>;

/** Holds every label's score against the thresholds in force, in the manifest's order; `flagFrom` is by label, null for never. */
export function judgeLabels(
  labels: readonly Pick<ModelLabel, 'id' | 'score' | 'uncertainFrom'>[],
  answer: Answer,
  flagFrom: Readonly<Record<string, number | null>>,
): readonly LabelVerdict[] {
  return labels.map((label): LabelVerdict => {
    const threshold = flagFrom[label.id] ?? null;
    const score = scoreOf(label, answer);
    if (score !== null && threshold !== null && score >= threshold)
      return { label: label.id, state: 'flagged', score, threshold };
    const isUncertain = score !== null && label.uncertainFrom !== undefined && score >= label.uncertainFrom;
    return { label: label.id, state: isUncertain ? 'uncertain' : 'not-flagged', score, threshold };
  });
}

/** What a label is flagged by; several stacks of one series count together. */
function scoreOf({ id, score }: Pick<ModelLabel, 'id' | 'score'>, answer: Answer): number | null {
  const masks = answer.masks.filter(({ label }) => label === id);
  const highest = (values: readonly (number | null)[]) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);
  const numbers = (role: 'probability' | 'measurement') =>
    answer.outputs.filter((output) => output.role === role && output.label === id).map(({ value }) => value);
  const boxes = answer.boxLabels.filter(({ label }) => label === id);
  switch (score) {
    case 'probability':
      return highest(numbers('probability'));
    case 'number':
      return highest(numbers('measurement'));
    case 'best-box':
      return highest(boxes.map(({ best }) => best));
    case 'boxes':
      return sum(boxes.map(({ count }) => count));
    case 'volume-ml':
      return masks.every(({ volumeMl }) => volumeMl !== null) ? sum(masks.map(({ volumeMl }) => volumeMl ?? 0)) : null;
    case 'cells':
      return sum(masks.map(({ cells }) => cells));
    case 'peak':
      return highest(masks.map(({ peak }) => peak));
  }
}
