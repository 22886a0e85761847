import { DAY_MS } from '../../../shared/domain/durations.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Clock } from '../platform/clock.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import type { Log } from '../platform/log.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import type { Pace } from '../platform/objects/pace.ts';
import {
  finishPass,
  latestPass,
  notePass,
  type ObjectPass,
  type ObjectProgress,
  startPass,
} from '../platform/objects/passes.ts';
import { findObject, isDamaged, listObjectsAfter, type ObjectRecord } from '../platform/objects/records.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { checkObject, type ObjectCondition } from './check-object.ts';
import { healObject, type ObjectHolder, reportDamage } from './integrity.ts';

/** Reads every stored object again and again, at leisure, and at once those that somebody could not read. */
export type IntegrityWorker = {
  start(): void;
  /** Begins a walk over everything now. */
  verify(actor: Actor): Result<ObjectPass, { code: 'verification-running' }>;
  /** An object that could not be read: looked at before anything else. */
  suspect(digest: string): void;
  stop(): Promise<void>;
};

type IntegrityTools = {
  readonly db: WritableDb;
  readonly objects: ObjectReader;
  readonly pace: Pace;
  readonly everyDays: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Who counts on objects; asked off the main thread. */
  readonly findHolders: (digests: readonly string[]) => Promise<readonly ObjectHolder[]>;
};

/** How long nothing is done where nothing is due: a walk is no matter of minutes. */
const LOOK_EVERY_MS = 60_000;
const BATCH = 64;
/** Progress is kept this often: a kill reads so much again, and no more. */
const NOTE_EVERY_MS = 5000;
const TROUBLE_PAUSE_MS = 30_000;

/** How one object was found. */
type Look = { readonly object: ObjectRecord; readonly condition: ObjectCondition; readonly bytes: number };

class Stopping extends Error {}

/** A disk that cannot be asked at all makes the walk wait; nothing is called damaged for it. */
export function createIntegrityWorker(tools: IntegrityTools): IntegrityWorker {
  const { db, objects, clock, log } = tools;
  const suspects = new Set<string>();
  let stopping = false;
  /** The disk could not be asked: no suspect cuts the pause short. */
  let isInTrouble = false;
  let working: Promise<void> = Promise.resolve();
  let wake: () => void = () => undefined;

  async function work(): Promise<void> {
    while (!stopping) {
      try {
        const isMore = (await takeSuspect()) || (await walkOn());
        if (!isMore) await rest(LOOK_EVERY_MS);
      } catch (error) {
        if (error instanceof Stopping) return;
        if (!isOutOfRoom(error)) log.incident('integrity-failed', error);
        isInTrouble = true;
        await rest(TROUBLE_PAUSE_MS);
        isInTrouble = false;
      }
    }
  }

  async function takeSuspect(): Promise<boolean> {
    const [digest] = suspects;
    if (digest === undefined) return false;
    // First off the list: one that cannot be looked at now is looked at by the next walk, and holds nobody up.
    suspects.delete(digest);
    const object = findObject(db, digest);
    if (object !== null) await report([await look(object)]);
    return true;
  }

  /** The next objects of a walk; false where none is under way or due. */
  async function walkOn(): Promise<boolean> {
    const started = latestPass(db, 'verify', 'running') ?? startWhenDue();
    if (started === null) return false;
    const pass: ObjectProgress = { ...started };
    let notedAtMs = clock.nowMs();
    for (;;) {
      const batch = listObjectsAfter(db, pass.place, BATCH);
      const looks: Look[] = [];
      for (const object of batch) {
        if (stopping || suspects.size > 0) {
          await report(looks);
          notePass(db, pass);
          return true;
        }
        const looked = await look(object);
        looks.push(looked);
        pass.place = object.digest;
        pass.objects += 1;
        pass.bytes += looked.bytes;
        if (looked.condition !== 'sound') pass.faults += 1;
      }
      // Before the place is noted: after a kill what was found is found again.
      await report(looks);
      if (batch.length < BATCH) break;
      if (clock.nowMs() - notedAtMs < NOTE_EVERY_MS) continue;
      notedAtMs = clock.nowMs();
      notePass(db, pass);
    }
    inTransaction(db, () => {
      const atMs = clock.nowMs();
      finishPass(db, pass, atMs);
      appendEvent(db, {
        kind: 'objects-verified',
        payload: { objects: pass.objects, bytes: pass.bytes, damaged: pass.faults },
        ...{ siteId: null, actor: serviceActor('integrity'), correlationId: `pass-${pass.passSeq}`, atMs },
      });
    });
    return true;
  }

  function startWhenDue(): ObjectPass | null {
    const last = latestPass(db, 'verify');
    const nowMs = clock.nowMs();
    if (last !== null && nowMs - last.startedAtMs < tools.everyDays * DAY_MS) return null;
    return inTransaction(db, () => startPass(db, 'verify', 'schedule', nowMs));
  }

  /** Reads one object from end to end. */
  async function look(object: ObjectRecord): Promise<Look> {
    const { digest, encoding } = object;
    let bytes = 0;
    const condition = await checkObject(objects, digest, encoding, async (step) => {
      // What is half read when the station ends is read again.
      if (stopping) throw new Stopping();
      bytes += step;
      await tools.pace(step);
    });
    return { object, condition, bytes };
  }

  /** Records what was found where that is news; who counts on the objects is asked once for all of them. */
  async function report(looks: readonly Look[]): Promise<void> {
    // Put back from a backup, or readable again with the disk it stands on.
    for (const { object, condition } of looks)
      if (condition === 'sound' && isDamaged(db, object.digest))
        healObject(db, findObject(db, object.digest) ?? object, serviceActor('integrity'), clock.nowMs());
    const news = looks.filter(({ object, condition }) => condition !== 'sound' && !isDamaged(db, object.digest));
    if (news.length === 0) return;
    const holders = Map.groupBy(
      await tools.findHolders(news.map(({ object }) => object.digest)),
      ({ digest }) => digest,
    );
    for (const { object, condition } of news) {
      if (condition === 'sound') continue;
      const { digest, encoding } = object;
      const found = { digest, encoding, condition, holders: holders.get(digest) ?? [], atMs: clock.nowMs() };
      if (reportDamage(db, found)) log.warn('object-damaged', { code: condition });
    }
  }

  function rest(ms: number): Promise<void> {
    if (stopping || (suspects.size > 0 && !isInTrouble)) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    start() {
      // Of a station that holds nothing yet everything is verified: the days count from here.
      if (latestPass(db, 'verify') === null && listObjectsAfter(db, '', 1).length === 0)
        inTransaction(db, () => finishPass(db, startPass(db, 'verify', 'schedule', clock.nowMs()), clock.nowMs()));
      working = work();
    },
    verify(actor) {
      if (latestPass(db, 'verify', 'running') !== null) return err({ code: 'verification-running' });
      const pass = inTransaction(db, () => {
        const begun = startPass(db, 'verify', actor.id, clock.nowMs());
        const about = { siteId: null, actor, correlationId: `pass-${begun.passSeq}`, atMs: clock.nowMs() };
        appendEvent(db, { kind: 'objects-verification-asked', payload: {}, ...about });
        return begun;
      });
      wake();
      return ok(pass);
    },
    suspect(digest) {
      suspects.add(digest);
      if (!isInTrouble) wake();
    },
    async stop() {
      stopping = true;
      wake();
      await working;
    },
  };
}
