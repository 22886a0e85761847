import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ADMINISTRATOR_PASSWORD, type Asker, jsonBody, rowOf, signIn, signInFirst } from './support/ask-station.ts';
import { endEverything, startStation, refusedStation, temporaryFolder } from './support/start-station.ts';
import { notStoredAsSent } from './support/stored-objects.ts';
import { storedFiles } from './support/stored-files.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from './support/studies.ts';
import { until } from './support/until.ts';

afterAll(endEverything);

const sealedFiles = (data: string) =>
  readdirSync(path.join(data, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
const state = async (who: Asker) => JSON.parse((await who.fetch('/api/v1/objects')).text);
const wado = (who: Asker, { studyUid, seriesUid, sopUid }: { studyUid: string; seriesUid: string; sopUid: string }) =>
  who.fetch(`/dicomweb/main/studies/${studyUid}/series/${seriesUid}/instances/${sopUid}`);

test('what stands on disk names nobody; what is damaged there is found, not shown, and whole again once sent again', async () => {
  const data = path.join(temporaryFolder(), 'data');
  const first = await startStation({ data });
  await signInFirst(first);
  const study = phantomStudy({ seed: 4100, matrix: 64, slices: 12, withScout: false });
  expect(notAccepted(await sendObjects(remoteOf(first), study.objects))).toEqual([]);
  await first.stop();

  const files = sealedFiles(data);
  expect(files.every((file) => file.endsWith('.gcm1'))).toBe(true);
  expect(files.some((file) => /1\.2\.840/.test(readFileSync(file, 'latin1')))).toBe(false);
  expect(storedFiles(data)).toHaveLength(files.length);
  const [turned = '', gone = ''] = files;
  const bytes = readFileSync(turned);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(turned, bytes);
  rmSync(gone);

  const station = await startStation({ data });
  const administrator = await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
  expect((await administrator.fetch('/api/v1/objects/verify', { method: 'POST' })).status).toBe(200);
  await until(async () => (await state(administrator)).lastVerification?.objects === files.length);
  expect(await state(administrator)).toMatchObject({ damaged: 2, lastVerification: { faults: 2 }, verification: null });
  const damaged = JSON.parse((await administrator.fetch('/api/v1/objects/damaged')).text);
  expect(damaged).toHaveLength(2);
  for (const one of damaged) expect([410, 500]).toContain((await wado(administrator, one)).status);
  const status = JSON.parse((await administrator.fetch('/api/v1/station/status')).text);
  expect(status.reasons.map(({ code }: { code: string }) => code)).toEqual(
    expect.arrayContaining(['objects-damaged', 'quarantine-waiting']),
  );

  expect(notAccepted(await sendObjects(remoteOf(station), study.objects))).toEqual([]);
  expect(await state(administrator)).toMatchObject({ damaged: 0 });
  expect(await notStoredAsSent(administrator, 'main', study.objects)).toEqual([]);
  const row = await rowOf(administrator, study.studyUid);
  expect(row).toMatchObject({ quarantined: 0 });
  expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact' });
  expect(await station.stop()).toBe(0);
});

test('keys rotate while the station runs: everything reads, a model too, and the old key is gone', async () => {
  const data = path.join(temporaryFolder(), 'data');
  const station = await startStation({ data, demo: true });
  const administrator = await signIn(station, 'administrator', 'demo');
  await until(
    async () => JSON.parse((await administrator.fetch('/api/v1/station/status')).text).inference.state === 'ready',
  );
  const before = phantomStudy({ seed: 4200, matrix: 64, slices: 12, withScout: false });
  expect(notAccepted(await sendObjects(remoteOf(station), before.objects))).toEqual([]);
  const keyFile = path.join(data, 'vault/object-keys.json');
  const [old] = JSON.parse(readFileSync(keyFile, 'utf8')).keys;
  for (const how of ['rewrap', 'reseal']) {
    expect((await administrator.fetch('/api/v1/objects/rotate-keys', jsonBody({ how }))).status).toBe(200);
    await until(async () => (await state(administrator)).rotation.state === 'finished');
    expect(await state(administrator)).toMatchObject({ keys: 1, rotation: { kind: how, faults: 0 } });
  }
  expect(readFileSync(keyFile, 'utf8').includes(old.id)).toBe(false);
  const bleeding = phantomStudy({ seed: 12, bleed: { kind: 'intraparenchymal', volumeMl: 30 } });
  expect(notAccepted(await sendObjects(remoteOf(station), bleeding.objects))).toEqual([]);
  await rowOf(administrator, bleeding.studyUid, ({ ai }) => ai.state === 'flagged');
  const all = [...before.objects, ...bleeding.objects];
  expect(await notStoredAsSent(administrator, 'demo', all)).toEqual([]);
  expect(await station.stop()).toBe(0);

  const again = await startStation({ data, demo: true });
  expect(await notStoredAsSent(await signIn(again, 'administrator', 'demo'), 'demo', all)).toEqual([]);
  expect(await again.stop()).toBe(0);

  // Without its keys a station with sealed objects refuses to start, and makes no new ones.
  renameSync(keyFile, `${keyFile}.away`);
  expect((await refusedStation({ data, demo: true })).exitCode).toBe(30);
  renameSync(`${keyFile}.away`, keyFile);
  const back = await startStation({ data, demo: true });
  expect(await back.stop()).toBe(0);
});
