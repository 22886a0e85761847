import { type FlagWhen, reaches, worstOf } from '../../../shared/domain/flag-when.ts';
import type { LabelScore, ModelLabel, ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { RunFinished } from './runner-protocol.ts';

/** What a run says of one label. `not-flagged` is all that is said then: never that the thing is absent. */
export type LabelVerdict = { readonly label: string; readonly flagWhen: FlagWhen } & (
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

/** What a score is: of how many stacks of images it is the sum, or else the worst; its unit in UCUM, null where it has none; from which side it is flagged. */
export type ScoreBasis = {
  readonly score: LabelScore;
  readonly unit: string | null;
  readonly stacks: number;
  readonly flagWhen: FlagWhen;
};

/** What the runner found, as far as labels are judged by it. */
type Answer = Pick<RunFinished, 'outputs' | 'boxLabels' | 'masks'>;

/** Holds every label's score against the thresholds in force, in the manifest's order; `flagFrom` is by label, null for never. */
export function judgeLabels(
  labels: readonly Pick<ModelLabel, 'id' | 'score' | 'flagWhen' | 'uncertainFrom'>[],
  answer: Answer,
  flagFrom: Readonly<Record<string, number | null>>,
): readonly LabelVerdict[] {
  return labels.map((label): LabelVerdict => {
    const threshold = flagFrom[label.id] ?? null;
    const score = scoreOf(label, answer);
    const { uncertainFrom, flagWhen } = label;
    const about = { label: label.id, flagWhen };
    if (score !== null && threshold !== null && reaches(score, threshold, flagWhen))
      return { ...about, state: 'flagged', score, threshold };
    if (score !== null && uncertainFrom !== undefined && reaches(score, uncertainFrom, flagWhen))
      return { ...about, state: 'uncertain', score, threshold, uncertainFrom };
    return { ...about, state: 'not-flagged', score, threshold };
  });
}

/** What a label of this manifest was judged by in this answer. */
export function basisOf(
  { id, score, flagWhen }: Pick<ModelLabel, 'id' | 'score' | 'flagWhen'>,
  outputs: ModelManifest['outputs'],
  answer: Pick<Answer, 'masks'> & { readonly geometry: Pick<RunFinished['geometry'], 'stacks'> },
): ScoreBasis {
  const marked = answer.masks.filter(({ label, pixels }) => label === id && pixels > 0).length;
  const number = outputs.find((output) => output.role === 'number' && output.label === id);
  const isOfMasks = score === 'volume-ml' || score === 'cells' || score === 'peak';
  return {
    score,
    unit: score === 'volume-ml' ? 'mL' : score === 'number' && number?.role === 'number' ? number.unit : null,
    flagWhen,
    stacks: isOfMasks ? Math.max(1, marked) : answer.geometry.stacks,
  };
}

/** What a label is flagged by; several stacks of one series count together. */
function scoreOf(
  { id, score, flagWhen }: Pick<ModelLabel, 'id' | 'score' | 'flagWhen'>,
  answer: Answer,
): number | null {
  const masks = answer.masks.filter(({ label }) => label === id);
  const worst = (values: readonly (number | null)[]) =>
    worstOf(
      values.filter((value) => value !== null),
      flagWhen,
    );
  const sum = (values: readonly number[]) => values.reduce((total, one) => total + one, 0);
  const numbers = (role: 'probability' | 'measurement') =>
    answer.outputs.filter((output) => output.role === role && output.label === id).map(({ value }) => value);
  const boxes = answer.boxLabels.filter(({ label }) => label === id);
  switch (score) {
    case 'probability':
      return worst(numbers('probability'));
    case 'number':
      return worst(numbers('measurement'));
    case 'best-box':
      return worst(boxes.map(({ best }) => best));
    case 'boxes':
      return sum(boxes.map(({ count }) => count));
    case 'volume-ml':
      return masks.every(({ volumeMl }) => volumeMl !== null) ? sum(masks.map(({ volumeMl }) => volumeMl ?? 0)) : null;
    case 'cells':
      return sum(masks.map(({ cells }) => cells));
    case 'peak':
      return worst(masks.map(({ peak }) => peak));
  }
}
