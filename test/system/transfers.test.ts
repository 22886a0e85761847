import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Delivery } from '../../src/shared/contract/deliveries.ts';
import { PeerStudy, PeerSummary, RetrievalCard } from '../../src/shared/contract/peers.ts';
import { type Asker, jsonBody, rowOf, signIn } from './support/ask-station.ts';
import { endEverything } from './support/start-station.ts';
import { notStoredAsSent } from './support/stored-objects.ts';
import { notAccepted, phantomStudy, remoteOf, sendObjects } from './support/studies.ts';
import { startTwoStations, type TwoStations } from './support/two-stations.ts';
import { until } from './support/until.ts';

let stations: TwoStations;
let here: Asker;
let there: Asker;
const study = (seed: number) => phantomStudy({ seed, matrix: 64, slices: 6, withScout: false });
const [first, second, third] = [study(9100), study(9200), study(9300)];

beforeAll(async () => {
  stations = await startTwoStations();
  [here, there] = await Promise.all([
    signIn(stations.reading, 'radiologist', 'demo'),
    signIn(stations.archive, 'radiologist', 'demo'),
  ]);
});
afterAll(endEverything);

async function ask(who: Asker, route: string, body?: unknown): Promise<unknown> {
  const answer = await who.fetch(`/api/v1${route}`, body === undefined ? {} : jsonBody(body));
  if (answer.status >= 300) throw new Error(`${route} answered ${answer.status}: ${answer.text}`);
  return JSON.parse(answer.text);
}
const peerOf = async (who: Asker, title: string) => {
  const peers = PeerSummary.array().parse(await ask(who, '/peers'));
  return peers.find(({ aeTitle }) => aeTitle === title)?.peerId ?? '';
};
const deliveries = async (who: Asker) => Delivery.array().parse(await ask(who, '/deliveries'));
const retrievals = async (who: Asker) => RetrievalCard.array().parse(await ask(who, '/retrievals'));
async function send(who: Asker, studyUid: string, title: string, count: number): Promise<Delivery> {
  const row = await rowOf(who, studyUid, ({ images }) => images.received === count);
  const { studyId, patient } = row;
  const wish = { patientId: patient.patientId, peerId: await peerOf(who, title) };
  return Delivery.parse(await ask(who, `/studies/${studyId}/deliveries`, wish));
}
const ended = (who: Asker, deliveryId: string, isSo: (delivery: Delivery) => boolean) =>
  until(async () => (await deliveries(who)).find((one) => one.deliveryId === deliveryId && isSo(one)));

test('a study is sent to the archive byte for byte, the archive answers for it, and the row says so', async () => {
  expect(notAccepted(await sendObjects(remoteOf(stations.reading), first.objects))).toEqual([]);
  const queued = await send(here, first.studyUid, 'PACS', first.objects.length);
  expect(queued).toMatchObject({
    destination: 'PACS',
    askedBy: expect.stringMatching(/adiolog/),
    commitment: 'not-asked',
  });
  const done = await ended(here, queued.deliveryId, ({ commitment }) => commitment === 'committed');
  expect(done).toMatchObject({ state: 'delivered', sent: first.objects.length, failed: 0, code: null });
  expect(await notStoredAsSent(there, 'demo', first.objects)).toEqual([]);
  await rowOf(here, first.studyUid, ({ inPacs }) => inPacs === 'committed');
});

test('the archive sends one here, and what it has besides is looked for and fetched back, byte for byte', async () => {
  for (const one of [second, third])
    expect(notAccepted(await sendObjects(remoteOf(stations.archive), one.objects))).toEqual([]);
  const sent = await send(there, second.studyUid, 'WETREAD', second.objects.length);
  await ended(there, sent.deliveryId, ({ state }) => state === 'delivered');
  expect(await notStoredAsSent(here, 'demo', second.objects)).toEqual([]);

  const peerId = await peerOf(here, 'PACS');
  expect(await ask(here, `/peers/${peerId}/echoes`, {})).toMatchObject({ tookMs: expect.any(Number) });
  const { accession, patient } = await rowOf(there, third.studyUid);
  const name = `${patient.name.split('^')[0]}*`;
  const question = { patientName: name, accession: accession ?? '', birthDate: patient.birthDateRaw ?? '' };
  const found = (await ask(here, `/peers/${peerId}/queries`, { question })) as { studies: unknown[] };
  expect(PeerStudy.array().parse(found.studies)).toMatchObject([{ studyUid: third.studyUid, studyId: null }]);
  await ask(here, '/retrievals', { peerId, studyUid: third.studyUid });
  const fetched = await until(async () =>
    (await retrievals(here)).find(({ studyUid, state }) => studyUid === third.studyUid && state === 'done'),
  );
  expect(fetched).toMatchObject({ completed: third.objects.length, study: { patientName: patient.name } });
  expect(await notStoredAsSent(here, 'demo', third.objects)).toEqual([]);
});

test('a delivery to a machine that is gone survives a restart, and a person gives it up', async () => {
  const waiting = await send(here, first.studyUid, 'GONE', first.objects.length);
  const isWaiting = ({ code, state }: Delivery) => state === 'queued' && code === 'peer-unreachable';
  await ended(here, waiting.deliveryId, isWaiting);
  await stations.reading.kill();
  const reading = await stations.restart('reading');
  here = await signIn(reading, 'radiologist', 'demo');
  expect(await ended(here, waiting.deliveryId, isWaiting)).toMatchObject({ attempts: expect.any(Number) });
  const route = `/deliveries/${waiting.deliveryId}`;
  expect(await ask(here, `${route}/cancellation`, { reason: 'no-longer-needed' })).toMatchObject({
    state: 'cancelled',
  });
  expect((await here.fetch(`/api/v1${route}/retries`, jsonBody({ reason: 'other' }))).status).toBe(409);
  const administrator = await signIn(reading, 'administrator', 'demo');
  expect((await administrator.fetch(`/api/v1${route}/retries`, jsonBody({ reason: 'other' }))).status).toBe(403);
});

test('what is damaged on disk is found and fetched again from the archive by itself', async () => {
  for (const file of sealedFiles(stations.reading.data)) {
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(file, bytes);
  }
  const administrator = await signIn({ ...stations.reading, http: here.origin }, 'administrator', 'demo');
  const damaged = async () => JSON.parse((await administrator.fetch('/api/v1/objects/damaged')).text) as unknown[];
  expect((await administrator.fetch('/api/v1/objects/verify', { method: 'POST' })).status).toBe(200);
  const count = [first, second, third].reduce((sum, { objects }) => sum + objects.length, 0);
  await until(async () => (await damaged()).length === count);
  await until(async () => (await damaged()).length === 0, 500);
  const healing = (await retrievals(here)).filter(({ because }) => because === 'damaged-here');
  expect(healing.map(({ aeTitle, state }) => [aeTitle, state])).toEqual([1, 2, 3].map(() => ['PACS', 'done']));
  for (const one of [first, second, third]) expect(await notStoredAsSent(here, 'demo', one.objects)).toEqual([]);
  expect(await administrator.verifyLedger()).toMatchObject({ outcome: 'intact' });
});

function sealedFiles(data: string): readonly string[] {
  return readdirSync(path.join(data, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.gcm1'))
    .map(({ parentPath, name }) => path.join(parentPath, name));
}
