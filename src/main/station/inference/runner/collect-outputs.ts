import type { ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import { type BoxCollector, collectBoxes } from './collect-boxes.ts';
import { collectFeatures, type FeatureCollector, type Features } from './collect-features.ts';
import { collectHeatmap, collectSegmentation, type Heat, type Segmented } from './collect-cells.ts';
import {
  collectClasses,
  collectNumber,
  type GridExtent,
  type JoinedNumber,
  type NumberCollector,
} from './collect-numbers.ts';
import { collectPoints, type PointCollector } from './collect-points.ts';
import type { CellJoiner } from './join-cells.ts';
import type { GridBox } from './join-boxes.ts';
import type { ModelSample } from './prepared-grid.ts';
import { type BadOutput, type GivenTensor, readTensor } from './read-tensor.ts';

/** What a model said of one stack, cell by cell. */
export type CellAnswers = {
  readonly segmentations: readonly { readonly output: number; readonly segmented: Segmented }[];
  readonly heatmaps: readonly { readonly output: number; readonly heats: readonly Heat[] }[];
};

/** What a model said of the whole series; `output` counts the manifest's outputs. */
export type SeriesAnswers = {
  readonly numbers: readonly { readonly output: number; readonly joined: readonly JoinedNumber[] }[];
  /** Points too: each is a box of one cell. */
  readonly boxes: readonly { readonly output: number; readonly boxes: readonly GridBox[] }[];
  readonly features: readonly { readonly output: number; readonly features: Features }[];
};

/**
 * Reads a model's tensors by the manifest's roles alone, batch by batch: stacks one after another, each with its samples in the
 * order of the grid. A tensor that is missing, of another type or shape, no number or out of its range makes the whole answer
 * bad: half an answer is none.
 */
export type OutputCollector = {
  /** `weights` of the cells of a sample, where samples overlap. */
  readonly startStack: (shape: readonly [number, number, number], weights: Float32Array | null) => void;
  readonly take: (
    samples: readonly Pick<ModelSample, 'origin' | 'size'>[],
    tensors: ReadonlyMap<string, GivenTensor>,
  ) => Result<void, BadOutput>;
  readonly endStack: () => Result<CellAnswers, BadOutput>;
  readonly finish: () => SeriesAnswers;
};

/** Starts to collect what a model of this manifest says. */
export function collectOutputs(manifest: Pick<ModelManifest, 'outputs' | 'preprocessing'>): OutputCollector {
  const isVolume = manifest.preprocessing.source.arrangement === 'volume';
  const numbers = new Map<number, NumberCollector>();
  const boxes = new Map<number, BoxCollector>();
  const points = new Map<number, PointCollector>();
  const features = new Map<number, FeatureCollector>();
  for (const [index, output] of manifest.outputs.entries()) {
    if (output.role === 'classes') numbers.set(index, collectClasses(output));
    if (output.role === 'number') numbers.set(index, collectNumber(output));
    if (output.role === 'points') points.set(index, collectPoints(output));
    if (output.role === 'features') features.set(index, collectFeatures(output));
    if (output.role === 'boxes') boxes.set(index, collectBoxes(output, { acrossSlices: isVolume }));
  }
  let stack = -1;
  let joiners = new Map<number, CellJoiner>();
  let segmentations: { output: number; finish: () => Segmented }[] = [];
  let heatmaps: { output: number; finish: () => readonly Heat[] }[] = [];

  return {
    startStack(shape, weights) {
      stack += 1;
      joiners = new Map();
      segmentations = [];
      heatmaps = [];
      for (const [index, output] of manifest.outputs.entries()) {
        if (output.role === 'segmentation') {
          const { joiner, finish } = collectSegmentation(output, shape, weights);
          joiners.set(index, joiner);
          segmentations.push({ output: index, finish });
        }
        if (output.role === 'heatmap') {
          const { joiner, finish } = collectHeatmap(output, shape, weights);
          joiners.set(index, joiner);
          heatmaps.push({ output: index, finish });
        }
      }
    },
    take(samples, tensors) {
      const extents = samples.map(({ origin, size }): GridExtent => ({ origin, size, stack }));
      for (const [index, output] of manifest.outputs.entries()) {
        const ofBoxes = boxes.get(index);
        const takes = numbers.get(index) ?? joiners.get(index) ?? points.get(index) ?? features.get(index);
        if (ofBoxes !== undefined) {
          const taken = ofBoxes.take(extents, tensors);
          if (!taken.ok) return taken;
        } else if (takes !== undefined) {
          const tensor = readTensor(tensors, output.tensor);
          if (!tensor.ok) return tensor;
          const taken = takes.take(extents, tensor.value);
          if (!taken.ok) return taken;
        }
      }
      return ok(undefined);
    },
    endStack() {
      for (const joiner of joiners.values()) {
        const ended = joiner.finish();
        if (!ended.ok) return ended;
      }
      return ok({
        segmentations: segmentations.map(({ output, finish }) => ({ output, segmented: finish() })),
        heatmaps: heatmaps.map(({ output, finish }) => ({ output, heats: finish() })),
      });
    },
    finish: () => ({
      numbers: [...numbers].map(([output, collector]) => ({ output, joined: collector.finish() })),
      boxes: [...boxes, ...points].map(([output, collector]) => ({ output, boxes: collector.finish() })),
      features: [...features].map(([output, collector]) => ({ output, features: collector.finish() })),
    }),
  };
}
