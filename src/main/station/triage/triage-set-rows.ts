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
  site_id AS siteId, kind, version, state, body, restores, reason, proposed_by AS proposedBy, proposed_at_ms AS proposedAtMs,
  signed_by AS signedBy, signed_at_ms AS signedAtMs
`;
const LIST_SETS = `SELECT ${COLUMNS} FROM triage_sets WHERE site_id = ? AND kind = ? ORDER BY version DESC`;
const FIND_SET = `SELECT ${COLUMNS} FROM triage_sets WHERE site_id = ? AND kind = ? AND version = ?`;
const FIND_CURRENT = "SELECT version FROM triage_sets WHERE site_id = ? AND kind = ? AND state = 'current'";

/** What each kind of set holds. */
export const BODIES = { policy: TriagePolicySet, rules: TriageRules, routing: RoutingSet } as const;
/** A set with what its kind holds. */
export type SetOf<Kind extends TriageSetKind> = TriageSet<z.infer<(typeof BODIES)[Kind]>>;
type Row = Omit<TriageSet<unknown>, 'body'> & { readonly body: string };

const parsed = <Kind extends TriageSetKind>(kind: Kind, row: Row): SetOf<Kind> =>
  ({ ...row, body: BODIES[kind].parse(JSON.parse(row.body)) }) as SetOf<Kind>;

/** Every version of a kind at a site, newest first. */
export function listSets<Kind extends TriageSetKind>(
  db: ReadableDb,
  siteId: string,
  kind: Kind,
): readonly SetOf<Kind>[] {
  return prepared<Row>(db, LIST_SETS)
    .all(siteId, kind)
    .map((row) => parsed(kind, row));
}

/** One version, or null. */
export function findSet<Kind extends TriageSetKind>(
  db: ReadableDb,
  siteId: string,
  kind: Kind,
  version: number,
): SetOf<Kind> | null {
  const row = prepared<Row>(db, FIND_SET).get(siteId, kind, version);
  return row === undefined ? null : parsed(kind, row);
}

/** Versions never change once signed, so each is parsed once. */
const known = new WeakMap<ReadableDb, Map<string, TriageSet<unknown>>>();

/** The version in force at a site; null where none was ever signed. */
export function findCurrentSet<Kind extends TriageSetKind>(
  db: ReadableDb,
  siteId: string,
  kind: Kind,
): SetOf<Kind> | null {
  const version = prepared<{ version: number }>(db, FIND_CURRENT).get(siteId, kind)?.version;
  if (version === undefined) return null;
  const sets = known.get(db) ?? new Map<string, TriageSet<unknown>>();
  known.set(db, sets);
  const key = `${siteId} ${kind} ${version}`;
  const set = (sets.get(key) as SetOf<Kind> | undefined) ?? findSet(db, siteId, kind, version);
  if (set !== null) sets.set(key, set);
  return set;
}

/** The policy a site's studies are placed by: the signed one, else the starting set. */
export function policyInForce(db: ReadableDb, siteId: string, starting: TriagePolicySet): TriagePolicySet {
  return findCurrentSet(db, siteId, 'policy')?.body ?? starting;
}

/** How many of these sites place their studies by the starting set, because nobody signed a policy. */
export function countUnsignedSites(db: ReadableDb, siteIds: readonly string[]): number {
  return siteIds.filter((siteId) => findCurrentSet(db, siteId, 'policy') === null).length;
}
