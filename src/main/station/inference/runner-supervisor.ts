import {
  type PackageFault,
  packageFault,
  type PackageRefusal,
  refusePackage,
} from '../../../shared/domain/package-fault.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { RunnerHost } from './runner-host.ts';
import {
  type NextRequest,
  type ProviderComparison,
  type RunFailure,
  type RunFinished,
  RunnerToStation,
  type RunRequest,
  type StartRunner,
  type StationToRunner,
} from './runner-protocol.ts';

export type RunnerReady = Extract<RunnerToStation, { type: 'ready' }>;
export type ModelLoaded = Extract<RunnerToStation, { type: 'loaded' }>;
export type LoadRefusal =
  | (PackageRefusal & LoadedSoFar)
  | ({ readonly code: 'runner-unavailable'; readonly faults: readonly PackageFault[] } & LoadedSoFar);
type LoadFailed = Extract<RunnerToStation, { type: 'load-failed' }>;
/** Of a package that could be computed and does not hold: how its golden cases came out, and on what. */
type LoadedSoFar = Pick<LoadFailed, 'golden' | 'device'>;
/** Why a run has no result; which tensor of a bad output is none, and what the stages took, where the runner could still say. */
export type RunRefusal = { readonly code: RunFailure } & Pick<RunFailed, 'output' | 'timings'>;
type RunFailed = Extract<RunnerToStation, { type: 'failed' }>;
/** What a run took, as far as the runner said so. */
export type RunUsage = Extract<RunnerToStation, { type: 'used' }>;

/** What the runner is doing, for the health page and the metrics. */
export type RunnerState =
  | { readonly state: 'stopped' }
  | { readonly state: 'starting' }
  | { readonly state: 'ready'; readonly runner: RunnerReady; readonly busy: boolean }
  | { readonly state: 'restarting'; readonly failuresInARow: number };

/** In times of what others may take: TensorRT builds its engine for this very device when a model is loaded. */
const SLOW_TO_LOAD: ReadonlyMap<string, number> = new Map([['tensorrt', 15]]);
const CALM = 'a model that loads and computes its golden cases without ending the process, and in time';

/** Runs a callback once after some milliseconds; the answer calls it off. */
export type Timer = (afterMs: number, callback: () => void) => () => void;

/** The timer of the machine; it keeps no process alive. */
export const systemTimer: Timer = (afterMs, callback) => {
  const handle = setTimeout(callback, afterMs);
  handle.unref();
  return () => clearTimeout(handle);
};

/** How patient the supervisor is; all in milliseconds. */
export type SupervisorLimits = {
  readonly startMs: number;
  readonly loadMs: number;
  readonly pingEveryMs: number;
  readonly pongWithinMs: number;
  readonly cancelWithinMs: number;
  readonly firstBackOffMs: number;
  readonly longestBackOffMs: number;
  /** After this many failed starts in a row waiting work is refused as unavailable; starting goes on. */
  readonly startsBeforeRefusing: number;
};

export const SUPERVISOR_LIMITS: SupervisorLimits = {
  startMs: 30_000,
  loadMs: 60_000,
  pingEveryMs: 10_000,
  pongWithinMs: 5_000,
  cancelWithinMs: 2_000,
  firstBackOffMs: 250,
  longestBackOffMs: 30_000,
  startsBeforeRefusing: 4,
};

/** Owns the runner: one piece of work at a time, in the order asked, each answered exactly once whatever becomes of the process. */
export type RunnerSupervisor = {
  start(): void;
  /** Loads a package on a provider, that in use where none is named, and with `verify` replays its golden cases there. */
  load(
    packageDir: string,
    options: { readonly verify: boolean; readonly provider?: string },
  ): Promise<Result<ModelLoaded, LoadRefusal>>;
  /** Computes a package's golden cases on two providers and says how far and how fast they are apart. */
  compare(
    packageDir: string,
    options: { readonly provider: string; readonly against: string; readonly runs: number; readonly limitMs: number },
  ): Promise<Result<ProviderComparison, LoadRefusal>>;
  /** Runs a model on a series; past the budget the process is killed and the answer is `over-budget`. */
  run(
    request: Omit<RunRequest, 'type'>,
    options: { readonly budgetMs: number; readonly used?: (usage: RunUsage) => void },
  ): Promise<Result<RunFinished, RunRefusal>>;
  /** Tells the runner what will probably be asked next, so that it can be prepared while a run computes; it promises nothing. */
  expect(next: Omit<NextRequest, 'type'>): void;
  /** Calls a run off, waiting or running; its answer is then `cancelled`. */
  cancel(runId: RunRequest['runId']): void;
  /** After a rotation: tells the running process, and every later one, what objects are sealed with. */
  useObjectKeys(objectKeys: StartRunner['objectKeys']): void;
  /** Asks the runner to end, and ends it when it does not; waiting work is answered `runner-unavailable`. */
  stop(): Promise<void>;
  state(): RunnerState;
  /** Registers the one listener for changes of state. */
  onState(listener: (state: RunnerState) => void): void;
};

type Work = {
  readonly message: RunRequest | Extract<StationToRunner, { type: 'load' | 'compare' }>;
  readonly limitMs: number;
  /** Gives the answer when the message is this work's; false when it is another's. */
  readonly take: (message: RunnerToStation) => boolean;
  readonly refuse: (code: 'runner-crashed' | 'runner-unavailable' | 'over-budget' | 'cancelled') => void;
};

/** Makes a supervisor over a host; nothing runs before `start`. */
export function superviseRunner(
  host: RunnerHost,
  settings: Omit<StartRunner, 'type'>,
  options: { readonly timer?: Timer; readonly limits?: Partial<SupervisorLimits> } = {},
): RunnerSupervisor {
  const timer = options.timer ?? systemTimer;
  const limits = { ...SUPERVISOR_LIMITS, ...options.limits };
  const waiting: Work[] = [];
  let objectKeys = settings.objectKeys;
  let state: RunnerState = { state: 'stopped' };
  let tellState: (state: RunnerState) => void = () => undefined;
  let current: Work | null = null;
  /** Why we ended the process ourselves; a crash otherwise. */
  let ending: 'over-budget' | 'cancelled' | 'runner-crashed' = 'runner-crashed';
  let failuresInARow = 0;
  let requests = 0;
  let callOff: () => void = () => undefined;
  let stopped: (() => void) | null = null;

  host.onMessage(receive);
  host.onExit(exited);

  function become(next: RunnerState): void {
    state = next;
    tellState(next);
  }

  /** One thing is awaited at a time: the start, the work's answer, a pong, the next ping or the next start. */
  function waitFor(afterMs: number, callback: () => void): void {
    callOff();
    callOff = timer(afterMs, callback);
  }

  function startProcess(): void {
    become({ state: 'starting' });
    ending = 'runner-crashed';
    host.start();
    waitFor(limits.startMs, () => host.kill());
    host.send({ type: 'start', ...settings, objectKeys });
  }

  function receive(raw: unknown): void {
    const parsed = RunnerToStation.safeParse(raw);
    if (!parsed.success) return host.kill(); // another build or a broken process: nothing it says can be trusted
    const message = parsed.data;
    if (message.type === 'start-failed') return host.kill();
    if (message.type === 'ready') {
      if (state.state !== 'starting') return host.kill(); // it is said once
      become({ state: 'ready', runner: message, busy: false });
      return next();
    }
    if (state.state !== 'ready') return;
    if (message.type === 'pong') {
      if (current === null && message.nonce === requests) pingLater();
      return;
    }
    if (current === null || !current.take(message)) return;
    current = null;
    failuresInARow = 0;
    next();
  }

  function next(): void {
    if (state.state !== 'ready') return;
    const work = waiting.shift();
    become({ ...state, busy: work !== undefined });
    if (work === undefined) return pingLater();
    current = work;
    host.send(work.message);
    waitFor(work.limitMs, () => endProcess('over-budget'));
  }

  function pingLater(): void {
    waitFor(limits.pingEveryMs, () => {
      requests += 1;
      host.send({ type: 'ping', nonce: requests });
      waitFor(limits.pongWithinMs, () => host.kill());
    });
  }

  function endProcess(why: typeof ending): void {
    ending = why;
    host.kill();
  }

  function exited(): void {
    callOff();
    const work = current;
    current = null;
    work?.refuse(stopped === null ? ending : 'runner-unavailable');
    if (stopped !== null) {
      become({ state: 'stopped' });
      return stopped();
    }
    // A budget that is over and a cancel are no fault of the process: the next one starts at once.
    if (ending === 'runner-crashed') failuresInARow += 1;
    become({ state: 'restarting', failuresInARow });
    if (failuresInARow >= limits.startsBeforeRefusing) {
      for (const refused of waiting.splice(0)) refused.refuse('runner-unavailable');
    }
    const backOffMs = failuresInARow === 0 ? 0 : limits.firstBackOffMs * 2 ** (failuresInARow - 1);
    waitFor(Math.min(limits.longestBackOffMs, backOffMs), startProcess);
  }

  function enqueue(work: Work): void {
    if (state.state === 'stopped' || stopped !== null || failuresInARow >= limits.startsBeforeRefusing) {
      return work.refuse('runner-unavailable');
    }
    waiting.push(work);
    if (state.state === 'ready' && current === null) next();
  }

  return {
    start() {
      if (state.state !== 'stopped') throw new Error('the supervisor already runs');
      failuresInARow = 0;
      stopped = null;
      startProcess();
    },
    load: (packageDir, { verify, provider }) =>
      new Promise((resolve) => {
        requests += 1;
        const requestId = String(requests);
        enqueue({
          message: { type: 'load', requestId, packageDir, verify, ...(provider !== undefined && { provider }) },
          limitMs: limits.loadMs * (SLOW_TO_LOAD.get(provider ?? '') ?? 1),
          take: (message) => {
            if ((message.type !== 'loaded' && message.type !== 'load-failed') || message.requestId !== requestId)
              return false;
            resolve(message.type === 'loaded' ? ok(message) : refuseLoaded(message));
            return true;
          },
          refuse: (code) => resolve(notAnswered(code)),
        });
      }),
    compare: (packageDir, { limitMs, ...asked }) =>
      new Promise((resolve) => {
        requests += 1;
        const requestId = String(requests);
        enqueue({
          message: { type: 'compare', requestId, packageDir, ...asked },
          limitMs,
          take(message) {
            if ((message.type !== 'compared' && message.type !== 'load-failed') || message.requestId !== requestId)
              return false;
            resolve(message.type === 'compared' ? ok(message) : refuseLoaded(message));
            return true;
          },
          refuse: (code) => resolve(notAnswered(code)),
        });
      }),
    run: (request, { budgetMs, used }) =>
      new Promise((resolve) => {
        enqueue({
          message: { type: 'run', ...request },
          limitMs: budgetMs,
          take: (message) => {
            if (message.type === 'used' && message.runId === request.runId) used?.(message);
            if ((message.type !== 'finished' && message.type !== 'failed') || message.runId !== request.runId)
              return false;
            resolve(message.type === 'finished' ? ok(message) : err(refusalOf(message)));
            return true;
          },
          refuse: (code) => resolve(err({ code })),
        });
      }),
    expect(next) {
      if (state.state === 'ready' && current?.message.type === 'run') host.send({ type: 'next', ...next });
    },
    cancel(runId) {
      const index = waiting.findIndex(({ message }) => message.type === 'run' && message.runId === runId);
      if (index >= 0) return waiting.splice(index, 1)[0]?.refuse('cancelled');
      if (current?.message.type !== 'run' || current.message.runId !== runId) return;
      host.send({ type: 'cancel', runId });
      waitFor(limits.cancelWithinMs, () => endProcess('cancelled'));
    },
    useObjectKeys(keys) {
      objectKeys = keys;
      host.send({ type: 'object-keys', objectKeys });
    },
    stop: () =>
      new Promise((resolve) => {
        if (state.state === 'stopped') return resolve();
        stopped = resolve;
        for (const work of waiting.splice(0)) work.refuse('runner-unavailable');
        if (state.state === 'restarting') {
          callOff();
          become({ state: 'stopped' });
          return resolve();
        }
        host.send({ type: 'shutdown' });
        waitFor(limits.cancelWithinMs, () => host.kill());
      }),
    state: () => state,
    onState(listener) {
      tellState = listener;
    },
  };
}

function refusalOf({ code, output, timings }: RunFailed): RunRefusal {
  return { code, ...(output && { output }), ...(timings && { timings }) };
}

function refuseLoaded({ faults, golden, device }: LoadFailed): Result<never, LoadRefusal> {
  const refused = refusePackage(faults);
  return err({ ...refused.error, ...(golden && { golden }), ...(device && { device }) });
}

function notAnswered(code: Parameters<Work['refuse']>[0]): Result<never, LoadRefusal> {
  if (code === 'runner-unavailable') return err({ code, faults: [] });
  return refusePackage([packageFault('runner-crashed', '', { expected: CALM })]);
}
