import { afterEach, expect, test } from 'vitest';
import { contract } from '../../../shared/contract/contract.ts';
import { countSignedIn } from '../access/index.ts';
import { FINDING, STUDY, testAnswers } from './test-answers.ts';
import { startTestStation, type TestStation } from './test-station.ts';

let station: TestStation;
afterEach(() => station.stop());

const MINUTE_MS = 60_000;
let nowMs = 1_800_000_000_000;
const clock = { nowMs: () => nowMs };

const DIGEST = 'd'.repeat(64);
/** Everything a page asks with nobody in front of it. */
const POLLED = [
  ...['sessions/current', 'station/status', 'worklist', 'worklist/counts', 'worklist/choices', 'worklist/views'],
  ...['preferences', 'triage', 'routing', `studies/${STUDY}`],
  ...['findings', 'quality-remarks', 'timeline', 'report', 'key-images'].map((part) => `studies/${STUDY}/${part}`),
  ...['audit/events', 'deliveries', `findings/${FINDING}/overlays/mask-1`, 'openapi.json', 'models', 'model-figures'],
].map((path) => `/api/v1/${path}`);
/** Pages that are not a radiologist's, or of something that is not here: refused or not found, and no use either. */
const POLLED_IN_VAIN = [
  ...['quarantine', 'corrections', 'objects', 'objects/damaged', 'retrievals', 'imports', 'exports'],
  ...[`imports/${STUDY}`, `studies/${STUDY}/identity`, 'keeping/cache', 'keeping/holds', 'keeping/retention/rules'],
  ...['', '/exposure/history', '/acceptances', '/comparison'].map((part) => `models/${DIGEST}${part}`),
  ...['', '/drift', '/golden', '/runs'].map((part) => `model-figures/${DIGEST}${part}`),
  ...['truths/questions', 'runs', 'models', 'triage', 'analyses'].map((part) => `studies/${STUDY}/${part}`),
  ...[`runs/${STUDY}`, `runs/${STUDY}/replays`, 'model-readers', 'refused-packages', `analyses/${STUDY}`],
].map((path) => `/api/v1/${path}`);

test('a page that only polls is signed out after half an hour, is told why, and counts as nobody before', async () => {
  station = await startTestStation(testAnswers(), clock);
  const token = await station.token('radiologist');
  const { client, socket } = await station.connect(token);
  for (let minute = 0; minute < 28; minute += 4) {
    nowMs += 4 * MINUTE_MS;
    for (const path of POLLED) expect([path, (await station.ask(token, path)).status]).toEqual([path, 200]);
    for (const path of POLLED_IN_VAIN) expect([path, (await station.ask(token, path)).status]).not.toEqual([path, 401]);
    await client.station.status();
    await client.worklist.search({ text: 'anything' });
  }
  expect(countSignedIn(station.store.db, station.site.siteId, 'radiologist', nowMs - 10 * MINUTE_MS, nowMs)).toBe(0);
  nowMs += 2 * MINUTE_MS;
  const refused = await station.ask(token, '/api/v1/sessions/current');
  expect([refused.status, await refused.json()]).toMatchObject([401, { data: { code: 'session-idle' } }]);
  await expect(client.station.status()).rejects.toMatchObject({ status: 401, data: { code: 'session-idle' } });
  const mask = await station.ask(token, `/api/v1/findings/${FINDING}/overlays/mask-1`);
  expect([mask.status, await mask.json()]).toEqual([401, { code: 'UNAUTHORIZED', data: { code: 'session-idle' } }]);
  await expect(station.connect(token)).rejects.toThrow('401');
  socket.close();
});

test('a person’s touch keeps the session, and whoever touches counts', async () => {
  station = await startTestStation(testAnswers(), clock);
  const token = await station.token('radiologist');
  for (let minute = 0; minute < 45; minute += 1) {
    nowMs += MINUTE_MS;
    const touched = await station.ask(token, '/api/v1/sessions/current/touches', { method: 'POST' });
    expect(touched.status).toBe(200);
  }
  expect(countSignedIn(station.store.db, station.site.siteId, 'radiologist', nowMs - 10 * MINUTE_MS, nowMs)).toBe(1);
});

test('an ended session is not told that it was idle', async () => {
  station = await startTestStation(testAnswers(), clock);
  const token = await station.token('radiologist');
  await station.ask(token, '/api/v1/sessions/current', { method: 'DELETE' });
  nowMs += 40 * MINUTE_MS;
  const refused = await station.ask(token, '/api/v1/sessions/current');
  expect(await refused.json()).not.toHaveProperty('data.code');
});

test('what pages poll here is all that the contract calls background, but the streams and the searches', () => {
  const background = Object.values(contract)
    .flatMap((area) => Object.values(area))
    .filter((one) => one['~orpc'].meta.background === true && one['~orpc'].route.method === 'GET')
    .map((one) => `/api/v1${(one['~orpc'].route.path ?? '').replace('{digest}', DIGEST).replace(/\{\w+\}/, STUDY)}`);
  expect(background.filter((path) => ![...POLLED, ...POLLED_IN_VAIN].includes(path))).toEqual(['/api/v1/studies']);
});
