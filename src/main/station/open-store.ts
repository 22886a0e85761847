import type { Refusal } from './exit-codes.ts';
import { ok, type Result } from '../../shared/domain/result.ts';
import type { DataDirectory } from './platform/data-directory.ts';
import { type KeptObjectKeys, openObjectKeys } from './platform/objects/object-keys.ts';
import { type ObjectStore, openObjectStore } from './platform/objects/object-store.ts';
import { hasSealedObjects } from './platform/objects/records.ts';
import { openWriter, type WritableDb } from './platform/store/database.ts';
import { migrate } from './platform/store/migrate.ts';
import { MIGRATIONS } from './platform/store/migrations/index.ts';
import type { Secrets } from './platform/vault.ts';

/** What a data directory holds, open for writing. */
export type Store = { readonly db: WritableDb; readonly keys: KeptObjectKeys; readonly objects: ObjectStore };

/** Opens the database of a data directory, brought to today's form, and its objects with their keys; or nothing stays open. */
export function openStore(
  directory: DataDirectory,
  secrets: Secrets,
  { nowMs, fileKeeperEntry }: { readonly nowMs: number; readonly fileKeeperEntry: URL },
): Result<Store, Refusal> {
  const opened = openWriter(directory.database, secrets.databaseKey);
  if (!opened.ok) return opened;
  const db = opened.value;
  const migrated = migrate(db, MIGRATIONS);
  if (!migrated.ok) {
    db.close();
    return migrated;
  }
  // Objects need the keys they are sealed with: where some are and the keys are gone, new keys would only hide the loss.
  const keys = openObjectKeys(directory.vault, secrets.databaseKey, { mayCreate: !hasSealedObjects(db), atMs: nowMs });
  if (!keys.ok) {
    db.close();
    return keys;
  }
  return ok({ db, keys: keys.value, objects: openObjectStore(directory.objects, keys.value, fileKeeperEntry) });
}
