import type { ExposureCause, ExposureStage, PilotScope } from '../../../shared/domain/exposure.ts';
import type { ModelUse } from '../../../shared/domain/model-manifest.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findExposure, usesFor } from './exposure-rows.ts';
import type { InstalledModel } from './models.ts';
import { currentPoint } from './operating-point-rows.ts';
import { beginSettling } from './settle-exposure.ts';

/** A version that comes to a stage, or keeps it under other terms. */
export type Move = {
  readonly siteId: string;
  readonly model: InstalledModel;
  readonly to: ExposureStage;
  readonly cause: ExposureCause;
  readonly reason: string | null;
  readonly actor: Actor;
  readonly atMs: number;
  readonly pilot?: PilotScope | null;
  readonly acceptanceId?: string | null;
};

const PUT_EXPOSURE = `
  INSERT INTO model_exposures (site_id, digest, stage, exposed_by, exposed_at_ms, pilot, uses)
  VALUES (@siteId, @digest, @to, @by, @atMs, @pilot, @uses)
  ON CONFLICT (site_id, digest) DO UPDATE SET stage = excluded.stage, exposed_by = excluded.exposed_by,
    exposed_at_ms = excluded.exposed_at_ms, pilot = excluded.pilot, uses = excluded.uses
`;
const INSERT_STEP = `
  INSERT INTO exposure_steps (step_id, site_id, digest, from_stage, to_stage, cause, reason, pilot, uses, operating_point, acceptance_id,
                              actor_kind, actor_id, at_ms)
  VALUES (@stepId, @siteId, @digest, @from, @to, @cause, @reason, @pilot, @uses, @operatingPoint, @acceptanceId, @actorKind, @by, @atMs)
`;

/** Brings a version to a stage, with its step and its event; what computes follows at once, what waits and what rows say soon after. */
export function moveExposure(db: WritableDb, move: Move): void {
  const { siteId, model, to, cause, reason, actor, atMs } = move;
  const { digest } = model;
  inTransaction(db, () => {
    const before = findExposure(db, siteId, digest);
    const pilot = to === 'pilot' ? (move.pilot ?? before.pilot) : null;
    const acceptanceId = move.acceptanceId ?? null;
    const by = actor.id;
    prepared(db, PUT_EXPOSURE).run({
      ...{ siteId, digest, to, by, atMs },
      pilot: pilot === null ? null : JSON.stringify(pilot),
      uses: before.uses === null ? null : JSON.stringify(before.uses),
    });
    const stepId = putStep(db, {
      siteId,
      model,
      from: before.stage,
      to,
      cause,
      reason,
      pilot,
      acceptanceId,
      actor,
      atMs,
    });
    appendEvent(db, {
      kind: 'model-exposed',
      payload: { digest, stage: to, from: before.stage, cause, stepId, ...(acceptanceId !== null && { acceptanceId }) },
      ...aboutModel(siteId, actor, atMs),
    });
    beginSettling(db, { siteId, digest }, atMs);
  });
}

/** Sets what a site allows, and records it as a step that stays where it is. */
export function putUses(
  db: WritableDb,
  change: Omit<Move, 'to' | 'cause' | 'pilot' | 'acceptanceId'> & { readonly uses: readonly ModelUse[] },
): void {
  const { siteId, model, actor, atMs, uses } = change;
  const before = findExposure(db, siteId, model.digest);
  const pilot = before.pilot === null ? null : JSON.stringify(before.pilot);
  prepared(db, PUT_EXPOSURE).run({
    ...{ siteId, digest: model.digest, to: before.stage, by: before.exposedBy ?? actor.id, pilot },
    ...{ uses: JSON.stringify(uses), atMs: before.sinceMs ?? atMs },
  });
  const stepId = putStep(db, {
    ...{ ...change, from: before.stage, to: before.stage, cause: 'step', pilot: before.pilot, acceptanceId: null },
  });
  appendEvent(db, {
    kind: 'model-uses-set',
    payload: { digest: model.digest, stepId, uses: [...uses] },
    ...aboutModel(siteId, actor, atMs),
  });
  beginSettling(db, { siteId, digest: model.digest }, atMs);
}

/** The author of an event about a model at a site. */
export function aboutModel(siteId: string, actor: Actor, atMs: number) {
  return { siteId, actor, correlationId: freshRowId(), atMs };
}

function putStep(
  db: WritableDb,
  step: Required<Omit<Move, 'pilot' | 'acceptanceId'>> & {
    readonly from: ExposureStage;
    readonly pilot: PilotScope | null;
    readonly acceptanceId: string | null;
  },
): string {
  const { siteId, model, from, to, cause, reason, pilot, acceptanceId, actor, atMs } = step;
  const stepId = freshRowId();
  prepared(db, INSERT_STEP).run({
    ...{ stepId, siteId, digest: model.digest, from, to, cause, reason, acceptanceId, atMs },
    ...{ actorKind: actor.kind, by: actor.id },
    pilot: pilot === null ? null : JSON.stringify(pilot),
    uses: JSON.stringify(usesFor(db, siteId, model)),
    operatingPoint: currentPoint(db, siteId, model).version,
  });
  return stepId;
}
