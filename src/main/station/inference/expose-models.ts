import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findExposure } from './exposure-rows.ts';
import { type InstalledModel, packagesByModel } from './models.ts';
import { moveExposure } from './move-exposure.ts';

/** Who exposes a model where no person does. */
const BY_INFERENCE = serviceActor('inference');
const SET_DEMO =
  'INSERT INTO inference_setting (one, is_demo) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET is_demo = excluded.is_demo';

/**
 * What a start does of itself. In a demo data directory the newest package of each model is general, so that what it says can
 * be seen, in the place of older ones. Anywhere else a package is off until people take its steps; one that nobody was shown
 * and that is gone while a newer one is here is retired. What people were shown and is gone stays as it stands: that it does
 * not run is a fault, and health says so.
 */
export function exposeModels(db: WritableDb, siteId: string, isDemo: boolean, atMs: number): void {
  inTransaction(db, () => {
    prepared(db, SET_DEMO).run(isDemo ? 1 : 0);
    const move = (
      model: InstalledModel,
      to: 'general' | 'silent' | 'retired',
      cause: 'demo' | 'other-version-general' | 'package-gone',
    ) => moveExposure(db, { siteId, model, to, cause, reason: null, actor: BY_INFERENCE, atMs });
    for (const [current, ...others] of packagesByModel(db)) {
      const { stage, exposedBy } = findExposure(db, siteId, current.digest);
      // Taken back after its successor was taken out: it begins anew. What a person decided stays.
      const isNew = exposedBy === null || (stage !== 'general' && exposedBy === BY_INFERENCE.id);
      if (isDemo && isNew) move(current, 'general', 'demo');
      for (const other of others) {
        const before = findExposure(db, siteId, other.digest).stage;
        const isShown = before === 'pilot' || before === 'general';
        const isKnown = isShown || before === 'silent' || before === 'verified';
        if (other.state === 'gone' && isKnown && (isDemo || !isShown)) move(other, 'retired', 'package-gone');
        else if (isDemo && isNew && isShown) move(other, 'silent', 'other-version-general');
      }
    }
  });
}
