import { gzipSync } from 'node:zlib';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import { DamagedObject } from '../../platform/objects/sealed-format.ts';
import type { InstanceReference, RunFailure, RunFinished, RunMask, SeriesGeometrySummary } from '../runner-protocol.ts';
import { type ArrangedSeries, arrangeSlices } from './arrange-slices.ts';
import { feedModel } from './feed-model.ts';
import { interpretOutputs, type VolumeShape } from './interpret-outputs.ts';
import { mapMask, POSTPROCESSING_VERSION } from './map-mask.ts';
import type { ModelPackage } from './model-package.ts';
import { objectDigest } from './object-digest.ts';
import { leaveInOutbox } from './outbox.ts';
import { PREPROCESSING_VERSION, prepareVolume } from './prepare-volume.ts';
import { readSlice } from './read-slice.ts';
import type { TensorData } from './session.ts';
import type { SourceSlice } from './source-slice.ts';

/** What a run needs beside its series. */
export type RunSetting = {
  readonly model: ModelPackage;
  readonly objects: ObjectReader;
  readonly outboxDir: string;
  readonly signal: AbortSignal;
};

/** What a run gives: the finished message without what the process adds. */
export type RunAnswer = Omit<RunFinished, 'type' | 'runId' | 'provider' | 'onnxruntimeVersion'>;

/** Reads one series, runs the model on it and carries the answer back to the source pixels. */
export async function runSeries(
  setting: RunSetting,
  instances: readonly InstanceReference[],
): Promise<Result<RunAnswer, { readonly code: RunFailure }>> {
  const { model, signal } = setting;
  const { preprocessing, appliesTo } = model.manifest;
  const timings = { readMs: 0, decodeMs: 0, preprocessMs: 0, inferMs: 0, postprocessMs: 0 };
  let since = performance.now();
  const lap = (stage: keyof typeof timings): void => {
    const now = performance.now();
    timings[stage] += now - since;
    since = now;
  };

  const slices: SourceSlice[] = [];
  for (const instance of instances) {
    if (signal.aborted) return err({ code: 'cancelled' });
    const bytes = await readObject(setting.objects, instance);
    lap('readMs');
    if (typeof bytes === 'string') return err({ code: bytes });
    // A receipt names its inputs by digest: nothing is computed on bytes that no longer have it.
    if (objectDigest(bytes) !== instance.digest) return err({ code: 'object-damaged' });
    const slice = await readSlice(bytes, instance, preprocessing.paddingValue);
    lap('decodeMs');
    if (!slice.ok) return slice;
    slices.push(slice.value);
  }
  const arranged = arrangeSlices(slices, {
    orientation: appliesTo.orientation,
    minSlices: appliesTo.slices.min,
    maxSlices: appliesTo.slices.max,
    maxGapOverThickness: preprocessing.maxGapOverThickness,
  });
  if (!arranged.ok) return arranged;
  const series = arranged.value;
  const prepared = prepareVolume(series, preprocessing);
  const shape: VolumeShape = [prepared.slices, prepared.rows, prepared.columns];
  const geometry = summarise(series);
  const meanStep = series.stepsMm.reduce((sum, step) => sum + step, 0) / series.stepsMm.length;
  const feeds = feedModel(model.manifest, {
    values: prepared.values,
    shape,
    spacingMm: [meanStep, preprocessing.pixelMm, preprocessing.pixelMm],
    extentsMm: series.extentsMm,
  });
  lap('preprocessMs');

  if (signal.aborted) return err({ code: 'cancelled' });
  const tensors = await computeOrNull(model, feeds);
  lap('inferMs');
  if (tensors === null) return err({ code: 'model-failed' });
  const interpreted = interpretOutputs(model.manifest, tensors, shape);
  if (!interpreted.ok) return interpreted;
  const masks: RunMask[] = [];
  for (const { tensor, label, grid } of interpreted.value.masks) {
    const { bits, ...mask } = mapMask(grid, prepared, series);
    const left = await leaveInOutbox(setting.outboxDir, gzipSync(bits));
    if (!left.ok) return left;
    masks.push({ tensor, label, ...left.value, ...mask });
  }
  lap('postprocessMs');
  return ok({
    modelDigest: model.manifest.modelDigest,
    manifestDigest: model.manifestDigest,
    preprocessing: PREPROCESSING_VERSION,
    postprocessing: POSTPROCESSING_VERSION,
    geometry,
    outputs: [...interpreted.value.outputs],
    masks,
    timings,
  });
}

async function readObject(
  objects: ObjectReader,
  instance: InstanceReference,
): Promise<Uint8Array | 'object-missing' | 'object-damaged'> {
  try {
    return await objects.read(instance.digest, instance.encoding);
  } catch (error) {
    // Gone or unreadable: the run says so, the station decides.
    return error instanceof DamagedObject ? 'object-damaged' : 'object-missing';
  }
}

async function computeOrNull(
  model: ModelPackage,
  feeds: Readonly<Record<string, TensorData>>,
): Promise<ReadonlyMap<string, TensorData> | null> {
  try {
    return await model.session.run(feeds);
  } catch {
    return null; // the native library's text may name anything; the code is enough
  }
}

function summarise(series: ArrangedSeries): SeriesGeometrySummary {
  const first = series.slices[0] as SourceSlice;
  return {
    slices: series.slices.length,
    rows: first.rows,
    columns: first.columns,
    pixelSpacingMm: [first.pixelMm[0], first.pixelMm[1]],
    minSpacingMm: Math.min(...series.stepsMm),
    maxSpacingMm: Math.max(...series.stepsMm),
    tiltDegrees: series.tiltDegrees,
  };
}
