import type { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import type { RoutingSet } from '../../../shared/domain/triage-routing.ts';
import type { TriageRules } from '../../../shared/domain/triage-rule.ts';
import type { TriageSetKind } from '../../../shared/domain/triage-set.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { scheduleJob } from '../platform/jobs/jobs.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { oweRouting } from './routing/route-job.ts';
import { checkRule } from './rule-language.ts';
import { findSet, newestVersion } from './triage-set-rows.ts';

/** Settles what waits under a set that was just signed: a few studies at a time. */
export const SETTLE_TRIAGE_JOB = 'triage-settle-set';

const INSERT_SET = `
  INSERT INTO triage_sets (site_id, kind, version, state, body, restores, reason, proposed_by, proposed_at_ms)
  VALUES (@siteId, @kind, @version, 'proposed', @body, @restores, @reason, @userId, @atMs)
`;
const WITHDRAW =
  "UPDATE triage_sets SET state = 'withdrawn' WHERE site_id = @siteId AND kind = @kind AND state = 'proposed'";
const REPLACE =
  "UPDATE triage_sets SET state = 'replaced' WHERE site_id = @siteId AND kind = @kind AND state = 'current'";
const SIGN = `
  UPDATE triage_sets SET state = 'current', signed_by = @userId, signed_at_ms = @atMs
   WHERE site_id = @siteId AND kind = @kind AND version = @version
`;
const DROP_FAILURES = 'DELETE FROM rule_failures WHERE site_id = ?';

type Act = { readonly siteId: string; readonly userId: string; readonly atMs: number };
type Proposal = Act & { readonly reason: string } & (
    | { readonly kind: 'policy'; readonly body: TriagePolicySet }
    | { readonly kind: 'rules'; readonly body: TriageRules }
    | { readonly kind: 'routing'; readonly body: RoutingSet }
  );
type Version = Act & { readonly kind: TriageSetKind; readonly version: number };

/** Proposes a version of a site's policy, rules or routing, in the place of one that was proposed before; gives its number. Nothing is placed by it until it is signed. */
export function proposeSet(db: WritableDb, proposal: Proposal): Result<number, { code: 'rule-not-valid' }> {
  if (conditionsOf(proposal).some(({ when }) => checkRule(when) !== null)) return err({ code: 'rule-not-valid' });
  return inTransaction(db, () => ok(insertProposal(db, proposal, null)));
}

function conditionsOf({ kind, body }: Proposal): readonly { readonly when: string }[] {
  if (kind === 'policy') return [];
  return kind === 'rules' ? body : [...body.groups, ...body.skills];
}

/** Takes back what is proposed. */
export function withdrawSet(db: WritableDb, act: Version): Result<null, { code: 'nothing-proposed' }> {
  return inTransaction(db, () => {
    if (findSet(db, act.siteId, act.kind, act.version)?.state !== 'proposed') return err({ code: 'nothing-proposed' });
    prepared(db, WITHDRAW).run({ siteId: act.siteId, kind: act.kind });
    tell(db, 'triage-set-withdrawn', act);
    return ok(null);
  });
}

/** Puts the proposed version in force; the caller has asked for the signer's password. What waits is settled by it soon after. */
export function signSet(db: WritableDb, act: Version): Result<null, { code: 'nothing-proposed' }> {
  return inTransaction(db, () => {
    if (findSet(db, act.siteId, act.kind, act.version)?.state !== 'proposed') return err({ code: 'nothing-proposed' });
    putInForce(db, act);
    return ok(null);
  });
}

/** Brings back an earlier signed version as it was, under a new number, in force at once; gives that number. */
export function rollBackSet(
  db: WritableDb,
  act: Version & { readonly reason: string },
): Result<number, { code: 'version-not-signed' }> {
  return inTransaction(db, () => {
    const earlier = findSet(db, act.siteId, act.kind, act.version);
    if (earlier?.state !== 'replaced') return err({ code: 'version-not-signed' });
    const version = insertProposal(db, { ...act, body: earlier.body } as Proposal, act.version);
    putInForce(db, { ...act, version });
    return ok(version);
  });
}

function insertProposal(db: WritableDb, proposal: Proposal, restores: number | null): number {
  const { siteId, kind, body, reason, userId, atMs } = proposal;
  prepared(db, WITHDRAW).run({ siteId, kind });
  const version = newestVersion(db, siteId, kind) + 1;
  prepared(db, INSERT_SET).run({
    ...{ siteId, kind, version, restores, reason, userId, atMs },
    body: JSON.stringify(body),
  });
  tell(db, 'triage-set-proposed', { siteId, kind, version, userId, atMs });
  return version;
}

function putInForce(db: WritableDb, { siteId, kind, version, userId, atMs }: Version): void {
  prepared(db, REPLACE).run({ siteId, kind });
  prepared(db, SIGN).run({ siteId, kind, version, userId, atMs });
  if (kind === 'rules') prepared(db, DROP_FAILURES).run(siteId);
  tell(db, 'triage-set-signed', { siteId, kind, version, userId, atMs });
  if (kind === 'routing') return oweRouting(db, siteId, atMs);
  // A subject names where it goes on: at the site's first study.
  scheduleJob(db, { kind: SETTLE_TRIAGE_JOB, subjectId: `${siteId} `, siteId, dueAtMs: atMs });
}

function tell(
  db: WritableDb,
  event: 'triage-set-proposed' | 'triage-set-signed' | 'triage-set-withdrawn',
  { siteId, kind, version, userId, atMs }: Version,
): void {
  appendEvent(db, {
    kind: event,
    payload: { set: kind, version },
    ...{ siteId, actor: { kind: 'user', id: userId }, correlationId: `${kind} ${version}`, atMs },
  });
}
