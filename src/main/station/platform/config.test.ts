import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Config, readConfig } from './config.ts';
import { describeConfiguration, listKeys } from './configuration-doc.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'wetread-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(content: unknown) {
  const file = path.join(folder, 'config.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return readConfig(file);
}
const faults = (content: unknown) => {
  const outcome = read(content);
  return outcome.ok ? [] : outcome.error.faults;
};

test('without a file the defaults hold, and an empty file says the same', () => {
  const defaults = readConfig(undefined);
  expect(defaults).toEqual(read({}));
  expect(defaults).toMatchObject({
    ok: true,
    value: {
      site: { code: 'main', zone: 'Etc/UTC' },
      http: { host: '127.0.0.1', names: [] },
      dicom: { aeTitle: 'WETREAD', peers: [] },
      completeness: { quietMs: { CT: 180_000, DX: 300_000, MR: 900_000, US: 1_800_000 } },
      inference: { providers: ['cpu'] },
    },
  });
});

test('every key is described, and the page about them is the one the schema makes', async () => {
  expect(listKeys().filter(({ description }) => description === '')).toEqual([]);
  await expect(describeConfiguration()).toMatchFileSnapshot('../../../../docs/configuration.md');
});

test.each<[string, unknown, readonly string[]]>([
  ['an unknown key at the top', { sit: {} }, ['unknown key sit']],
  ['an unknown key further down', { dicom: { aetitle: 'X', port: 1 } }, ['unknown key dicom.aetitle, dicom.port']],
  [
    'an unknown key of a peer',
    { dicom: { peers: [{ aeTitle: 'A', address: '*', name: 'x' }] } },
    ['unknown key dicom.peers.0.name'],
  ],
  ['no object', [], ['the file: Invalid input: expected object, received array']],
  ['no JSON', '{', ['the file is not JSON']],
])('refuses %s by its name', (_what, content, expected) => {
  expect(read(content)).toMatchObject({ ok: false, error: { code: 'config-invalid' } });
  expect(faults(content)).toEqual(expected);
});

test.each(['', '                ', 'SEVENTEEN_LETTERS', 'BACK\\SLASH', 'TAB\t', 'UMLAUT_Ä', ' LEADING', 'TRAILING '])(
  'refuses the AE title %j, ours or a peer’s',
  (aeTitle) => {
    expect(faults({ dicom: { aeTitle } }).join()).toMatch(/^dicom\.aeTitle: an AE title/);
    expect(faults({ dicom: { peers: [{ aeTitle, address: '*' }] } }).join()).toMatch(
      /^dicom\.peers\.0\.aeTitle: an AE title/,
    );
  },
);

test.each(['A', 'SIXTEEN_LETTERS_', 'with space', 'lower', "!#$%&'()*+,-./:"])('takes the AE title %j', (aeTitle) => {
  expect(faults({ dicom: { aeTitle } })).toEqual([]);
});

test('takes IANA zones only, so that no deadline fails over one later', () => {
  expect(faults({ site: { zone: 'Europe/Berlin' } })).toEqual([]);
  expect(faults({ site: { zone: 'Mitteleuropa' } })).toEqual(['site.zone: not an IANA time zone']);
});

test('a peer’s studies are what the title it calls is for unless it says; own is nobody’s to claim', () => {
  const peers = (intent?: string) => faults({ dicom: { peers: [{ aeTitle: 'A', address: '*', intent }] } });
  expect(peers()).toEqual([]);
  expect(peers('comparison')).toEqual([]);
  expect(peers('own').join()).toMatch(/^dicom\.peers\.0\.intent/);
});

test.each<[string, unknown, readonly string[]]>([
  ['two sites of one code', { sites: [{ code: 'main', name: 'Again' }] }, ['sites: two sites have one code']],
  [
    'two folders of one name',
    { import: { folders: ['/a', '/b'].map((path) => ({ name: 'CD', path })) } },
    ['import.folders: two folders have one name'],
  ],
  ['a title twice', { dicom: { titles: [{ aeTitle: 'WETREAD' }] } }, ['dicom.titles: a title stands there twice']],
  [
    'a title of no site',
    { dicom: { titles: [{ aeTitle: 'B', site: 'nowhere' }] } },
    ['dicom.titles.0.site: no site has that code'],
  ],
  [
    'a peer that calls no title of ours',
    { dicom: { peers: [{ aeTitle: 'A', address: '*', calls: ['B'] }] } },
    ['dicom.peers.0.calls: not one of our titles'],
  ],
  [
    'a peer with half an address to call',
    { dicom: { peers: [{ aeTitle: 'A', host: 'h' }] } },
    ['dicom.peers.0.port: host and port go together'],
  ],
  [
    'a peer that neither calls nor is called',
    { dicom: { peers: [{ aeTitle: 'A' }] } },
    ['dicom.peers.0.address: needed where there is no host'],
  ],
  [
    'TLS without a certificate of ours',
    { dicom: { peers: [{ aeTitle: 'A', address: '*', tls: true }] } },
    ['dicom.peers.0.tls: needs dicom.tls'],
  ],
  [
    'a certificate that nobody asks for',
    { dicom: { peers: [{ aeTitle: 'A', address: '*', certificate: 'ct1' }] } },
    ['dicom.peers.0.certificate: goes with tls'],
  ],
  [
    'watermarks that cross',
    { disk: { lowBytes: 10, refuseBytes: 20, fullBytes: 5 } },
    ['disk: fullBytes is at most refuseBytes, and that at most lowBytes'],
  ],
])('refuses %s', (_what, content, expected) => {
  expect(faults(content)).toEqual(expected);
});

test('says that a file cannot be read, with the system’s own code', () => {
  expect(readConfig(path.join(folder, 'nowhere.json'))).toEqual({
    ok: false,
    error: { code: 'config-unreadable', faults: ['ENOENT'] },
  });
});

test('a fault names the key, never what stood there', () => {
  const told = faults({ site: { code: 'Secret Hospital' }, logLevel: 'Doe^Jane', disk: { lowBytes: -1 } });
  expect(told).toHaveLength(3);
  expect(told.join()).not.toMatch(/Secret|Jane|-1/);
});

test('the schema has no place for a secret', () => {
  expect(
    listKeys()
      .map(({ key }) => key)
      .filter((key) => /secret|password|token/i.test(key)),
  ).toEqual([]);
  expect(Config.safeParse({ databaseKey: 'x' }).success).toBe(false);
});
