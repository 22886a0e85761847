import { existsSync, unlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import type { Clock } from '../clock.ts';
import { appendEvent } from '../ledger/append.ts';
import { type Actor, serviceActor } from '../ledger/event.ts';
import type { Log } from '../log.ts';
import type { WritableDb } from '../store/database.ts';
import { durable } from '../store/durability.ts';
import { isOutOfRoom } from '../store/out-of-room.ts';
import { inTransaction } from '../store/transaction.ts';
import type { KeptObjectKeys } from './object-keys.ts';
import { objectPath, type ObjectEncoding, type ObjectStore, SEALED } from './object-store.ts';
import type { Pace } from './pace.ts';
import { finishPass, latestPass, notePass, type ObjectPass, type ObjectProgress, startPass } from './passes.ts';
import { isExpected, recordSealed } from './records.ts';
import { objectsFrom, resealFile, rewrapFile } from './reseal-files.ts';
import { DamagedObject } from './sealed-format.ts';

/** `rewrap` seals every file's own key with the new one; `reseal` writes every file anew, and plain ones sealed. */
export type RotationKind = 'rewrap' | 'reseal';

export type KeyRotation = {
  /** Goes on with what a stop left. */
  start(): void;
  /** Makes a new key that seals from now on, and begins to bring every stored object under it. */
  rotate(kind: RotationKind, actor: Actor): Result<ObjectPass, { code: 'rotation-running' }>;
  /** The rotation under way, or the last one; null before any. */
  latest(): ObjectPass | null;
  stop(): Promise<void>;
};

type RotationTools = {
  readonly db: WritableDb;
  readonly root: string;
  readonly objects: Pick<ObjectStore, 'settled'>;
  readonly keys: KeptObjectKeys;
  readonly pace: Pace;
  readonly clock: Clock;
  readonly log: Log;
  /** Told after every change of the keys held, for other processes that read. */
  readonly keysChanged: () => void;
  /** Told of an object that does not open. */
  readonly suspect: (digest: string) => void;
};

/** What a header costs, whatever the body's length. */
const HEADER_COST_BYTES = 4096;
const NOTE_EVERY_MS = 1000;
const NO_ROOM_PAUSE_MS = 30_000;

/**
 * Brings stored objects under a new key, file by file, at the given pace. It walks the files themselves, not their rows, so
 * that none is left behind; the older keys are forgotten only after a walk that every file came through.
 */
export function createKeyRotation(tools: RotationTools): KeyRotation {
  const { db, root, keys, clock, log } = tools;
  const ending = new AbortController();
  let working: Promise<void> = Promise.resolve();

  const latest = (): ObjectPass | null => {
    const [one, other] = [latestPass(db, 'rewrap'), latestPass(db, 'reseal')];
    if (one === null || other === null) return one ?? other;
    return one.passSeq > other.passSeq ? one : other;
  };

  async function work(started: ObjectPass): Promise<void> {
    // What was sealed with an older key a moment ago has its name only once it is kept.
    await tools.objects.settled();
    const pass: ObjectProgress = { ...started };
    let notedAtMs = clock.nowMs();
    for await (const object of objectsFrom(root, pass.place)) {
      if (ending.signal.aborted) return notePass(db, pass);
      const done = await treat(object, pass.kind);
      pass.place = object.digest;
      pass.objects += 1;
      pass.bytes += done.bytes;
      pass.faults += done.faults;
      if (clock.nowMs() - notedAtMs < NOTE_EVERY_MS) continue;
      notedAtMs = clock.nowMs();
      notePass(db, pass);
    }
    // A file that did not come through may yet be put back from a backup, sealed as it was.
    const forgotten = pass.faults === 0 ? keys.forgetAllBut([]) : 0;
    if (forgotten > 0) tools.keysChanged();
    inTransaction(db, () => {
      finishPass(db, pass, clock.nowMs());
      appendEvent(db, {
        kind: 'object-rotation-finished',
        payload: { how: pass.kind, objects: pass.objects, faults: pass.faults, forgotten },
        ...about(serviceActor('station')),
      });
    });
  }

  async function treat(
    object: { readonly digest: string; readonly encoding: ObjectEncoding },
    kind: ObjectPass['kind'],
  ): Promise<{ readonly bytes: number; readonly faults: number }> {
    const { digest, encoding } = object;
    for (;;) {
      try {
        if (kind === 'reseal') return { bytes: await reseal(object), faults: 0 };
        await tools.pace(HEADER_COST_BYTES);
        if (encoding !== 'plain') await rewrapFile(root, digest, keys);
        return { bytes: 0, faults: 0 };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { bytes: 0, faults: 0 }; // let go meanwhile
        if (isOutOfRoom(error) && !ending.signal.aborted) {
          await pause(NO_ROOM_PAUSE_MS, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
          continue;
        }
        if (error instanceof DamagedObject) tools.suspect(digest);
        else log.incident('object-not-resealed', error);
        return { bytes: 0, faults: 1 };
      }
    }
  }

  async function reseal(object: { readonly digest: string; readonly encoding: ObjectEncoding }): Promise<number> {
    const { digest, encoding } = object;
    const isWanted = () => isExpected(db, digest, encoding);
    if (!isWanted()) {
      // A power cut took back the row's news and not the plain file's end: what stands here is what the row means.
      if (encoding !== 'plain' && isExpected(db, digest, 'plain') && !existsSync(objectPath(root, digest, 'plain')))
        inTransaction(db, () => recordSealed(db, digest, encoding));
      // No row counts on it, but one may yet: it stays readable.
      if (encoding !== 'plain') await rewrapFile(root, digest, keys);
      return 0;
    }
    const bytes = await resealFile(root, object, keys, { pace: tools.pace, isWanted });
    if (encoding === 'plain' && bytes !== null) {
      inTransaction(db, () => recordSealed(db, digest, SEALED));
      // A power cut must not leave the row naming what is gone.
      await durable(db);
      unlinkSync(objectPath(root, digest, 'plain'));
    }
    return bytes ?? 0;
  }

  function begin(pass: ObjectPass): void {
    working = work(pass).catch((error: unknown) => {
      // What was done stands in its row; the next start goes on from there.
      log.incident('rotation-failed', error);
    });
  }

  const about = (actor: Actor) => ({
    ...{ siteId: null, actor, correlationId: keys.current().id, atMs: clock.nowMs() },
  });

  return {
    latest,
    start() {
      const last = latest();
      if (last?.state === 'running') return begin(last);
      // A stop between the new key and its walk, or a walk that some file did not come through.
      if (keys.ids().length > 1) begin(startPass(db, 'rewrap', 'station', clock.nowMs()));
    },
    rotate(kind, actor) {
      if (latest()?.state === 'running') return err({ code: 'rotation-running' });
      const keyId = keys.add(clock.nowMs());
      tools.keysChanged();
      const pass = inTransaction(db, () => {
        appendEvent(db, { kind: 'object-keys-rotated', payload: { keyId, how: kind }, ...about(actor) });
        return startPass(db, kind, actor.id, clock.nowMs());
      });
      begin(pass);
      return ok(pass);
    },
    async stop() {
      ending.abort();
      await working;
    },
  };
}
