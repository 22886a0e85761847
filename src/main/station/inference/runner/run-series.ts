import { ok, type Result } from '../../../../shared/domain/result.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { InstanceReference, RunFinished } from '../runner-protocol.ts';
import type { ModelPackage } from './model-package.ts';
import { PREPROCESSING_VERSION } from './prepare-grid.ts';
import { type PreparedSeries, prepareRule, prepareSeries, type SeriesRequest } from './prepare-series.ts';
import { type ComputeSetting, POSTPROCESSING_VERSION, runFrames, type RunRefused } from './run-frames.ts';
import { type StageTimer, timeStages } from './stage-timer.ts';

/** What a run needs beside its series. */
export type RunSetting = ComputeSetting & { readonly model: ModelPackage };

/** What a run gives: the finished message without what the process adds. */
export type RunAnswer = Omit<RunFinished, 'type' | 'runId' | 'provider' | 'onnxruntimeVersion'>;

/** Runs the model on all samples of a series that was prepared by its manifest's rule, and carries the answer back to the source pixels. */
export async function runPrepared(
  setting: RunSetting,
  series: PreparedSeries,
  timer: StageTimer,
): Promise<Result<RunAnswer, RunRefused>> {
  const { manifest, manifestDigest } = setting.model;
  const answer = await runFrames(setting, series, timer.lap);
  if (!answer.ok) return answer;
  return ok({
    modelDigest: manifest.modelDigest,
    manifestDigest,
    preprocessing: PREPROCESSING_VERSION,
    postprocessing: POSTPROCESSING_VERSION,
    ...answer.value,
    timings: timer.timings(),
  });
}

/** Reads one series and what goes with it, prepares it here, without a thread of its own, and runs the model on it. */
export async function runSeries(
  setting: RunSetting & { readonly objects: ObjectReader },
  instances: readonly InstanceReference[],
  beside: Pick<SeriesRequest, 'otherSeries' | 'fed'> = {},
): Promise<Result<RunAnswer, RunRefused>> {
  const timer = timeStages();
  const stopping = () => (setting.signal.aborted ? 'cancelled' : null);
  const tools = { objects: setting.objects, timer, stopping, holds: () => undefined };
  const series = await prepareSeries(tools, { rule: prepareRule(setting.model.manifest), instances, ...beside });
  return series.ok ? runPrepared(setting, series.value, timer) : series;
}
