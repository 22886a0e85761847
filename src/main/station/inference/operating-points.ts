import { leastScoreOf } from '../../../shared/domain/model-contradictions.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findExposure } from './exposure-rows.ts';
import { findModel } from './models.ts';
import { aboutModel, moveExposure } from './move-exposure.ts';
import { type FlagFrom, listPoints } from './operating-point-rows.ts';
import type { ModelAct } from './take-step.ts';

const INSERT_POINT = `
  INSERT INTO operating_points (site_id, digest, version, name, flag_from, state, chosen_by, chosen_at_ms, reason)
  VALUES (@siteId, @digest, @version, @name, @flagFrom, 'proposed', @by, @atMs, @reason)
`;
const REPLACE_PROPOSED = `
  UPDATE operating_points SET state = 'replaced' WHERE site_id = ? AND digest = ? AND state = 'proposed'
`;
const REPLACE_CURRENT = `
  UPDATE operating_points SET state = 'replaced' WHERE site_id = ? AND digest = ? AND state = 'current'
`;
const SIGN_POINT = `
  UPDATE operating_points SET state = 'current', signed_by = @by, signed_at_ms = @atMs, signed_because = @reason
   WHERE site_id = @siteId AND digest = @digest AND version = @version AND state = 'proposed'
`;
const REPLACE_ACCEPTANCES =
  "UPDATE acceptances SET state = 'replaced' WHERE site_id = ? AND digest = ? AND state = 'open'";

/** Proposes thresholds for every label of a version; an earlier proposal that nobody signed is replaced. Gives its version. */
export function chooseOperatingPoint(
  db: WritableDb,
  input: ModelAct & { readonly name: string | null; readonly flagFrom: FlagFrom },
): Result<number, { readonly code: 'model-not-found' | 'label-unknown' | 'label-missing' | 'below-least-score' }> {
  return inTransaction(db, () => {
    const { siteId, digest, name, flagFrom, reason, actor, atMs } = input;
    const model = findModel(db, digest);
    if (model === null) return err({ code: 'model-not-found' });
    const labels = model.manifest.labels.map(({ id }) => id);
    if (Object.keys(flagFrom).some((label) => !labels.includes(label))) return err({ code: 'label-unknown' });
    if (labels.some((label) => flagFrom[label] === undefined)) return err({ code: 'label-missing' });
    if (labels.some((label) => (flagFrom[label] ?? Infinity) < leastScoreOf(model.manifest, label)))
      return err({ code: 'below-least-score' });
    const version = (listPoints(db, siteId, model)[0]?.version ?? 0) + 1;
    prepared(db, REPLACE_PROPOSED).run(siteId, digest);
    const by = actor.id;
    prepared(db, INSERT_POINT).run({
      siteId,
      digest,
      version,
      name,
      flagFrom: JSON.stringify(flagFrom),
      by,
      atMs,
      reason,
    });
    appendEvent(db, {
      kind: 'operating-point-chosen',
      payload: { digest, version },
      ...aboutModel(siteId, actor, atMs),
    });
    return ok(version);
  });
}

/** Puts proposed thresholds in force, by somebody else than who chose them. A version that was shown is silent again until it is accepted anew. */
export function signOperatingPoint(
  db: WritableDb,
  { siteId, digest, version, reason, actor, atMs }: ModelAct & { readonly version: number },
): Result<null, { readonly code: 'model-not-found' | 'not-proposed' | 'signer-chose-it' }> {
  return inTransaction(db, () => {
    const model = findModel(db, digest);
    if (model === null) return err({ code: 'model-not-found' });
    const point = listPoints(db, siteId, model).find((one) => one.version === version);
    if (point?.state !== 'proposed') return err({ code: 'not-proposed' });
    if (point.chosenBy === actor.id) return err({ code: 'signer-chose-it' });
    prepared(db, REPLACE_CURRENT).run(siteId, digest);
    prepared(db, SIGN_POINT).run({ siteId, digest, version, by: actor.id, atMs, reason });
    prepared(db, REPLACE_ACCEPTANCES).run(siteId, digest);
    appendEvent(db, {
      kind: 'operating-point-signed',
      payload: { digest, version },
      ...aboutModel(siteId, actor, atMs),
    });
    const { stage } = findExposure(db, siteId, digest);
    if (stage === 'pilot' || stage === 'general')
      moveExposure(db, { siteId, model, to: 'silent', cause: 'operating-point-changed', reason, actor, atMs });
    return ok(null);
  });
}
