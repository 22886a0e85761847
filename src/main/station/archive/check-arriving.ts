import type { Clock } from '../platform/clock.ts';
import { forgetArriving, listArriving } from '../platform/objects/arriving-objects.ts';
import type { ObjectStore } from '../platform/objects/object-store.ts';
import { findSound, type ObjectRecord } from '../platform/objects/records.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { checkObject, type ObjectCondition } from './check-object.ts';
import { type ObjectHolder, reportDamage } from './integrity.ts';

/** What a start found: `lost` never came to the disk, `unchecked` could not be looked at and are looked at by the next start. */
export type ArrivingChecked = { readonly lost: number; readonly unchecked: readonly unknown[] };

type ArrivingTools = {
  readonly db: WritableDb;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** Who counts on objects; asked off the main thread, and only where one did not come. */
  readonly findHolders: (digests: readonly string[]) => Promise<readonly ObjectHolder[]>;
};
type Lost = ObjectRecord & { readonly condition: Exclude<ObjectCondition, 'sound'> };

/**
 * Looks, before anybody can ask, at objects whose files were on their way to the disk as an earlier process ended: what is whole
 * is brought there; what is not was never acknowledged, is reported as damage, and heals when its sender sends it again.
 */
export async function checkArriving(tools: ArrivingTools): Promise<ArrivingChecked> {
  const lost: Lost[] = [];
  const checked: string[] = [];
  const unchecked: unknown[] = [];
  for (const digest of listArriving(tools.db)) {
    try {
      const found = await bringToDisk(tools, digest);
      if (found !== null) lost.push(found);
      checked.push(digest);
    } catch (error) {
      unchecked.push(error);
    }
  }
  await report(tools, lost, checked);
  return { lost: lost.length, unchecked };
}

/**
 * The same for one object, whose way to the disk failed while the station runs: its rows stand. Rejects where it cannot be
 * looked at; it is then left to whoever verifies, and to the next start.
 */
export async function checkLost(tools: ArrivingTools, digest: string): Promise<void> {
  const found = await bringToDisk(tools, digest);
  if (found !== null) await report(tools, [found], []);
}

/** An object that is not whole; null for one that is, and is on the disk now, was let go since, or whose damage is known. */
async function bringToDisk({ db, objects }: ArrivingTools, digest: string): Promise<Lost | null> {
  const object = findSound(db, digest);
  if (object === null) return null;
  const condition = await checkObject(objects, digest, object.encoding);
  if (condition !== 'sound') return { ...object, condition };
  await objects.toDisk(digest, object.encoding);
  return null;
}

async function report(
  { db, clock, findHolders }: ArrivingTools,
  lost: readonly Lost[],
  checked: readonly string[],
): Promise<void> {
  const holders = lost.length === 0 ? [] : await findHolders(lost.map(({ digest }) => digest));
  inTransaction(db, () => {
    for (const { digest, encoding, condition } of lost) {
      const counting = holders.filter((one) => one.digest === digest);
      reportDamage(db, { digest, encoding, condition, holders: counting, atMs: clock.nowMs() });
    }
    forgetArriving(db, checked);
  });
}
