import { arrangeStacks } from '../src/main/station/inference/runner/arrange-stacks.ts';
import { cutSamples } from '../src/main/station/inference/runner/cut-samples.ts';
import { feedInputs } from '../src/main/station/inference/runner/feed-inputs.ts';
import { prepareGrid } from '../src/main/station/inference/runner/prepare-grid.ts';
import type { SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';
import { NO_FACTS } from '../src/main/station/inference/runner/source-facts.ts';
import type { TensorData } from '../src/main/station/inference/runner/session.ts';
import type { ModelManifest } from '../src/shared/domain/model-manifest.ts';

/** What a model that looks at a whole volume is given of a series, by the runner's own steps. Throws where the series is refused. */
export function feedSeries(
  { inputs, preprocessing, appliesTo }: Pick<ModelManifest, 'inputs' | 'preprocessing' | 'appliesTo'>,
  frames: readonly SourceFrame[],
): Readonly<Record<string, TensorData>> {
  const arranged = arrangeStacks(frames, {
    arrangement: preprocessing.source.arrangement,
    orientation: appliesTo.orientation,
    minSlices: appliesTo.slices.min,
    maxSlices: appliesTo.slices.max,
    tolerates: preprocessing.tolerates,
  });
  if (!arranged.ok) throw new Error(arranged.error.code);
  const [stack] = arranged.value;
  if (stack === undefined) throw new Error('no stack');
  const grid = prepareGrid(stack, preprocessing);
  if (!grid.ok) throw new Error(grid.error.code);
  const [samples = []] = cutSamples(grid.value, preprocessing.sampling);
  const feeds = feedInputs(inputs, samples, { grid: grid.value, facts: NO_FACTS });
  if (!feeds.ok) throw new Error(feeds.error.code);
  return feeds.value;
}
