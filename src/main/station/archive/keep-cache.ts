import { setTimeout as pause } from 'node:timers/promises';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { CacheStatus, EvictionCause, RetentionWindow } from '../../../shared/contract/keeping.ts';
import type { DigestFrame } from '../dicom/pixel/digest-frame.ts';
import type { Clock } from '../platform/clock.ts';
import type { Config } from '../platform/config.ts';
import type { DiskState } from '../platform/disk-watch.ts';
import { freshRowId } from '../platform/ids.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectReader, ObjectStore } from '../platform/objects/object-store.ts';
import { isExpected, sumSizes } from '../platform/objects/records.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { watchClockDoubt } from '../platform/store/clock-doubt.ts';
import { durable } from '../platform/store/durability.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { deleteDiscarded, type DiscardedList } from './delete-discarded.ts';
import { deleteStudy, freeDeleted, listHalfDeleted } from './delete-study.ts';
import { type EvictionPlace, evictStudy, type FreedFiles, listKeptByAge } from './eviction.ts';
import { forgetRecords, type OldRecords } from './old-records.ts';
import type { RetentionQuestion, RetentionRules } from './retention.ts';

/** A site and what is kept there: no policy, and everything stays. */
export type KeptSite = {
  readonly siteId: string;
  readonly cache: Config['site']['cache'];
  readonly retention: RetentionRules;
  /** Days that what was discarded from quarantine is kept. */
  readonly keepDiscardedDays: number;
  /** Days that records are kept which no study stands behind. */
  readonly keepRecordsDays: number;
};

/** What a site's studies take up. */
export type CacheSize = Pick<CacheStatus, 'bytes' | 'studies' | 'evicted'>;

/** Lets studies go by policy and deletes them by rule, at low priority; what it does stands in the ledger. */
export type CacheKeeper = {
  start(): void;
  /** Looks at every site once: what `start` does again and again. */
  runOnce(): Promise<void>;
  /**
   * Deletes by the rules in force, in the background, on somebody's word; a run under way goes on. Refused within a day of
   * the clock being set: what looks old may not be.
   */
  runRetention(siteId: string, actor: Actor): Result<null, { code: 'retention-running' | 'clock-set-lately' }>;
  /** Whether rules are being applied at a site. */
  isDeleting(siteId: string): boolean;
  /** What happened at the last look, or null before the first. */
  lastRun(siteId: string): CacheStatus['lastRun'];
  stop(): Promise<void>;
};

type KeeperTools = {
  readonly db: WritableDb;
  readonly objects: Pick<ObjectStore, 'remove'> & ObjectReader;
  /** As the archive's. */
  readonly digestFrame?: DigestFrame;
  readonly sites: readonly KeptSite[];
  readonly disk: { readonly state: DiskState };
  readonly clock: Clock;
  readonly log: Log;
  /** Whether a study is still somebody's work: no rule deletes it then. */
  readonly isOpen: (studyId: string) => boolean;
  /** What takes its time is asked of the reader threads. */
  readonly measure: (siteId: string) => Promise<CacheSize>;
  readonly preview: (question: RetentionQuestion) => Promise<RetentionWindow>;
  readonly listDiscarded: (siteId: string, beforeMs: number, nowMs: number) => Promise<DiscardedList>;
  readonly listOldRecords: (siteId: string, beforeMs: number) => Promise<OldRecords>;
};

const LOOK_EVERY_MS = 600_000;
const RETENTION_EVERY_MS = DAY_MS;
/** Files removed in one go, on the main thread. */
const BATCH = 32;

/** Walks the primary key, a run at a time. */
export const LIST_DIGESTS = `
  SELECT sop_uid AS sopUid, digest FROM instance_versions WHERE site_id = ? AND (sop_uid, digest) > (?, ?)
   ORDER BY sop_uid, digest LIMIT 5000
`;
const COUNT = `
  SELECT count(*) AS studies, coalesce(sum(evicted_objects > 0), 0) AS evicted FROM studies WHERE site_id = ? AND deleted_at_ms IS NULL
`;

/** What a site's studies take up; takes its time, so on a reader thread. */
export function measureCache(db: ReadableDb, siteId: string): CacheSize {
  const counted = prepared<{ studies: number; evicted: number }>(db, COUNT).get(siteId);
  let bytes = 0;
  let last = { sopUid: '', digest: '' };
  for (;;) {
    const run = prepared<typeof last>(db, LIST_DIGESTS).all(siteId, last.sopUid, last.digest);
    bytes += sumSizes(
      db,
      run.map(({ digest }) => digest),
    );
    const next = run.at(-1);
    if (next === undefined) break;
    last = next;
  }
  return { bytes, studies: counted?.studies ?? 0, evicted: counted?.evicted ?? 0 };
}

/** Why studies of a site that holds so many bytes leave now; null: nothing has to. */
export function evictionCause(cache: KeptSite['cache'], disk: DiskState, bytes: number): EvictionCause | null {
  if (cache === undefined) return null;
  if (disk !== 'enough' && disk !== 'unknown') return 'disk';
  if (cache.maxBytes === undefined) return 'age';
  return bytes > cache.maxBytes ? 'size' : null;
}

class Stopping extends Error {}

/** Makes the keeper; it does nothing until it is started or asked. */
export function createCacheKeeper(tools: KeeperTools): CacheKeeper {
  const { db, objects, sites, clock, log } = tools;
  const runs = new Map<string, NonNullable<CacheStatus['lastRun']>>();
  const deleting = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | null = null;
  let stopping = false;
  let working: Promise<void> = Promise.resolve();
  let deletedAtMs = Number.NEGATIVE_INFINITY;
  const doubt = watchClockDoubt(db, clock);

  /** Between two steps: others first, and an end where the station ends. */
  async function yieldToOthers(): Promise<void> {
    await pause(1);
    if (stopping) throw new Stopping();
  }

  /** Rows first, on the disk; then the files. A kill between leaves files that no row asks for: the next start sweeps them. */
  async function removeFiles(files: FreedFiles): Promise<void> {
    if (files.length === 0) return;
    await durable(db);
    for (const [index, { digest, encoding }] of files.entries()) {
      if (index % BATCH === 0) await yieldToOthers();
      // It may have come back meanwhile.
      if (!isExpected(db, digest, encoding)) objects.remove(digest, encoding);
    }
  }

  /** How many bytes too many a site holds, and why; null: nothing needs to leave. */
  async function excess({ siteId, cache }: KeptSite): Promise<{ because: EvictionCause; bytes: number } | null> {
    const held = cache?.maxBytes === undefined ? 0 : (await tools.measure(siteId)).bytes;
    const because = evictionCause(cache, tools.disk.state, held);
    if (because === null) return null;
    return { because, bytes: because === 'size' ? held - (cache?.maxBytes ?? 0) : Number.POSITIVE_INFINITY };
  }

  /** Null where it failed: the study stays for the next look, and others are not held up. */
  async function evict(studyId: string, because: EvictionCause) {
    try {
      return await evictStudy(db, { studyId, because, atMs: clock.nowMs() }, removeFiles, tools);
    } catch (error) {
      if (stopping) throw new Stopping();
      log.incident('eviction-failed', error, { studyId });
      return null;
    }
  }

  async function letGo(site: KeptSite): Promise<void> {
    const over = await excess(site);
    const run = { atMs: clock.nowMs(), studies: 0, bytes: 0 };
    runs.set(site.siteId, run);
    if (over === null || site.cache === undefined) return;
    const { because } = over;
    const beforeMs = clock.nowMs() - site.cache.keepDays * DAY_MS;
    let place: EvictionPlace | undefined;
    for (;;) {
      const candidates = listKeptByAge(db, site.siteId, beforeMs, place);
      for (const { studyId, keptSinceMs } of candidates) {
        await yieldToOthers();
        if (run.bytes >= over.bytes || (because === 'disk' && tools.disk.state === 'enough')) return;
        if (keptSinceMs >= beforeMs) continue;
        const gone = await evict(studyId, because);
        if (gone?.ok !== true) continue;
        run.studies += 1;
        run.bytes += gone.value.bytes;
      }
      place = candidates.at(-1);
      if (place === undefined) return;
    }
  }

  async function finishDeletions(siteId: string): Promise<void> {
    for (const studyId of listHalfDeleted(db, siteId)) await freeDeleted(db, studyId, clock.nowMs(), removeFiles);
  }

  async function retain({ siteId, retention: rules }: KeptSite): Promise<void> {
    let after: string | undefined;
    do {
      const window = await tools.preview({ siteId, rules, nowMs: clock.nowMs(), after, limit: 100 });
      for (const { studyId, verdict } of window.studies) {
        if (verdict !== 'delete') continue;
        await yieldToOthers();
        const deletion = { siteId, studyId, rules, isOpen: tools.isOpen(studyId), atMs: clock.nowMs() };
        if (doubt.isDoubted()) return;
        if (deleteStudy(db, deletion).ok) await freeDeleted(db, studyId, deletion.atMs, removeFiles);
      }
      after = window.next ?? undefined;
    } while (after !== undefined);
  }

  async function removeDiscarded({ siteId, keepDiscardedDays }: KeptSite): Promise<void> {
    const beforeMs = clock.nowMs() - keepDiscardedDays * DAY_MS;
    const { digests, asOfMs: listedAtMs } = await tools.listDiscarded(siteId, beforeMs, clock.nowMs());
    for (const digest of digests) {
      await yieldToOthers();
      if (doubt.isDoubted()) return;
      await removeFiles(deleteDiscarded(db, { siteId, digest, beforeMs, listedAtMs, atMs: clock.nowMs() }));
    }
  }

  async function forgetOldRecords({ siteId, keepRecordsDays }: KeptSite): Promise<void> {
    const beforeMs = clock.nowMs() - keepRecordsDays * DAY_MS;
    const records = await tools.listOldRecords(siteId, beforeMs);
    if (doubt.isDoubted()) return;
    await forgetRecords(db, records, { siteId, beforeMs, atMs: clock.nowMs() }, yieldToOthers);
  }

  /** Deletes at a site unless it is under way there. */
  function begin(site: KeptSite): Promise<void> {
    const run = quietly(() => retain(site)).finally(() => deleting.delete(site.siteId));
    deleting.set(site.siteId, run);
    return run;
  }

  async function quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Stopping)) log.incident('keeping-failed', error);
    }
  }

  async function runOnce(): Promise<void> {
    for (const site of sites) {
      await quietly(() => finishDeletions(site.siteId));
      await quietly(() => letGo(site));
    }
    doubt.note();
    if (doubt.isDoubted()) return;
    if (clock.nowMs() - deletedAtMs < RETENTION_EVERY_MS) return;
    deletedAtMs = clock.nowMs();
    for (const site of sites) {
      await quietly(() => removeDiscarded(site));
      await quietly(() => forgetOldRecords(site));
      const isInForce = site.retention.some(({ inForceBy, action }) => action === 'delete' && inForceBy !== undefined);
      if (isInForce && !deleting.has(site.siteId)) await begin(site);
    }
  }

  return {
    start() {
      const look = () => {
        working = working.then(() => (stopping ? undefined : runOnce()));
      };
      look();
      timer = setInterval(look, LOOK_EVERY_MS);
      timer.unref();
    },
    runOnce,
    runRetention(siteId, actor) {
      const site = sites.find((one) => one.siteId === siteId);
      if (deleting.has(siteId)) return err({ code: 'retention-running' });
      if (doubt.isDoubted()) return err({ code: 'clock-set-lately' });
      inTransaction(db, () =>
        appendEvent(db, {
          kind: 'retention-run-asked',
          payload: {},
          ...{ siteId, actor, correlationId: freshRowId(), atMs: clock.nowMs() },
        }),
      );
      if (site !== undefined) void begin(site);
      return ok(null);
    },
    isDeleting: (siteId) => deleting.has(siteId),
    lastRun: (siteId) => runs.get(siteId) ?? null,
    async stop() {
      stopping = true;
      if (timer !== null) clearInterval(timer);
      doubt.stop();
      await working;
      await Promise.all(deleting.values());
    },
  };
}
