import { cpSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMINISTRATOR_PASSWORD, firstPassword, signIn, signInFirst } from './support/ask-station.ts';
import { withDatabase } from './support/database.ts';
import {
  endEverything,
  refusedStation,
  type RunningStation,
  startStation,
  type StationWish,
  temporaryFolder,
  TEST_CONFIG,
} from './support/start-station.ts';

afterAll(endEverything);

describe('a first start', () => {
  let station: RunningStation;
  let exitCode: number | null;
  const data = path.join(temporaryFolder(), 'data');

  test('prints one ready line on stdout and nothing else, and lets its one user in by the password on stderr', async () => {
    station = await startStation({ data });
    console.log(`ready after ${Math.round(station.readyAfterMs)} ms`);
    expect(station.readyAfterMs).toBeLessThan(30_000); // 10 s on an idle machine; this one may be busy
    const newcomer = await signIn(station, 'administrator', firstPassword(station));
    const current = await newcomer.fetch('/api/v1/sessions/current');
    expect(JSON.parse(current.text)).toMatchObject({
      ...{ username: 'administrator', roles: ['administrator'], mustChangePassword: true },
      site: { code: 'main' },
    });
    expect((await newcomer.fetch('/api/v1/worklist')).status).toBe(403); // the password comes first
    expect((await (await signInFirst(station)).fetch('/api/v1/worklist')).status).toBe(200);
  });

  test('knows no demo user', async () => {
    for (const username of ['radiologist', 'technologist', 'coordinator', 'administrator'])
      await expect(signIn(station, username, 'demo')).rejects.toThrow('sign-in answered 401');
  });

  test('ends with 0 when asked to, saying nothing more on stdout', async () => {
    exitCode = await station.stop();
    expect(exitCode).toBe(0);
    expect(station.stdout().trim().split('\n')).toHaveLength(1);
  });

  test('is resumed by a second one, which prints no password and takes the chosen one', async () => {
    const second = await startStation({ data, args: ['--hl7-port', '0'] });
    expect(second.stderr()).not.toContain('password');
    expect(second.stderr()).toContain('does not listen for HL7');
    const administrator = await signIn(second, 'administrator', ADMINISTRATOR_PASSWORD);
    expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact', faults: [] });
    expect(await second.stop()).toBe(0);
  });

  test('is resumed after kill -9, whose lock binds nobody', async () => {
    const killed = await startStation({ data });
    await killed.kill();
    const next = await startStation({ data });
    expect(await next.stop()).toBe(0);
  });
});

test('a demo has its four users with the password "demo", and no one-time password', async () => {
  const station = await startStation({ demo: true });
  expect(station.stderr()).not.toContain('one-time');
  for (const username of ['radiologist', 'technologist', 'coordinator', 'administrator']) {
    const someone = await signIn(station, username, 'demo');
    const current = await someone.fetch('/api/v1/sessions/current');
    expect(JSON.parse(current.text)).toMatchObject({ username, site: { code: 'demo' } });
  }
  expect(await station.stop()).toBe(0);
});

describe('refusals', () => {
  let model: string;
  let taken: Server;
  let takenPort: string;

  beforeAll(async () => {
    model = path.join(temporaryFolder(), 'model');
    await (await startStation({ data: model })).stop();
    taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    takenPort = String((taken.address() as { port: number }).port);
  });
  afterAll(() => taken.close());

  /** A data directory that has been used, as each case may then spoil it. */
  const used = (spoil: (data: string) => void = () => undefined): StationWish => {
    const data = path.join(temporaryFolder(), 'data');
    cpSync(model, data, { recursive: true });
    spoil(data);
    return { data };
  };
  const database = (data: string) => path.join(data, 'wetread.db');

  const CASES: readonly (readonly [what: string, exitCode: number, words: RegExp, wish: () => StationWish])[] = [
    ['an unknown argument', 2, /command line.*--frobnicate/s, () => ({ args: ['--frobnicate'] })],
    ['a port that is no number', 2, /port/, () => ({ args: ['--http-port', 'eighty'] })],
    ['a seed without a demo', 2, /--seed N goes with --demo/, () => ({ args: ['--seed', '7'] })],
    ['a configuration that is not there', 10, /cannot be read/, () => ({ args: ['--config', '/nowhere/config.json'] })],
    ['an unknown key', 11, /unknown key dicom\.aeTitel/, () => ({ config: { dicom: { aeTitel: 'X' } } })],
    ['a value that is not allowed', 11, /sessions\.idleMin/, () => ({ config: { sessions: { idleMin: -1 } } })],
    [
      'a model folder that is not there',
      12,
      /modelFolders.*\/nowhere\/models: ENOENT/s,
      () => ({ config: { ...TEST_CONFIG, inference: { modelFolders: ['/nowhere/models'] } } }),
    ],
    [
      'a directory of a site with another code',
      13,
      /belongs to a site with another code/,
      () => ({ ...used(), config: { ...TEST_CONFIG, site: { code: 'other' } } }),
    ],
    [
      'a demo that could reach a real archive',
      14,
      /could reach what is real.*dicom\.peers\.0\.host/s,
      () => ({ demo: true, config: { dicom: { peers: [{ aeTitle: 'PACS', host: '192.0.2.1', port: 104 }] } } }),
    ],
    [
      'a data directory that cannot be made',
      20,
      /cannot be written to/,
      () => {
        const file = path.join(temporaryFolder(), 'file');
        writeFileSync(file, '');
        return { data: path.join(file, 'data') };
      },
    ],
    ['--demo on a directory that is not a demo', 22, /not a demo data directory/, () => ({ ...used(), demo: true })],
    [
      'a demo directory without --demo',
      23,
      /is a demo data directory/,
      () => used((data) => writeFileSync(path.join(data, 'DEMO'), '')),
    ],
    ['a lost key', 30, /its key is not/, () => used((data) => rmSync(path.join(data, 'vault/database.key')))],
    ['a lost signing key', 30, /its key is not/, () => used((data) => rmSync(path.join(data, 'vault/signing.pem')))],
    ['a key that is none', 31, /not in the expected form/, () => ({ ...used(), env: { WETREAD_DATABASE_KEY: 'abc' } })],
    [
      'a wrong key',
      32,
      /does not open this database/,
      () => ({ ...used(), env: { WETREAD_DATABASE_KEY: 'ab'.repeat(32) } }),
    ],
    [
      'a database cut short',
      33,
      /damaged.*restore a backup/s,
      () => used((data) => truncateSync(database(data), Math.floor(statSync(database(data)).size / 8192) * 4096)),
    ],
    [
      'a database overwritten after its first page',
      33,
      /damaged.*restore a backup/s,
      () =>
        used((data) => {
          const bytes = readFileSync(database(data));
          bytes.fill(0x5a, 4096);
          writeFileSync(database(data), bytes);
        }),
    ],
    [
      'a database from a newer version',
      34,
      /newer Wetread/,
      () => used((data) => withDatabase(data, (db) => db.pragma('user_version = 9999'))),
    ],
    [
      'an HTTP address beyond this machine without TLS',
      40,
      /needs TLS/,
      () => ({ config: { ...TEST_CONFIG, http: { host: '0.0.0.0' } } }),
    ],
    [
      'a certificate that is not there',
      41,
      /cannot be read/,
      () => ({ config: { ...TEST_CONFIG, http: { tls: { certFile: '/nowhere/c.pem', keyFile: '/nowhere/k.pem' } } } }),
    ],
    ['an HTTP port that is taken', 42, /HTTP port is taken/, () => ({ args: ['--http-port', takenPort] })],
    ['a DICOM port that is taken', 43, /DICOM port is taken/, () => ({ args: ['--dicom-port', takenPort] })],
    [
      'a DICOM address of another machine',
      44,
      /not one of this machine/,
      () => ({ config: { dicom: { host: '192.0.2.1' } } }),
    ],
  ];

  test.concurrent.each(CASES)('%s: exit code %i', async (_what, exitCode, words, wish) => {
    const ended = await refusedStation(wish());
    expect(ended).toMatchObject({ exitCode, stdout: '' });
    expect(ended.stderr).toMatch(words);
    expect(ended.stderr).not.toMatch(/\n\s+at /); // plain words, no stack
  });

  test('a directory in use by another station: exit code 21', async () => {
    const station = await startStation(used());
    const ended = await refusedStation({ data: station.data });
    expect(ended).toMatchObject({ exitCode: 21, stdout: '' });
    expect(ended.stderr).toMatch(/Another station is using/);
    expect(await station.stop()).toBe(0);
  });

  test('a refusal changes nothing: the same directory starts once its key is back', async () => {
    const { data = '' } = used();
    const key = path.join(data, 'vault/database.key');
    const text = readFileSync(key, 'utf8');
    rmSync(key);
    expect(await refusedStation({ data })).toMatchObject({ exitCode: 30 });
    writeFileSync(key, text);
    const station = await startStation({ data });
    expect(await station.stop()).toBe(0);
  });
});
