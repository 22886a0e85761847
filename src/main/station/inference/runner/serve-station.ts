import { existsSync } from 'node:fs';
import path from 'node:path';
import { type PackageFault, packageFault, refusePackage } from '../../../../shared/domain/package-fault.ts';
import { remoteName, remoteProvider, type RemoteServer } from '../../../../shared/domain/provider.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import {
  type ComputedOn,
  MOST_FAULTS,
  type NextRequest,
  OVER_MEMORY_NOTE,
  type RunnerToStation,
  type RunRequest,
  type StartRunner,
  type StationToRunner,
} from '../runner-protocol.ts';
import { compareProvider } from './compare-provider.ts';
import { type GpuRoom, isMeasuredProvider, keepGpuRoom } from './gpu-room.ts';
import { type ModelPackage, openModelPackage, type PackageSetting, readPackageManifest } from './model-package.ts';
import { prepareInThread, type SeriesPreparer } from './prepare-in-thread.ts';
import { prepareRule } from './prepare-series.ts';
import { PREPARER_ENTRY } from './preparer-entry.ts';
import { proveProviders } from './providers.ts';
import { recordTensors } from './record-tensors.ts';
import { replayGoldenCases } from './replay-golden.ts';
import type { RunRefused } from './run-frames.ts';
import { type RunAnswer, runPrepared, type RunSetting } from './run-series.ts';
import { ComputeFault, ONNXRUNTIME_VERSION } from './session.ts';
import { factsOf } from './source-facts.ts';
import { type StageTimer, timeStages } from './stage-timer.ts';
import { keepModelsWarm, type WarmModels } from './warm-models.ts';
import { type MemoryWatch, watchMemory } from './watch-memory.ts';

/** How much the models that no run needs just now may take together, where the station does not say. */
const WARM_MODELS_MB = 2048;

type LoadRequest = Extract<StationToRunner, { type: 'load' }>;
type CompareRequest = Extract<StationToRunner, { type: 'compare' }>;
type LoadFailed = Extract<RunnerToStation, { type: 'load-failed' }>;

type Ready = Pick<RunSetting, 'outboxDir'> & {
  readonly preparer: SeriesPreparer;
  readonly provider: string;
  readonly proven: readonly string[];
  readonly remotes: readonly RemoteServer[];
  readonly threads: number;
  readonly memory: MemoryWatch;
  readonly warm: WarmModels;
  readonly gpu: GpuRoom;
};

/** One run's way through: what stops it, what it takes, and what of its tensors is left behind. */
type Asked = Pick<RunRequest, 'modelDigest' | 'keepTensors' | 'providerVersion' | 'otherSeries' | 'fed' | 'patient'> & {
  readonly instances: RunRequest['series']['instances'];
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly timer: StageTimer;
};

/**
 * Answers the station's messages, one piece of work at a time in the order asked; `ping`, `cancel` and what comes next are heard
 * between. `preparerEntry`: the file of the thread that prepares series.
 */
export function serveStation(
  post: (message: RunnerToStation) => void,
  exit: () => void,
  preparerEntry: URL = PREPARER_ENTRY,
): (message: StationToRunner) => void {
  const running = new Map<string, AbortController>();
  /** MiB that the run under way needs. */
  let neededMb = 0;
  /** False while the run under way has not asked for its own series yet: what comes next has to wait behind that. */
  let hasTaken = true;
  let next: NextRequest | null = null;
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
        // At once, also for the run under way; before the start they wait for it.
        if (ready !== null) return ready.preparer.useObjectKeys(message.objectKeys);
        return enqueue(async () => ready?.preparer.useObjectKeys(message.objectKeys));
      case 'next':
        next = message;
        return hasTaken ? prepareNext() : undefined;
      case 'load':
        return enqueue(() => load(message));
      case 'compare':
        return enqueue(() => compare(message));
      case 'run':
        running.set(message.runId, new AbortController());
        hasTaken = false;
        next = null; // it was told of this one
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
    const { objectsDir, objectKeys } = message;
    const memory = watchMemory(path.join(message.outboxDir, OVER_MEMORY_NOTE));
    const preparer = prepareInThread(preparerEntry, { objectsDir, objectKeys, ahead: memory.ahead }, () => {
      throw new Error('the thread that prepares series ended');
    });
    const { remotes = [] } = message;
    const providers = await proveProviders(message.providers.filter((name) => name !== 'remote'));
    // A site may have nothing but servers; which models they serve, and whether they can be asked, shows with each model.
    const [server] = message.providers.includes('remote') ? remotes : [];
    const local = providers.find((candidate) => candidate.proven)?.name;
    const provider = local ?? (server && remoteProvider(server.name));
    if (provider === undefined) return post({ type: 'start-failed', code: 'no-provider' });
    ready = {
      preparer: await preparer,
      outboxDir: message.outboxDir,
      provider,
      proven: providers.flatMap(({ name, proven }) => (proven ? [name] : [])),
      remotes,
      threads: message.threads,
      memory,
      warm: keepModelsWarm(message.warmModelsMb ?? WARM_MODELS_MB),
      gpu: keepGpuRoom(),
    };
    post({ type: 'ready', onnxruntimeVersion: ONNXRUNTIME_VERSION, providers: [...providers], provider });
  }

  async function load({ requestId, packageDir, verify, ...asked }: LoadRequest): Promise<void> {
    if (ready === null) throw new Error('asked to load before the start');
    const { provider = ready.provider } = asked;
    const refuse = (faults: readonly PackageFault[], more: Partial<LoadFailed> = {}): void =>
      post({ type: 'load-failed', requestId, packageDir, faults: faults.slice(0, MOST_FAULTS), ...more });
    if (remoteName(provider) === null && !ready.proven.includes(provider)) return refuse([notProven(provider)]);
    const opened = await openPackage(packageDir, { ...ready, provider });
    if (!opened.ok) return refuse(opened.error.faults);
    const { manifest, session } = opened.value;
    const outcomes = verify ? await replayGoldenCases(opened.value) : [];
    const golden = outcomes.map(({ name, passed, largestDeviation }) => ({ name, passed, largestDeviation }));
    const device = await session.identify().catch(() => undefined); // gone meanwhile: whoever runs it is told
    const faults = outcomes.flatMap((outcome) => outcome.faults);
    if (faults.length > 0) return refuse(faults, { golden, ...(device && { device }) });
    const { id: modelId, version: modelVersion, modelDigest } = manifest;
    post({
      type: 'loaded',
      requestId,
      packageDir,
      modelId,
      modelVersion,
      modelDigest,
      provider,
      ...(device && { device }),
      golden,
    });
  }

  async function compare({ requestId, packageDir, provider, against, runs }: CompareRequest): Promise<void> {
    if (ready === null) throw new Error('asked to compare before the start');
    const directory = path.resolve(packageDir);
    const unproven = [provider, against].find((name) => remoteName(name) === null && !ready?.proven.includes(name));
    const compared =
      unproven === undefined
        ? await compareProvider(directory, settingOf(ready, provider), settingOf(ready, against), runs)
        : refusePackage([notProven(unproven)]);
    if (compared.ok) return post({ type: 'compared', requestId, ...compared.value });
    post({ type: 'load-failed', requestId, packageDir, faults: compared.error.faults.slice(0, MOST_FAULTS) });
  }

  async function run({ runId, packageDir, modelDigest, series, memory, ...asked }: RunRequest): Promise<void> {
    const controller = running.get(runId);
    if (ready === null || controller === undefined) throw new Error('asked to run before the start');
    const { provider = ready.provider, ...more } = asked;
    const { instances } = series;
    const directory = path.resolve(packageDir);
    const timer = timeStages();
    try {
      if (controller.signal.aborted) return post({ type: 'failed', runId, code: 'cancelled' });
      if (memory !== undefined && !(await makeRoom(ready, memory.needMb, shelf(directory, provider))))
        return post({ type: 'failed', runId, code: 'low-memory' });
      if (!(await makeRoomOnDevice(ready, provider, directory, memory?.needMb ?? 0)))
        return post({ type: 'failed', runId, code: 'low-memory' });
      neededMb = memory?.needMb ?? 0;
      if (memory !== undefined) ready.memory.begin(memory.mostMb);
      const answer = await compute(
        { ...ready, provider },
        { modelDigest, ...more, instances, directory, timer, signal: controller.signal },
      );
      if (memory !== undefined) post({ type: 'used', runId, peakMb: ready.memory.end() });
      if (isMeasuredProvider(provider)) await ready.gpu.note(shelf(directory, provider));
      if (answer.ok)
        return post({ type: 'finished', runId, provider, onnxruntimeVersion: ONNXRUNTIME_VERSION, ...answer.value });
      const { error } = answer;
      const output = error.code === 'bad-output' ? { output: { tensor: error.tensor, why: error.why } } : {};
      post({ type: 'failed', runId, code: error.code, ...output, timings: timer.timings() });
    } finally {
      neededMb = 0;
      hasTaken = true;
      running.delete(runId);
    }
  }

  async function compute(setting: Ready, asked: Asked): Promise<Result<RunAnswer, RunRefused>> {
    const { directory, modelDigest, keepTensors = false } = asked;
    const known = setting.warm.find(shelf(directory, setting.provider));
    const opened = known?.manifest.modelDigest === modelDigest ? null : await openPackage(directory, setting);
    if (opened?.ok === false && isOfServer(opened.error.code)) return err({ code: opened.error.code });
    const model = opened === null ? known : opened.ok ? opened.value : undefined;
    if (model === undefined || model.manifest.modelDigest !== modelDigest) return err({ code: 'package-unreadable' });
    if (!keepTensors) return computeWith(model, setting, asked);
    const { session, left } = recordTensors(model.session, setting.outboxDir);
    const answer = await computeWith({ ...model, session }, setting, asked);
    return answer.ok ? ok({ ...answer.value, rawTensors: [...left] }) : answer;
  }

  async function computeWith(
    model: ModelPackage,
    { preparer, outboxDir }: Ready,
    { instances, otherSeries, fed, patient, providerVersion, keepTensors = false, timer, signal }: Asked,
  ): Promise<Result<RunAnswer, RunRefused>> {
    const identified = await identify(model, signal);
    if (!identified.ok) return identified;
    const device = identified.value;
    // Its golden cases held on what was there before, and say nothing of what is there now.
    if (providerVersion !== undefined && device.version !== providerVersion) return err({ code: 'provider-changed' });
    const taking = preparer.take({ rule: prepareRule(model.manifest), instances, otherSeries, fed }, signal);
    hasTaken = true;
    prepareNext();
    const taken = await taking;
    timer.add(taken.timings);
    if (!taken.answer.ok) return taken.answer;
    const fromMs = Date.now();
    // Kept tensors are those of one pass: nothing is tried in between.
    const setting = { model, outboxDir, signal, findsBatch: !keepTensors };
    const series = taken.answer.value;
    const answer = await runPrepared(setting, { ...series, facts: factsOf(series.facts, patient) }, timer);
    const prepare = { fromMs: taken.fromMs, toMs: taken.toMs, isAhead: taken.isAhead };
    return answer.ok
      ? ok({ ...answer.value, device, spans: { prepare, compute: { fromMs, toMs: Date.now() } } })
      : answer;
  }

  /** Has the next run's series prepared while this one computes, where there is memory for both. */
  function prepareNext(): void {
    const hint = next;
    next = null;
    if (hint !== null) void prepareHinted(hint);
  }

  async function prepareHinted({ packageDir, modelDigest, needMb, ...given }: NextRequest): Promise<void> {
    if (ready === null || ready.memory.freeMb() < neededMb + needMb) return;
    const directory = path.resolve(packageDir);
    const manifest =
      ready.warm.peek(shelf(directory, ready.provider))?.manifest ?? (await readPackageManifest(directory));
    // Nothing depends on it: a run of another package takes its own.
    if (manifest === null || manifest.modelDigest !== modelDigest) return;
    const { instances, otherSeries, fed } = given;
    ready.preparer.prepareAhead({ rule: prepareRule(manifest), instances, otherSeries, fed });
  }

  /** Whether so much memory can be had; what was prepared ahead goes first, then models that are only kept warm, the least recently used before the others. */
  async function makeRoom({ memory, warm, preparer }: Ready, needMb: number, except: string): Promise<boolean> {
    if (memory.freeMb() < needMb) preparer.dropAhead();
    while (memory.freeMb() < needMb) if (!(await warm.closeOldest(except))) return false;
    return true;
  }

  /** The same of a device's memory, where it can be measured: models of other devices and of the processor stay. */
  async function makeRoomOnDevice(
    { gpu, warm }: Ready,
    provider: string,
    directory: string,
    expectedMb: number,
  ): Promise<boolean> {
    if (!isMeasuredProvider(provider)) return true;
    const key = shelf(directory, provider);
    const isLoaded = warm.peek(key) !== undefined;
    return gpu.make({ key, isLoaded, expectedMb }, () =>
      warm.closeOldest(key, (other) => isMeasuredProvider(other.slice(0, other.indexOf(' ')))),
    );
  }

  /** Opens a package anew, so that a changed directory is seen; the session it replaces is closed. */
  async function openPackage(packageDir: string, setting: Ready): ReturnType<typeof openModelPackage> {
    const directory = path.resolve(packageDir);
    const { provider, warm } = setting;
    const before = process.memoryUsage.rss();
    const opened = await openModelPackage(directory, settingOf(setting, provider));
    if (opened.ok)
      await warm.keep(
        shelf(directory, provider),
        opened.value,
        Math.max(0, process.memoryUsage.rss() - before) / 2 ** 20,
      );
    return opened;
  }
}

/** How a package is opened on a provider. */
function settingOf({ remotes, threads }: Ready, provider: string): PackageSetting {
  return { provider, threads, remote: remotes.find(({ name }) => name === remoteName(provider)) };
}

/** Where a loaded package is kept: the same one on two providers is two. */
function shelf(directory: string, provider: string): string {
  return `${provider} ${directory}`;
}

function isOfServer(code: string): code is 'remote-unreachable' | 'remote-refused' {
  return code === 'remote-unreachable' || code === 'remote-refused';
}

async function identify(model: ModelPackage, signal: AbortSignal): Promise<Result<ComputedOn, RunRefused>> {
  try {
    return ok(await model.session.identify(signal));
  } catch (error) {
    if (error instanceof ComputeFault) return err(error.refusal);
    throw error;
  }
}

function notProven(provider: string): PackageFault {
  return packageFault('provider-not-proven', '', { value: provider, expected: 'a provider that computes here' });
}
