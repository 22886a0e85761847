import type { Intent } from '../../../shared/domain/study.ts';
import type { Config } from '../platform/config.ts';
import { freshRowId } from '../platform/ids.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** A machine that may send: its AE title, where it calls from, which of our titles it calls, and what its studies are for. */
export type Peer = { readonly peerId: string; readonly siteId: string; readonly intent: Exclude<Intent, 'own'> };

const RETIRE_PEERS = "UPDATE peers SET state = 'retired' WHERE site_id = ?";
const PUT_PEER = `
  INSERT INTO peers (peer_id, site_id, ae_title, address, called_ae_title, intent, state)
  VALUES (@peerId, @siteId, @aeTitle, @address, @calledAe, @intent, 'active')
  ON CONFLICT (site_id, ae_title, address, called_ae_title) DO UPDATE SET intent = excluded.intent, state = 'active'
`;
/** An exact address is believed before "*". AE titles are compared as they are: never folded (PS3.5 §6.2). */
const FIND_PEER = `
  SELECT peer_id AS peerId, site_id AS siteId, intent FROM peers
   WHERE ae_title = @callingAe AND called_ae_title = @calledAe AND state = 'active' AND address IN (@address, '*')
   ORDER BY address = '*' LIMIT 1
`;

/** Makes the configured peers of a site the ones that may send; a removed one is retired, so that its past stays named. */
export function configurePeers(db: WritableDb, siteId: string, aeTitle: string, peers: Config['dicom']['peers']): void {
  inTransaction(db, () => {
    prepared(db, RETIRE_PEERS).run(siteId);
    for (const peer of peers) prepared(db, PUT_PEER).run({ ...peer, peerId: freshRowId(), siteId, calledAe: aeTitle });
  });
}

export function findPeer(
  db: ReadableDb,
  offer: { readonly callingAe: string; readonly calledAe: string; readonly address: string },
): Peer | null {
  return prepared<Peer>(db, FIND_PEER).get({ ...offer, address: offer.address.replace(/^::ffff:/, '') }) ?? null;
}

const FIND_TITLE = 'SELECT ae_title AS aeTitle FROM peers WHERE peer_id = ?';

/** What a peer calls itself, or null where it is not one of ours. */
export function findPeerTitle(db: ReadableDb, peerId: string): string | null {
  return prepared<{ aeTitle: string }>(db, FIND_TITLE).get(peerId)?.aeTitle ?? null;
}
