import { existsSync } from 'node:fs';
import path from 'node:path';
import type { PackageFault } from '../../../../shared/domain/package-fault.ts';
import { err, ok } from '../../../../shared/domain/result.ts';
import { holdObjectKeys } from '../../platform/objects/object-keys.ts';
import { openObjectReader } from '../../platform/objects/object-store.ts';
import {
  MOST_FAULTS,
  OVER_MEMORY_NOTE,
  type RunFailure,
  type RunnerToStation,
  type RunRequest,
  type StartRunner,
  type StationToRunner,
} from '../runner-protocol.ts';
import { openModelPackage } from './model-package.ts';
import { proveProviders } from './providers.ts';
import { recordTensors } from './record-tensors.ts';
import { replayGoldenCases } from './replay-golden.ts';
import { type RunSetting, runSeries } from './run-series.ts';
import { ONNXRUNTIME_VERSION } from './session.ts';
import { rememberReads } from './remember-reads.ts';
import { keepModelsWarm, type WarmModels } from './warm-models.ts';
import { type MemoryWatch, watchMemory } from './watch-memory.ts';

/** How much the models that no run needs just now may take together, where the station does not say. */
const WARM_MODELS_MB = 2048;
/** Enough for a large CT series: what one model read the next one need not. */
const REMEMBERED_MB = 512;

type Ready = Pick<RunSetting, 'objects' | 'outboxDir'> & {
  readonly provider: string;
  readonly threads: number;
  readonly memory: MemoryWatch;
  readonly warm: WarmModels;
};

/** Answers the station's messages, one piece of work at a time in the order asked; `ping` and `cancel` are heard between. */
export function serveStation(
  post: (message: RunnerToStation) => void,
  exit: () => void,
): (message: StationToRunner) => void {
  const running = new Map<string, AbortController>();
  const objectKeys = holdObjectKeys([]);
  let ready: Ready | null = null;
  let work: Promise<void> = Promise.resolve();
  const enqueue = (job: () => Promise<void>): void => {
    work = work.then(job);
  };

  return (message) => {
    switch (message.type) {
      case 'start':
        return enqueue(() => start(message));
      case 'object-keys':
        return objectKeys.take(message.objectKeys);
      case 'load':
        return enqueue(() => load(message));
      case 'run':
        running.set(message.runId, new AbortController());
        return enqueue(() => run(message));
      case 'cancel':
        return running.get(message.runId)?.abort();
      case 'ping':
        return post({ type: 'pong', nonce: message.nonce });
      case 'shutdown':
        for (const controller of running.values()) controller.abort();
        return enqueue(async () => exit());
    }
  };

  async function start(message: StartRunner): Promise<void> {
    if (!existsSync(message.objectsDir) || !existsSync(message.outboxDir)) {
      return post({ type: 'start-failed', code: 'directory-missing' });
    }
    objectKeys.take(message.objectKeys);
    const providers = await proveProviders(message.providers);
    const provider = providers.find((candidate) => candidate.proven)?.name;
    if (provider === undefined) return post({ type: 'start-failed', code: 'no-provider' });
    ready = {
      objects: rememberReads(openObjectReader(message.objectsDir, objectKeys), REMEMBERED_MB),
      outboxDir: message.outboxDir,
      provider,
      threads: message.threads,
      memory: watchMemory(path.join(message.outboxDir, OVER_MEMORY_NOTE)),
      warm: keepModelsWarm(message.warmModelsMb ?? WARM_MODELS_MB),
    };
    post({ type: 'ready', onnxruntimeVersion: ONNXRUNTIME_VERSION, providers: [...providers], provider });
  }

  async function load({ requestId, packageDir, verify }: Extract<StationToRunner, { type: 'load' }>): Promise<void> {
    if (ready === null) throw new Error('asked to load before the start');
    const opened = await openPackage(packageDir, ready);
    const refuse = (faults: readonly PackageFault[]): void =>
      post({ type: 'load-failed', requestId, packageDir, faults: faults.slice(0, MOST_FAULTS) });
    if (!opened.ok) return refuse(opened.error.faults);
    const { manifest } = opened.value;
    const golden = verify ? await replayGoldenCases(opened.value) : [];
    const faults = golden.flatMap((outcome) => outcome.faults);
    if (faults.length > 0) return refuse(faults);
    const { id: modelId, version: modelVersion, modelDigest } = manifest;
    post({
      type: 'loaded',
      requestId,
      packageDir,
      modelId,
      modelVersion,
      modelDigest,
      provider: ready.provider,
      golden: golden.map(({ name, passed, largestDeviation }) => ({ name, passed, largestDeviation })),
    });
  }

  async function run({ runId, packageDir, modelDigest, series, memory, ...asked }: RunRequest): Promise<void> {
    const controller = running.get(runId);
    if (ready === null || controller === undefined) throw new Error('asked to run before the start');
    const { provider = ready.provider } = asked;
    const directory = path.resolve(packageDir);
    const fail = (code: RunFailure): void => post({ type: 'failed', runId, code });
    try {
      if (controller.signal.aborted) return fail('cancelled');
      if (memory !== undefined && !(await makeRoom(ready, memory.needMb, directory))) return fail('low-memory');
      if (memory !== undefined) ready.memory.begin(memory.mostMb);
      const setting = { ...ready, provider };
      const { keepTensors = false } = asked;
      const answer = await compute(setting, directory, modelDigest, series.instances, controller.signal, keepTensors);
      if (memory !== undefined) post({ type: 'used', runId, peakMb: ready.memory.end() });
      if (!answer.ok && answer.error.code === 'bad-output') {
        const { tensor, why } = answer.error;
        return post({ type: 'failed', runId, code: 'bad-output', output: { tensor, why } });
      }
      if (!answer.ok) return fail(answer.error.code);
      post({ type: 'finished', runId, provider, onnxruntimeVersion: ONNXRUNTIME_VERSION, ...answer.value });
    } finally {
      running.delete(runId);
    }
  }

  async function compute(
    setting: Ready,
    directory: string,
    modelDigest: string,
    instances: RunRequest['series']['instances'],
    signal: AbortSignal,
    keepTensors: boolean,
  ): ReturnType<typeof runSeries> {
    if (setting.provider !== ready?.provider)
      return computeElsewhere(setting, directory, modelDigest, instances, signal);
    const known = setting.warm.find(directory);
    const opened = known?.manifest.modelDigest === modelDigest ? null : await openPackage(directory, setting);
    const model = opened === null ? known : opened.ok ? opened.value : undefined;
    if (model === undefined || model.manifest.modelDigest !== modelDigest) return err({ code: 'package-unreadable' });
    if (!keepTensors) return runSeries({ ...setting, model, signal }, instances);
    const { session, left } = recordTensors(model.session, setting.outboxDir);
    const answer = await runSeries({ ...setting, model: { ...model, session }, signal }, instances);
    return answer.ok ? ok({ ...answer.value, rawTensors: [...left] }) : answer;
  }

  /** On another provider than the one in use: loaded for this run alone, and closed after it. */
  async function computeElsewhere(
    setting: Ready,
    directory: string,
    modelDigest: string,
    instances: RunRequest['series']['instances'],
    signal: AbortSignal,
  ): ReturnType<typeof runSeries> {
    const opened = await openModelPackage(directory, { provider: setting.provider, threads: setting.threads });
    if (!opened.ok) return err({ code: 'package-unreadable' });
    const model = opened.value;
    try {
      if (model.manifest.modelDigest !== modelDigest) return err({ code: 'package-unreadable' });
      return await runSeries({ ...setting, model, signal }, instances);
    } finally {
      await model.session.close();
    }
  }

  /** Whether so much memory can be had; models that are only kept warm go first, the least recently used before the others. */
  async function makeRoom({ memory, warm }: Ready, needMb: number, directory: string): Promise<boolean> {
    while (memory.freeMb() < needMb) if (!(await warm.closeOldest(directory))) return false;
    return true;
  }

  /** Opens a package anew, so that a changed directory is seen; the session it replaces is closed. */
  async function openPackage(packageDir: string, setting: Ready): ReturnType<typeof openModelPackage> {
    const directory = path.resolve(packageDir);
    const { provider, threads, warm } = setting;
    const before = process.memoryUsage.rss();
    const opened = await openModelPackage(directory, { provider, threads });
    if (opened.ok) await warm.keep(directory, opened.value, Math.max(0, process.memoryUsage.rss() - before) / 2 ** 20);
    return opened;
  }
}
