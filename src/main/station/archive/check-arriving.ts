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

/**
 * Looks, before anybody can ask, at objects whose files were on their way to the disk as an earlier process ended: what is whole
 * is brought there; what is not was never acknowledged, is reported as damage, and heals when its sender sends it again.
 */
export async function checkArriving({ db, objects, clock, findHolders }: ArrivingTools): Promise<ArrivingChecked> {
  const arriving = listArriving(db);
  const lost: (ObjectRecord & { readonly condition: Exclude<ObjectCondition, 'sound'> })[] = [];
  const checked: string[] = [];
  const unchecked: unknown[] = [];
  for (const digest of arriving) {
    try {
      const object = findSound(db, digest); // null: let go since, or its damage is known
      const condition = object === null ? 'sound' : await checkObject(objects, digest, object.encoding);
      if (object !== null && condition === 'sound') await objects.toDisk(digest, object.encoding);
      else if (object !== null && condition !== 'sound') lost.push({ ...object, condition });
      checked.push(digest);
    } catch (error) {
      unchecked.push(error);
    }
  }
  const holders = lost.length === 0 ? [] : await findHolders(lost.map(({ digest }) => digest));
  inTransaction(db, () => {
    for (const { digest, encoding, condition } of lost) {
      const counting = holders.filter((one) => one.digest === digest);
      reportDamage(db, { digest, encoding, condition, holders: counting, atMs: clock.nowMs() });
    }
    forgetArriving(db, checked);
  });
  return { lost: lost.length, unchecked };
}
