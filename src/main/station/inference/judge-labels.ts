import type { LabelScore, ModelLabel, ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { RunFinished } from './runner-protocol.ts';

/** What a run says of one label. `not-flagged` is all that is said then: never that the thing is absent. */
export type LabelVerdict = { readonly label: string } & (
  | { readonly state: 'flagged'; readonly score: number; readonly threshold: number }
  | {
      readonly state: 'uncertain';
      readonly score: number;
      readonly threshold: number | null;
      readonly uncertainFrom: number;
    }
  /** The score is null where the model gave nothing that could be scored, as no box. */
  | { readonly state: 'not-flagged'; readonly score: number | null; readonly threshold: number | null }
);

/** What a score is: of how many stacks of images it is the sum, or else the highest; its unit in UCUM, null where it has none. */
export type ScoreBasis = { readonly score: LabelScore; readonly unit: string | null; readonly stacks: number };

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
    const { uncertainFrom } = label;
    if (score !== null && uncertainFrom !== undefined && score >= uncertainFrom)
      return { label: label.id, state: 'uncertain', score, threshold, uncertainFrom };
    return { label: label.id, state: 'not-flagged', score, threshold };
  });
}

/** What a label of this manifest was judged by in this answer. */
export function basisOf(
  { id, score }: Pick<ModelLabel, 'id' | 'score'>,
  outputs: ModelManifest['outputs'],
  answer: Pick<Answer, 'masks'> & { readonly geometry: Pick<RunFinished['geometry'], 'stacks'> },
): ScoreBasis {
  const marked = answer.masks.filter(({ label, pixels }) => label === id && pixels > 0).length;
  const number = outputs.find((output) => output.role === 'number' && output.label === id);
  const isOfMasks = score === 'volume-ml' || score === 'cells' || score === 'peak';
  return {
    score,
    unit: score === 'volume-ml' ? 'mL' : score === 'number' && number?.role === 'number' ? number.unit : null,
    stacks: isOfMasks ? Math.max(1, marked) : answer.geometry.stacks,
  };
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
