import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import { DamagedObject } from '../../platform/objects/sealed-format.ts';
import type { InstanceReference, RunFinished } from '../runner-protocol.ts';
import type { ModelPackage } from './model-package.ts';
import { objectDigest } from './object-digest.ts';
import { PREPROCESSING_VERSION } from './prepare-grid.ts';
import type { SourceFrame } from './prepared-grid.ts';
import { readSourceFrames } from './read-source-frames.ts';
import {
  type ComputeSetting,
  type Lap,
  POSTPROCESSING_VERSION,
  runFrames,
  type RunRefused,
  type SeriesSource,
} from './run-frames.ts';
import type { SourceFacts } from './source-facts.ts';

/** What a run needs beside its series. */
export type RunSetting = ComputeSetting & { readonly model: ModelPackage; readonly objects: ObjectReader };

/** What a run gives: the finished message without what the process adds. */
export type RunAnswer = Omit<RunFinished, 'type' | 'runId' | 'provider' | 'onnxruntimeVersion'>;

/** Reads one series, runs the model on all its samples and carries the answer back to the source pixels. */
export async function runSeries(
  setting: RunSetting,
  instances: readonly InstanceReference[],
): Promise<Result<RunAnswer, RunRefused>> {
  const { manifest, manifestDigest } = setting.model;
  const timings = { readMs: 0, decodeMs: 0, preprocessMs: 0, inferMs: 0, postprocessMs: 0 };
  let since = performance.now();
  const lap: Lap = (stage) => {
    const now = performance.now();
    timings[stage] += now - since;
    since = now;
  };

  const source = await readSeries(setting, instances, lap);
  if (!source.ok) return source;
  const answer = await runFrames(setting, source.value, lap);
  if (!answer.ok) return answer;
  return ok({
    modelDigest: manifest.modelDigest,
    manifestDigest,
    preprocessing: PREPROCESSING_VERSION,
    postprocessing: POSTPROCESSING_VERSION,
    ...answer.value,
    timings,
  });
}

/** Reads and decodes the objects one after another. */
async function readSeries(
  { model, objects, signal }: RunSetting,
  instances: readonly InstanceReference[],
  lap: Lap,
): Promise<Result<SeriesSource, RunRefused>> {
  const { appliesTo, preprocessing } = model.manifest;
  const frames: SourceFrame[] = [];
  let facts: SourceFacts | null = null;
  for (const instance of instances) {
    if (signal.aborted) return err({ code: 'cancelled' });
    const bytes = await readObject(objects, instance);
    lap('readMs');
    if (typeof bytes === 'string') return err({ code: bytes });
    // A receipt names its inputs by digest: nothing is computed on bytes that no longer have it.
    if (objectDigest(bytes) !== instance.digest) return err({ code: 'object-damaged' });
    const read = await readSourceFrames(bytes, instance, preprocessing.source, appliesTo.slices.max - frames.length);
    lap('decodeMs');
    if (!read.ok) return read;
    facts ??= read.value.facts;
    frames.push(...read.value.frames);
  }
  return facts === null ? err({ code: 'too-few-slices' }) : ok({ frames, facts });
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
