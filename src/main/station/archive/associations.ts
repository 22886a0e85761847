import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { judgeStudiesOf } from './completeness.ts';
import { findPeer, type Peer } from './peers.ts';

/** An association as the archive knows it while it lasts. */
export type ArchiveAssociation = { readonly associationId: string; readonly peer: Peer };

const OPEN_ASSOCIATION = `
  INSERT INTO associations (association_id, site_id, peer_id, intent, opened_at_ms, state)
  VALUES (@associationId, @siteId, @peerId, @intent, @atMs, 'open')
`;
const END_ASSOCIATION = 'UPDATE associations SET state = ?, ended_at_ms = ? WHERE association_id = ?';
const END_LEFT_OPEN = "UPDATE associations SET state = 'failed', ended_at_ms = ? WHERE state = 'open'";

/** Lets a known peer in and remembers the association, or says why not. */
export function admitAssociation(
  db: WritableDb,
  offer: { readonly callingAe: string; readonly calledAe: string; readonly address: string },
  associationId: string,
  atMs: number,
): Result<ArchiveAssociation, { code: 'unknown-peer' }> {
  return inTransaction(db, () => {
    const peer = findPeer(db, offer);
    if (peer === null) return err({ code: 'unknown-peer' });
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

/** Records that an association was turned away. */
export function recordRefusal(
  db: WritableDb,
  reason: string,
  address: string,
  correlationId: string,
  atMs: number,
): void {
  inTransaction(db, () =>
    appendEvent(db, {
      kind: 'association-refused',
      payload: { reason, address },
      siteId: null,
      actor: { kind: 'peer', id: address },
      correlationId,
      atMs,
    }),
  );
}

/** Closes an association's record and asks again whether the studies it brought are complete. */
export function endAssociation(
  db: WritableDb,
  association: ArchiveAssociation,
  end: {
    readonly how: 'released' | 'aborted' | 'failed';
    readonly stored: number;
    readonly refused: number;
    readonly atMs: number;
  },
): void {
  inTransaction(db, () => {
    prepared(db, END_ASSOCIATION).run(end.how, end.atMs, association.associationId);
    if (end.stored + end.refused > 0 || end.how !== 'released') {
      appendEvent(db, {
        kind: 'association-ended',
        payload: { peerId: association.peer.peerId, how: end.how, stored: end.stored, refused: end.refused },
        siteId: association.peer.siteId,
        actor: { kind: 'peer', id: association.peer.peerId },
        correlationId: association.associationId,
        atMs: end.atMs,
      });
    }
    judgeStudiesOf(db, association.associationId, end.atMs);
  });
}

/** At a start: associations that a killed process left open have failed. */
export function endAssociationsLeftOpen(db: WritableDb, atMs: number): void {
  inTransaction(db, () => prepared(db, END_LEFT_OPEN).run(atMs));
}
