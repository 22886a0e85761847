import type { Activation, Calibration } from '../../../../shared/domain/model-scores.ts';

/** 1 / (1 + e^−x), exact at both ends. */
export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** What an activation makes of a number that stands alone. */
export function activateOne(raw: number, activation: Exclude<Activation, 'softmax'>): number {
  switch (activation) {
    case 'none':
      return raw;
    case 'sigmoid':
      return sigmoid(raw);
    case 'signed':
      return (raw + 1) / 2;
    case 'exp':
      return Math.exp(raw);
  }
}

/** Turns the raw scores of one sample into what the activation makes of them, in place. */
export function activate(scores: Float64Array, activation: Activation): Float64Array {
  if (activation !== 'softmax') {
    if (activation !== 'none')
      for (const [index, raw] of scores.entries()) scores[index] = activateOne(raw, activation);
    return scores;
  }
  let highest = Number.NEGATIVE_INFINITY;
  for (const raw of scores) if (raw > highest) highest = raw;
  let sum = 0;
  for (const [index, raw] of scores.entries()) {
    const part = Math.exp(raw - highest);
    scores[index] = part;
    sum += part;
  }
  for (const [index, part] of scores.entries()) scores[index] = part / sum;
  return scores;
}

/**
 * Activates and calibrates the raw scores of one sample, in place. A temperature divides the logits before the activation; Platt
 * scales the logit of the activated score; knots map the activated score, held at both ends. A score that is no logit counts as
 * the probability it says it is.
 */
export function toProbabilities(
  scores: Float64Array,
  activation: Activation,
  calibration: Calibration | undefined,
): Float64Array {
  if (calibration?.kind === 'temperature') {
    const isLogit = activation === 'sigmoid' || activation === 'softmax';
    if (!isLogit) activate(scores, activation);
    for (const [index, raw] of scores.entries()) scores[index] = (isLogit ? raw : logit(raw)) / calibration.temperature;
    return activate(scores, isLogit ? activation : 'sigmoid');
  }
  if (calibration?.kind === 'platt') {
    if (activation !== 'sigmoid') {
      activate(scores, activation);
      for (const [index, value] of scores.entries()) scores[index] = logit(value);
    }
    for (const [index, value] of scores.entries())
      scores[index] = sigmoid(calibration.slope * value + calibration.intercept);
    return scores;
  }
  activate(scores, activation);
  if (calibration?.kind === 'isotonic')
    for (const [index, value] of scores.entries()) scores[index] = alongKnots(calibration.knots, value);
  return scores;
}

/** A score that is a probability already, calibrated by Platt scaling or by knots. */
export function calibrateOne(score: number, calibration: Calibration | undefined): number {
  return toProbabilities(Float64Array.of(score), 'none', calibration)[0] as number;
}

/** ln(p / (1 − p)), finite for 0 and 1 too. */
function logit(p: number): number {
  const least = 1e-12;
  const held = Math.min(1 - least, Math.max(least, p));
  return Math.log(held / (1 - held));
}

function alongKnots(knots: readonly (readonly [number, number])[], x: number): number {
  const ordered = knots.toSorted((a, b) => a[0] - b[0]);
  const above = ordered.findIndex(([at]) => at >= x);
  const last = ordered.at(-1) as readonly [number, number];
  if (above < 0) return last[1];
  const [toX, toY] = ordered[above] as readonly [number, number];
  const before = ordered[above - 1];
  if (before === undefined || toX === x) return toY;
  return before[1] + ((toY - before[1]) * (x - before[0])) / (toX - before[0]);
}
