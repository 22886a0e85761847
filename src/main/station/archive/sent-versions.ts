import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** Versions that left us for a peer. */
type SentVersions = {
  readonly siteId: string;
  readonly peerId: string;
  readonly versions: readonly { readonly sopUid: string; readonly digest: string }[];
};

const NOTE = `
  INSERT INTO sent_versions (site_id, sop_uid, digest, peer_id) VALUES (@siteId, @sopUid, @digest, @peerId) ON CONFLICT DO NOTHING
`;

/**
 * Notes versions that a peer took, or that left and were never answered: it may hold them, and mean them when it is asked about
 * their UIDs later. Idempotent.
 */
export function noteSentVersions(db: WritableDb, { siteId, peerId, versions }: SentVersions): void {
  inTransaction(db, () => {
    for (const { sopUid, digest } of versions) prepared(db, NOTE).run({ siteId, peerId, sopUid, digest });
  });
}
