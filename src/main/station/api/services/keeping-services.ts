import { DAY_MS } from '../../../../shared/domain/durations.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok } from '../../../../shared/domain/result.ts';
import { actorOf, type Principal } from '../../access/index.ts';
import {
  type CacheKeeper,
  evictionCause,
  findStudyCard,
  holderOf,
  type KeptSite,
  listHolds,
  personBehind,
  placeHold,
  releaseHold,
} from '../../archive/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Config, refuseBelowBytes } from '../../platform/config.ts';
import type { DiskWatch } from '../../platform/disk-watch.ts';
import type { WritableDb } from '../../platform/store/database.ts';
import type { StationServices } from '../services.ts';
import type { Readers } from './readers.ts';
import { nameActor } from './study-face.ts';

/** What keeping is told through the api stands on. */
export type KeepingTools = {
  readonly keeper: Pick<CacheKeeper, 'lastRun' | 'runRetention' | 'isDeleting'>;
  readonly sites: readonly KeptSite[];
  readonly disk: Pick<DiskWatch, 'freeBytes' | 'totalBytes' | 'state'>;
  readonly marks: Config['disk'];
};

type Tools = KeepingTools & { readonly db: WritableDb; readonly readers: Readers; readonly clock: Clock };

/** The cache, the holds and the retention rules of whoever asks: always their own site's. */
export function keepingServices(tools: Tools): StationServices['keeping'] {
  const { db, readers, clock, keeper, sites, disk, marks } = tools;
  const siteOf = ({ siteId }: Principal) => sites.find((site) => site.siteId === siteId);
  const isOfSite = ({ siteId }: Principal, studyId: StudyId) => findStudyCard(db, studyId)?.siteId === siteId;
  return {
    async cache(principal) {
      const policy = siteOf(principal)?.cache;
      const size = await readers.run('measure-cache', principal.siteId);
      const { freeBytes, totalBytes, state } = disk;
      const { lowBytes, fullBytes } = marks;
      return {
        policy: policy === undefined ? null : { keepDays: policy.keepDays, maxBytes: policy.maxBytes ?? null },
        because: evictionCause(policy, state, size.bytes),
        disk: { freeBytes, totalBytes, state, lowBytes, refuseBytes: refuseBelowBytes(marks), fullBytes },
        ...size,
        lastRun: keeper.lastRun(principal.siteId),
      };
    },
    async leaving(principal, page) {
      const policy = siteOf(principal)?.cache;
      if (policy === undefined) return { studies: [], next: null };
      const beforeMs = clock.nowMs() - policy.keepDays * DAY_MS;
      return readers.run('preview-eviction', { siteId: principal.siteId, beforeMs, ...page });
    },
    holds: ({ siteId }) =>
      listHolds(db, siteId).map(({ studyId, ...hold }) => {
        const userId = personBehind(hold.holder);
        return { ...hold, studyId: StudyId.parse(studyId), by: userId === null ? null : nameActor(db, userId) };
      }),
    hold(principal, studyId, reason) {
      if (!isOfSite(principal, studyId)) return err({ code: 'study-not-found' });
      const hold = { studyId, holder: holderOf(principal.userId), reason };
      placeHold(db, hold, { actor: actorOf(principal), atMs: clock.nowMs() });
      return ok(null);
    },
    releaseHold(principal, studyId, holder) {
      if (!isOfSite(principal, studyId)) return err({ code: 'study-not-found' });
      if (personBehind(holder) === null) return err({ code: 'held-by-the-station' });
      releaseHold(db, { studyId, holder }, { actor: actorOf(principal), atMs: clock.nowMs() });
      return ok(null);
    },
    rules(principal) {
      const site = siteOf(principal);
      return {
        rules: (site?.retention ?? []).map(({ name, olderThanDays, action, evenUnproven, ...rule }) => ({
          ...{ name, olderThanDays, action, evenUnproven },
          modalities: rule.modalities ?? null,
          intents: rule.intents ?? null,
          inForceBy: rule.inForceBy ?? null,
        })),
        isRunning: keeper.isDeleting(principal.siteId),
        keepDiscardedDays: site?.keepDiscardedDays ?? 0,
        keepRecordsDays: site?.keepRecordsDays ?? 0,
      };
    },
    preview: (principal, { after, limit }) =>
      readers.run('preview-retention', {
        ...{ siteId: principal.siteId, rules: siteOf(principal)?.retention ?? [], nowMs: clock.nowMs(), after, limit },
        discardedBeforeMs: clock.nowMs() - (siteOf(principal)?.keepDiscardedDays ?? Number.POSITIVE_INFINITY) * DAY_MS,
        recordsBeforeMs: clock.nowMs() - (siteOf(principal)?.keepRecordsDays ?? Number.POSITIVE_INFINITY) * DAY_MS,
      }),
    run: (principal) => keeper.runRetention(principal.siteId, actorOf(principal)),
  };
}
