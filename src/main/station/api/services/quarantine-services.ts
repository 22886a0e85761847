import type { QuarantineEntry } from '../../../../shared/contract/quarantine.ts';
import { err, ok } from '../../../../shared/domain/result.ts';
import { actorOf, type Principal } from '../../access/index.ts';
import {
  type Archive,
  countHeldAlike,
  countQuarantineByReason,
  describeQuarantined,
  discardQuarantined,
  fileQuarantined,
  findQuarantined,
  getObject,
  listQuarantine,
  type QuarantineRow,
  settleStudyQuarantine,
  takeBackQuarantined,
} from '../../archive/index.ts';
import { appendEvent } from '../../platform/ledger/append.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { ReadableDb } from '../../platform/store/database.ts';
import { inTransaction } from '../../platform/store/transaction.ts';
import { REST_PREFIX } from '../rest-prefix.ts';
import type { StationServices } from '../services.ts';
import { findStudyFace, nameActor } from './study-face.ts';

/** The quarantine area over the archive; who reads or exports an object is recorded before it is answered. */
export function quarantineServices(archive: Archive, objects: ObjectReader): StationServices['quarantine'] {
  const { db, clock } = archive;
  const settling = (principal: Principal, quarantineId: string) => ({
    siteId: principal.siteId,
    quarantineId,
    actor: actorOf(principal),
    atMs: clock.nowMs(),
  });
  const record = (principal: Principal, row: QuarantineRow, kind: 'quarantine-read' | 'quarantine-exported') =>
    inTransaction(db, () => {
      const { quarantineId, digest, siteId, studyId } = row;
      const about = { siteId, studyId, actor: actorOf(principal), correlationId: quarantineId, atMs: clock.nowMs() };
      if (kind === 'quarantine-read') appendEvent(db, { kind, payload: { quarantineId }, ...about });
      else appendEvent(db, { kind, payload: { quarantineId, digest }, ...about });
    });

  return {
    list(principal, { after, ...query }) {
      const key = after === undefined ? undefined : placeOf(after);
      const rows = listQuarantine(db, principal.siteId, { ...query, after: key });
      const last = rows.at(-1);
      return {
        entries: rows.map((row) => showEntry(db, row)),
        next: last !== undefined && rows.length === query.limit ? textOf(last) : null,
        held: countQuarantineByReason(db, principal.siteId).map(({ reason, held }) => ({ reason, count: held })),
      };
    },
    async get(principal, quarantineId) {
      const row = findQuarantined(db, principal.siteId, quarantineId);
      if (row === null) return null;
      const { standsInStudyId, attributes, ...object } = await describeQuarantined(db, objects, row);
      record(principal, row, 'quarantine-read');
      return {
        ...showEntry(db, row),
        ...object,
        heldAlike: countHeldAlike(db, row),
        attributes: [...attributes],
        fileHref: `${REST_PREFIX}/quarantine/${quarantineId}/file`,
        standsIn: findStudyFace(db, standsInStudyId),
      };
    },
    retry: (principal, quarantineId) => fileQuarantined(archive, settling(principal, quarantineId)),
    release: (principal, quarantineId, release) =>
      fileQuarantined(archive, { ...settling(principal, quarantineId), release }),
    discard(principal, quarantineId, reason) {
      const discarded = discardQuarantined(db, { ...settling(principal, quarantineId), reason });
      return discarded.ok ? ok({ state: 'discarded' }) : discarded;
    },
    async settleStudy(principal, { studyId, settlement, reason = null, after }) {
      const { siteId, actor, atMs } = settling(principal, '');
      const place = after === undefined ? null : placeOf(after);
      const about = { siteId, studyId, reason, settlement, after: place, actor, atMs };
      const settled = await settleStudyQuarantine(archive, about);
      if (!settled.ok) return settled;
      const { failed, next, ...counts } = settled.value;
      return ok({ ...counts, failed: [...failed], next: next === null ? null : textOf(next) });
    },
    takeBack(principal, quarantineId) {
      const taken = takeBackQuarantined(db, settling(principal, quarantineId));
      return taken.ok ? ok({ state: 'held' }) : taken;
    },
    async openFile(principal, quarantineId) {
      const row = findQuarantined(db, principal.siteId, quarantineId);
      if (row === null) return err({ code: 'quarantined-not-found' });
      const { digest, encoding } = getObject(db, row.digest);
      const sizeBytes = await objects.sizeBytes(digest, encoding).catch(() => null);
      if (sizeBytes === null) return err({ code: 'object-not-here' });
      record(principal, row, 'quarantine-exported');
      return ok({ sizeBytes, readRange: (start, length) => objects.readRange(digest, encoding, start, length) });
    },
  };
}

function placeOf(text: string) {
  const [receivedAtMs = '', quarantineId = ''] = text.split('~');
  return { receivedAtMs: Number(receivedAtMs), quarantineId };
}

function textOf({ receivedAtMs, quarantineId }: Pick<QuarantineRow, 'receivedAtMs' | 'quarantineId'>): string {
  return `${receivedAtMs}~${quarantineId}`;
}

function showEntry(db: ReadableDb, row: QuarantineRow): QuarantineEntry {
  const { quarantineId, reason, state, sopUid, peerId, aeTitle, receivedAtMs, settledAtMs, settledBy } = row;
  return {
    ...{ quarantineId, reason, state, sopUid, receivedAtMs, settledAtMs },
    settledBecause: row.settledBecause,
    peer: peerId === null ? null : { peerId, aeTitle: aeTitle ?? peerId },
    settledBy: settledBy === null ? null : nameActor(db, settledBy),
    study: findStudyFace(db, row.studyId),
  };
}
