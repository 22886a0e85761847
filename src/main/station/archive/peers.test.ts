import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfiguredPeer, Config } from '../platform/config.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { configurePeers, findPeer, findRemote, listPeers } from './peers.ts';
import { peerSettings, titlesKnownAlone } from './peer-settings.ts';

let clinic: Clinic;
beforeAll(() => {
  clinic = openClinic();
});
afterAll(() => clinic.close());

const TLS = { port: 0, certFile: '/c', keyFile: '/k', caFile: '/a' };
const FINGERPRINT = 'AB:'.repeat(31) + 'AB';
const configured = (peers: readonly Record<string, unknown>[], more: Record<string, unknown> = {}) =>
  Config.parse({ site: { code: 'north' }, dicom: { peers, tls: TLS, ...more } });

function configure(peers: readonly Record<string, unknown>[], more: Record<string, unknown> = {}): void {
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', peerSettings(configured(peers, more), 'north'));
}
const call = (
  callingAe: string,
  more: { calledAe?: string; address?: string; certificates?: readonly string[] } = {},
) => findPeer(clinic.db, { callingAe, calledAe: 'WETREAD', address: '10.0.0.1', ...more });

test('a peer may bring in, but take out only what it is configured for', () => {
  configure([
    { aeTitle: 'CT1', address: '10.0.0.1' },
    { aeTitle: 'WORKSTATION', address: '10.0.0.1', services: ['query', 'retrieve'] },
  ]);
  expect(call('CT1')).toMatchObject({ intent: 'new', services: ['store', 'commit', 'mpps', 'notify'] });
  expect(call('WORKSTATION')).toMatchObject({ services: ['query', 'retrieve'] });
});

test('the title called says what a study is for, unless the peer itself does', () => {
  const titles = [{ aeTitle: 'WETREAD_OLD', intent: 'comparison' }];
  configure(
    [
      { aeTitle: 'CT1', address: '*', calls: ['WETREAD', 'WETREAD_OLD'] },
      { aeTitle: 'CT2', address: '*', calls: ['WETREAD_OLD'], intent: 'new' },
    ],
    { titles },
  );
  expect(call('CT1')).toMatchObject({ intent: 'new' });
  expect(call('CT1', { calledAe: 'WETREAD_OLD' })).toMatchObject({ intent: 'comparison' });
  expect(call('CT2', { calledAe: 'WETREAD_OLD' })).toMatchObject({ intent: 'new' });
  expect(call('CT2')).toBeNull();
});

test('a secured peer is nobody without TLS, and one with a certificate nobody without that one', () => {
  configure([
    { aeTitle: 'SECURE', address: '*', tls: true },
    { aeTitle: 'PLACED', address: '10.0.0.1', tls: true },
    { aeTitle: 'NAMED', address: '*', tls: true, certificate: 'ct1.example' },
    { aeTitle: 'PINNED', address: '*', tls: true, certificate: FINGERPRINT },
  ]);
  expect(['SECURE', 'PLACED', 'NAMED', 'PINNED'].map((ae) => call(ae))).toEqual([null, null, null, null]);
  expect(call('SECURE', { certificates: [] })).toBeNull();
  expect(call('SECURE', { certificates: ['anybody the authority signed'] })).not.toBeNull();
  expect(call('PLACED', { certificates: [] })).not.toBeNull();
  expect(call('NAMED', { certificates: ['other.example'] })).toBeNull();
  expect(call('NAMED', { certificates: ['ct1.example'] })).not.toBeNull();
  expect(call('PINNED', { certificates: ['ct1.example', 'ab'.repeat(32)] })).not.toBeNull();
});

test('a peer that listens can be called by its id or title, at its own site only, and under the title it knows', () => {
  configure([
    { aeTitle: 'PACS', address: '10.0.0.9', host: 'pacs.example', port: 104, isArchive: true, services: [] },
    { aeTitle: 'VAULT', host: 'vault.example', port: 2762, tls: true, certificate: 'vault' },
    { aeTitle: 'CT1', address: '10.0.0.1' },
  ]);
  const { db, north, south } = clinic;
  const onOpened: unknown = expect.any(Function);
  const pacs = { host: 'pacs.example', port: 104, callingAe: 'WETREAD', calledAe: 'PACS', onOpened };
  const card = listPeers(db, north.siteId).find(({ aeTitle }) => aeTitle === 'PACS');
  expect(card).toMatchObject({ isArchive: true, isSecured: false, host: 'pacs.example', services: [] });
  expect(findRemote(db, { siteId: north.siteId, aeTitle: 'PACS' })).toEqual(pacs);
  expect(findRemote(db, { siteId: north.siteId, peerId: card?.peerId ?? '' })).toEqual(pacs);
  expect(findRemote(db, { siteId: south.siteId, aeTitle: 'PACS' })).toBeNull();
  expect(findRemote(db, { siteId: south.siteId, peerId: card?.peerId ?? '' })).toBeNull();
  expect(findRemote(db, { siteId: north.siteId, aeTitle: 'CT1' })).toBeNull();
  expect(findRemote(db, { siteId: north.siteId, aeTitle: 'VAULT' })).toMatchObject({
    secured: { files: { certFile: '/c', keyFile: '/k', caFile: '/a' }, certificate: 'vault' },
  });
  expect(call('VAULT', { address: '' })).toBeNull();
});

test('a removed peer is retired: it neither calls nor is called', () => {
  configure([{ aeTitle: 'PACS', address: '*', host: 'h', port: 1 }]);
  configure([]);
  expect(call('PACS')).toBeNull();
  expect(findRemote(clinic.db, { siteId: clinic.north.siteId, aeTitle: 'PACS' })).toBeNull();
  expect(listPeers(clinic.db, clinic.north.siteId)).toEqual([]);
});

test('a configured peer starts with what usual peers may do', () => {
  expect(ConfiguredPeer.parse({ aeTitle: 'A', address: '*' })).toMatchObject({ tls: false, isArchive: false });
});

test('peers from any address without TLS are known by their title alone, and no others', () => {
  const { dicom } = Config.parse({
    dicom: {
      tls: { certFile: 'c', keyFile: 'k', caFile: 'a' },
      peers: [
        { aeTitle: 'ANYBODY', address: '*' },
        { aeTitle: 'BY-TLS', address: '*', tls: true },
        { aeTitle: 'AT-HOME', address: '10.0.0.1' },
        { aeTitle: 'CALLED', host: 'pacs', port: 104 },
      ],
    },
  });
  expect(titlesKnownAlone({ dicom })).toEqual(['ANYBODY']);
});
