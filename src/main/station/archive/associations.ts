import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { judgeStudiesOf, type QuietTimes, SHIPPED_RULES } from './completeness.ts';
import { type Caller, findPeer, type Peer } from './peers.ts';
import { oweCounts } from './sender-counts.ts';

/** An association as the archive knows it while it lasts. */
export type ArchiveAssociation = { readonly associationId: string; readonly peer: Peer };

/** How an association ended and what passed over it; `rules` as configured, or as shipped where they are left out. */
export type AssociationEnd = {
  readonly how: 'released' | 'aborted' | 'failed';
  readonly stored: number;
  readonly refused: number;
  readonly atMs: number;
  readonly rules?: QuietTimes;
};

type Ended = { readonly associationId: string; readonly siteId: string; readonly peerId: string };

const OPEN_ASSOCIATION = `
  INSERT INTO associations (association_id, site_id, peer_id, intent, opened_at_ms, state)
  VALUES (@associationId, @siteId, @peerId, @intent, @atMs, 'open')
`;
const END_ASSOCIATION = 'UPDATE associations SET state = ?, ended_at_ms = ? WHERE association_id = ?';
/** What a peer has stored of an association's studies since it was opened, by the rows: nobody lived to count. */
const LIST_LEFT_OPEN = `
  SELECT a.association_id AS associationId, a.site_id AS siteId, a.peer_id AS peerId,
         (SELECT count(*) FROM study_associations s JOIN instances i ON i.study_id = s.study_id
            JOIN instance_versions v ON v.site_id = i.site_id AND v.sop_uid = i.sop_uid
           WHERE s.association_id = a.association_id AND v.peer_id = a.peer_id AND v.received_at_ms >= a.opened_at_ms) AS stored
    FROM associations a WHERE a.state = 'open'
`;

/** Lets a known peer in while there is room, and remembers the association; or says why not. */
export function admitAssociation(
  db: WritableDb,
  caller: Caller,
  associationId: string,
  atMs: number,
  hasRoom = true,
): Result<ArchiveAssociation, { code: 'unknown-peer' | 'no-room' }> {
  return inTransaction(db, () => {
    const peer = findPeer(db, caller);
    if (peer === null) return err({ code: 'unknown-peer' });
    if (!hasRoom) return err({ code: 'no-room' });
    prepared(db, OPEN_ASSOCIATION).run({
      associationId,
      siteId: peer.siteId,
      peerId: peer.peerId,
      intent: peer.intent,
      atMs,
    });
    return ok({ associationId, peer });
  });
}

/** Remembers an association of our own, over which a peer sends what we asked it for: all of it is for comparison. */
export function openRetrieving(
  db: WritableDb,
  { siteId, peerId }: { readonly siteId: string; readonly peerId: string },
  associationId: string,
  atMs: number,
): ArchiveAssociation {
  return inTransaction(db, () => {
    const intent = 'comparison';
    prepared(db, OPEN_ASSOCIATION).run({ associationId, siteId, peerId, intent, atMs });
    return { associationId, peer: { peerId, siteId, intent, services: [] } };
  });
}

/** Closes an association's record and asks again whether the studies it brought are complete. */
export function endAssociation(db: WritableDb, association: ArchiveAssociation, end: AssociationEnd): void {
  inTransaction(db, () => {
    prepared(db, END_ASSOCIATION).run(end.how, end.atMs, association.associationId);
    const { associationId, peer } = association;
    if (end.stored + end.refused > 0 || end.how !== 'released')
      tellEnd(db, { associationId, siteId: peer.siteId, peerId: peer.peerId }, end);
    const rules = end.rules ?? SHIPPED_RULES;
    judgeStudiesOf(db, associationId, end.how, rules, end.atMs);
    oweCounts(db, { associationId, peerId: peer.peerId }, rules, end.atMs);
  });
}

/** At a start: associations that a killed process left open have failed. What they refused is not known any more. */
export function endAssociationsLeftOpen(db: WritableDb, atMs: number, rules: QuietTimes = SHIPPED_RULES): void {
  inTransaction(db, () => {
    for (const { stored, ...association } of prepared<Ended & { stored: number }>(db, LIST_LEFT_OPEN).all()) {
      prepared(db, END_ASSOCIATION).run('failed', atMs, association.associationId);
      tellEnd(db, association, { how: 'failed', stored, refused: 0, atMs });
      judgeStudiesOf(db, association.associationId, 'failed', rules, atMs);
      oweCounts(db, association, rules, atMs);
    }
  });
}

function tellEnd(db: WritableDb, { associationId, siteId, peerId }: Ended, end: AssociationEnd): void {
  appendEvent(db, {
    kind: 'association-ended',
    payload: { peerId, how: end.how, stored: end.stored, refused: end.refused },
    siteId,
    actor: { kind: 'peer', id: peerId },
    correlationId: associationId,
    atMs: end.atMs,
  });
}
