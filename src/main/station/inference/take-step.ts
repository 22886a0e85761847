import {
  type ExposureStage,
  findStep,
  type PilotScope,
  STEP_NEEDS,
  type StepNeed,
} from '../../../shared/domain/exposure.ts';
import type { ModelUse } from '../../../shared/domain/model-manifest.ts';
import type { Permission } from '../../../shared/domain/permissions.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { listUsers } from '../access/index.ts';
import type { Actor } from '../platform/ledger/event.ts';
import type { ReadableDb, WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findStandingAcceptance } from './acceptance-rows.ts';
import { findExposure, isFit } from './exposure-rows.ts';
import { findModel, type InstalledModel, listModels } from './models.ts';
import { moveExposure, putUses } from './move-exposure.ts';

/** Who acts on a version at a site, why and when. */
export type ModelAct = {
  readonly siteId: string;
  readonly digest: string;
  readonly reason: string;
  readonly actor: Actor;
  readonly atMs: number;
};

/** A step asked for by somebody with these permissions, who signed for it. */
export type StepAsked = ModelAct & {
  readonly to: ExposureStage;
  readonly pilot?: PilotScope | undefined;
  readonly permissions: readonly Permission[];
};

export type StepRefusal = {
  readonly code:
    | 'model-not-found'
    | 'no-such-step'
    | 'step-not-permitted'
    | 'user-unknown'
    | (typeof STEP_NEEDS)[StepNeed];
};

type NeedContext = { readonly siteId: string; readonly model: InstalledModel; readonly pilot: PilotScope | undefined };

const HOLDS: Readonly<Record<StepNeed, (db: ReadableDb, context: NeedContext) => boolean>> = {
  verified: (_db, { model }) => model.state === 'verified',
  'clinical-use': (db, { model }) => isFit(db, model.digest),
  acceptance: (db, { siteId, model }) => findStandingAcceptance(db, siteId, model) !== null,
  'pilot-scope': (_db, { pilot }) => pilot !== undefined,
};

/** The codes of what a step lacks, in the order of the table; `step-not-permitted` first, where the permissions do not let it. */
export function missingFor(
  db: ReadableDb,
  asked: NeedContext & {
    readonly from: ExposureStage;
    readonly to: ExposureStage;
    readonly permissions: readonly Permission[];
  },
): readonly ((typeof STEP_NEEDS)[StepNeed] | 'step-not-permitted')[] | null {
  const step = findStep(asked.from, asked.to);
  if (step === null) return null;
  const lacking = step.needs.filter((need) => !HOLDS[need](db, asked)).map((need) => STEP_NEEDS[need]);
  return asked.permissions.includes(step.permission) ? lacking : ['step-not-permitted', ...lacking];
}

/**
 * Takes one step of the table, or refuses it with what is missing first. A version that becomes general takes the place of the
 * one that was: that one computes on silently, and stands again by one rollback.
 */
export function takeStep(db: WritableDb, asked: StepAsked): Result<null, StepRefusal> {
  return inTransaction(db, () => {
    const { siteId, to, pilot, permissions, reason, actor, atMs } = asked;
    const model = findModel(db, asked.digest);
    if (model === null) return err({ code: 'model-not-found' });
    const from = findExposure(db, siteId, model.digest).stage;
    const missing = missingFor(db, { siteId, model, pilot, from, to, permissions });
    if (missing === null) return err({ code: 'no-such-step' });
    if (missing[0] !== undefined) return err({ code: missing[0] });
    if (pilot !== undefined && !knowsAll(db, siteId, pilot)) return err({ code: 'user-unknown' });
    const acceptanceId = to === 'pilot' || to === 'general' ? findStandingAcceptance(db, siteId, model) : null;
    moveExposure(db, { siteId, model, to, cause: 'step', reason, actor, atMs, pilot: pilot ?? null, acceptanceId });
    if (to === 'general')
      for (const other of shownVersions(db, siteId, model))
        moveExposure(db, {
          siteId,
          model: other,
          to: 'silent',
          cause: 'other-version-general',
          reason: null,
          actor,
          atMs,
        });
    return ok(null);
  });
}

/** Stops a version at once, for a person or, where a policy says so, for a part of the station. */
export function suspendModel(
  db: WritableDb,
  { siteId, digest, reason, actor, atMs }: ModelAct,
): Result<null, { readonly code: 'model-not-found' | 'not-running' }> {
  return inTransaction(db, () => {
    const model = findModel(db, digest);
    if (model === null) return err({ code: 'model-not-found' });
    if (findStep(findExposure(db, siteId, digest).stage, 'suspended') === null) return err({ code: 'not-running' });
    moveExposure(db, { siteId, model, to: 'suspended', cause: 'suspended', reason, actor, atMs });
    return ok(null);
  });
}

/** Sets what a site allows of what the manifest permits; never anything else. What was found before keeps the uses it was found under. */
export function setUses(
  db: WritableDb,
  { digest, uses, ...act }: ModelAct & { readonly uses: readonly ModelUse[] },
): Result<null, { readonly code: 'model-not-found' | 'use-not-permitted' }> {
  return inTransaction(db, () => {
    const model = findModel(db, digest);
    if (model === null) return err({ code: 'model-not-found' });
    if (uses.some((use) => !model.manifest.permittedUses.includes(use))) return err({ code: 'use-not-permitted' });
    putUses(db, { ...act, model, uses: [...new Set(uses)] });
    return ok(null);
  });
}

/** Other versions of a model that are shown at a site. */
export function shownVersions(
  db: ReadableDb,
  siteId: string,
  { digest, manifest }: InstalledModel,
): readonly InstalledModel[] {
  return listModels(db).filter(
    (other) =>
      other.digest !== digest &&
      other.manifest.id === manifest.id &&
      ['pilot', 'general'].includes(findExposure(db, siteId, other.digest).stage),
  );
}

function knowsAll(db: ReadableDb, siteId: string, pilot: PilotScope): boolean {
  const known = new Set<string>(listUsers(db, siteId).map(({ userId }) => userId));
  return pilot.groups.every(({ userIds }) => userIds.every((userId) => known.has(userId)));
}
