import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { associateRequest, dataPdu, rawDicomPeer, storeCommand } from '../peers-scripted/raw-dicom-peer.ts';
import { askAs, rowOf, signIn, signInFirst } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  temporaryFolder,
  TEST_CONFIG,
} from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { type PhantomStudy, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { brokenRuns, countRuns } from './support/whole-runs.ts';

const mount = (...args: readonly string[]) => spawnSync('mount', args).status === 0;
const disk = path.join(temporaryFolder(), 'disk');
const OUT_OF_RESOURCES = 0xa700;

/** Only an administrator may mount; a small disk of its own is the only honest way to fill one. */
function canMount(): boolean {
  mkdirSync(disk, { recursive: true });
  const can =
    process.platform === 'linux' && process.getuid?.() === 0 && mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk);
  if (can) spawnSync('umount', [disk]);
  else console.log('skipped: only root can mount a small disk to fill');
  return can;
}

/** How long the station goes by what it last knew of the room, and a little more. */
const LOOKED_AT_EVERY_MS = 200;

const filesIn = (folder: string) =>
  readdirSync(path.join(disk, 'data/objects', folder), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );

describe.skipIf(!canMount())('a disk that fills', () => {
  beforeAll(() => mkdirSync(disk, { recursive: true }));
  let station: RunningStation;
  afterEach(async () => {
    await station.kill();
    spawnSync('umount', [disk]);
  });
  afterAll(endEverything);

  test.each([
    // The reserve holds what reading every object once writes of it, also where that waits to be moved into the database.
    ['to the limit that is configured', 40, 22 * 2 ** 20],
    ['to its last byte', 24, 1],
  ])('%s: out of resources, nothing half-written, and on it goes once there is room', async (_what, mib, fullBytes) => {
    const hasReserve = fullBytes > 1;
    mkdirSync(disk, { recursive: true });
    expect(mount('-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', disk)).toBe(true);
    const data = path.join(disk, 'data');
    const config = { ...TEST_CONFIG, disk: { lowBytes: fullBytes, fullBytes } };
    station = await startStation({ data, config });
    const administrator = await signInFirst(station);

    const sent: PhantomStudy[] = [];
    const statuses = new Set<number | string>();
    const accepted: PhantomStudy['objects'][number][] = [];
    for (let seed = 2000; !statuses.has(OUT_OF_RESOURCES); seed += 1) {
      const study = phantomStudy({ seed, matrix: 256, slices: 300, withScout: false });
      sent.push(study);
      const outcomes = await sendObjects(remoteOf(station), study.objects);
      for (const [index, outcome] of outcomes.entries()) {
        statuses.add('status' in outcome ? outcome.status : outcome.state);
        const object = study.objects[index];
        if (outcome.state === 'accepted' && object !== undefined) accepted.push(object);
      }
      expect(sent.length).toBeLessThan(20);
    }
    expect(statuses).toEqual(new Set([0, OUT_OF_RESOURCES]));
    console.log(`${accepted.length} objects accepted before the disk was full`);
    expect(filesIn('incoming')).toEqual([]);
    // Reading is recorded, which takes room: that is what the configured limit is kept for.
    if (hasReserve) expect(await notStoredAsSent(administrator, 'main', accepted)).toEqual([]);

    expect(mount('-o', 'remount,size=160m', disk)).toBe(true);
    await pause(LOOKED_AT_EVERY_MS); // until then a station that just asked lets no association in
    const last = sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent');
    const again = await sendObjects(remoteOf(station), last.objects);
    expect(again.every(({ state }) => state === 'accepted')).toBe(true);
    expect(await notStoredAsSent(administrator, 'main', [...accepted, ...last.objects])).toEqual([]);
    await rowOf(administrator, last.studyUid, ({ images }) => images.completeness !== 'receiving');
    expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact' });
    expect(await station.stop()).toBe(0);
    const { check, rows, parked } = withDatabase(data, (db) => ({
      check: db.pragma('integrity_check', { simple: true }),
      rows: db.prepare('SELECT count(*) FROM objects').pluck().get(),
      parked: db.prepare('SELECT count(*) FROM parked_events').pluck().get(),
    }));
    expect({ check, parked }).toEqual({ check: 'ok', parked: 0 });
    // Where the room ends between a file and its row, a whole file stays that nobody was told of.
    const untold = filesIn('.').length - (rows as number);
    expect(untold).toBeGreaterThanOrEqual(0);
    expect(untold).toBeLessThanOrEqual(hasReserve ? 0 : 10);
  });

  test('a disk that runs low says so, then lets nobody new in, and goes on by itself once there is room', async () => {
    mkdirSync(disk, { recursive: true });
    expect(mount('-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk)).toBe(true);
    const marks = { lowBytes: 40 * 2 ** 20, refuseBytes: 30 * 2 ** 20, fullBytes: 8 * 2 ** 20 };
    station = await startStation({ data: path.join(disk, 'data'), config: { ...TEST_CONFIG, disk: marks } });
    const administrator = await signInFirst(station);
    const codes = async () => {
      const { reasons } = JSON.parse((await administrator.fetch('/health/ready')).text) as {
        reasons: { code: string }[];
      };
      return reasons.map(({ code }) => code).filter((code) => code.startsWith('disk'));
    };
    const filler = path.join(disk, 'somebody-else');
    const leave = (bytes: number) => {
      rmSync(filler, { force: true });
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - bytes));
    };
    const study = phantomStudy({ seed: 4001, matrix: 256, slices: 20, withScout: false });
    const send = async () =>
      (await sendObjects(remoteOf(station), study.objects.slice(0, 2))).map(({ state }) => state);
    const both = ['accepted', 'accepted'];

    leave(35 * 2 ** 20);
    expect(await send()).toEqual(both);
    expect(await codes()).toEqual(['disk-low']);

    const guest = await rawDicomPeer(station.dicom.port);
    await guest.send(associateRequest(['1.2.840.10008.1.1'], { callingAe: 'MODALITY2' }));
    expect((await guest.next())?.kind).toBe('associate-accept');
    leave(20 * 2 ** 20);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const late = await rawDicomPeer(station.dicom.port);
    await late.send(associateRequest(['1.2.840.10008.1.1'], { callingAe: 'MODALITY1' }));
    expect(await late.next()).toMatchObject({ kind: 'associate-reject', result: 2, source: 3, reason: 1 });
    expect(await codes()).toEqual(['disk-refusing']);
    // Who is in already stays: an echo is answered.
    const command = storeCommand({
      ...{ commandField: 0x30, affectedSopClass: '1.2.840.10008.1.1', affectedSopInstance: undefined },
      ...{ priority: undefined, dataSetType: 0x0101 },
    });
    await guest.send(dataPdu(command));
    expect((await guest.next())?.kind).toBe('data');

    leave(30.5 * 2 ** 20); // at the mark again, and not beyond it
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(new Set(await send())).toEqual(new Set(['never-left']));
    rmSync(filler);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await send()).toEqual(both);
    expect(await codes()).toEqual([]);
    expect(await station.stop()).toBe(0);
  });

  test('a start with next to no room is refused for that, or says that its list is not whole; never that anything is damaged', async () => {
    mkdirSync(disk, { recursive: true });
    expect(mount('-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk)).toBe(true);
    const data = path.join(disk, 'data');
    station = await startStation({ data });
    const { token } = await signInFirst(station);
    const { objects } = phantomStudy({ seed: 4002, matrix: 256, slices: 2, withScout: false });
    expect((await sendObjects(remoteOf(station), objects)).every(({ state }) => state === 'accepted')).toBe(true);
    expect(await station.stop()).toBe(0);
    // As after a power cut: recorded, and not in the list yet.
    withDatabase(data, (db) => db.exec("UPDATE cursors SET seq = seq - 9 WHERE consumer = 'worklist'"));
    const asLeft = path.join(temporaryFolder(), 'as-left');
    cpSync(data, asLeft, { recursive: true });
    const behind = () =>
      withDatabase(data, (db) =>
        db.prepare("SELECT (SELECT max(seq) FROM events) - seq FROM cursors WHERE consumer = 'worklist'").pluck().get(),
      ) as number;
    const filler = path.join(disk, 'somebody-else');

    const outcomes: string[] = [];
    for (const leftKiB of [0, 4, 16, 48, 80, 96, 112, 160]) {
      for (const one of [filler, data]) rmSync(one, { recursive: true, force: true });
      cpSync(asLeft, data, { recursive: true });
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(bavail * bsize - leftKiB * 1024));
      const started = await startStation({ data }).catch((error: unknown) => String(error));
      if (typeof started === 'string') {
        expect([leftKiB, started]).toEqual([leftKiB, expect.stringContaining('ended with 24 ')]);
        expect(started).toContain('The disk of the data directory is full');
        outcomes.push('refused');
        continue;
      }
      station = started;
      const { status, text } = await askAs(station.http, token).fetch('/health/ready');
      const isSaid = text.includes('"list-not-whole"');
      if (isSaid) {
        expect(status).toBe(503);
        rmSync(filler);
        await until(async () => {
          const now = await askAs(started.http, token).fetch('/health/ready');
          return !now.text.includes('"list-not-whole"');
        });
      }
      await station.kill();
      // What it says of itself since may not be worked off yet.
      expect(behind()).toBeLessThan(9);
      outcomes.push(isSaid ? 'not whole' : 'whole');
    }
    console.log(outcomes.join(', '));
    expect([outcomes[0], outcomes.at(-1)]).toEqual(['refused', 'whole']);
  });

  test('a disk that fills while models compute: no result in part, no row that says no flag of it, and all of it once there is room', async () => {
    mkdirSync(disk, { recursive: true });
    expect(mount('-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', disk)).toBe(true);
    const data = path.join(disk, 'data');
    station = await startStation({ data, demo: true });
    const studies = [7000, 7001, 7002, 7003].map((seed) => phantomStudy({ seed, matrix: 256, slices: 60 }));
    const sending = studies.map(({ objects }) => sendObjects(remoteOf(station), objects));
    const sent = (await Promise.all(sending)).flat();
    expect(sent.every(({ state }) => state === 'accepted')).toBe(true);
    await until(() => (countRuns(data)['running'] ?? 0) > 0, 2);
    const filler = path.join(disk, 'somebody-else');
    const { bavail, bsize } = statfsSync(disk);
    // More than is left: the write takes the last byte and fails.
    expect(() => writeFileSync(filler, Buffer.alloc(bavail * bsize + 2 ** 20))).toThrow('ENOSPC');
    for (let looks = 0; looks < 20; looks += 1) {
      await pause(250);
      expect(brokenRuns(data)).toEqual([]);
    }
    const inFull = countRuns(data);
    console.log(`runs while the disk was full: ${JSON.stringify(inFull)}`);
    expect((inFull['queued'] ?? 0) + (inFull['running'] ?? 0)).toBeGreaterThan(0);
    rmSync(filler);
    const radiologist = await signIn(station, 'radiologist', 'demo');
    for (const { studyUid } of studies)
      await rowOf(radiologist, studyUid, ({ ai }) => ai.state === 'no-flag' || ai.state === 'flagged');
    expect(await station.stop()).toBe(0);
    expect(brokenRuns(data)).toEqual([]);
    expect(withDatabase(data, (db) => db.pragma('integrity_check', { simple: true }))).toBe('ok');
  }, 300_000);
});
