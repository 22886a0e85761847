import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { copyPackage } from '../e2e/support/model-packages.ts';
import { ADMINISTRATOR_PASSWORD, signIn, signInFirst } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import {
  endEverything,
  runnerPid,
  startStation,
  temporaryFolder,
  TEST_CONFIG,
} from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { phantomStudy, remoteOf, sendObjects, type SentObject } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { watchDisk } from './support/power-cut.ts';
import { builtShim } from './support/shim.ts';
import { brokenRuns, countEarly, countRuns } from './support/whole-runs.ts';

/** Rounds of the long form: FAULT_ROUNDS=100. */
const ROUNDS = Number(process.env['FAULT_ROUNDS'] ?? 4);
/** Rounds with runs under way. */
const RUN_ROUNDS = Math.max(2, Math.floor(ROUNDS / 4));
const SENDERS = 4;
const SLICES = 24;
const shim = builtShim('disk-shim');

afterAll(endEverything);

describe.skipIf(shim === null)('a disk that forgets what was not synced', () => {
  test('is what the shim makes: synced bytes and names stay, the rest is gone', () => {
    const root = path.join(temporaryFolder(), 'disk');
    mkdirSync(root);
    writeFileSync(path.join(root, 'old'), 'before');
    const disk = watchDisk(root, shim ?? '');
    const script = `
      const fs = require('node:fs');
      const at = (name) => process.cwd() + '/' + name;
      const put = (name, text, isSynced) => { const f = fs.openSync(at(name), 'w'); fs.writeSync(f, text); if (isSynced) fs.fsyncSync(f); fs.closeSync(f); };
      const syncFolder = () => { const f = fs.openSync(process.cwd(), 'r'); fs.fsyncSync(f); fs.closeSync(f); };
      put('synced', 'all of it', true); put('empty', 'lost bytes', false); syncFolder();
      put('nameless', 'synced without a name', true);
      const old = fs.openSync(at('old'), 'r+'); fs.writeSync(old, 'AFTER!', 0); fs.ftruncateSync(old, 3);
      fs.appendFileSync(at('synced'), ' and more'); fs.linkSync(at('synced'), at('other-name')); fs.renameSync(at('empty'), at('moved')); fs.unlinkSync(at('synced'));
      fs.mkdirSync(at('folder')); fs.writeFileSync(at('folder/in-it'), 'x');
      process.kill(process.pid, 'SIGKILL');`;
    spawnSync(process.execPath, ['-e', script], {
      cwd: root,
      env: { ...process.env, ...disk.env },
    });
    expect(readdirSync(root).toSorted()).toEqual(['folder', 'moved', 'nameless', 'old', 'other-name']);
    expect(disk.cutPower()).toBeGreaterThan(5);
    expect(readdirSync(root).toSorted()).toEqual(['empty', 'old', 'synced']);
    const text = (name: string) => readFileSync(path.join(root, name), 'utf8');
    expect([text('synced'), text('empty'), text('old')]).toEqual(['all of it', '', 'before']);
  });

  test(
    `power cut in the middle of ${ROUNDS} rounds of ${SENDERS} senders: everything acknowledged is there once, whole, and the ledger holds`,
    async () => {
      const root = path.join(temporaryFolder(), 'disk');
      mkdirSync(root);
      const disk = watchDisk(root, shim ?? '');
      const data = path.join(root, 'data');
      const acknowledged: SentObject[] = [];
      const sent: SentObject[] = [];
      const told: string[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const station = await startStation({ data, env: disk.env });
        if (round === 0) await signInFirst(station);
        const before = acknowledged.length;
        const killAfter = Math.floor(Math.random() * SENDERS * SLICES * 0.7);
        let answers = 0;
        let killed: Promise<void> | null = null;
        const runner = runnerPid(station);
        const sending = Array.from({ length: SENDERS }, (_, sender) => {
          const seed = 5000 + round * SENDERS + sender;
          const { objects } = phantomStudy({ seed, matrix: 64, slices: SLICES, withScout: false });
          sent.push(...objects);
          return sendObjects(remoteOf(station), objects, (index, outcome) => {
            const object = objects[index];
            if (outcome.state === 'accepted' && object !== undefined && killed === null) acknowledged.push(object);
            answers += 1;
            if (answers === killAfter) setTimeout(() => void (killed = station.kill()), Math.random() * 10);
          });
        });
        await Promise.all(sending);
        await (killed ?? station.kill());
        if (runner !== null) await until(() => !existsSync(`/proc/${runner}`));
        await pause(20);
        // Every other round the disk had written some of what nobody asked it to sync.
        const lost = disk.cutPower(round % 2 === 0 ? undefined : round);
        told.push(`${acknowledged.length - before} kept, ${lost} lost`);
      }
      console.log(`objects acknowledged before each power cut, and unsynced changes lost by it: ${told.join('; ')}`);

      const station = await startStation({ data });
      const administrator = await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
      expect(await notStoredAsSent(administrator, 'main', acknowledged)).toEqual([]);
      // Of what was cut off some left rows without a file, reported as damage; sent again, as senders do, all of it is whole.
      const damaged = () => withDatabase(data, (db) => db.prepare('SELECT count(*) AS n FROM damaged_objects').get());
      console.log(`objects whose rows a power cut left without their files: ${JSON.stringify(damaged())}`);
      const again = await sendObjects(remoteOf(station), sent);
      expect(again.every(({ state }) => state === 'accepted')).toBe(true);
      expect(await notStoredAsSent(administrator, 'main', sent)).toEqual([]);
      expect(damaged()).toEqual({ n: 0 });
      expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact', faults: [] });
      expect(readdirSync(path.join(data, 'objects', 'incoming'))).toEqual([]);
      expect(await station.stop()).toBe(0);
      withDatabase(data, (db) => {
        expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
        expect(db.prepare('SELECT sop_uid FROM instance_versions GROUP BY sop_uid HAVING count(*) > 1').all()).toEqual(
          [],
        );
        expect(db.prepare('PRAGMA foreign_key_check').all()).toEqual([]);
      });
    },
    120_000 + ROUNDS * 60_000,
  );

  test(
    `power cut in the middle of ${RUN_ROUNDS} rounds of runs, some early and some fed by others: each result is there whole with its receipt or not at all, and is computed then`,
    async () => {
      const root = path.join(temporaryFolder(), 'disk');
      mkdirSync(root);
      const disk = watchDisk(root, shim ?? '');
      const data = path.join(root, 'data');
      const told: string[] = [];
      const folder = path.join(temporaryFolder(), 'packages');
      copyPackage(folder, 'fed', (manifest) => ({
        ...{ ...manifest, id: 'fed-head', name: 'Fed by the other' },
        feeds: [{ id: 'blood', model: 'head-ct-hyperdense' }],
      }));
      const inference = { ...TEST_CONFIG.inference, modelFolders: [folder] };
      const config = { ...TEST_CONFIG, inference };
      // A study with a gap in a series that no model reads is waited for, and read early meanwhile.
      const waiting = { ...config, completeness: { quietMs: { CT: 60_000 }, quietOtherMs: 60_000 } };
      for (let round = 0; round < RUN_ROUNDS; round += 1) {
        const station = await startStation({ data, demo: true, config: waiting, env: disk.env });
        const early = phantomStudy({ seed: 6002 + 3 * round, matrix: 128, slices: 24, withThinBone: true });
        const gap = early.objects.findLastIndex(({ sopUid }) => !early.mainSopUids.includes(sopUid)) - 5;
        await sendObjects(remoteOf(station), early.objects.toSpliced(gap, 1));
        const studies = [6000, 6001]
          .map((first) => phantomStudy({ seed: first + 3 * round, matrix: 256, slices: 60 }))
          .map(({ objects }) => sendObjects(remoteOf(station), objects));
        await Promise.all(studies);
        const runner = runnerPid(station);
        await until(() => (countRuns(data)['running'] ?? 0) > 0, 20);
        await pause(Math.random() * 4000);
        const before = { ...countRuns(data), early: countEarly(data) };
        await station.kill();
        if (runner !== null) await until(() => !existsSync(`/proc/${runner}`));
        await pause(20);
        const lost = disk.cutPower(round % 2 === 0 ? undefined : round);
        told.push(`${JSON.stringify(before)}, ${lost} lost`);
        // Looked at in a copy: opening the database changes it, and this disk is the station's.
        const copy = path.join(temporaryFolder(), 'copy');
        cpSync(data, copy, { recursive: true });
        expect(brokenRuns(copy)).toEqual([]);
      }
      console.log(`runs before each power cut, and unsynced changes lost by it: ${told.join('; ')}`);
      const station = await startStation({ data, demo: true, config });
      // Every study is complete in the end, and nothing that was read early stands for it.
      const left = () =>
        withDatabase(data, (db) =>
          db
            .prepare(
              "SELECT count(*) FROM runs WHERE state IN ('queued', 'running') OR is_early = 1 AND state = 'finished'",
            )
            .pluck()
            .get(),
        );
      await until(() => left() === 0);
      expect(await station.stop()).toBe(0);
      expect(brokenRuns(data)).toEqual([]);
      expect(countRuns(data)['finished'] ?? 0).toBeGreaterThan(0);
      expect(left()).toBe(0);
    },
    120_000 + ROUNDS * 60_000,
  );
});
