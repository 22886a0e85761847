import { EXPOSURE_STAGES, type ExposureStage, type PilotScope } from '../../../shared/domain/exposure.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { ReadableDb, WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findExposure, isFit, listSteps } from './exposure-rows.ts';
import { findModel, type InstalledModel, listModels } from './models.ts';
import { moveExposure } from './move-exposure.ts';
import { currentPoint } from './operating-point-rows.ts';
import { type ModelAct, shownVersions } from './take-step.ts';

export type RollbackRefusal = { readonly code: 'model-not-found' | 'nothing-to-roll-back' | 'model-not-verified' };

/** Where a rollback would take a version: the stage it came up from, and the version whose place it took, as that one stood. */
export type Rollback = {
  readonly stage: { readonly to: ExposureStage; readonly pilot: PilotScope | null } | null;
  readonly version: {
    readonly model: InstalledModel;
    readonly stage: ExposureStage;
    readonly pilot: PilotScope | null;
  } | null;
};

const RANK = (stage: ExposureStage): number => EXPOSURE_STAGES.indexOf(stage);

/** What one action back would come to. It only ever shows less of this version, and of the other what was shown before. */
export function findRollback(db: ReadableDb, siteId: string, model: InstalledModel): Rollback {
  const { stage } = findExposure(db, siteId, model.digest);
  if (stage === 'suspended' || stage === 'retired') return { stage: null, version: null };
  const steps = listSteps(db, siteId, model.digest);
  const before = steps.find(({ from, to }) => to === stage && from !== to)?.from;
  const isBack = before !== undefined && RANK(before) < RANK(stage);
  return {
    stage: isBack ? { to: before, pilot: pilotOf(steps) } : null,
    version: stage === 'pilot' || stage === 'general' ? findVersionBefore(db, siteId, model) : null,
  };
}

/** Takes a version back in one action, to its stage before or to the version before, which stands again as it stood. */
export function rollBack(
  db: WritableDb,
  { siteId, digest, reason, actor, atMs, to }: ModelAct & { readonly to: 'stage-before' | 'version-before' },
): Result<null, RollbackRefusal> {
  return inTransaction(db, () => {
    const model = findModel(db, digest);
    if (model === null) return err({ code: 'model-not-found' });
    const rollback = findRollback(db, siteId, model);
    const act = { siteId, reason, actor, atMs };
    if (to === 'stage-before') {
      if (rollback.stage === null) return err({ code: 'nothing-to-roll-back' });
      moveExposure(db, { ...act, ...rollback.stage, model, cause: 'rolled-back-stage' });
      return ok(null);
    }
    if (rollback.version === null) return err({ code: 'nothing-to-roll-back' });
    const { model: other, stage, pilot } = rollback.version;
    if (other.state !== 'verified') return err({ code: 'model-not-verified' });
    moveExposure(db, { ...act, model, to: 'silent', cause: 'rolled-back-version' });
    if (findExposure(db, siteId, other.digest).stage !== stage)
      moveExposure(db, { ...act, model: other, to: stage, pilot, cause: 'rolled-back-version' });
    return ok(null);
  });
}

/** The version that is shown beside this one, or that this one took the place of and whose operating point is still the one it stood at. */
function findVersionBefore(db: ReadableDb, siteId: string, model: InstalledModel): Rollback['version'] {
  const [shown] = shownVersions(db, siteId, model);
  if (shown !== undefined) return { model: shown, ...stageOf(db, siteId, shown) };
  const replaced = listModels(db)
    .filter(({ digest, manifest }) => digest !== model.digest && manifest.id === model.manifest.id)
    .flatMap((other) => {
      const steps = listSteps(db, siteId, other.digest);
      const [last] = steps;
      const stoodBefore =
        last?.cause === 'other-version-general' &&
        last.operatingPoint === currentPoint(db, siteId, other).version &&
        isFit(db, other.digest);
      return stoodBefore ? [{ model: other, stage: last.from, pilot: pilotOf(steps), atMs: last.atMs }] : [];
    })
    .toSorted((a, b) => b.atMs - a.atMs);
  return replaced[0] ?? null;
}

function stageOf(db: ReadableDb, siteId: string, model: InstalledModel) {
  const { stage, pilot } = findExposure(db, siteId, model.digest);
  return { stage, pilot };
}

function pilotOf(steps: ReturnType<typeof listSteps>): PilotScope | null {
  return steps.find(({ to }) => to === 'pilot')?.pilot ?? null;
}
