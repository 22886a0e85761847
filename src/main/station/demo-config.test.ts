import { expect, test } from 'vitest';
import { demoConfig, demoConflicts } from './demo-config.ts';
import { Config } from './platform/config.ts';

test('a demo is on loopback whatever is configured, at a site called demo, with peers of this machine only', () => {
  const configured = Config.parse({
    site: { code: 'north', name: 'North', zone: 'Europe/Berlin' },
    http: { host: '0.0.0.0', tls: { certFile: 'c', keyFile: 'k' } },
    dicom: { host: '0.0.0.0', aeTitle: 'OURS', peers: [{ aeTitle: 'MR1', address: '10.0.0.1' }] },
  });
  const demo = demoConfig(configured);
  expect(demo.site).toMatchObject({ code: 'demo', name: 'Demo site', zone: 'Europe/Berlin' });
  expect([demo.http.host, demo.http.tls, demo.dicom.host]).toEqual(['127.0.0.1', undefined, '127.0.0.1']);
  expect(demo.dicom.aeTitle).toBe('OURS');
  const added = demo.dicom.peers.slice(1);
  expect(added.map(({ aeTitle }) => aeTitle)).toEqual(['DEMO_CT', 'DEMO_PACS', 'STORESCU', 'ECHOSCU']);
  expect(added.every(({ address }) => address === '127.0.0.1')).toBe(true);
  expect(added.filter(({ intent }) => intent === 'comparison').map(({ aeTitle }) => aeTitle)).toEqual(['DEMO_PACS']);
});

test('without its hospital, a machine that is configured under one of these titles stands in its place', () => {
  const archive = { aeTitle: 'DEMO_PACS', address: '127.0.0.1', host: '127.0.0.1', port: 4104, isArchive: true };
  const peers = (hasHospital: boolean) =>
    demoConfig(Config.parse({ dicom: { peers: [archive] } }), hasHospital).dicom.peers.filter(
      ({ aeTitle }) => aeTitle === 'DEMO_PACS',
    );
  expect(peers(false).map(({ port }) => port)).toEqual([4104]);
  expect(peers(true).at(-1)?.port).toBe(11_113);
});

test('what a demo adds is itself a valid configuration', () => {
  expect(Config.safeParse(demoConfig(Config.parse({}))).success).toBe(true);
});

test('only with its hospital a demo knows where the archive listens', () => {
  const archive = (hasHospital: boolean) =>
    demoConfig(Config.parse({}), hasHospital).dicom.peers.find(({ aeTitle }) => aeTitle === 'DEMO_PACS');
  expect(archive(true)).toMatchObject({ host: '127.0.0.1', port: 11_113, isArchive: true, intent: 'comparison' });
  expect(archive(false)?.host).toBeUndefined();
  expect(archive(false)?.isArchive).toBe(false);
});

test('with its hospital a demo waits a minute of silence at most, and no longer than it is configured to', () => {
  const configured = Config.parse({ completeness: { quietMs: { CT: 2000, US: 1_800_000 } } });
  expect(demoConfig(configured, true).completeness).toMatchObject({
    quietMs: { CT: 2000, US: 60_000 },
    quietOtherMs: 60_000,
  });
  expect(demoConfig(configured, false).completeness).toEqual(configured.completeness);
});

test.each([
  ['nothing of its own', {}, [], []],
  ['senders of this machine', { dicom: { peers: [{ aeTitle: 'CT1', address: '127.0.0.1' }] } }, [], []],
  ['senders from anywhere, who reach no loopback', { dicom: { peers: [{ aeTitle: 'CT1', address: '*' }] } }, [], []],
  [
    'a real archive',
    {
      dicom: {
        peers: [
          { aeTitle: 'CT1', address: '::1' },
          { aeTitle: 'PACS', host: 'pacs.example', port: 104 },
        ],
      },
    },
    ['dicom.peers.1.host'],
    ['dicom.peers.1.host'],
  ],
  [
    'a real modality',
    { dicom: { peers: [{ aeTitle: 'MR1', address: '10.0.0.1' }] } },
    ['dicom.peers.0.address'],
    ['dicom.peers.0.address'],
  ],
  [
    'an archive of this machine',
    { dicom: { peers: [{ aeTitle: 'PACS', host: 'localhost', port: 104 }] } },
    [],
    ['dicom.peers.0.host'],
  ],
  ['further sites', { sites: [{ code: 'south', name: 'South', zone: 'Etc/UTC' }] }, ['sites'], ['sites']],
  [
    'a server for models',
    {
      inference: {
        providers: ['remote'],
        remotes: [{ name: 'gpu', url: 'https://gpu.example:8000', models: [{ id: 'bleed', name: 'bleed' }] }],
      },
    },
    ['inference.remotes.0.url'],
    ['inference.remotes.0.url'],
  ],
] as const)('a configuration with %s conflicts with a demo where it should', (_what, given, alone, withHospital) => {
  const config = Config.parse(given);
  expect([demoConflicts(config, false), demoConflicts(config, true)]).toEqual([alone, withHospital]);
});
