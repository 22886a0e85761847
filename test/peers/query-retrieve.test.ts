import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeerProgram } from '../../scripts/debian-peers.ts';
import { bytesReader, findPixelData } from '../../src/main/station/dicom/dataset/find-pixel-data.ts';
import type { RemoteAe } from '../../src/main/station/dicom/open-association.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { PeerStudy, type PeerSummary, RetrievalCard } from '../../src/shared/contract/peers.ts';
import { type Asker, jsonBody, rowOf, signIn } from '../system/support/ask-station.ts';
import { freePort } from '../system/support/free-port.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import {
  dataSetOf,
  notAccepted,
  type PhantomStudy,
  phantomStudy,
  remoteOf,
  sendObjects,
} from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const hasDcmtk = havePeers('findscu', 'getscu', 'movescu', 'dcmqrscp', 'storescu', 'dcmcjpeg');
const hasOrthanc = havePeers('Orthanc');

let station: RunningStation;
let radiologist: Asker;
let here: PhantomStudy;
const ports = { movescu: 0, dcmqr: 0, orthanc: 0, orthancHttp: 0 };
const children: ChildProcess[] = [];

beforeAll(async () => {
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  const peer = (aeTitle: string, port?: number) => ({
    ...{ aeTitle, address: '127.0.0.1', services: ['store', 'query', 'retrieve'] },
    ...(port !== undefined && { host: '127.0.0.1', port }),
  });
  station = await startStation({
    demo: true,
    config: {
      dicom: {
        host: '127.0.0.1',
        peers: [
          ...['MODALITY1', 'FINDSCU', 'GETSCU'].map((aeTitle) => peer(aeTitle)),
          peer('MOVESCU', ports.movescu),
          peer('DCMQR', ports.dcmqr),
          peer('ORTHANC', ports.orthanc),
          { aeTitle: 'MODALITY2', address: '127.0.0.1' },
        ],
      },
      completeness: { quietMs: { CT: 2000 }, quietOtherMs: 2000 },
      disk: { lowBytes: 2, fullBytes: 1 },
      inference: { shippedModels: [] },
    },
  });
  radiologist = await signIn(station, 'radiologist', 'demo');
  here = phantomStudy({ seed: 51, matrix: 64, slices: 12 });
  await deliver(remoteOf(station), here);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await station.stop();
  await endEverything();
});

const us = () => ['-aec', 'WETREAD', '127.0.0.1', String(station.dicom.port)];
const studyKeys = () => ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${here.studyUid}`];

/** The files of a folder as data sets, by their bytes. */
function dataSetsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .map((name) => Buffer.from(dataSetOf(readFileSync(path.join(folder, name)))).toString('base64'))
    .toSorted();
}
const sentDataSets = (study: PhantomStudy) =>
  study.objects.map(({ file }) => Buffer.from(dataSetOf(file)).toString('base64')).toSorted();

/** The native pixels of a file; throws where they are compressed. */
async function pixelsOf(file: Uint8Array): Promise<string> {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(header.error.code);
  const dataSet = dataSetOf(file);
  const found = await findPixelData(bytesReader(dataSet), header.value.transferSyntaxUid);
  if (!found.ok || found.value.location?.kind !== 'native') throw new Error('no native pixels');
  const { offset, length } = found.value.location;
  return Buffer.from(dataSet.subarray(offset, offset + length)).toString('base64');
}

describe.skipIf(!hasDcmtk)('DCMTK asks us', () => {
  test('findscu finds the study at every level, and is told what it left out', async () => {
    const study = await runPeer('findscu', [
      ...['-S', '-v'],
      ...studyKeys(),
      '-k',
      'PatientName',
      '-k',
      'NumberOfStudyRelatedInstances',
      ...us(),
    ]);
    expect(study).toMatchObject({ exitCode: 0 });
    expect(study.output).toMatch(new RegExp(`IS \\[${here.objects.length} ?\\] .*NumberOfStudyRelatedInstances`));
    const folder = temporaryFolder();
    const image = [
      '-k',
      'QueryRetrieveLevel=IMAGE',
      '-k',
      `StudyInstanceUID=${here.studyUid}`,
      '-k',
      `SeriesInstanceUID=${here.objects[0]?.seriesUid}`,
      '-k',
      'SOPInstanceUID',
    ];
    expect(await runPeer('findscu', ['-S', '-X', '-od', folder, ...image, ...us()])).toMatchObject({ exitCode: 0 });
    const inSeries = here.objects.filter(({ seriesUid }) => seriesUid === here.objects[0]?.seriesUid);
    expect(readdirSync(folder).length).toBe(inSeries.length);
    const astray = await runPeer('findscu', [
      '-S',
      '-v',
      '-k',
      'QueryRetrieveLevel=SERIES',
      '-k',
      'SeriesInstanceUID',
      ...us(),
    ]);
    expect(astray.output).toMatch(/DataSetDoesNotMatchSOPClass|0xa900/i);
  });

  test('getscu gets the study byte for byte', async () => {
    const folder = temporaryFolder();
    const got = await runPeer('getscu', ['-S', '-od', folder, ...studyKeys(), ...us()]);
    expect({ exitCode: got.exitCode, faults: got.output.match(/^[EF]:.*$/m) }).toEqual({ exitCode: 0, faults: null });
    expect(dataSetsIn(folder)).toEqual(sentDataSets(here));
  });

  test('movescu has the study moved to itself, and is refused an unknown destination', async () => {
    const folder = temporaryFolder();
    const moved = await runPeer('movescu', [
      '-S',
      '-aet',
      'MOVESCU',
      '-aem',
      'MOVESCU',
      '+P',
      String(ports.movescu),
      '-od',
      folder,
      ...studyKeys(),
      ...us(),
    ]);
    expect({ exitCode: moved.exitCode, faults: moved.output.match(/^[EF]:.*$/m) }).toEqual({
      exitCode: 0,
      faults: null,
    });
    expect(dataSetsIn(folder)).toEqual(sentDataSets(here));
    const lost = await runPeer('movescu', ['-S', '-v', '-aet', 'MOVESCU', '-aem', 'NOBODY', ...studyKeys(), ...us()]);
    expect(lost.output).toMatch(/MoveDestinationUnknown|Move Destination Unknown|0xa801/i);
  });

  test('getscu, which takes no compression, gets what came compressed with the pixels it had before', async () => {
    const plain = phantomStudy({ seed: 56, matrix: 64, slices: 2 });
    const folder = temporaryFolder();
    const [first] = plain.objects;
    if (first === undefined) throw new Error('no phantom');
    writeFileSync(path.join(folder, 'plain.dcm'), first.file);
    const packed = path.join(folder, 'packed.dcm');
    expect(await runPeer('dcmcjpeg', ['+e1', path.join(folder, 'plain.dcm'), packed])).toMatchObject({ exitCode: 0 });
    const sent = await runPeer('storescu', ['-aet', 'MODALITY1', '--propose-lossless', ...us(), packed]);
    expect(sent).toMatchObject({ exitCode: 0 });
    const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${plain.studyUid}`];
    const out = path.join(folder, 'out');
    mkdirSync(out);
    expect(await runPeer('getscu', ['-S', '-od', out, ...keys, ...us()])).toMatchObject({ exitCode: 0 });
    const [got = ''] = readdirSync(out);
    expect(await pixelsOf(readFileSync(path.join(out, got)))).toEqual(await pixelsOf(first.file));
  });

  test('a peer that may not ask is offered nothing', async () => {
    const asked = await runPeer('findscu', ['-S', '-aet', 'MODALITY2', ...studyKeys(), ...us()]);
    expect(asked.output).toMatch(/No Acceptable Presentation Contexts/i);
  });
});

describe.skipIf(!hasDcmtk)('we ask dcmqrscp', () => {
  let there: PhantomStudy;
  beforeAll(async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'store'));
    const file = path.join(folder, 'dcmqrscp.cfg');
    writeFileSync(
      file,
      [
        `NetworkTCPPort = ${ports.dcmqr}`,
        ...['MaxPDUSize = 16384', 'MaxAssociations = 16', 'HostTable BEGIN'],
        ...[`wetread = (WETREAD, 127.0.0.1, ${station.dicom.port})`, 'HostTable END'],
        ...['VendorTable BEGIN', 'VendorTable END', 'AETable BEGIN'],
        ...[`DCMQR ${path.join(folder, 'store')} RW (200, 1024mb) ANY`, 'AETable END', ''],
      ].join('\n'),
    );
    children.push(spawn(findPeerProgram('dcmqrscp') ?? 'dcmqrscp', ['-c', file], { stdio: 'ignore' }));
    there = phantomStudy({ seed: 52, matrix: 64, slices: 12 });
    const remote = { ...remoteOf(station), port: ports.dcmqr, calledAe: 'DCMQR', callingAe: 'WETREAD' };
    await until(
      async () => (await runPeer('echoscu', ['-aec', 'DCMQR', '127.0.0.1', String(ports.dcmqr)])).exitCode === 0,
      200,
    );
    await deliver(remote, there);
  });

  test.each(['c-get', 'c-move'] as const)(
    'query and fetch by %s: the study arrives for comparison, byte for byte',
    async (how) => {
      const study = how === 'c-get' ? there : await another('DCMQR', ports.dcmqr, 53);
      await expectFetched('DCMQR', study, how);
    },
  );
});

describe.skipIf(!hasOrthanc)('Orthanc', () => {
  let http: string;
  beforeAll(async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'orthanc.json');
    writeFileSync(
      file,
      JSON.stringify({
        ...{ Name: 'peer', StorageDirectory: path.join(folder, 'db'), IndexDirectory: path.join(folder, 'db') },
        ...{ HttpPort: ports.orthancHttp, DicomPort: ports.orthanc, DicomAet: 'ORTHANC', RemoteAccessAllowed: false },
        ...{ AuthenticationEnabled: false, Plugins: [], StorageCompression: false },
        DicomModalities: { wetread: ['WETREAD', '127.0.0.1', station.dicom.port] },
      }),
    );
    children.push(spawn(findPeerProgram('Orthanc') ?? 'Orthanc', [file], { stdio: 'ignore' }));
    http = `http://127.0.0.1:${ports.orthancHttp}`;
    await until(async () => (await fetch(`${http}/system`).catch(() => null))?.ok === true, 100);
  });

  const post = async (where: string, body: unknown) =>
    (await fetch(`${http}${where}`, { method: 'POST', body: JSON.stringify(body) })).json();

  test('queries us and has the study moved to itself', async () => {
    const query = (await post('/modalities/wetread/query', {
      Level: 'Study',
      Query: { StudyInstanceUID: here.studyUid, PatientName: '*' },
    })) as { ID: string };
    const answers = (await (await fetch(`${http}/queries/${query.ID}/answers?expand&simplify`)).json()) as {
      StudyInstanceUID: string;
    }[];
    expect(answers.map(({ StudyInstanceUID }) => StudyInstanceUID)).toEqual([here.studyUid]);
    await post(`/queries/${query.ID}/retrieve`, { TargetAet: 'ORTHANC', Synchronous: true });
    const statistics = (await (await fetch(`${http}/statistics`)).json()) as { CountInstances: number };
    expect(statistics.CountInstances).toBe(here.objects.length);
  });

  test.each(['automatic', 'c-move'] as const)('is queried and fetched from, %s', async (how) => {
    await expectFetched('ORTHANC', await another('ORTHANC', ports.orthanc, how === 'automatic' ? 54 : 55), how);
  });
});

async function another(calledAe: string, port: number, seed: number): Promise<PhantomStudy> {
  const study = phantomStudy({ seed, matrix: 64, slices: 12 });
  const remote = { ...remoteOf(station), port, calledAe, callingAe: 'WETREAD' };
  await deliver(remote, study);
  return study;
}

/** That a study is found at a peer, fetched, filed for comparison and stored as it was sent there. */
async function expectFetched(
  aeTitle: string,
  study: PhantomStudy,
  how: 'automatic' | 'c-get' | 'c-move',
): Promise<void> {
  const peers = JSON.parse((await radiologist.fetch('/api/v1/peers')).text) as PeerSummary[];
  const peerId = peers.find((peer) => peer.aeTitle === aeTitle)?.peerId ?? '';
  const asked = await radiologist.fetch(
    `/api/v1/peers/${peerId}/queries`,
    jsonBody({ question: { studyUid: study.studyUid } }),
  );
  const found = PeerStudy.array().parse((JSON.parse(asked.text) as { studies: unknown }).studies);
  expect(found).toMatchObject([{ studyUid: study.studyUid, studyId: null }]);
  const started = await radiologist.fetch('/api/v1/retrievals', jsonBody({ peerId, studyUid: study.studyUid, how }));
  const { retrievalId } = RetrievalCard.parse(JSON.parse(started.text));
  const ended = await until(async () => {
    const cards = RetrievalCard.array().parse(JSON.parse((await radiologist.fetch('/api/v1/retrievals')).text));
    return cards.find((card) => card.retrievalId === retrievalId && card.endedAtMs !== null) ?? null;
  });
  expect(ended).toMatchObject({ state: 'done', code: null, completed: study.objects.length, failed: 0 });
  expect(ended.studyId).not.toBeNull();
  // The list follows the archive a moment later.
  const { row } = await until(async () => {
    const detail = await radiologist.study(ended.studyId ?? '');
    return detail.row.images.received < study.objects.length ? null : detail;
  });
  expect({ intent: row.intent, images: row.images.received }).toEqual({
    intent: 'comparison',
    images: study.objects.length,
  });
  const stored: string[] = [];
  for (const object of study.objects) {
    const file = await radiologist.storedFile('demo', object);
    stored.push(file === null ? 'missing' : Buffer.from(dataSetOf(file)).toString('base64'));
  }
  expect(stored.toSorted()).toEqual(sentDataSets(study));
}

test('the study that was sent stands on the worklist', async () => {
  const row = await rowOf(radiologist, here.studyUid, ({ images }) => images.received === here.objects.length);
  expect(row.intent).toBe('new');
});

/** Sends a whole study; throws where any of it was not accepted. */
async function deliver(remote: RemoteAe, study: PhantomStudy): Promise<void> {
  const lost = notAccepted(await sendObjects(remote, study.objects));
  if (lost.length > 0) throw new Error(`not accepted: ${JSON.stringify(lost[0])}`);
}
