import { afterAll, expect, test } from 'vitest';
import { echo } from '../../src/main/station/dicom/scu.ts';
import { ask, signInFirst } from './support/ask-station.ts';
import { endEverything, startStation, temporaryFolder, TEST_CONFIG } from './support/start-station.ts';
import { phantomStudy, remoteOf, sendObjects } from './support/studies.ts';
import { until } from './support/until.ts';
import path from 'node:path';

afterAll(endEverything);

const LOOPBACK = '127.0.0.1';
const config = {
  ...TEST_CONFIG,
  site: { code: 'north', name: 'North' },
  sites: [{ code: 'south', name: 'South', zone: 'Asia/Tokyo' }],
  dicom: {
    host: LOOPBACK,
    titles: [
      { aeTitle: 'SOUTH_IN', site: 'south' },
      { aeTitle: 'NORTH_OLD', intent: 'comparison' },
    ],
    peers: [
      { aeTitle: 'MODALITY1', address: LOOPBACK, calls: ['WETREAD', 'NORTH_OLD'] },
      { aeTitle: 'MODALITY2', address: LOOPBACK, calls: ['SOUTH_IN'] },
    ],
  },
};

test('the title called says for which site and for what; people see the site they are at, and no other', async () => {
  const data = path.join(temporaryFolder(), 'data');
  const station = await startStation({ data, config });
  const administrator = await signInFirst(station);
  const to = (callingAe: string, calledAe: string) => ({ ...remoteOf(station), callingAe, calledAe });
  const studies = [1, 2, 3].map((seed) => phantomStudy({ seed, slices: 3, withScout: false }));
  const routes = [to('MODALITY1', 'WETREAD'), to('MODALITY1', 'NORTH_OLD'), to('MODALITY2', 'SOUTH_IN')];
  for (const [index, remote] of routes.entries())
    expect((await sendObjects(remote, studies[index]?.objects ?? [])).every(({ state }) => state === 'accepted')).toBe(
      true,
    );

  const refusals = [to('MODALITY2', 'WETREAD'), to('MODALITY1', 'SOUTH_IN'), to('MODALITY1', 'NOWHERE')];
  expect(await Promise.all(refusals.map((remote) => echo(remote)))).toMatchObject([
    { ok: false, error: { reason: 'calling-ae-not-recognized', isTransient: false } },
    { ok: false, error: { reason: 'calling-ae-not-recognized', isTransient: false } },
    { ok: false, error: { reason: 'called-ae-not-recognized', isTransient: false } },
  ]);

  const here = async () => {
    const { rows } = await administrator.worklist('all');
    return rows.map(({ studyUid, intent }) => [studyUid, intent]);
  };
  const uids = studies.map(({ studyUid }) => studyUid);
  await until(
    async () =>
      (await administrator.worklist('all')).rows.length + (await administrator.worklist('comparison')).rows.length >= 2,
  );
  expect(await here()).toEqual([[uids[0], 'new']]);
  const { rows: compared } = await administrator.worklist('comparison');
  expect(compared.map(({ studyUid }) => studyUid)).toEqual([uids[1]]);

  const enter = (site: string) =>
    administrator.fetch('/api/v1/sessions/current/site', {
      ...{ method: 'PUT', body: JSON.stringify({ site }), headers: { 'content-type': 'application/json' } },
    });
  expect(JSON.parse((await enter('south')).text)).toMatchObject({
    ...{ site: { code: 'south', zone: 'Asia/Tokyo' }, sites: [{ code: 'north' }, { code: 'south' }] },
  });
  await until(async () => (await here()).length === 1);
  expect(await here()).toEqual([[uids[2], 'new']]);
  expect((await administrator.fetch(`/dicomweb/north/studies?StudyInstanceUID=${uids[0]}`)).status).toBe(404);
  expect((await administrator.fetch(`/dicomweb/south/studies?StudyInstanceUID=${uids[2]}`)).status).toBe(200);
  expect((await enter('west')).status).toBe(404);
  expect((await ask(station.http, '/api/v1/sessions/current')).status).toBe(401);
  expect(await station.stop()).toBe(0);

  // A site taken out of the configuration keeps what it has; its title is nobody's.
  const { sites: _sites, ...one } = config;
  const dicom = { host: LOOPBACK, peers: [{ aeTitle: 'MODALITY2', address: LOOPBACK }] };
  const again = await startStation({ data, config: { ...one, dicom } });
  expect(await echo({ ...remoteOf(again), callingAe: 'MODALITY2', calledAe: 'SOUTH_IN' })).toMatchObject({ ok: false });
  expect(await echo({ ...remoteOf(again), callingAe: 'MODALITY1' })).toMatchObject({ ok: false });
  expect(await echo({ ...remoteOf(again), callingAe: 'MODALITY2' })).toEqual({ ok: true, value: 0 });
  expect(await again.stop()).toBe(0);
});
