import { z } from 'zod';
import { PeerService, USUAL_SERVICES } from '../../../shared/domain/peer.ts';
import type { Intent } from '../../../shared/domain/study.ts';
import type { RemoteAe } from '../dicom/open-association.ts';
import type { TlsFiles } from '../dicom/tls.ts';
import { freshRowId } from '../platform/ids.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { noteContact } from './peer-contacts.ts';

/** A machine that may call: what its studies are for, and what it may ask of us. */
export type Peer = {
  readonly peerId: string;
  readonly siteId: string;
  readonly intent: Exclude<Intent, 'own'>;
  readonly services: readonly PeerService[];
  /** A study it sends that states an older date is for comparison; null or left out: its studies' age is not asked. */
  readonly newWithinDays?: number | null;
  /** Who issues the patient ids that it sends without an issuer; null or left out: nobody knows. */
  readonly issuerOfPatientId?: string | null;
};

/** A peer as it is configured for one of our titles; `address` "*" is any address, and empty one that never calls. */
export type PeerSetting = {
  readonly aeTitle: string;
  readonly address: string;
  readonly intent: Exclude<Intent, 'own'>;
  /** The title of ours that it calls; left out, the one the site is configured with. */
  readonly calledAe?: string | undefined;
  /** Where it listens itself; left out, it cannot be called. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly services?: readonly PeerService[] | undefined;
  readonly isArchive?: boolean | undefined;
  readonly newWithinDays?: number | undefined;
  readonly issuerOfPatientId?: string | undefined;
  /** TLS only, both ways. */
  readonly isSecured?: boolean | undefined;
  readonly certificate?: string | undefined;
  /** Of this station; needed to call a secured peer. */
  readonly tlsFiles?: TlsFiles | undefined;
};

/** A configured peer as pages and jobs see it; it can be called where `host` is not null. */
export type PeerCard = {
  readonly peerId: string;
  readonly siteId: string;
  readonly aeTitle: string;
  /** The title of ours under which it knows us. */
  readonly calledAe: string;
  readonly intent: Exclude<Intent, 'own'>;
  readonly host: string | null;
  readonly port: number | null;
  readonly services: readonly PeerService[];
  /** Holds what is here for the long term: what it is known to hold may leave here, and be fetched again from there. */
  readonly isArchive: boolean;
  readonly isSecured: boolean;
};

const RETIRE_PEERS = "UPDATE peers SET state = 'retired' WHERE site_id = ?";
const RETIRE_ALL_PEERS = "UPDATE peers SET state = 'retired'";
const PUT_PEER = `
  INSERT INTO peers (peer_id, site_id, ae_title, address, called_ae_title, intent, state, host, port, services, is_archive, is_secured,
                     certificate, tls_files, new_within_days, issuer_of_patient_id)
  VALUES (@peerId, @siteId, @aeTitle, @address, @calledAe, @intent, 'active', @host, @port, @services, @isArchive, @isSecured,
          @certificate, @tlsFiles, @newWithinDays, @issuerOfPatientId)
  ON CONFLICT (site_id, ae_title, address, called_ae_title) DO UPDATE
     SET intent = excluded.intent, state = 'active', host = excluded.host, port = excluded.port, services = excluded.services,
         is_archive = excluded.is_archive, is_secured = excluded.is_secured, certificate = excluded.certificate,
         tls_files = excluded.tls_files, new_within_days = excluded.new_within_days,
         issuer_of_patient_id = excluded.issuer_of_patient_id
`;
/** An exact address is believed before "*". AE titles are compared as they are: never folded (PS3.5 §6.2). */
const LIST_CALLERS = `
  SELECT peer_id AS peerId, site_id AS siteId, intent, services, address, is_secured AS isSecured, certificate,
         new_within_days AS newWithinDays, issuer_of_patient_id AS issuerOfPatientId FROM peers
   WHERE ae_title = @callingAe AND called_ae_title = @calledAe AND state = 'active' AND address IN (@address, '*') AND address <> ''
   ORDER BY address = '*', peer_id
`;
const PEER_CARD = `
  peer_id AS peerId, site_id AS siteId, ae_title AS aeTitle, called_ae_title AS calledAe, intent, host, port, services,
  is_archive AS isArchive, is_secured AS isSecured, certificate, tls_files AS tlsFiles
`;
const LIST_PEERS = `SELECT ${PEER_CARD} FROM peers WHERE site_id = ? AND state = 'active' ORDER BY ae_title, host IS NULL, peer_id`;
const FIND_PEER = `SELECT ${PEER_CARD} FROM peers WHERE site_id = ? AND peer_id = ? AND state = 'active'`;

type PeerRow = Omit<PeerCard, 'services' | 'isArchive' | 'isSecured'> & {
  readonly services: string;
  readonly isArchive: 0 | 1;
  readonly isSecured: 0 | 1;
  readonly certificate: string | null;
  readonly tlsFiles: string | null;
};
type CallerRow = Pick<PeerRow, 'peerId' | 'siteId' | 'intent' | 'services' | 'isSecured' | 'certificate'> & {
  readonly address: string;
  readonly newWithinDays: number | null;
  readonly issuerOfPatientId: string | null;
};

const Services = z.array(PeerService);
const parseServices = (text: string) => Services.parse(JSON.parse(text));

/** Makes the configured peers of a site the ones that may call; a removed one is retired, so that its past stays named. */
export function configurePeers(db: WritableDb, siteId: string, aeTitle: string, peers: readonly PeerSetting[]): void {
  inTransaction(db, () => {
    prepared(db, RETIRE_PEERS).run(siteId);
    for (const peer of peers)
      prepared(db, PUT_PEER).run({
        peerId: freshRowId(),
        siteId,
        aeTitle: peer.aeTitle,
        address: peer.address,
        calledAe: peer.calledAe ?? aeTitle,
        intent: peer.intent,
        host: peer.host ?? null,
        port: peer.port ?? null,
        services: JSON.stringify(peer.services ?? USUAL_SERVICES),
        isArchive: peer.isArchive === true ? 1 : 0,
        isSecured: peer.isSecured === true ? 1 : 0,
        certificate: peer.certificate ?? null,
        tlsFiles: peer.tlsFiles === undefined ? null : JSON.stringify(peer.tlsFiles),
        newWithinDays: peer.newWithinDays ?? null,
        issuerOfPatientId: peer.issuerOfPatientId ?? null,
      });
  });
}

const FIND_USUAL_ISSUER = 'SELECT issuer_of_patient_id AS issuer FROM peers WHERE peer_id = ?';

/** Who issues the patient ids that a peer sends without an issuer, or null. */
export function findUsualIssuer(db: ReadableDb, peerId: string): string | null {
  return prepared<{ issuer: string | null }>(db, FIND_USUAL_ISSUER).get(peerId)?.issuer ?? null;
}

/** Before a start's configuration is taken over: nobody may call who is not in it, at whatever site. */
export function retireAllPeers(db: WritableDb): void {
  inTransaction(db, () => prepared(db, RETIRE_ALL_PEERS).run());
}

/** Who calls, as far as it can be told. `certificates`: names by which a verified client certificate is known; null without TLS. */
export type Caller = {
  readonly callingAe: string;
  readonly calledAe: string;
  readonly address: string;
  readonly certificates?: readonly string[] | null;
};

/**
 * The peer that calls, or null. One that is secured must have come by TLS, and shown a certificate where any address will
 * do; one with a certificate must have shown that one: its AE title alone says nothing.
 */
export function findPeer(db: ReadableDb, caller: Caller): Peer | null {
  const { callingAe, calledAe, certificates = null } = caller;
  const address = caller.address.replace(/^::ffff:/, '');
  const row = prepared<CallerRow>(db, LIST_CALLERS)
    .all({ callingAe, calledAe, address })
    .find(
      (one) =>
        (one.isSecured === 0 || (certificates !== null && (certificates.length > 0 || one.address !== '*'))) &&
        (one.certificate === null || certificates?.includes(one.certificate) === true),
    );
  if (row === undefined) return null;
  const { peerId, siteId, intent, services, newWithinDays, issuerOfPatientId } = row;
  return { peerId, siteId, intent, services: parseServices(services), newWithinDays, issuerOfPatientId };
}

/** The peers of a site, by AE title; one that calls several of our titles, or from several addresses, is there once. */
export function listPeers(db: ReadableDb, siteId: string): readonly PeerCard[] {
  const byTitle = Map.groupBy(prepared<PeerRow>(db, LIST_PEERS).all(siteId), ({ aeTitle }) => aeTitle);
  return [...byTitle.values()].flatMap(([row]) => (row === undefined ? [] : [cardOf(row)]));
}

/**
 * How to call a peer of a site, under the title by which it knows us; null where it is not there, retired, or nowhere to
 * be called. What comes of every such call is noted as a contact with it.
 */
export function findRemote(
  db: ReadableDb,
  who: { readonly siteId: string } & ({ readonly peerId: string } | { readonly aeTitle: string }),
): RemoteAe | null {
  const row =
    'peerId' in who
      ? prepared<PeerRow>(db, FIND_PEER).get(who.siteId, who.peerId)
      : prepared<PeerRow>(db, LIST_PEERS)
          .all(who.siteId)
          .find(({ aeTitle, host }) => aeTitle === who.aeTitle && host !== null);
  if (row === undefined || row.host === null || row.port === null) return null;
  const { host, port, calledAe, aeTitle, certificate } = row;
  const remote: RemoteAe = {
    ...{ host, port, callingAe: calledAe, calledAe: aeTitle },
    onOpened: (outcome) => noteContact(db, who.siteId, aeTitle, outcome),
  };
  if (row.isSecured === 0) return remote;
  if (row.tlsFiles === null) throw new Error('a secured peer is configured without our own certificate');
  return { ...remote, secured: { files: JSON.parse(row.tlsFiles) as TlsFiles, certificate } };
}

function cardOf(row: PeerRow): PeerCard {
  const { peerId, siteId, aeTitle, calledAe, intent, host, port } = row;
  return {
    ...{ peerId, siteId, aeTitle, calledAe, intent, host, port },
    services: parseServices(row.services),
    isArchive: row.isArchive === 1,
    isSecured: row.isSecured === 1,
  };
}

const FIND_TITLE = 'SELECT ae_title AS aeTitle FROM peers WHERE peer_id = ?';

/** What a peer calls itself, or null where it is not one of ours. */
export function findPeerTitle(db: ReadableDb, peerId: string): string | null {
  return prepared<{ aeTitle: string }>(db, FIND_TITLE).get(peerId)?.aeTitle ?? null;
}
