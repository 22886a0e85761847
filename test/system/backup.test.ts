import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { ADMINISTRATOR_PASSWORD, signIn, signInFirst } from './support/ask-station.ts';
import { endEverything, startStation, temporaryFolder } from './support/start-station.ts';
import { notStoredAsSent } from './support/stored-objects.ts';
import { phantomStudy, remoteOf, sendObjects, type SentObject } from './support/studies.ts';

const COMMAND = path.resolve(import.meta.dirname, '../../src/main/station/command.ts');

afterAll(endEverything);

type Ran = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };

function wetread(...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr })));
}

/** Starts a backup and stops the process in its tracks as soon as its folder is there: one that is running, for as long as wanted. */
async function haltedBackup(data: string, to: string) {
  const child = spawn(process.execPath, [COMMAND, 'backup', '--data', data, '--to', to, '--without-keys'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const backups = path.join(to, 'backups');
  const isUnfinished = (name: string) => !existsSync(path.join(backups, name, 'backup.json'));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let folder: string | undefined;
  while (folder === undefined && child.exitCode === null) {
    folder = existsSync(backups) ? readdirSync(backups).find(isUnfinished) : undefined;
    if (folder === undefined) await setTimeout(1);
  }
  child.kill('SIGSTOP');
  if (folder === undefined || !isUnfinished(folder)) throw new Error('the backup ended before it could be halted');
  return { child, ended, folder: path.join(backups, folder) };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

async function send(station: Parameters<typeof remoteOf>[0], seed: number): Promise<readonly SentObject[]> {
  const { objects } = phantomStudy({ seed, matrix: 64, slices: 20, withScout: false });
  const outcomes = await sendObjects(remoteOf(station), objects);
  return objects.filter((_, index) => outcomes[index]?.state === 'accepted');
}

test('the drill: backed up twice while it receives, lost with its disk, restored elsewhere, and all of it holds', async () => {
  const folder = temporaryFolder();
  const [data, to, elsewhere] = ['data', 'backups-of-it', 'restored'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const passphraseFile = path.join(folder, 'passphrase');
  writeFileSync(passphraseFile, 'correct horse battery staple\n');
  const station = await startStation({ data });
  await signInFirst(station);
  const before = [...(await send(station, 7000)), ...(await send(station, 7001))];
  expect(before).toHaveLength(40);

  const receiving = send(station, 7002);
  const first = await wetread('backup', '--data', data, '--to', to, '--passphrase-file', passphraseFile);
  expect(first).toMatchObject({ exitCode: 0, stderr: '' });
  const between = await receiving;
  const second = await wetread('backup', '--data', data, '--to', to, '--passphrase-file', passphraseFile);
  expect(second.exitCode).toBe(0);
  const { backup, copied, objects } = JSON.parse(second.stdout) as { backup: string; copied: number; objects: number };
  expect(copied).toBeLessThan(objects);
  expect(await wetread('backup', '--data', data, '--to', path.join(data, 'inside'), '--without-keys')).toMatchObject({
    exitCode: 1,
    stdout: '',
  });
  const after = await send(station, 7003);
  await station.kill();
  rmSync(data, { recursive: true });

  writeFileSync(path.join(folder, 'wrong'), 'another');
  const refused = await wetread(
    'restore',
    '--from',
    backup,
    '--data',
    elsewhere,
    '--passphrase-file',
    path.join(folder, 'wrong'),
  );
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(existsSync(elsewhere)).toBe(false);
  const restored = await wetread('restore', '--from', backup, '--data', elsewhere, '--passphrase-file', passphraseFile);
  expect(restored).toMatchObject({ exitCode: 0, stderr: '' });
  const again = await wetread('restore', '--from', backup, '--data', elsewhere, '--passphrase-file', passphraseFile);
  expect(again.exitCode).toBe(1);

  const restarted = await startStation({ data: elsewhere });
  const administrator = await signIn(restarted, 'administrator', ADMINISTRATOR_PASSWORD);
  expect(await notStoredAsSent(administrator, 'main', [...before, ...between])).toEqual([]);
  expect(await notStoredAsSent(administrator, 'main', after)).toHaveLength(after.length);
  expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact', faults: [] });
  const events = await administrator.fetch('/api/v1/audit/events?kind=station-restored');
  expect(events.text).toContain('station-restored');
  expect(await restarted.stop()).toBe(0);
});

test('a second backup to where one runs is refused and touches nothing; one left by a killed process is removed', async () => {
  const folder = temporaryFolder();
  const [data, to] = ['data', 'to'].map((name) => path.join(folder, name)) as [string, string];
  const station = await startStation({ data });
  await signInFirst(station);
  const sent = [...(await send(station, 7030)), ...(await send(station, 7031))];
  await station.stop();

  const running = await haltedBackup(data, to);
  const second = await wetread('backup', '--data', data, '--to', to, '--without-keys');
  expect(second).toMatchObject({ exitCode: 1, stdout: '' });
  expect(second.stderr).toContain('Another backup into this destination is running');
  expect(existsSync(running.folder)).toBe(true);
  running.child.kill('SIGCONT');
  expect(await running.ended).toBe(0);
  const vault = path.join(data, 'vault');
  const restore = () => wetread('restore', '--from', running.folder, '--data', `${data}-again`, '--vault', vault);
  // Another restore at work there: it has the lock of the file beside the directory.
  const other = new Sqlite(`${data}-again.restoring.held`);
  other.exec('BEGIN EXCLUSIVE');
  expect(await restore()).toMatchObject({ exitCode: 1, stdout: '' });
  other.close();
  const restored = await restore();
  expect(JSON.parse(restored.stdout)).toMatchObject({ missing: 0 });
  const { objects } = JSON.parse(restored.stdout) as { objects: number };
  expect(objects).toBeGreaterThanOrEqual(sent.length);

  const killed = await haltedBackup(data, to);
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(await wetread('backup', '--data', data, '--to', to, '--without-keys')).toMatchObject({ exitCode: 0 });
  expect(existsSync(killed.folder)).toBe(false);
  expect(existsSync(running.folder)).toBe(true);
});

test('a damaged object is named instead of backed up, and the copy that healed it is the one that comes back', async () => {
  const folder = temporaryFolder();
  const [data, to, elsewhere] = ['data', 'to', 'elsewhere'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const passphraseFile = path.join(folder, 'passphrase');
  writeFileSync(passphraseFile, 'correct horse battery staple');
  const station = await startStation({ data });
  await signInFirst(station);
  const sent = await send(station, 7020);
  const wholeBackup = await wetread('backup', '--data', data, '--to', to, '--passphrase-file', passphraseFile);
  expect(JSON.parse(wholeBackup.stdout)).toMatchObject({ damaged: 0, missing: 0 });

  const [victim] = filesBelow(path.join(data, 'objects'));
  if (victim === undefined) throw new Error('nothing is stored');
  const bytes = readFileSync(victim);
  bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
  writeFileSync(victim, bytes);
  const fresh = path.join(folder, 'fresh');
  const second = await wetread('backup', '--data', data, '--to', fresh, '--passphrase-file', passphraseFile);
  expect(second).toMatchObject({ exitCode: 3 });
  expect(JSON.parse(second.stdout)).toMatchObject({ damaged: 1, missing: 0 });

  await send(station, 7020);
  const healed = await wetread('backup', '--data', data, '--to', fresh, '--passphrase-file', passphraseFile);
  expect(healed).toMatchObject({ exitCode: 0 });
  await station.stop();
  const { backup } = JSON.parse(healed.stdout) as { backup: string };
  const restored = await wetread('restore', '--from', backup, '--data', elsewhere, '--passphrase-file', passphraseFile);
  expect(restored).toMatchObject({ exitCode: 0 });
  const restarted = await startStation({ data: elsewhere });
  const administrator = await signIn(restarted, 'administrator', ADMINISTRATOR_PASSWORD);
  expect(await notStoredAsSent(administrator, 'main', sent)).toEqual([]);
  expect(await restarted.stop()).toBe(0);

  // A copy that went bad where backups are kept does not come back as if it were good.
  const [rotten] = filesBelow(path.join(fresh, 'objects'));
  if (rotten === undefined) throw new Error('nothing was backed up');
  const copy = readFileSync(rotten);
  copy[copy.length - 100] = (copy[copy.length - 100] ?? 0) ^ 1;
  writeFileSync(rotten, copy);
  const third = path.join(folder, 'third');
  const lossy = await wetread('restore', '--from', backup, '--data', third, '--passphrase-file', passphraseFile);
  expect(lossy).toMatchObject({ exitCode: 3 });
  expect(JSON.parse(lossy.stdout)).toMatchObject({ missing: 1 });
});

test('a backup that lost a file, or has another database, is refused or says what is missing', async () => {
  const folder = temporaryFolder();
  const [data, to] = ['data', 'to'].map((name) => path.join(folder, name)) as [string, string];
  const station = await startStation({ data });
  await signInFirst(station);
  await send(station, 7010);
  await station.stop();
  const taken = await wetread('backup', '--data', data, '--to', to, '--without-keys');
  expect(taken).toMatchObject({ exitCode: 0 });
  expect(taken.stderr).toContain('keys are not in this backup');
  const { backup } = JSON.parse(taken.stdout) as { backup: string };
  const vault = path.join(data, 'vault');

  const objects = readdirSync(path.join(to, 'objects'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const [lost] = objects;
  if (lost === undefined) throw new Error('nothing was backed up');
  rmSync(path.join(lost.parentPath, lost.name));
  const incomplete = await wetread('restore', '--from', backup, '--data', path.join(folder, 'a'), '--vault', vault);
  expect(incomplete).toMatchObject({ exitCode: 3 });
  expect(JSON.parse(incomplete.stdout)).toMatchObject({ missing: 1, objects: objects.length - 1 });

  const noKeys = await wetread('restore', '--from', backup, '--data', path.join(folder, 'b'));
  expect(noKeys).toMatchObject({ exitCode: 1 });
  const database = path.join(backup, 'wetread.db');
  const bytes = readFileSync(database);
  bytes[5000] = (bytes[5000] ?? 0) ^ 1;
  writeFileSync(database, bytes);
  const damaged = await wetread('restore', '--from', backup, '--data', path.join(folder, 'b'), '--vault', vault);
  expect(damaged).toMatchObject({ exitCode: 1 });
  mkdirSync(path.join(to, 'backups', 'unfinished'));
  expect(
    await wetread(
      'restore',
      '--from',
      path.join(to, 'backups', 'unfinished'),
      '--data',
      path.join(folder, 'b'),
      '--vault',
      vault,
    ),
  ).toMatchObject({ exitCode: 1 });
  expect(existsSync(path.join(folder, 'b'))).toBe(false);
  expect(await wetread('restore', '--from', backup)).toMatchObject({ exitCode: 2 });
});
