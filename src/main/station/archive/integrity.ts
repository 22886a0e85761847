import { freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import type { ObjectEncoding } from '../platform/objects/object-store.ts';
import {
  clearDamage,
  type Damage,
  findDamage,
  isExpected,
  markDamaged,
  type ObjectRecord,
  recordObject,
} from '../platform/objects/records.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findQuarantined } from './list-quarantine.ts';
import { settleRow } from './settle-quarantined.ts';

/** What counts on an object: an instance's version, or what was set aside. */
export type ObjectHolder = {
  readonly digest: string;
  readonly siteId: string;
  readonly sopUid: string | null;
  readonly studyId: string | null;
};

/** An object found damaged and not healed yet, with the UIDs by which a peer that has it can be asked. */
export type DamagedInstance = {
  readonly quarantineId: string;
  readonly digest: string;
  readonly studyId: string;
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly sopUid: string;
  readonly modality: string;
  readonly foundAtMs: number;
};

/**
 * Reads every version, whatever many digests are asked about: an index by digest would cost every object received. For the
 * reader threads, and only once something is damaged.
 */
const LIST_HOLDERS = `
  SELECT v.digest, v.site_id AS siteId, v.sop_uid AS sopUid, i.study_id AS studyId
    FROM instance_versions v JOIN instances i ON i.instance_id = v.instance_id
   WHERE v.digest IN (SELECT value FROM json_each(@digests))
   UNION
  SELECT q.digest, q.site_id, q.sop_uid, q.study_id FROM quarantine q
   WHERE q.digest IN (SELECT value FROM json_each(@digests)) AND q.reason <> 'damaged-at-rest' AND q.state = 'held'
     AND NOT EXISTS (SELECT 1 FROM instance_versions v WHERE v.site_id = q.site_id AND v.sop_uid = q.sop_uid AND v.digest = q.digest)
`;
const SET_ASIDE = `
  INSERT INTO quarantine (quarantine_id, site_id, digest, reason, state, sop_uid, study_id, received_at_ms)
  VALUES (@quarantineId, @siteId, @digest, 'damaged-at-rest', 'held', @sopUid, @studyId, @atMs)
  ON CONFLICT (site_id, digest, reason) DO UPDATE
     SET state = 'held', settled_at_ms = NULL, settled_by = NULL, settled_because = NULL, received_at_ms = excluded.received_at_ms
  RETURNING quarantine_id AS quarantineId
`;
/** Walks the primary key of versions. */
export const IS_REPLACED = `
  SELECT 1 FROM instance_versions WHERE site_id = @siteId AND sop_uid = @sopUid AND digest = @digest AND is_current = 0
`;
/** Walks the unique index of quarantine by site and digest. */
export const FIND_HELD_DAMAGE = `
  SELECT quarantine_id AS quarantineId FROM quarantine
   WHERE site_id = @siteId AND digest = @digest AND reason = 'damaged-at-rest' AND state = 'held'
`;
const RELEASE_HEALED = `
  UPDATE quarantine SET state = 'released', settled_at_ms = @atMs, settled_by = @by, settled_because = 'arrived-again'
   WHERE digest = @digest AND reason = 'damaged-at-rest' AND state = 'held'
  RETURNING quarantine_id AS quarantineId, site_id AS siteId, study_id AS studyId
`;
/** Walks quarantine_in_order. */
export const LIST_DAMAGED = `
  SELECT q.quarantine_id AS quarantineId, q.digest, s.study_id AS studyId, s.study_uid AS studyUid, x.series_uid AS seriesUid,
         i.sop_uid AS sopUid, x.modality, q.received_at_ms AS foundAtMs
    FROM quarantine q JOIN instances i ON i.site_id = q.site_id AND i.sop_uid = q.sop_uid
    JOIN studies s ON s.study_id = i.study_id JOIN series x ON x.series_id = i.series_id
   WHERE q.site_id = ? AND q.state = 'held' AND q.reason = 'damaged-at-rest'
   ORDER BY q.received_at_ms, q.quarantine_id LIMIT ?
`;

/** Walks quarantine_in_order. */
export const COUNT_DAMAGED_AT = `
  SELECT count(DISTINCT q.digest) AS damaged FROM quarantine q
   WHERE q.site_id IN (SELECT value FROM json_each(?)) AND q.state = 'held' AND q.reason = 'damaged-at-rest'
`;

/** How many objects that these sites count on cannot be had. */
export function countDamagedAt(db: ReadableDb, siteIds: readonly string[]): number {
  return prepared<{ damaged: number }>(db, COUNT_DAMAGED_AT).get(JSON.stringify(siteIds))?.damaged ?? 0;
}

/** Who counts on objects, of every site. Reads every version: never on the main thread. */
export function listHolders(db: ReadableDb, digests: readonly string[]): readonly ObjectHolder[] {
  return prepared<ObjectHolder>(db, LIST_HOLDERS).all({ digests: JSON.stringify(digests) });
}

/**
 * Records that an object's bytes cannot be had: marked, set aside at every site that counts on it, and told of, once. Where
 * another version took its place nobody waits for it: it is only told of. False where it is known already, or is not expected
 * here any more as it was looked at.
 */
export function reportDamage(
  db: WritableDb,
  found: {
    readonly digest: string;
    readonly encoding: ObjectEncoding;
    readonly condition: Damage;
    readonly holders: readonly ObjectHolder[];
    readonly atMs: number;
  },
): boolean {
  const { digest, condition, atMs } = found;
  return inTransaction(db, () => {
    if (!isExpected(db, digest, found.encoding) || !markDamaged(db, digest, condition, atMs)) return false;
    for (const holder of found.holders) {
      const isReplaced = prepared(db, IS_REPLACED).get({ ...holder, digest }) !== undefined;
      tellDamage(db, holder, { condition, quarantineId: isReplaced ? null : setAside(db, holder, atMs), atMs });
    }
    // Nobody's image: a mask, say. It is damaged all the same.
    if (found.holders.length === 0)
      tellDamage(db, { digest, siteId: null, studyId: null }, { condition, quarantineId: null, atMs });
    return true;
  });
}

/**
 * Another version took the place of one: that it is damaged waits for nobody any more. In the transaction that does it.
 */
export function settleReplacedDamage(
  db: WritableDb,
  replaced: { readonly siteId: string; readonly digest: string; readonly actor: Actor; readonly atMs: number },
): void {
  const { siteId, actor, atMs } = replaced;
  const held = prepared<{ quarantineId: string }>(db, FIND_HELD_DAMAGE).get(replaced);
  const row = held === undefined ? null : findQuarantined(db, siteId, held.quarantineId);
  if (row !== null) settleRow(db, row, { state: 'released', how: 'replaced', because: 'replaced', actor, atMs });
}

/** A version counts again: where it is damaged it waits for whoever brings it. In the transaction that does it. */
export function holdDamage(db: WritableDb, version: ObjectHolder, atMs: number): void {
  const condition = findDamage(db, version.digest);
  if (condition !== null) tellDamage(db, version, { condition, quarantineId: setAside(db, version, atMs), atMs });
}

function setAside(db: WritableDb, { siteId, digest, sopUid, studyId }: ObjectHolder, atMs: number): string | null {
  const row = { quarantineId: freshRowId(), siteId, digest, sopUid, studyId, atMs };
  return prepared<{ quarantineId: string }>(db, SET_ASIDE).get(row)?.quarantineId ?? null;
}

function tellDamage(
  db: WritableDb,
  { digest, siteId, studyId }: Pick<ObjectHolder, 'digest' | 'studyId'> & { readonly siteId: string | null },
  what: { readonly condition: Damage; readonly quarantineId: string | null; readonly atMs: number },
): void {
  const { condition, quarantineId, atMs } = what;
  appendEvent(db, {
    kind: 'object-damaged',
    payload: { digest, condition, quarantineId },
    ...{ siteId, studyId, actor: serviceActor('integrity'), correlationId: digest, atMs },
  });
}

/** Records that a damaged object is whole again, whoever brought it: its record, its rows of quarantine, and an event for each. */
export function healObject(db: WritableDb, object: ObjectRecord, actor: Actor, atMs: number): boolean {
  const { digest } = object;
  return inTransaction(db, () => {
    if (!clearDamage(db, digest)) return false;
    recordObject(db, object, atMs);
    type Released = { readonly quarantineId: string; readonly siteId: string; readonly studyId: string | null };
    const released = prepared<Released>(db, RELEASE_HEALED).all({ digest, by: actor.id, atMs });
    const event = { kind: 'object-healed', actor, correlationId: digest, atMs } as const;
    for (const { quarantineId, siteId, studyId } of released)
      appendEvent(db, { ...event, siteId, studyId, payload: { digest, quarantineId } });
    if (released.length === 0) appendEvent(db, { ...event, siteId: null, payload: { digest, quarantineId: null } });
    return true;
  });
}

/** What a site misses and a peer may have, longest missed first. Sent here again, an object heals by itself. */
export function listDamaged(db: ReadableDb, siteId: string, limit = 1000): readonly DamagedInstance[] {
  return prepared<DamagedInstance>(db, LIST_DAMAGED).all(siteId, limit);
}
