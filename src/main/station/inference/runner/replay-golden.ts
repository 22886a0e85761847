import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { GoldenCase, ModelManifest } from '../../../../shared/domain/model-manifest.ts';
import { feedModel } from './feed-model.ts';
import { interpretOutputs } from './interpret-outputs.ts';
import { type ModelPackage, readOrNull } from './model-package.ts';

/** How one golden case came out: the largest deviation counts in tolerances, so that 1 is the limit. */
export type GoldenOutcome = { readonly name: string; readonly passed: boolean; readonly largestDeviation: number };

/** Runs every golden case of a package on its provider; null where a stored volume cannot be read. */
export async function replayGoldenCases(model: ModelPackage): Promise<readonly GoldenOutcome[] | null> {
  const outcomes: GoldenOutcome[] = [];
  for (const golden of model.manifest.goldenCases) {
    const values = await readGoldenVolume(model.directory, golden);
    if (values === null) return null;
    const given = await computeGolden(model, golden, values);
    const largestDeviation = given === null ? Number.MAX_VALUE : largest(model.manifest, golden, given);
    outcomes.push({ name: golden.name, passed: largestDeviation <= 1, largestDeviation });
  }
  return outcomes;
}

/** What the model says of a golden volume, by tensor name, masks as their number of pixels; null when it gives no valid answer. */
export async function computeGolden(
  model: Pick<ModelPackage, 'manifest' | 'session'>,
  golden: Pick<GoldenCase, 'shape' | 'spacingMm' | 'sliceExtentsMm'>,
  values: Float32Array,
): Promise<Readonly<Record<string, number>> | null> {
  const { shape, spacingMm, sliceExtentsMm } = golden;
  const feeds = feedModel(model.manifest, { values, shape, spacingMm, extentsMm: sliceExtentsMm });
  const answer = interpretOutputs(model.manifest, await model.session.run(feeds), shape);
  if (!answer.ok) return null;
  const numbers = answer.value.outputs.map((output) => [output.tensor, output.value] as const);
  const masks = answer.value.masks.map(
    (mask) => [mask.tensor, mask.grid.reduce((sum, pixel) => sum + Math.sign(pixel), 0)] as const,
  );
  return Object.fromEntries([...numbers, ...masks]);
}

async function readGoldenVolume(directory: string, golden: GoldenCase): Promise<Float32Array | null> {
  const packed = await readOrNull(path.join(directory, golden.volume));
  if (packed === null) return null;
  const count = golden.shape[0] * golden.shape[1] * golden.shape[2];
  try {
    const bytes = gunzipSync(packed, { maxOutputLength: count * 2 });
    if (bytes.length !== count * 2) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float32Array.from({ length: count }, (_, index) => view.getInt16(index * 2, true));
  } catch {
    return null; // not gzip, or longer than the manifest says
  }
}

function largest(manifest: ModelManifest, golden: GoldenCase, given: Readonly<Record<string, number>>): number {
  const { absolute, relative } = manifest.replayTolerance;
  const deviations = Object.entries(golden.expected).map(([tensor, expected]) => {
    const value = given[tensor];
    const allowed = Math.max(absolute, relative * Math.abs(expected), Number.MIN_VALUE);
    return value === undefined ? Number.MAX_VALUE : Math.abs(value - expected) / allowed;
  });
  return Math.max(...deviations);
}
