import type { Intent } from '../../../shared/domain/study.ts';
import { USUAL_SERVICES } from '../../../shared/domain/peer.ts';
import { freshRowId } from '../platform/ids.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ArchiveAssociation } from './associations.ts';

/** A service or person that stores over the web, at its site, and what its studies are for. */
export type WebSender = {
  readonly siteId: string;
  readonly userId: string;
  readonly intent: Exclude<Intent, 'own'>;
};

/** Never calls by DICOM: it has no address, calls no title, and is not among the configured peers. */
const PUT_SENDER = `
  INSERT INTO peers (peer_id, site_id, ae_title, address, called_ae_title, intent, state)
  VALUES (@peerId, @siteId, @userId, '', '', @intent, 'retired')
  ON CONFLICT (site_id, ae_title, address, called_ae_title) DO UPDATE SET intent = excluded.intent
  RETURNING peer_id AS peerId
`;
const OPEN_ASSOCIATION = `
  INSERT INTO associations (association_id, site_id, peer_id, intent, opened_at_ms, state)
  VALUES (@associationId, @siteId, @peerId, @intent, @atMs, 'open')
`;

/** Remembers a request that stores objects as an association: what it brings is filed, judged and audited like any other's. */
export function admitWebSender(
  db: WritableDb,
  sender: WebSender,
  associationId: string,
  atMs: number,
): ArchiveAssociation {
  const { siteId, intent } = sender;
  return inTransaction(db, () => {
    const put = prepared<{ peerId: string }>(db, PUT_SENDER).get({ ...sender, peerId: freshRowId() });
    if (put === undefined) throw new Error('a sender was not recorded');
    prepared(db, OPEN_ASSOCIATION).run({ associationId, siteId, peerId: put.peerId, intent, atMs });
    return { associationId, peer: { peerId: put.peerId, siteId, intent, services: USUAL_SERVICES } };
  });
}
