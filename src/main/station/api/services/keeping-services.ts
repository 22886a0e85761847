import { actorOf, type Principal } from '../../access/index.ts';
import type { CacheKeeper, KeptSite } from '../../archive/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { StationServices } from '../services.ts';
import type { Readers } from './readers.ts';

/** What keeping is told through the api stands on. */
export type KeepingTools = {
  readonly keeper: Pick<CacheKeeper, 'lastRun' | 'runRetention'>;
  readonly sites: readonly KeptSite[];
};

/** The cache and the retention rules of whoever asks: always their own site's. */
export function keepingServices({
  readers,
  clock,
  keeper,
  sites,
}: KeepingTools & { readonly readers: Readers; readonly clock: Clock }): StationServices['keeping'] {
  const siteOf = ({ siteId }: Principal) => sites.find((site) => site.siteId === siteId);
  return {
    async cache(principal) {
      const policy = siteOf(principal)?.cache;
      return {
        policy: policy === undefined ? null : { keepDays: policy.keepDays, maxBytes: policy.maxBytes ?? null },
        ...(await readers.run('measure-cache', principal.siteId)),
        lastRun: keeper.lastRun(principal.siteId),
      };
    },
    preview: (principal, { after, limit }) =>
      readers.run('preview-retention', {
        ...{ siteId: principal.siteId, rules: siteOf(principal)?.retention ?? [], nowMs: clock.nowMs(), after, limit },
        discardedBeforeMs:
          clock.nowMs() - (siteOf(principal)?.keepDiscardedDays ?? Number.POSITIVE_INFINITY) * 86_400_000,
      }),
    run: (principal) => keeper.runRetention(principal.siteId, actorOf(principal)),
  };
}
