import { arrangeStacks } from '../src/main/station/inference/runner/arrange-stacks.ts';
import { cutSamples } from '../src/main/station/inference/runner/cut-samples.ts';
import { feedInputs } from '../src/main/station/inference/runner/feed-inputs.ts';
import { prepareGrid } from '../src/main/station/inference/runner/prepare-grid.ts';
import type { PreparedGrid, SourceFrame } from '../src/main/station/inference/runner/prepared-grid.ts';
import { NO_FACTS } from '../src/main/station/inference/runner/source-facts.ts';
import type { TensorData } from '../src/main/station/inference/runner/session.ts';
import type { ModelManifest } from '../src/shared/domain/model-manifest.ts';

type Whole = Pick<ModelManifest, 'preprocessing' | 'appliesTo'>;

/** A series as the one grid that a model of whole volumes is given, by the runner's own steps. Throws where the series is refused. */
export function prepareFrames({ preprocessing, appliesTo }: Whole, frames: readonly SourceFrame[]): PreparedGrid {
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
  return grid.value;
}

/** What the model is given of it, by tensor; of nobody in particular. */
export function feedSeries(
  manifest: Whole & Pick<ModelManifest, 'inputs'>,
  frames: readonly SourceFrame[],
): Readonly<Record<string, TensorData>> {
  const grid = prepareFrames(manifest, frames);
  const [samples = []] = cutSamples(grid, manifest.preprocessing.sampling);
  const feeds = feedInputs(manifest.inputs, samples, { grid, facts: NO_FACTS });
  if (!feeds.ok) throw new Error(feeds.error.code);
  return feeds.value;
}
