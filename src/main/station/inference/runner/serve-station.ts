import { existsSync } from 'node:fs';
import path from 'node:path';
import type { PackageFault } from '../../../../shared/domain/package-fault.ts';
import { holdObjectKeys } from '../../platform/objects/object-keys.ts';
import { openObjectReader } from '../../platform/objects/object-store.ts';
import {
  MOST_FAULTS,
  type RunFailure,
  type RunnerToStation,
  type RunRequest,
  type StartRunner,
  type StationToRunner,
} from '../runner-protocol.ts';
import { type ModelPackage, openModelPackage } from './model-package.ts';
import { proveProviders } from './providers.ts';
import { replayGoldenCases } from './replay-golden.ts';
import { type RunSetting, runSeries } from './run-series.ts';
import { ONNXRUNTIME_VERSION } from './session.ts';

/** Failures that the same input can outlive; every other answer would only come again. */
const RETRYABLE: ReadonlySet<RunFailure> = new Set(['outbox-full', 'object-missing']);

type Ready = Pick<RunSetting, 'objects' | 'outboxDir'> & { readonly provider: string; readonly threads: number };

/** Answers the station's messages, one piece of work at a time in the order asked; `ping` and `cancel` are heard between. */
export function serveStation(
  post: (message: RunnerToStation) => void,
  exit: () => void,
): (message: StationToRunner) => void {
  const packages = new Map<string, ModelPackage>();
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
      objects: openObjectReader(message.objectsDir, objectKeys),
      outboxDir: message.outboxDir,
      provider,
      threads: message.threads,
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

  async function run({ runId, packageDir, modelDigest, series }: RunRequest): Promise<void> {
    const controller = running.get(runId);
    if (ready === null || controller === undefined) throw new Error('asked to run before the start');
    const fail = (code: RunFailure): void => post({ type: 'failed', runId, code, retryable: RETRYABLE.has(code) });
    try {
      const known = packages.get(path.resolve(packageDir));
      const opened = known?.manifest.modelDigest === modelDigest ? null : await openPackage(packageDir, ready);
      const model = opened === null ? known : opened.ok ? opened.value : undefined;
      if (model === undefined || model.manifest.modelDigest !== modelDigest) return fail('package-unreadable');
      const answer = await runSeries({ ...ready, model, signal: controller.signal }, series.instances);
      if (!answer.ok && answer.error.code === 'bad-output') {
        const { tensor, why } = answer.error;
        return post({ type: 'failed', runId, code: 'bad-output', retryable: false, output: { tensor, why } });
      }
      if (!answer.ok) return fail(answer.error.code);
      const { provider } = ready;
      post({ type: 'finished', runId, provider, onnxruntimeVersion: ONNXRUNTIME_VERSION, ...answer.value });
    } finally {
      running.delete(runId);
    }
  }

  /** Opens a package anew, so that a changed directory is seen; the session it replaces is closed. */
  async function openPackage(packageDir: string, { provider, threads }: Ready): ReturnType<typeof openModelPackage> {
    const directory = path.resolve(packageDir);
    const opened = await openModelPackage(directory, { provider, threads });
    if (opened.ok) {
      await packages.get(directory)?.session.close();
      packages.set(directory, opened.value);
    }
    return opened;
  }
}
