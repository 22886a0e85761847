import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, expect, test } from 'vitest';
import { echo, instanceFromBytes, sendInstances } from '../../src/main/station/dicom/scu.ts';
import type { RemoteAe } from '../../src/main/station/dicom/open-association.ts';
import { findPeerProgram } from '../../scripts/debian-peers.ts';
import { signInFirst } from '../system/support/ask-station.ts';
import { freePort } from '../system/support/free-port.ts';
import { endEverything, startStation, temporaryFolder, TEST_CONFIG } from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { phantomStudy } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { havePeers, runPeer } from './support/run-peer.ts';
import { canMakeCertificates, testAuthority } from './support/test-certificates.ts';

const isHere = havePeers('storescu', 'echoscu', 'storescp') && canMakeCertificates();
const kills: (() => void)[] = [];
afterEach(() => {
  for (const kill of kills.splice(0)) kill();
});
afterAll(endEverything);

test.skipIf(!isHere)('over TLS a peer is who its certificate says, and nobody without one', async () => {
  const folder = temporaryFolder();
  const authority = testAuthority(folder);
  const stranger = testAuthority(folder, 'stranger');
  const [ours, ct1, ct2] = ['station', 'ct1', 'ct2'].map((name) => authority.sign(name));
  const forged = stranger.sign('ct1');
  if (ours === undefined || ct1 === undefined || ct2 === undefined) throw new Error('no certificates');
  const port = await freePort();
  const peers = [
    { aeTitle: 'CT1', address: '*', tls: true, certificate: 'ct1' },
    { aeTitle: 'ANYONE', address: '127.0.0.1' },
  ];
  const station = await startStation({
    config: { ...TEST_CONFIG, dicom: { host: '127.0.0.1', peers, tls: { port, ...ours, caFile: authority.caFile } } },
  });
  const administrator = await signInFirst(station);

  const study = phantomStudy({ seed: 77, slices: 5 });
  const files = study.objects.map(({ file }, index) => {
    const name = path.join(folder, `${index}.dcm`);
    writeFileSync(name, file);
    return name;
  });
  const asWhom = (aeTitle: string, { certFile, keyFile } = ct1) => [
    ...['+tls', keyFile, certFile, '+cf', authority.caFile, '-aet', aeTitle, '-aec', 'WETREAD'],
    ...['127.0.0.1', String(port)],
  ];
  const stored = await runPeer('storescu', [...asWhom('CT1'), ...files]);
  expect(stored).toMatchObject({ exitCode: 0 });
  expect(await notStoredAsSent(administrator, 'main', study.objects)).toEqual([]);

  const echoes = async (...args: readonly string[]) => (await runPeer('echoscu', args)).exitCode === 0;
  expect(await echoes(...asWhom('CT1', ct2))).toBe(false); // another's certificate
  expect(await echoes(...asWhom('CT1', forged))).toBe(false); // an authority nobody believes
  expect(await echoes(...asWhom('ANYONE', ct2))).toBe(true); // known by its address, and TLS takes nothing away
  expect(await echoes('-aet', 'CT1', '-aec', 'WETREAD', '127.0.0.1', String(station.dicom.port))).toBe(false); // without TLS
  expect(
    await echoes('+tla', '+cf', authority.caFile, '-aet', 'ANYONE', '-aec', 'WETREAD', '127.0.0.1', String(port)),
  ).toBe(false);

  const secured = { files: { ...ct1, caFile: authority.caFile }, certificate: 'station' };
  const remote: RemoteAe = { host: '127.0.0.1', port, callingAe: 'CT1', calledAe: 'WETREAD', secured };
  expect(await echo(remote)).toEqual({ ok: true, value: 0 });
  const wrong = await echo({ ...remote, secured: { ...secured, certificate: 'other-station' } });
  expect(wrong).toMatchObject({ ok: false, error: { code: 'cannot-connect' } });
  const gone = await echo({ ...remote, secured: { ...secured, files: { ...secured.files, keyFile: '/nowhere' } } });
  expect(gone).toEqual({ ok: false, error: { code: 'cannot-connect', systemCode: 'ENOENT' } });
  expect(await refusesOldTls(port)).toBe(true);

  const told = async (kind: string) =>
    (
      JSON.parse((await administrator.fetch(`/api/v1/audit/events?kind=${kind}&limit=50`)).text) as {
        events: unknown[];
      }
    ).events;
  await until(async () => (await told('node-authentication-failed')).length > 0);
  expect((await told('association-refused')).length).toBeGreaterThan(0);
  const { text } = await administrator.fetch('/health/ready');
  expect(text).toContain('certificate-expires-in-7-days');
  expect(await station.stop()).toBe(0);
});

/** TLS 1.1 and older are not spoken (PS3.15 B.12). */
function refusesOldTls(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => resolve(false)).once('error', () => resolve(true));
  });
}

test.skipIf(!isHere)('we store at storescp over TLS, each side showing its certificate', async () => {
  const folder = temporaryFolder();
  const authority = testAuthority(folder);
  const [ours, theirs] = [authority.sign('station'), authority.sign('pacs')];
  const port = await freePort();
  const kept = temporaryFolder();
  const program = findPeerProgram('storescp') ?? '';
  const scp = spawn(program, [
    ...['+tls', theirs.keyFile, theirs.certFile, '+cf', authority.caFile, '-rc', '-od', kept, String(port)],
  ]);
  kills.push(() => scp.kill('SIGKILL'));
  const secured = { files: { ...ours, caFile: authority.caFile }, certificate: 'pacs' };
  const remote: RemoteAe = { host: '127.0.0.1', port, callingAe: 'WETREAD', calledAe: 'PACS', secured };
  await until(async () => (await echo(remote)).ok);
  const instances = phantomStudy({ seed: 78, slices: 3 }).objects.map(({ file }) => {
    const read = instanceFromBytes(file);
    if (!read.ok) throw new Error(read.error.code);
    return read.value;
  });
  const outcomes = await sendInstances(remote, instances);
  expect(outcomes.map(({ state }) => state)).toEqual(instances.map(() => 'accepted'));
  expect(readdirSync(kept)).toHaveLength(instances.length);
  expect((await echo({ ...remote, secured: { ...secured, certificate: 'somebody' } })).ok).toBe(false);
});
