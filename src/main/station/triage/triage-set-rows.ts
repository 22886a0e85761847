import type { z } from 'zod';
import { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import { RoutingSet } from '../../../shared/domain/triage-routing.ts';
import { TriageRules } from '../../../shared/domain/triage-rule.ts';
import type { TriageSetKind, TriageSetState } from '../../../shared/domain/triage-set.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** One version of what a site's medical lead signs. */
export type TriageSet<Body> = {
  readonly siteId: string;
  readonly kind: TriageSetKind;
  readonly version: number;
  readonly state: TriageSetState;
  readonly body: Body;
  /** The version that it brings back as it was. */
  readonly restores: number | null;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  readonly signedBy: string | null;
  readonly signedAtMs: number | null;
};

const COLUMNS = `
  site_id AS siteId, kind, version, state, restores, reason, proposed_by AS proposedBy, proposed_at_ms AS proposedAtMs,
  signed_by AS signedBy, signed_at_ms AS signedAtMs
`;
/** So many are listed: pages ask again and again, and who signed what before stands in the ledger. */
const MOST_LISTED = 20;
const LIST_SETS = `
  SELECT ${COLUMNS} FROM triage_sets
   WHERE site_id = @siteId AND kind = @kind AND (state = 'current' OR version > @most - ${MOST_LISTED}) ORDER BY version DESC
`;
const FIND_NEWEST = 'SELECT max(version) AS version FROM triage_sets WHERE site_id = ? AND kind = ?';
const FIND_SET = `SELECT ${COLUMNS} FROM triage_sets WHERE site_id = ? AND kind = ? AND version = ?`;
const FIND_BODY = 'SELECT body FROM triage_sets WHERE site_id = ? AND kind = ? AND version = ?';
const FIND_CURRENT = "SELECT version FROM triage_sets WHERE site_id = ? AND kind = ? AND state = 'current'";

/** What each kind of set holds. */
export const BODIES = { policy: TriagePolicySet, rules: TriageRules, routing: RoutingSet } as const;
/** A set with what its kind holds. */
export type SetOf<Kind extends TriageSetKind> = TriageSet<z.infer<(typeof BODIES)[Kind]>>;
type Row = Omit<TriageSet<unknown>, 'body'>;

/** What a version holds never changes, so each is read and parsed once. */
const bodies = new WeakMap<ReadableDb, Map<string, unknown>>();

function withBody<Kind extends TriageSetKind>(db: ReadableDb, row: Row): SetOf<Kind> {
  const known = bodies.get(db) ?? new Map<string, unknown>();
  bodies.set(db, known);
  const { siteId, kind, version } = row;
  const key = `${siteId} ${kind} ${version}`;
  if (!known.has(key)) known.set(key, readBody(db, row));
  return { ...row, body: known.get(key) } as SetOf<Kind>;
}

function readBody(db: ReadableDb, { siteId, kind, version }: Row): unknown {
  const stored = prepared<{ body: string }>(db, FIND_BODY).get(siteId, kind, version);
  return BODIES[kind].parse(JSON.parse(stored?.body ?? 'null'));
}

/** The number of the newest version of a kind at a site; 0 where there is none. */
export function newestVersion(db: ReadableDb, siteId: string, kind: TriageSetKind): number {
  return prepared<{ version: number | null }>(db, FIND_NEWEST).get(siteId, kind)?.version ?? 0;
}

/** The newest twenty versions of a kind at a site and the one in force, newest first. */
export function listSets<Kind extends TriageSetKind>(
  db: ReadableDb,
  siteId: string,
  kind: Kind,
): readonly SetOf<Kind>[] {
  return prepared<Row>(db, LIST_SETS)
    .all({ siteId, kind, most: newestVersion(db, siteId, kind) })
    .map((row) => withBody(db, row));
}

/** One version, or null. */
export function findSet<Kind extends TriageSetKind>(
  db: ReadableDb,
  siteId: string,
  kind: Kind,
  version: number,
): SetOf<Kind> | null {
  const row = prepared<Row>(db, FIND_SET).get(siteId, kind, version);
  return row === undefined ? null : withBody(db, row);
}

/** The version in force at a site; null where none was ever signed. */
export function findCurrentSet<Kind extends TriageSetKind>(
  db: ReadableDb,
  siteId: string,
  kind: Kind,
): SetOf<Kind> | null {
  const version = prepared<{ version: number }>(db, FIND_CURRENT).get(siteId, kind)?.version;
  return version === undefined ? null : findSet(db, siteId, kind, version);
}

/** The policy a site's studies are placed by: the signed one, else the starting set. */
export function policyInForce(db: ReadableDb, siteId: string, starting: TriagePolicySet): TriagePolicySet {
  return findCurrentSet(db, siteId, 'policy')?.body ?? starting;
}

/** How many of these sites place their studies by the starting set, because nobody signed a policy. */
export function countUnsignedSites(db: ReadableDb, siteIds: readonly string[]): number {
  return siteIds.filter((siteId) => findCurrentSet(db, siteId, 'policy') === null).length;
}
