import type { AcceptanceReport, AcceptanceTarget } from '../../../shared/contract/models.ts';
import type { AcceptanceRole } from '../../../shared/domain/exposure.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { Actor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type Acceptance, findAcceptance } from './acceptance-rows.ts';
import { listSteps } from './exposure-rows.ts';
import { findModel } from './models.ts';
import { aboutModel } from './move-exposure.ts';
import { currentPoint } from './operating-point-rows.ts';
import type { ModelAct } from './take-step.ts';

const REPLACE_OPEN = "UPDATE acceptances SET state = 'replaced' WHERE site_id = ? AND digest = ? AND state = 'open'";
const INSERT_ACCEPTANCE = `
  INSERT INTO acceptances (acceptance_id, site_id, digest, operating_point, state, targets, reason, fixed_by, fixed_at_ms, counts_from_ms)
  VALUES (@acceptanceId, @siteId, @digest, @operatingPoint, 'open', @targets, @reason, @by, @atMs, @countsFromMs)
`;
/** Whether anybody at the site saw what the version came to: then targets fixed now are fixed beforehand for later runs alone. */
const WAS_SEEN = `
  SELECT EXISTS (SELECT 1 FROM acceptances WHERE site_id = @siteId AND digest = @digest AND seen_at_ms IS NOT NULL)
      OR EXISTS (SELECT 1 FROM silent_views v WHERE v.digest = @digest) AS wasSeen
`;
const NOTE_SEEN = 'UPDATE acceptances SET seen_at_ms = ? WHERE acceptance_id = ? AND seen_at_ms IS NULL';
const KEEP_REPORT = 'UPDATE acceptances SET report = ?, report_digest = ? WHERE acceptance_id = ? AND report IS NULL';
const INSERT_SIGNATURE = `
  INSERT INTO acceptance_signatures (acceptance_id, signed_as, user_id, signed_at_ms) VALUES (?, ?, ?, ?)
`;
const MARK_SIGNED = "UPDATE acceptances SET state = 'signed' WHERE acceptance_id = ?";

/** Fixes what a version must reach at the operating point in force, before anybody counts. Gives the acceptance's id. */
export function fixTargets(
  db: WritableDb,
  input: ModelAct & { readonly targets: readonly AcceptanceTarget[] },
): Result<string, { readonly code: 'model-not-found' | 'label-unknown' | 'target-twice' }> {
  return inTransaction(db, () => {
    const { siteId, digest, targets, reason, actor, atMs } = input;
    const model = findModel(db, digest);
    if (model === null) return err({ code: 'model-not-found' });
    const labels = new Set(model.manifest.labels.map(({ id }) => id));
    if (targets.some(({ label }) => !labels.has(label))) return err({ code: 'label-unknown' });
    if (new Set(targets.map(({ label }) => label)).size < targets.length) return err({ code: 'target-twice' });
    const acceptanceId = freshRowId();
    const operatingPoint = currentPoint(db, siteId, model).version;
    prepared(db, REPLACE_OPEN).run(siteId, digest);
    prepared(db, INSERT_ACCEPTANCE).run({
      ...{ acceptanceId, siteId, digest, operatingPoint, targets: JSON.stringify(targets), reason, by: actor.id, atMs },
      countsFromMs: wasSeen(db, siteId, digest) ? atMs : 0,
    });
    const payload = { acceptanceId, digest, operatingPoint };
    appendEvent(db, { kind: 'acceptance-targets-fixed', payload, ...aboutModel(siteId, actor, atMs) });
    return ok(acceptanceId);
  });
}

/** That somebody reads what an acceptance comes to, before they do. */
export function noteReportRead(
  db: WritableDb,
  { acceptanceId, siteId, digest }: Acceptance,
  actor: Actor,
  atMs: number,
): void {
  inTransaction(db, () => {
    prepared(db, NOTE_SEEN).run(atMs, acceptanceId);
    appendEvent(db, {
      kind: 'acceptance-report-read',
      payload: { acceptanceId, digest },
      ...aboutModel(siteId, actor, atMs),
    });
  });
}

/** A signature under a report as it was read. */
export type SignAcceptance = {
  readonly siteId: string;
  readonly digest: string;
  readonly acceptanceId: string;
  readonly as: AcceptanceRole;
  /** Of the report that the signer read. */
  readonly reportDigest: string;
  /** The report as it stands now. */
  readonly report: AcceptanceReport;
  readonly userId: string;
  readonly atMs: number;
};

export type SignRefusal = {
  readonly code:
    | 'model-not-found'
    | 'acceptance-not-found'
    | 'acceptance-not-open'
    | 'operating-point-changed'
    | 'report-has-changed'
    | 'targets-not-met'
    | 'signer-installed-it'
    | 'signed-already'
    | 'signer-signed-already';
};

/**
 * Signs an acceptance as one of the two; with the second it stands. The first keeps the report as it is. Two different people
 * sign, neither of them who installed the version or said that it is installed and verified.
 */
export function signAcceptance(
  db: WritableDb,
  input: SignAcceptance,
): Result<{ readonly isComplete: boolean }, SignRefusal> {
  return inTransaction(db, () => {
    const { siteId, digest, acceptanceId, as, reportDigest, userId, atMs } = input;
    const model = findModel(db, digest);
    if (model === null) return err({ code: 'model-not-found' });
    const acceptance = findAcceptance(db, siteId, digest, acceptanceId);
    if (acceptance === null) return err({ code: 'acceptance-not-found' });
    if (acceptance.state !== 'open') return err({ code: 'acceptance-not-open' });
    if (acceptance.operatingPoint !== currentPoint(db, siteId, model).version)
      return err({ code: 'operating-point-changed' });
    const report = acceptance.report ?? input.report;
    if (report.reportDigest !== reportDigest) return err({ code: 'report-has-changed' });
    if (!report.isMet) return err({ code: 'targets-not-met' });
    if (listInstallers(db, siteId, digest).includes(userId)) return err({ code: 'signer-installed-it' });
    if (acceptance.signatures.some((one) => one.as === as)) return err({ code: 'signed-already' });
    if (acceptance.signatures.some((one) => one.userId === userId)) return err({ code: 'signer-signed-already' });
    prepared(db, KEEP_REPORT).run(JSON.stringify(report), reportDigest, acceptanceId);
    prepared(db, INSERT_SIGNATURE).run(acceptanceId, as, userId, atMs);
    const isComplete = acceptance.signatures.length === 1;
    if (isComplete) prepared(db, MARK_SIGNED).run(acceptanceId);
    const payload = { acceptanceId, digest, as, reportDigest, isComplete };
    appendEvent(db, {
      kind: 'acceptance-signed',
      payload,
      ...aboutModel(siteId, { kind: 'user', id: userId }, atMs),
    });
    return ok({ isComplete });
  });
}

function wasSeen(db: ReadableDb, siteId: string, digest: string): boolean {
  return prepared<{ wasSeen: 0 | 1 }>(db, WAS_SEEN).get({ siteId, digest })?.wasSeen === 1;
}

/** Who brought a version in at a site: they said that it is installed and verified. */
function listInstallers(db: ReadableDb, siteId: string, digest: string): readonly string[] {
  return listSteps(db, siteId, digest)
    .filter(({ to, actor }) => to === 'verified' && actor.kind === 'user')
    .map(({ actor }) => actor.id);
}
