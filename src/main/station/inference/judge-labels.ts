import type { ModelLabel, ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { RunFinished } from './runner-protocol.ts';

/** From which scores on a label is flagged or uncertain; null: never. */
export type LabelThresholds = { readonly flagFrom: number | null; readonly uncertainFrom: number | null };
export type Thresholds = ReadonlyMap<string, LabelThresholds>;

/** What a run says of one label. `not-flagged` is all that is said then: never that the thing is absent. */
export type LabelVerdict = LabelThresholds & {
  readonly label: string;
  /** Null where the model gave nothing that could be scored, as no box. */
  readonly score: number | null;
  readonly state: 'flagged' | 'uncertain' | 'not-flagged';
};

/** What the runner found, as far as labels are judged by it. */
type Answer = Pick<RunFinished, 'outputs' | 'boxLabels' | 'masks'>;

/**
 * The thresholds of a model at an operating point of its manifest, or the labels' own; a label that the point leaves out keeps its
 * own. Throws for a point that the manifest does not have.
 */
export function thresholdsFor(
  model: Pick<ModelManifest, 'labels' | 'operatingPoints'>,
  operatingPoint: string | null,
): Thresholds {
  const point = model.operatingPoints.find(({ id }) => id === operatingPoint);
  if (operatingPoint !== null && point === undefined) throw new Error('no such operating point');
  return new Map(
    model.labels.map((label) => {
      const chosen = point?.flagFrom[label.id];
      const flagFrom = chosen === undefined ? label.flagFrom : chosen;
      return [label.id, { flagFrom, uncertainFrom: point?.uncertainFrom[label.id] ?? label.uncertainFrom ?? null }];
    }),
  );
}

/** Holds every label's score against its thresholds, in the manifest's order. */
export function judgeLabels(
  labels: readonly Pick<ModelLabel, 'id' | 'score'>[],
  answer: Answer,
  thresholds: Thresholds,
): readonly LabelVerdict[] {
  return labels.map((label) => {
    const { flagFrom, uncertainFrom } = thresholds.get(label.id) ?? { flagFrom: null, uncertainFrom: null };
    const score = scoreOf(label, answer);
    const reaches = (from: number | null) => score !== null && from !== null && score >= from;
    const state = reaches(flagFrom) ? 'flagged' : reaches(uncertainFrom) ? 'uncertain' : 'not-flagged';
    return { label: label.id, score, state, flagFrom, uncertainFrom };
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
