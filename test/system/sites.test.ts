import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { copyPackage } from '../e2e/support/model-packages.ts';
import { echo } from '../../src/main/station/dicom/scu.ts';
import { ADMINISTRATOR_PASSWORD, ask, type Asker, jsonBody, rowOf, signInFirst } from './support/ask-station.ts';
import { withDatabase } from './support/database.ts';
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

  const enter = (site: string) => enterSite(administrator, site);
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

const enterSite = (who: Asker, site: string) =>
  who.fetch('/api/v1/sessions/current/site', {
    ...{ method: 'PUT', body: JSON.stringify({ site }), headers: { 'content-type': 'application/json' } },
  });

/** Packages that a site brings, and what somebody who means harm may put beside them. */
function writePackages(): string {
  const folder = path.join(temporaryFolder(), 'packages');
  copyPackage(folder, 'sound', (manifest) => ({ ...manifest, id: 'brought', name: 'Brought by the north' }));
  // It calls itself the other's successor, so that a step of the one might be taken for a step of the other.
  copyPackage(folder, 'impostor', (manifest) => ({ ...manifest, id: 'brought', name: 'Successor', version: '9.0.0' }));
  copyPackage(folder, 'leads-out', (manifest) => ({ ...manifest, id: 'leads-out', modelFile: '../sound/model.onnx' }));
  copyPackage(folder, 'no-id', (manifest) => ({ ...manifest, id: "south' OR 1=1 --" }));
  mkdirSync(path.join(folder, 'not-json'));
  writeFileSync(path.join(folder, 'not-json', 'manifest.json'), '{"sites":["north","south"]');
  writeFileSync(path.join(folder, 'torn.zip'), 'PK');
  return folder;
}
type Card = {
  readonly version: string;
  readonly digest: string;
  readonly stage: string;
  readonly packageState: string;
};

test('what a site lets a model do is that site’s alone, whatever packages lie beside it and whatever they call themselves', async () => {
  const inference = { shippedModels: [], modelFolders: [writePackages()] };
  const station = await startStation({ config: { ...config, inference } });
  const administrator = await signInFirst(station);
  const models = async () => {
    const listed = JSON.parse((await administrator.fetch('/api/v1/models')).text) as Card[];
    return listed.map(({ version, digest, stage, packageState }) => ({ version, digest, stage, packageState }));
  };
  await until(async () => {
    const known = await models();
    return known.length === 2 && known.every(({ packageState }) => packageState === 'verified');
  });
  expect((await models()).map(({ stage }) => stage)).toEqual(['off', 'off']);
  const sound = (await models()).find(({ version }) => version !== '9.0.0');
  for (const to of ['verified', 'silent']) {
    const step = { to, reason: 'a site tries it', password: ADMINISTRATOR_PASSWORD };
    const taken = await administrator.fetch(`/api/v1/models/${sound?.digest}/exposure/steps`, jsonBody(step));
    expect(taken.status).toBe(200);
  }
  const stages = async () =>
    Object.fromEntries(
      (await models()).map(({ version, stage }) => [version === '9.0.0' ? 'impostor' : 'sound', stage]),
    );
  expect(await stages()).toEqual({ sound: 'silent', impostor: 'off' });

  const heads = [11, 12].map((seed) => phantomStudy({ seed, matrix: 64, slices: 24, withScout: false }));
  const routes = [{ callingAe: 'MODALITY1' }, { callingAe: 'MODALITY2', calledAe: 'SOUTH_IN' }];
  for (const [index, route] of routes.entries())
    await sendObjects({ ...remoteOf(station), ...route }, heads[index]?.objects ?? []);
  const countEnded = () =>
    withDatabase(station.data, (db) =>
      db.prepare("SELECT count(*) FROM runs WHERE state IN ('finished', 'failed')").pluck().get(),
    );
  await until(() => countEnded() === 1);
  expect((await rowOf(administrator, heads[0]?.studyUid ?? '')).ai.state).toBe('no-model');

  await enterSite(administrator, 'south');
  expect(await stages()).toEqual({ sound: 'off', impostor: 'off' });
  const { ai, studyId } = await rowOf(
    administrator,
    heads[1]?.studyUid ?? '',
    (row) => row.ai.state !== 'awaiting-images',
  );
  expect([ai.state, (await administrator.study(studyId)).runs]).toEqual(['no-model', []]);
  const history = await administrator.fetch(`/api/v1/models/${sound?.digest}/exposure/history`);
  expect(JSON.parse(history.text)).toEqual([]);
  const ran = withDatabase(station.data, (db) =>
    db.prepare('SELECT s.code FROM runs r JOIN sites s ON s.site_id = r.site_id').pluck().all(),
  );
  expect(ran).toEqual(['north']);
  const refused = JSON.parse((await administrator.fetch('/api/v1/refused-packages')).text) as object[];
  expect(refused.length).toBe(4);
  expect(await station.stop()).toBe(0);
});
