import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Permission } from '../../shared/domain/permissions.ts';
import {
  type Principal,
  createSignInThrottle,
  createUser,
  hashPassword,
  SESSION_LIMITS,
  signIn,
} from './access/index.ts';
import { Config } from './platform/config.ts';
import { type DiskWatch, watchDisk } from './platform/disk-watch.ts';
import type { Followers } from './platform/ledger/follow.ts';
import { serviceActor } from './platform/ledger/event.ts';
import type { RunnerSupervisor } from './inference/index.ts';
import type { Reception } from './reception.ts';
import { createStatus, type Status } from './station-status.ts';
import { type Clinic, openClinic } from './testing/clinic.ts';
import { brought, standAt } from './testing/governed.ts';
import { aManifest } from './testing/models.ts';
import { aSlice } from './testing/objects.ts';
import { QUICK_HASH } from './testing/quick-hash.ts';

let clinic: Clinic;
let free: () => Promise<{ freeBytes: number; totalBytes: number }>;
let status: Status;
let disk: DiskWatch;
let endsAtMs: number | null;

beforeEach(() => {
  clinic = openClinic();
  free = () => Promise.resolve({ freeBytes: 1e12, totalBytes: 2e12 });
  const { db, north, log, archive } = clinic;
  endsAtMs = null;
  disk = watchDisk({ free: () => free() }, Config.parse({}).disk, log);
  status = createStatus({
    ...{ db, siteIds: [north.siteId], config: Config.parse({}), clock: archive.clock, version: '0', isDemo: false },
    disk,
    supervisor: { state: () => ({ state: 'starting' }) } as unknown as RunnerSupervisor,
    followers: { parked: () => 0, lags: () => ({ a: 0 }), behindMs: () => 0 } as unknown as Followers,
    reception: {
      isListening: () => true,
      port: () => 1,
      openAssociations: () => 0,
      certificateEndsAtMs: () => endsAtMs,
    } as unknown as Reception,
  });
});
afterEach(() => {
  disk.stop();
  clinic.close();
});
const codes = () => status.health(null).reasons.map(({ code }) => code);

test('the disk is known once watching has begun', async () => {
  free = () => Promise.resolve({ freeBytes: 1, totalBytes: 2 });
  await disk.watch();
  expect([codes().includes('disk-full'), status.health(null).ready]).toEqual([true, false]);
});

test('a disk that cannot be asked about is a reason, and ends nothing', async () => {
  free = () => Promise.reject(new Error('stale handle'));
  await disk.watch();
  expect([codes().includes('disk-unknown'), status.health(null).ready]).toEqual([true, true]);
  expect(clinic.logged()).toContain('disk-not-read');
});

test.each([
  [61, []],
  [60, ['certificate-expires-in-60-days']],
  [30, ['certificate-expires-in-30-days']],
  [7, ['certificate-expires-in-7-days']],
  [0, ['certificate-expired']],
  [-100, ['certificate-expired']],
])('a certificate with %i days left', (days, expected) => {
  endsAtMs = clinic.nowMs() + days * 86_400_000;
  expect(codes().filter((code) => code.startsWith('certificate'))).toEqual(expected);
});

test('counts are of the sites of whoever asks', async () => {
  await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  const received = (...siteIds: readonly string[]) => {
    const { receivedLastHour, lastReceivedAtMs } = status.read({ siteIds: siteIds as never }).dicomIn;
    return [receivedLastHour, lastReceivedAtMs];
  };
  const { north, south } = clinic;
  expect(received(north.siteId)).toEqual([3, clinic.nowMs()]);
  expect(received(south.siteId)).toEqual([0, null]);
  expect(received(south.siteId, north.siteId)).toEqual([3, clinic.nowMs()]);
});

test('a site without a reader says so, whoever reads at another', async () => {
  const { db, north, south } = clinic;
  const actor = serviceActor('test');
  const passwordHash = await hashPassword('correct horse', QUICK_HASH);
  createUser(db, {
    ...{
      username: 'rita',
      displayName: 'Rita',
      passwordHash,
      state: 'active',
      siteId: north.siteId,
      roles: ['radiologist'],
    },
    ...{ actor, atMs: clinic.nowMs() },
  });
  const nowMs = clinic.nowMs;
  const credentials = { username: 'rita', password: 'correct horse', address: '127.0.0.1' };
  expect((await signIn(db, createSignInThrottle(), { ...credentials, nowMs, limits: SESSION_LIMITS })).ok).toBe(true);
  const lacks = (...siteIds: readonly string[]) =>
    status.read({ siteIds: siteIds as never }).reasons.some(({ code }) => code === 'no-reader-signed-in');
  expect([lacks(north.siteId), lacks(south.siteId), lacks(north.siteId, south.siteId)]).toEqual([false, true, true]);
});

test('whoever may report is told of models that are shown at their sites, and of no other even by a count', () => {
  const [digest = ''] = brought(clinic, { ...aManifest(), clinicalUse: 'research' });
  clinic.db.prepare("INSERT INTO model_breakers VALUES (?, 'open', 5, 1, 'bad-output', 0)").run(digest);
  const siteIds = [clinic.north.siteId];
  const as = (...permissions: readonly Permission[]) => ({ siteIds, permissions }) as unknown as Principal;
  const told = (scope: Principal) => {
    const { inference, reasons } = status.read(scope);
    const codes = [...reasons, ...status.health(scope).reasons].map(({ code }) => code);
    return [inference.models, codes.filter((code) => code === 'model-paused').length];
  };
  for (const stage of ['off', 'silent', 'suspended'] as const) {
    standAt(clinic, digest, stage);
    expect([stage, told(as('study.open')), told(as('truth.record')), told(as('models.silent'))]).toEqual([
      ...[stage, [0, 0], [0, 0], [1, 2]],
    ]);
  }
  standAt(clinic, digest, 'general');
  expect(told(as('study.open'))).toEqual([1, 2]);
  expect(told({ ...as('study.open'), siteIds: [clinic.south.siteId] })).toEqual([0, 0]);
});
