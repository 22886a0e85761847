import { HOUR_MS } from '../../../shared/domain/durations.ts';
import { describeFault, type PackageFault } from '../../../shared/domain/package-fault.ts';
import { providersFor, remoteName, type RemoteServer } from '../../../shared/domain/provider.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import {
  keepVerification,
  listLostByCrash,
  listVerifiedOn,
  type ModelProvider,
  type Verification,
} from './golden-results.ts';
import { askVerification, findModel, type InstalledModel, listUnverified, recordVerification } from './models.ts';
import type { RunnerReady, RunnerSupervisor } from './runner-supervisor.ts';

/** What models may be computed with here, in the site's order. */
export type ProviderSetting = {
  readonly providers: readonly string[];
  readonly remotes: readonly RemoteServer[];
  /** This machine, in words. */
  readonly machine: string;
};

/** Finds for each model the first wanted provider on which its golden cases hold, and keeps watch whether that is still so. */
export type ModelVerifier = {
  /**
   * Verifies whatever nobody has verified; false while the runner cannot be asked. After each model it looks whether something
   * else is wanted first, and leaves the others for the next time.
   */
  verify(isOtherWanted: () => boolean): Promise<boolean>;
};

type Tools = {
  readonly db: WritableDb;
  readonly supervisor: Pick<RunnerSupervisor, 'load' | 'state'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly setting: ProviderSetting | undefined;
};

type Tried = Omit<Verification, 'verifiedAtMs'> & {
  readonly isWhole: boolean;
  readonly faults: readonly PackageFault[];
};

/** A model that takes the runner down this often on a provider does not hold there, and must not hold up the others. */
const MOST_CRASHES = 2;
/** It may not have been the model that ended the process: it is tried again, once each time. */
const TRY_CRASHED_AGAIN_MS = 30 * 60_000;
/** A server that did not answer is asked again: for a model that computes nowhere meanwhile, and for one that computes elsewhere. */
const ASK_SERVER_AGAIN_MS = 60_000;
const LEAVE_STAND_IN_AFTER_MS = 5 * 60_000;

export function createModelVerifier({ db, supervisor, clock, log, setting }: Tools): ModelVerifier {
  const crashes = new Map<string, number>();
  /** Models that only a server could compute which did not answer, and when to ask it again. */
  const later = new Map<string, number>();
  let known: RunnerReady | null = null;

  /** The providers to try for a model; where nobody says, whichever the runner has in use. */
  function wantedFor(model: InstalledModel): readonly (string | undefined)[] {
    return setting === undefined ? [undefined] : providersFor(model.manifest.id, setting.providers, setting.remotes);
  }

  /** Has models verified anew whose provider is another than the one that their golden cases held on, or may be. */
  function lookWhetherItHolds(): void {
    const runner = supervisor.state();
    const isNew = runner.state === 'ready' && runner.runner !== known;
    if (runner.state === 'ready') known = runner.runner;
    for (const on of listVerifiedOn(db)) {
      if (isOld(on) || (isNew && known !== null && isOther(on, known))) askVerification(db, on.digest);
    }
    for (const { digest, verifiedAtMs } of listLostByCrash(db))
      if (clock.nowMs() - verifiedAtMs >= TRY_CRASHED_AGAIN_MS) askVerification(db, digest);
  }

  function isOld({ provider, because, verifiedAtMs }: ModelProvider): boolean {
    const forMs = clock.nowMs() - verifiedAtMs;
    if (because === 'remote-unreachable' && forMs >= LEAVE_STAND_IN_AFTER_MS) return true;
    const server = setting?.remotes.find(({ name }) => name === remoteName(provider));
    return server !== undefined && forMs >= server.verifyEveryHours * HOUR_MS;
  }

  async function settle(model: InstalledModel): Promise<'settled' | 'later' | 'unavailable'> {
    const wanted = wantedFor(model);
    const tried: Tried[] = [];
    for (const provider of wanted) {
      const one = await attempt(model, provider);
      if (one === 'unavailable') return one;
      for (const fault of one.faults)
        log.warn('model-broken', { package: model.manifest.id, code: fault.code, fault: describeFault(fault) });
      tried.push(one);
      if (one.code !== null) continue;
      const [first = one] = tried;
      end(model, one, { wanted: wanted[0] ?? one.provider, because: first.code }, tried);
      return 'settled';
    }
    if (tried.some(({ code }) => code === 'remote-unreachable')) {
      inTransaction(db, () => keepTried(model, tried));
      return 'later';
    }
    end(model, tried.at(-1) ?? NOWHERE, {}, tried);
    return 'settled';
  }

  function end(
    model: InstalledModel,
    one: Tried,
    why: { readonly wanted?: string; readonly because?: string | null },
    tried: readonly Tried[],
  ): void {
    const { provider, providerVersion, machine, isWhole, code, golden } = one;
    const faults = tried.flatMap((other) => other.faults);
    inTransaction(db, () => {
      keepTried(model, tried);
      recordVerification(
        db,
        model.digest,
        {
          ...{ holds: code === null, goldenCases: golden.length, code, golden, faults, ...why },
          ...{ provider, providerVersion, machine, isWhole },
        },
        clock.nowMs(),
      );
    });
  }

  function keepTried(model: InstalledModel, tried: readonly Tried[]): void {
    for (const { faults: _faults, isWhole: _isWhole, ...one } of tried)
      keepVerification(db, model.digest, { ...one, verifiedAtMs: clock.nowMs() });
  }

  async function attempt(model: InstalledModel, wanted: string | undefined): Promise<Tried | 'unavailable'> {
    const options = { verify: true, ...(wanted !== undefined && { provider: wanted }) };
    const loaded = await supervisor.load(model.packagePath, options);
    if (!loaded.ok && loaded.error.code === 'runner-unavailable') return 'unavailable';
    if (!loaded.ok && loaded.error.code === 'runner-crashed') {
      const key = `${model.digest} ${wanted}`;
      crashes.set(key, (crashes.get(key) ?? 0) + 1);
      if ((crashes.get(key) ?? 0) < MOST_CRASHES) return 'unavailable';
    }
    const { golden = [], device } = loaded.ok ? loaded.value : loaded.error;
    const provider = loaded.ok ? loaded.value.provider : (wanted ?? 'none');
    const holds = loaded.ok && golden.length > 0 && golden.every(({ passed }) => passed);
    const differs = golden.length === 0 ? 'golden-missing' : 'golden-differs';
    return {
      ...{ provider, golden, isWhole: device?.isWhole ?? true },
      providerVersion: device?.version ?? versionOf(provider),
      machine: remoteName(provider) ?? setting?.machine ?? '',
      code: holds ? null : loaded.ok ? differs : loaded.error.code,
      faults: loaded.ok ? [] : loaded.error.faults,
    };
  }

  function crashesOf(digest: string): number {
    return [...crashes].filter(([key]) => key.startsWith(digest)).reduce((sum, [, count]) => sum + count, 0);
  }

  function versionOf(provider: string): string {
    const runner = supervisor.state();
    if (runner.state !== 'ready') return '';
    return runner.runner.providers.find(({ name }) => name === provider)?.version ?? '';
  }

  return {
    async verify(isOtherWanted) {
      lookWhetherItHolds();
      let isDone = true;
      let hasAsked = false;
      // Who took the runner down does it again after the others.
      for (const digest of listUnverified(db).toSorted((a, b) => crashesOf(a) - crashesOf(b))) {
        const model = clock.nowMs() < (later.get(digest) ?? 0) ? null : findModel(db, digest);
        if (model === null) continue;
        if (hasAsked && isOtherWanted()) return isDone;
        hasAsked = true;
        const came = await settle(model);
        if (came === 'settled') later.delete(model.digest);
        else if (came === 'later') later.set(model.digest, clock.nowMs() + ASK_SERVER_AGAIN_MS);
        else {
          log.warn('model-not-verified', { package: model.manifest.id });
          isDone = false;
        }
      }
      return isDone;
    },
  };
}

/** Where the site wants nothing that serves the model. */
const NOWHERE: Tried = {
  ...{ provider: 'none', providerVersion: '', machine: '', isWhole: true, golden: [], faults: [] },
  code: 'provider-not-wanted',
};

/** Whether what a model is computed on is gone, another version, or not the best any more, with this runner. */
function isOther({ provider, providerVersion, wanted, because }: ModelProvider, runner: RunnerReady): boolean {
  const isProven = (name: string) => runner.providers.some((one) => one.name === name && one.proven);
  if (because === 'provider-not-proven' && isProven(wanted)) return true;
  if (remoteName(provider) !== null) return false;
  const now = runner.providers.find(({ name }) => name === provider);
  return now === undefined || !now.proven || (providerVersion !== '' && now.version !== providerVersion);
}
