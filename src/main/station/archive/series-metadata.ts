import { createHash } from 'node:crypto';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type InstancePath, listInstancesByStudy } from './find-studies.ts';

/** So many instances of a series, one after another, are one part: some 20 KB kept, and 5 ms to make. */
export const INSTANCES_A_PART = 64;
/** Raised when the same objects shall be told otherwise: everything kept is stale then. */
const FORM = '1';

/** Instances of one series, in order, whose metadata are kept together. */
export type MetadataPart<Instance extends InstancePath = InstancePath> = {
  readonly seriesId: string;
  readonly part: number;
  readonly instances: readonly Instance[];
  /** What the part was made of; another one, and what is kept is stale. */
  readonly digests: string;
};

const FIND_PART = 'SELECT json FROM series_metadata WHERE series_id = ? AND part = ? AND digests = ?';
const HAS_PART = 'SELECT 1 FROM series_metadata WHERE series_id = ? AND part = ? AND digests = ?';
const PUT_PART = `
  INSERT INTO series_metadata (series_id, part, site_id, digests, instances, json)
  SELECT series_id, @part, site_id, @digests, @instances, @json FROM series WHERE series_id = @seriesId
  ON CONFLICT (series_id, part) DO UPDATE SET digests = excluded.digests, instances = excluded.instances, json = excluded.json
`;
const DROP_PARTS = 'DELETE FROM series_metadata WHERE series_id = ? AND part >= ?';
const WANT = `
  INSERT INTO metadata_wanted (study_id, site_id, wanted_at_ms) VALUES (?, ?, ?)
  ON CONFLICT (study_id) DO UPDATE SET wanted_at_ms = excluded.wanted_at_ms
`;
/** What is wanted again and again, by a sender with an association a slice, waits until that is over. */
const WANTED_FOR_MS = 1_000;
/** Walks metadata_wanted_in_order. A moment to come is one from before the clock was set back, and is as good as long ago. */
export const NEXT_WANTED = `
  SELECT study_id AS studyId, site_id AS siteId, wanted_at_ms AS wantedAtMs FROM metadata_wanted
   WHERE wanted_at_ms NOT BETWEEN ? AND ? ORDER BY wanted_at_ms LIMIT 1
`;
const DONE = 'DELETE FROM metadata_wanted WHERE study_id = ? AND wanted_at_ms = ?';

/** Instances by series and number, as `listInstancesBelow` gives them, cut into parts. */
export function metadataParts<Instance extends InstancePath>(
  instances: readonly Instance[],
): readonly MetadataPart<Instance>[] {
  const bySeries = Map.groupBy(instances, ({ seriesId }) => seriesId);
  return [...bySeries].flatMap(([seriesId, all]) =>
    Array.from({ length: Math.ceil(all.length / INSTANCES_A_PART) }, (_, part) => {
      const some = all.slice(part * INSTANCES_A_PART, (part + 1) * INSTANCES_A_PART);
      const hash = createHash('sha256').update(FORM);
      for (const { sopUid, digest } of some) hash.update(`\0${sopUid} ${digest}`);
      return { seriesId, part, instances: some, digests: hash.digest('base64url') };
    }),
  );
}

/** A part as it was kept of these very objects, compressed; null where it was not, or of others. */
export function findMetadataPart(db: ReadableDb, { seriesId, part, digests }: MetadataPart): Uint8Array | null {
  return prepared<{ json: Buffer }>(db, FIND_PART).get(seriesId, part, digests)?.json ?? null;
}

/** Keeps a part; one of a series that has gone meanwhile is not kept. */
export function keepMetadataPart(
  db: WritableDb,
  { seriesId, part, digests, instances }: MetadataPart,
  json: Uint8Array,
) {
  prepared(db, PUT_PART).run({ seriesId, part, digests, instances: instances.length, json });
}

/** Wants a study's metadata made ready before anybody asks: when an association that brought some of it ends, and when it is complete. */
export function wantMetadata(db: WritableDb, studyId: string, siteId: string, atMs: number): void {
  prepared(db, WANT).run(studyId, siteId, atMs);
}

/**
 * The study wanted longest, a second at least, and the parts of it that are not kept yet; null when none is. To be asked of a
 * reader thread.
 */
export function nextWantedMetadata(db: ReadableDb, nowMs: number) {
  type Row = { readonly studyId: string; readonly siteId: string; readonly wantedAtMs: number };
  const wanted = prepared<Row>(db, NEXT_WANTED).get(nowMs - WANTED_FOR_MS + 1, nowMs);
  if (wanted === undefined) return null;
  const parts = metadataParts(listInstancesByStudy(db, wanted.studyId));
  const missing = parts.filter(
    ({ seriesId, part, digests }) => prepared(db, HAS_PART).get(seriesId, part, digests) === undefined,
  );
  return { ...wanted, parts, missing };
}

export type WantedMetadata = NonNullable<ReturnType<typeof nextWantedMetadata>>;

/** Takes a study off the list, unless it was wanted again meanwhile, and drops parts beyond what its series have now. */
export function endWantedMetadata(db: WritableDb, wanted: WantedMetadata): void {
  inTransaction(db, () => {
    prepared(db, DONE).run(wanted.studyId, wanted.wantedAtMs);
    for (const [seriesId, parts] of Map.groupBy(wanted.parts, (part) => part.seriesId))
      prepared(db, DROP_PARTS).run(seriesId, parts.length);
  });
}
