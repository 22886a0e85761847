import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StudyId } from '../../../../shared/domain/ids.ts';
import type { Principal } from '../../access/index.ts';
import {
  configurePeers,
  countDamagedAt,
  createIntegrityWorker,
  findInstance,
  type IntegrityWorker,
  listHolders,
} from '../../archive/index.ts';
import { type KeptObjectKeys, openObjectKeys } from '../../platform/objects/object-keys.ts';
import { objectPath, openObjectStore, SEALED } from '../../platform/objects/object-store.ts';
import { createKeyRotation, type KeyRotation } from '../../platform/objects/rotate-keys.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { aSlice } from '../../testing/objects.ts';
import type { StationServices } from '../services.ts';
import { objectServices } from './object-services.ts';

let clinic: Clinic;
let vault: string;
let keys: KeptObjectKeys;
let integrity: IntegrityWorker;
let rotation: KeyRotation;
let services: StationServices['objects'];
let notified: number;
const pace = async () => undefined;

beforeEach(() => {
  notified = 0;
  clinic = openClinic();
  vault = mkdtempSync(path.join(tmpdir(), 'wetread-vault-'));
  const opened = openObjectKeys(vault, Buffer.alloc(32, 1), { mayCreate: true, atMs: 1 });
  if (!opened.ok) throw new Error(opened.error.code);
  keys = opened.value;
  const objects = openObjectStore(clinic.objectsDir, keys);
  Object.assign(clinic.archive, { objects });
  const { db, archive, log } = clinic;
  const shared = { db, objects, pace, clock: archive.clock, log };
  integrity = createIntegrityWorker({ ...shared, everyDays: 30, findHolders: async (all) => listHolders(db, all) });
  rotation = createKeyRotation({
    ...{ ...shared, root: clinic.objectsDir, keys, suspect: integrity.suspect },
    keysChanged: () => undefined,
  });
  services = objectServices({
    ...{ db, keys, integrity, rotation, clock: archive.clock, mainSiteId: clinic.north.siteId, verifyEveryDays: 30 },
    retrievals: { notify: () => void (notified += 1) },
  });
  integrity.start();
});
afterEach(async () => {
  await integrity.stop();
  await rotation.stop();
  clinic.close();
  rmSync(vault, { recursive: true });
});

const administrator = () =>
  ({
    kind: 'user',
    userId: 'someone',
    siteId: clinic.north.siteId,
    siteIds: [clinic.north.siteId],
  }) as unknown as Principal;

test('an administrator has everything read, and sees when, how many, and which are damaged', async () => {
  await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  const lost = findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.2')?.digest ?? '';
  unlinkSync(objectPath(clinic.objectsDir, lost, SEALED));
  expect(services.state(administrator())).toMatchObject({
    lastVerification: { objects: 0 },
    damaged: 0,
    keys: 1,
    rotation: null,
  });
  clinic.pass(1000);
  expect(services.verify(administrator())).toMatchObject({ ok: true, value: { kind: 'verify', state: 'running' } });
  expect(services.verify(administrator())).toEqual({ ok: false, error: { code: 'verification-running' } });
  await expect.poll(() => services.state(administrator()).lastVerification?.objects).toBe(3);
  expect(services.state(administrator())).toMatchObject({
    verification: null,
    lastVerification: { faults: 1, startedAtMs: clinic.nowMs(), finishedAtMs: clinic.nowMs() },
    damaged: 1,
  });
  expect(services.damaged(administrator())).toMatchObject([{ studyUid: '1.2.10', sopUid: '1.2.10.1.2' }]);
  expect(services.damaged({ siteIds: [clinic.south.siteId] })).toEqual([]);
});

test('an administrator rotates the keys, and sees it end', async () => {
  await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  const [old] = keys.ids();
  expect(services.rotateKeys(administrator(), 'rewrap')).toMatchObject({ ok: true, value: { kind: 'rewrap' } });
  await expect
    .poll(() => services.state(administrator()).rotation)
    .toMatchObject({ state: 'finished', objects: 3, faults: 0 });
  expect([services.state(administrator()).keys, keys.ids().includes(old ?? '')]).toEqual([1, false]);
  const [event] = clinic.events('object-keys-rotated');
  expect(event?.payload).toEqual({ keyId: keys.current().id, how: 'rewrap' });
});

test('an administrator of another site sees what is damaged of theirs, and starts nothing that is the whole station’s', async () => {
  await clinic.send([aSlice(1)]);
  unlinkSync(
    objectPath(clinic.objectsDir, findInstance(clinic.db, clinic.north.siteId, '1.2.10.1.1')?.digest ?? '', SEALED),
  );
  const { siteId } = clinic.south;
  const southern = { ...administrator(), siteId, siteIds: [siteId] } as unknown as Principal;
  const refused = { ok: false, error: { code: 'main-site-only' } };
  expect([services.verify(southern), services.rotateKeys(southern, 'rewrap')]).toEqual([refused, refused]);
  clinic.pass(1000);
  services.verify(administrator());
  await expect.poll(() => services.state(administrator()).damaged).toBe(1);
  expect(services.state(southern).damaged).toBe(0);
  expect(countDamagedAt(clinic.db, [siteId, clinic.north.siteId])).toBe(1);
});

test('a damaged image is fetched again on an administrator’s word, and what became of that is told with it', async () => {
  const { db, north } = clinic;
  const studyId = StudyId.parse(await clinic.send([aSlice(1), aSlice(2)]));
  expect(services.fetchAgain(administrator(), studyId)).toEqual({ ok: false, error: { code: 'study-is-sound' } });
  const lost = findInstance(db, north.siteId, '1.2.10.1.2')?.digest ?? '';
  unlinkSync(objectPath(clinic.objectsDir, lost, SEALED));
  clinic.pass(1000);
  services.verify(administrator());
  await expect.poll(() => services.state(administrator()).damaged).toBe(1);
  expect(services.damaged(administrator())).toMatchObject([{ studyId, modality: 'CT', fetched: null }]);
  expect(services.fetchAgain(administrator(), studyId)).toEqual({ ok: false, error: { code: 'nobody-to-ask' } });
  configurePeers(db, north.siteId, 'WETREAD', [
    { aeTitle: 'PACS', address: '', intent: 'comparison', host: '127.0.0.1', port: 1, isArchive: true },
  ]);
  const asked = services.fetchAgain(administrator(), studyId);
  expect([asked.ok, notified]).toEqual([true, 1]);
  expect(services.fetchAgain(administrator(), studyId)).toEqual(asked);
  expect(services.damaged(administrator())).toMatchObject([
    { fetched: { aeTitle: 'PACS', state: 'queued', code: null, completed: 0, expected: null } },
  ]);
  const elsewhere = { ...administrator(), siteId: clinic.south.siteId } as unknown as Principal;
  expect(services.fetchAgain(elsewhere, studyId)).toEqual({ ok: false, error: { code: 'study-not-found' } });
});
