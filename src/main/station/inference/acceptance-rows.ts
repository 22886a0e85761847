import { z } from 'zod';
import { AcceptanceReport, AcceptanceTarget } from '../../../shared/contract/models.ts';
import type { AcceptanceRole } from '../../../shared/domain/exposure.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { InstalledModel } from './models.ts';
import { currentPoint } from './operating-point-rows.ts';

/** Targets of a version at an operating point, the report that was signed against them, and who signed. */
export type Acceptance = {
  readonly acceptanceId: string;
  readonly siteId: string;
  readonly digest: string;
  readonly operatingPoint: number;
  readonly state: 'open' | 'signed' | 'replaced';
  readonly targets: readonly AcceptanceTarget[];
  readonly reason: string;
  readonly fixedBy: string;
  readonly fixedAtMs: number;
  /** Runs that ended before are not counted. */
  readonly countsFromMs: number;
  readonly report: AcceptanceReport | null;
  readonly reportDigest: string | null;
  readonly signatures: readonly { readonly as: AcceptanceRole; readonly userId: string; readonly atMs: number }[];
};

const COLUMNS = `
  acceptance_id AS acceptanceId, site_id AS siteId, digest, operating_point AS operatingPoint, state, targets, reason, fixed_by AS fixedBy,
  fixed_at_ms AS fixedAtMs, counts_from_ms AS countsFromMs, report, report_digest AS reportDigest
`;
/** Walks acceptances_by_model. */
export const LIST_ACCEPTANCES = `
  SELECT ${COLUMNS} FROM acceptances WHERE site_id = ? AND digest = ? ORDER BY fixed_at_ms DESC, acceptance_id DESC
`;
const FIND_ACCEPTANCE = `SELECT ${COLUMNS} FROM acceptances WHERE site_id = ? AND digest = ? AND acceptance_id = ?`;
const LIST_SIGNATURES = `
  SELECT signed_as AS "as", user_id AS userId, signed_at_ms AS atMs FROM acceptance_signatures WHERE acceptance_id = ? ORDER BY signed_at_ms
`;
const FIND_SIGNED = `
  SELECT acceptance_id AS acceptanceId FROM acceptances
   WHERE site_id = ? AND digest = ? AND operating_point = ? AND state = 'signed' ORDER BY fixed_at_ms DESC LIMIT 1
`;
const COUNT_EARLIER = `
  SELECT count(*) AS earlier FROM acceptances a JOIN models m ON m.digest = a.digest
   WHERE a.site_id = @siteId AND m.model_id = @modelId AND a.fixed_at_ms < @fixedAtMs
`;

/** Acceptances of a version at a site, newest first. */
export function listAcceptances(db: ReadableDb, siteId: string, digest: string): readonly Acceptance[] {
  return prepared<Row>(db, LIST_ACCEPTANCES)
    .all(siteId, digest)
    .map((row) => parseRow(db, row));
}

/** One acceptance of a version at a site, or null. */
export function findAcceptance(
  db: ReadableDb,
  siteId: string,
  digest: string,
  acceptanceId: string,
): Acceptance | null {
  const row = prepared<Row>(db, FIND_ACCEPTANCE).get(siteId, digest, acceptanceId);
  return row === undefined ? null : parseRow(db, row);
}

/** The acceptance that lets a version be shown as it is now: signed, and at the operating point in force; or null. */
export function findStandingAcceptance(
  db: ReadableDb,
  siteId: string,
  model: Pick<InstalledModel, 'digest' | 'manifest'>,
): string | null {
  const { version } = currentPoint(db, siteId, model);
  return prepared<{ acceptanceId: string }>(db, FIND_SIGNED).get(siteId, model.digest, version)?.acceptanceId ?? null;
}

/** How many acceptances of a model were begun at a site before a moment. */
export function countEarlierAcceptances(db: ReadableDb, siteId: string, modelId: string, fixedAtMs: number): number {
  return prepared<{ earlier: number }>(db, COUNT_EARLIER).get({ siteId, modelId, fixedAtMs })?.earlier ?? 0;
}

type Row = Omit<Acceptance, 'targets' | 'report' | 'signatures'> & {
  readonly targets: string;
  readonly report: string | null;
};
const Targets = z.array(AcceptanceTarget);

function parseRow(db: ReadableDb, row: Row): Acceptance {
  return {
    ...row,
    targets: Targets.parse(JSON.parse(row.targets)),
    report: row.report === null ? null : AcceptanceReport.parse(JSON.parse(row.report)),
    signatures: prepared<Acceptance['signatures'][number]>(db, LIST_SIGNATURES).all(row.acceptanceId),
  };
}
