import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ADMINISTRATOR_PASSWORD, rowOf, signIn, signInFirst } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import { endEverything, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { notStoredAsSent } from '../system/support/stored-objects.ts';
import { phantomStudy, remoteOf, sendObjects, type SentObject } from '../system/support/studies.ts';

/** The long form: FAULT_ROUNDS=100. */
const KILLS = Number(process.env['FAULT_ROUNDS'] ?? 6);
const SENDERS = 4;
const SLICES = 20;

afterAll(endEverything);

/** Below each digest's folders, and what is still on its way in. */
function storedFiles(data: string): { readonly kept: number; readonly incoming: readonly string[] } {
  const objects = path.join(data, 'objects');
  const files = readdirSync(objects, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const incoming = files.filter(({ parentPath }) => path.basename(parentPath) === 'incoming').map(({ name }) => name);
  return { kept: files.length - incoming.length, incoming };
}

test(
  `kill -9 at any moment of ${KILLS} rounds of ${SENDERS} senders loses no acknowledged object, leaves no half file and no broken ledger`,
  async () => {
    const data = path.join(temporaryFolder(), 'data');
    const acknowledged: SentObject[] = [];
    const moments: string[] = [];
    for (let round = 0; round < KILLS; round += 1) {
      const studies = Array.from({ length: SENDERS }, (_, sender) =>
        phantomStudy({ seed: 1000 + round * SENDERS + sender, matrix: 96, slices: SLICES, withScout: false }),
      );
      const station = await startStation({ data });
      expect(storedFiles(data).incoming).toEqual([]);
      if (round === 0) await signInFirst(station);
      const before = acknowledged.length;
      // Any moment while all send: inside a PDU, a sync, a commit or an answer.
      const killAfter = 1 + Math.floor(Math.random() * (SENDERS * SLICES - 20));
      let answers = 0;
      let killed: Promise<void> | null = null;
      const sending = studies.map(({ objects }) =>
        sendObjects(remoteOf(station), objects, (index, outcome) => {
          const object = objects[index];
          if (outcome.state === 'accepted' && object !== undefined) acknowledged.push(object);
          answers += 1;
          if (answers === killAfter) setTimeout(() => void (killed = station.kill()), Math.random() * 20);
        }),
      );
      await Promise.all(sending);
      await (killed ?? station.kill());
      moments.push(`${acknowledged.length - before}/${SENDERS * SLICES}`);
    }
    console.log(`acknowledged before each kill: ${moments.join(' ')}; ${acknowledged.length} in all`);

    const station = await startStation({ data });
    const administrator = await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
    expect(await notStoredAsSent(administrator, 'main', acknowledged)).toEqual([]);
    expect(storedFiles(data).incoming).toEqual([]);
    expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact', faults: [] });
    expect(await station.stop()).toBe(0);

    const { check, indexed, stored, twice } = withDatabase(data, (db) => ({
      check: db.pragma('integrity_check', { simple: true }),
      indexed: new Set(db.prepare('SELECT sop_uid FROM instance_versions WHERE is_current = 1').pluck().all()),
      twice: db.prepare('SELECT sop_uid FROM instance_versions GROUP BY sop_uid HAVING count(*) > 1').all(),
      stored: db.prepare('SELECT count(*) FROM objects').pluck().get() as number,
    }));
    expect(check).toBe('ok');
    expect(acknowledged.filter(({ sopUid }) => !indexed.has(sopUid))).toEqual([]);
    expect(twice).toEqual([]);
    // A kill between the file's sync and its row leaves a whole file that nobody was told of: at most one a sender.
    expect(storedFiles(data).kept - stored).toBeLessThanOrEqual(KILLS * SENDERS);
  },
  120_000 + KILLS * 60_000,
);

test('a study whose completion was committed but not yet read by those who follow gets its run after the restart', async () => {
  const data = path.join(temporaryFolder(), 'data');
  // Of a demo: anywhere else no model computes until people have let it.
  const first = await startStation({ data, demo: true });
  const study = phantomStudy({ seed: 1100, matrix: 64, slices: 12 });
  await sendObjects(remoteOf(first), study.objects);
  const radiologist = await signIn(first, 'radiologist', 'demo');
  await rowOf(radiologist, study.studyUid, ({ images }) => images.completeness === 'complete');
  await first.kill();
  // As if the kill had come between the commit and what followed it.
  withDatabase(data, (db) => {
    const seq = db.prepare("SELECT seq FROM events WHERE kind = 'study-completed'").pluck().get();
    db.pragma('foreign_keys = OFF'); // whatever the run has left by then
    db.exec('DELETE FROM runs; DELETE FROM study_applicability;');
    db.prepare("UPDATE cursors SET seq = ? - 1 WHERE consumer LIKE 'inference%'").run(seq);
  });
  const second = await startStation({ data, demo: true });
  await signIn(second, 'radiologist', 'demo');
  expect(await second.stop()).toBe(0);
  const runs = withDatabase(data, (db) => db.prepare('SELECT state FROM runs').pluck().all());
  expect(runs).toHaveLength(1);
});

test('rows changed behind the station are shown by a verification: edited, deleted, cut off', async () => {
  const data = path.join(temporaryFolder(), 'data');
  const first = await startStation({ data });
  const administrator = await signInFirst(first);
  await sendObjects(remoteOf(first), phantomStudy({ seed: 1200, matrix: 64, slices: 12 }).objects);
  expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact' });
  await first.stop();

  const codesAfter = async (tamper: string) => {
    withDatabase(data, (db) => {
      db.pragma('foreign_keys = OFF');
      for (const name of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all())
        db.exec(`DROP TRIGGER "${String(name)}"`);
      db.exec(tamper);
    });
    const station = await startStation({ data });
    const who = await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
    const { outcome, faults } = await who.verifyLedger();
    expect(await station.stop()).toBe(0);
    return { outcome, codes: [...new Set(faults.map(({ code }) => code))] };
  };
  const edited = await codesAfter(
    "UPDATE event_payloads SET payload = replace(payload, 'complete', 'assumed') WHERE seq = (SELECT seq FROM events WHERE kind = 'study-completed')",
  );
  expect(edited).toEqual({ outcome: 'broken', codes: ['payload-mismatch'] });
  const moved = await codesAfter("UPDATE events SET at_ms = at_ms - 60000 WHERE kind = 'study-completed'");
  expect(moved.codes).toContain('hash-mismatch');
  const deleted = await codesAfter(
    "DELETE FROM event_payloads WHERE seq = (SELECT seq FROM events WHERE kind = 'association-ended'); DELETE FROM events WHERE kind = 'association-ended'",
  );
  expect(deleted.codes).toContain('gap');
});
