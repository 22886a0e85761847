import type { IntensityStep } from '../../../../shared/domain/model-preprocessing.ts';
import { percentilesOf } from './order-statistics.ts';

/** Numbers that are looked at together: the parts of one grid, or of one slice of it. */
export type ValueGroup = readonly Float32Array[];

/** Carries out one step on a group's values in place, and tells what becomes of a value that is not among them. */
export function changeValues(step: IntensityStep, group: ValueGroup): (value: number) => number {
  const change = changeOf(step, group);
  for (const part of group)
    for (let index = 0; index < part.length; index += 1) part[index] = change(part[index] as number);
  return change;
}

/** Whether what a step does to a value hangs on the others, slice by slice. */
export function isBySlice(step: IntensityStep): boolean {
  return 'over' in step && step.over === 'slice';
}

function changeOf(step: IntensityStep, group: ValueGroup): (value: number) => number {
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
      const [low = 0, high = 0] = percentilesOf(group, [step.low, step.high]);
      return between(low, high);
    }
    case 'z-score': {
      const { mean, deviation } = momentsOf(group, step.above ?? Number.NEGATIVE_INFINITY);
      return deviation > 0 ? (value) => (value - mean) / deviation : () => 0;
    }
    case 'round':
      return step.how === 'down' ? Math.floor : roundHalvesToEven;
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
