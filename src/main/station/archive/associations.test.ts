import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { openFullDisk } from '../platform/store/test-full-disk.ts';
import { aSlice } from '../testing/objects.ts';
import { admitAssociation, configurePeers, endAssociation, endAssociationsLeftOpen, findPeerTitle } from './index.ts';
import { endAssociationWhenRoom, LIST_SOME_STUDIES } from './associations.ts';

let clinic: Clinic;
let admitted = 0;
beforeEach(() => {
  clinic = openClinic();
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'CT1', address: '10.0.0.2', intent: 'comparison' },
    { aeTitle: 'ANYWHERE', address: '*', intent: 'new' },
    { aeTitle: 'ANYWHERE', address: '10.0.0.9', intent: 'comparison' },
  ]);
});
afterEach(() => clinic.close());

const admit = (callingAe: string, address: string, calledAe = 'WETREAD') =>
  admitAssociation(clinic.db, { callingAe, calledAe, address }, `association ${(admitted += 1)}`, 5);
const states = () =>
  clinic.db.prepare('SELECT state, intent, ended_at_ms AS endedAtMs FROM associations ORDER BY rowid').all();

test.each([
  ['a known title from its address', 'CT1', '10.0.0.1', 'new'],
  ['the same title from another known address', 'CT1', '10.0.0.2', 'comparison'],
  ['a known title over IPv6-mapped IPv4', 'CT1', '::ffff:10.0.0.1', 'new'],
  ['a title known from anywhere', 'ANYWHERE', '192.168.7.7', 'new'],
  ['the exact address before anywhere', 'ANYWHERE', '10.0.0.9', 'comparison'],
])('lets in %s, with its intent', (_what, callingAe, address, intent) => {
  expect(admit(callingAe, address)).toMatchObject({
    ok: true,
    value: { peer: { siteId: clinic.north.siteId, intent } },
  });
  expect(states()).toEqual([{ state: 'open', intent, endedAtMs: null }]);
});

test.each([
  ['an unknown title', 'CT2', '10.0.0.1', 'WETREAD'],
  ['a known title from elsewhere', 'CT1', '10.0.0.3', 'WETREAD'],
  ['a title in other letters', 'ct1', '10.0.0.1', 'WETREAD'],
  ['a title that only begins the same', 'CT', '10.0.0.1', 'WETREAD'],
  ['one that calls us by another title', 'CT1', '10.0.0.1', 'OTHER'],
  ['one that calls itself a wildcard', '*', '10.0.0.1', 'WETREAD'],
  ['one whose address is a wildcard', 'CT1', '*', 'WETREAD'],
])('refuses %s and remembers no association', (_what, callingAe, address, calledAe) => {
  expect(admit(callingAe, address, calledAe)).toEqual({ ok: false, error: { code: 'unknown-peer' } });
  expect(states()).toEqual([]);
});

test('a peer taken out of the configuration is refused, and its past keeps its name', () => {
  const first = admit('CT1', '10.0.0.1');
  if (!first.ok) throw new Error(first.error.code);
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', []);
  expect(admit('CT1', '10.0.0.1')).toMatchObject({ ok: false });
  expect(findPeerTitle(clinic.db, first.value.peer.peerId)).toBe('CT1');
  configurePeers(clinic.db, clinic.north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'comparison' },
  ]);
  expect(admit('CT1', '10.0.0.1')).toMatchObject({
    ok: true,
    value: { peer: { peerId: first.value.peer.peerId, intent: 'comparison' } },
  });
});

test('the end of an association is an event where it brought something or broke; an echo leaves none', () => {
  const end = (how: 'released' | 'aborted', stored: number, refused: number) => {
    const first = admit('CT1', '10.0.0.1');
    if (first.ok) endAssociation(clinic.db, { ...first.value }, { how, stored, refused, atMs: 9 });
    clinic.db.exec('DELETE FROM associations');
  };
  end('released', 0, 0);
  end('released', 3, 0);
  end('released', 0, 1);
  end('aborted', 0, 0);
  expect(
    clinic.events('association-ended').map(({ payload }) => [payload.how, payload.stored, payload.refused]),
  ).toEqual([
    ['released', 3, 0],
    ['released', 0, 1],
    ['aborted', 0, 0],
  ]);
});

test('associations that a killed process left open have failed, each with its event', async () => {
  const first = admit('CT1', '10.0.0.1');
  if (!first.ok) throw new Error(first.error.code);
  await clinic.receive(first.value, aSlice(1), aSlice(2));
  admit('ANYWHERE', '10.0.0.9');
  endAssociationsLeftOpen(clinic.db, 77);
  expect(states()).toEqual([
    { state: 'failed', intent: 'new', endedAtMs: 77 },
    { state: 'failed', intent: 'comparison', endedAtMs: 77 },
  ]);
  expect(
    clinic.events('association-ended').map(({ atMs, payload }) => [atMs, payload.how, payload.stored, payload.refused]),
  ).toEqual([
    [77, 'failed', 2, 0],
    [77, 'failed', 0, 0],
  ]);
  endAssociationsLeftOpen(clinic.db, 78);
  expect(clinic.events('association-ended')).toHaveLength(2);
});

test.each(['released', 'failed'] as const)(
  'an association of many studies that %s is concluded sixteen at a time: none waits longer than the jobs',
  async (how) => {
    const association = clinic.associate('CT1');
    for (let n = 0; n < 40; n += 1) {
      const uids = { StudyInstanceUID: `1.2.${n + 50}`, SeriesInstanceUID: `1.2.${n + 50}.1`, PatientID: `P${n}` };
      const slice = (at: number) => aSlice(at, { ...uids, SOPInstanceUID: `1.2.${n + 50}.1.${at}` });
      await clinic.receive(association, ...[1, 2, 3, 4, 5].map(slice));
    }
    const judged = () =>
      clinic.events().filter(({ kind }) => kind === 'study-completed' || kind === 'study-evidence-changed').length;
    clinic.end(association, how);
    const steps = [judged()];
    for (let round = 0; round < 3; round += 1) {
      clinic.runJobs();
      steps.push(judged());
    }
    expect(steps).toEqual([16, 32, 40, 40]);
  },
);

test('the next studies of an association come from an index, in order', () => {
  const plan = planOf(clinic.db, LIST_SOME_STUDIES).join();
  expect(plan).toMatch(/study_associations_by_association \(association_id=\? AND study_id>\?\)/);
  expect(plan).not.toContain('TEMP B-TREE');
});

test('an association that a full disk keeps from ending ends when there is room, as it ended and when it did', async () => {
  const association = clinic.associate();
  await clinic.receive(association, aSlice(1));
  const disk = openFullDisk(clinic.db, ['associations', 'events']);
  const endedAtMs = clinic.nowMs();
  const end = { how: 'released', stored: 1, refused: 0, atMs: endedAtMs } as const;
  const failures: unknown[] = [];
  disk.fill();
  endAssociationWhenRoom(clinic.db, association, end, (error) => failures.push(error), 5);
  await eventually(() => expect(disk.refused()).toBeGreaterThan(2));
  expect(states()).toMatchObject([{ state: 'open' }]);
  clinic.pass(60_000);
  disk.makeRoom();
  await eventually(() => expect(states()).toMatchObject([{ state: 'released', endedAtMs }]));
  expect(clinic.events('association-ended')).toMatchObject([{ payload: { how: 'released', stored: 1 } }]);
  expect(failures).toEqual([]);
});

test('one that a station’s end finds waiting is left to the next start', async () => {
  const association = clinic.associate();
  const disk = openFullDisk(clinic.db, ['associations']);
  const failures: unknown[] = [];
  disk.fill();
  const end = { how: 'aborted', stored: 0, refused: 0, atMs: clinic.nowMs() } as const;
  endAssociationWhenRoom(clinic.db, association, end, (error) => failures.push(error), 5);
  clinic.close();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(failures).toEqual([]);
  clinic = openClinic();
});
