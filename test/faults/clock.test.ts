import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { echo } from '../../src/main/station/dicom/scu.ts';
import { ADMINISTRATOR_PASSWORD, rowOf, signIn, signInFirst } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import { endEverything, startStation, temporaryFolder, TEST_CONFIG } from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { builtShim } from './support/shim.ts';

const HOUR_S = 3600;
const SENDERS = 4;
const SLICES = 20;
/** Long enough for the clock to be set meanwhile; a wait that did not move with the clock would take an hour. */
const QUIET_MS = 5000;
const shim = builtShim('clock-shim');

afterAll(endEverything);

/** Studies with a slice missing in the middle: only silence ends the wait for more of them. */
const batch = (from: number) =>
  Array.from({ length: SENDERS }, (_, sender) => {
    const study = phantomStudy({ seed: from + sender, matrix: 64, slices: SLICES + 1, withScout: false });
    return { ...study, objects: study.objects.filter(({ sopUid }) => sopUid !== study.mainSopUids[SLICES / 2]) };
  });

test.skipIf(shim === null)(
  'a clock set back an hour while four peers send, set right again, and wrong at the next start, loses and delays nothing',
  async () => {
    const folder = temporaryFolder();
    const [data, ahead] = [path.join(folder, 'data'), path.join(folder, 'ahead')];
    const set = (seconds: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(seconds));
      writeFileSync(ahead, bytes, { flag: 'r+' });
    };
    writeFileSync(ahead, Buffer.alloc(8));
    const env = { LD_PRELOAD: shim ?? '', SHIM_CLOCK: ahead };
    const config = { ...TEST_CONFIG, completeness: { quietMs: { CT: QUIET_MS }, quietOtherMs: QUIET_MS } };
    let station = await startStation({ data, env, config });
    let administrator = await signInFirst(station);
    const all: ReturnType<typeof batch>[number][] = [];

    /** One study waits for silence and three are on their way when the clock is set: all are taken, and none waits longer. */
    const sendWhile = async (from: number, seconds: number) => {
      const studies = batch(from);
      all.push(...studies);
      let answers = 0;
      const send = ({ objects }: (typeof studies)[number]) =>
        sendObjects(remoteOf(station), objects, () => {
          answers += 1;
          if (answers === (SENDERS * SLICES) / 2) set(seconds);
        });
      const [first, ...others] = studies;
      if (first === undefined) throw new Error('no study');
      const outcomes = [await send(first), ...(await Promise.all(others.map(send)))].flat();
      expect(notAccepted(outcomes)).toEqual([]);
      expect(answers).toBe(SENDERS * SLICES);
      expect(await echo(remoteOf(station, { callingAe: 'ECHOSCU' }))).toEqual({ ok: true, value: 0 });
      const settled = studies.map(({ studyUid }) =>
        rowOf(administrator, studyUid, ({ images }) => images.completeness !== 'receiving'),
      );
      for (const row of await Promise.all(settled)) expect(row.images.received).toBe(SLICES);
    };

    await sendWhile(7000, -HOUR_S); // whoever signed in an hour from now is still signed in
    expect(station.stderr()).toContain('"code":"back"');
    await sendWhile(7100, 0);
    expect(await station.stop()).toBe(0);

    set(-HOUR_S);
    station = await startStation({ data, env, config });
    administrator = await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
    await sendWhile(7200, -HOUR_S);
    const objects = all.flatMap((study) => study.objects);
    expect(await notStoredAsSent(administrator, 'main', objects)).toEqual([]);
    expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact', faults: [] });
    expect(await station.stop()).toBe(0);
    withDatabase(data, (db) => {
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
      expect(db.prepare('SELECT count(*) FROM instance_versions').pluck().get()).toBe(objects.length);
      expect(db.prepare('SELECT sop_uid FROM instance_versions GROUP BY sop_uid HAVING count(*) > 1').all()).toEqual(
        [],
      );
      expect(db.prepare('SELECT count(*) FROM parked_events').pluck().get()).toBe(0);
    });
  },
  300_000,
);
