import type { IntensityStep } from '../../../../shared/domain/model-preprocessing.ts';
import { percentilesOf } from './order-statistics.ts';

/** Numbers that are looked at together: the parts of one grid, or of one slice of it. */
export type ValueGroup = readonly Float32Array[];

/** A step that does to a value what does not hang on where it stands. */
export type ValueStep = Exclude<IntensityStep, { do: 'clahe' }>;

/** Carries out one step on a group's values in place, and tells what becomes of a value that is not among them. */
export function changeValues(step: ValueStep, group: ValueGroup): (value: number) => number {
  const change = changeOf(step, group);
  for (const part of group)
    for (let index = 0; index < part.length; index += 1) part[index] = change(part[index] as number);
  return change;
}

/** Whether what a step does to a value hangs on the others, slice by slice. */
export function isBySlice(step: IntensityStep): boolean {
  return 'over' in step && step.over === 'slice';
}

function changeOf(step: ValueStep, group: ValueGroup): (value: number) => number {
  switch (step.do) {
    case 'clamp':
      return (value) => Math.min(Math.max(value, step.min), step.max);
    case 'window':
      return between(step.centre - step.width / 2, step.centre + step.width / 2);
    case 'scale':
      return (value) => value * step.multiply + step.add;
    case 'min-max':
      return between(...extremesOf(group));
    case 'percentile-range': {
      const of = step.above === undefined ? group : above(group, step.above);
      const [low = 0, high = 0] = percentilesOf(of, [step.low, step.high]);
      if (step.scaled) return between(low, high);
      return low <= high ? (value) => Math.min(Math.max(value, low), high) : (value) => value;
    }
    case 'z-score': {
      const { mean, deviation } = momentsOf(group, step.above ?? Number.NEGATIVE_INFINITY);
      const { above: from = Number.NEGATIVE_INFINITY, elsewhere } = step;
      const change = deviation > 0 ? (value: number) => (value - mean) / deviation : () => 0;
      return elsewhere === undefined ? change : (value) => (value > from ? change(value) : elsewhere);
    }
    case 'round':
      return step.how === 'down' ? Math.floor : roundHalvesToEven;
    case 'invert': {
      const [least, most] = extremesOf(group);
      return (value) => least + most - value;
    }
    case 'power':
      return (value) => Math.max(value, 0) ** step.exponent;
    case 'log':
      return (value) => Math.log(Math.max(value, 0) + step.add);
    case 'equalise':
      return equaliser(group, step.bins);
  }
}

/** Clamps to two values, then 0 to 1; 0 where they are one. */
function between(low: number, high: number): (value: number) => number {
  const width = high - low;
  return width > 0 ? (value) => Math.min(Math.max((value - low) / width, 0), 1) : () => 0;
}

/** To the nearest whole number, halves to the even one. */
export function roundHalvesToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

function extremesOf(group: ValueGroup): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const part of group)
    for (const value of part) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  return [least, most];
}

/** The values of a group above a number. */
function above(group: ValueGroup, least: number): ValueGroup {
  return group.map((part) => part.filter((value) => value > least));
}

/** The share of values up to a value: that of its bin at the bin's middle, linear between the middles, flat beyond the outer ones. */
function equaliser(group: ValueGroup, bins: number): (value: number) => number {
  const [least, most] = extremesOf(group);
  const width = (most - least) / bins;
  if (!(width > 0)) return () => 1;
  const shares = new Float64Array(bins);
  let count = 0;
  for (const part of group)
    for (const value of part) {
      const bin = Math.min(bins - 1, Math.floor((value - least) / width));
      shares[bin] = (shares[bin] as number) + 1;
      count += 1;
    }
  let sum = 0;
  for (const [bin, here] of shares.entries()) {
    sum += here;
    shares[bin] = sum / count;
  }
  return (value) => {
    const at = Math.min(Math.max((value - least) / width - 0.5, 0), bins - 1);
    const low = Math.floor(at);
    const share = shares[low] as number;
    return share + ((shares[Math.min(low + 1, bins - 1)] as number) - share) * (at - low);
  };
}

function momentsOf(group: ValueGroup, above: number): { readonly mean: number; readonly deviation: number } {
  let [count, sum] = [0, 0];
  for (const part of group)
    for (const value of part)
      if (value > above) {
        count += 1;
        sum += value;
      }
  if (count === 0) return { mean: 0, deviation: 0 };
  const mean = sum / count;
  let squares = 0;
  for (const part of group) for (const value of part) if (value > above) squares += (value - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / count) };
}
