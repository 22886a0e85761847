import type { ModelSource } from '../../../../shared/domain/model-preprocessing.ts';
import type { SourceStack } from './prepared-grid.ts';

/** Every so many values are looked at: prime, so that no pattern of rows falls in step with it. */
const STRIDE = 13;
/** What is displayed runs from 0 to 1; it is told in steps of a display of 8 bits. */
const DISPLAY_STEPS = 255;

/**
 * The mean of what a model's series holds, over every 13th value of its frames: in the unit of its source (HU of CT), displayed
 * values 0 to 255. Taken before the model's own normalisation, which would make all series alike.
 */
export function meanIntensity(stacks: readonly SourceStack[], { values: kind }: Pick<ModelSource, 'values'>): number {
  let sum = 0;
  let count = 0;
  for (const { frames } of stacks)
    for (const { values } of frames) {
      for (let at = 0; at < values.length; at += STRIDE) sum += values[at] as number;
      count += Math.ceil(values.length / STRIDE);
    }
  return count === 0 ? 0 : (sum / count) * (kind === 'displayed' ? DISPLAY_STEPS : 1);
}
