import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDataset } from '../../src/main/station/dicom/dataset/read-dataset.ts';
import { items, text } from '../../src/main/station/dicom/dataset/values.ts';
import { encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { instanceFromBytes, sendInstances } from '../../src/main/station/dicom/scu.ts';
import { type Asker, jsonBody, rowOf, signIn } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { notAccepted, type PhantomStudy, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const hasDcmtk = havePeers('getscu', 'dcmdump');
const hasDciodvfy = havePeers('dciodvfy');
let station: RunningStation;
let technologist: Asker;
let sent: PhantomStudy;

beforeAll(async () => {
  const peer = (aeTitle: string) => ({ aeTitle, address: '127.0.0.1', services: ['store', 'query', 'retrieve'] });
  station = await startStation({
    demo: true,
    config: {
      dicom: { host: '127.0.0.1', peers: ['MODALITY1', 'GETSCU'].map(peer) },
      completeness: { quietMs: { CT: 1000 }, quietOtherMs: 1000, settleMs: 0 },
      disk: { lowBytes: 2, fullBytes: 1 },
      inference: { shippedModels: [] },
    },
  });
  technologist = await signIn(station, 'technologist', 'demo');
  sent = phantomStudy({ seed: 71, matrix: 64, slices: 3 });
  const lost = notAccepted(await sendObjects(remoteOf(station), sent.objects));
  if (lost.length > 0) throw new Error('the study was not taken');
});
afterAll(async () => {
  await station.stop();
  await endEverything();
});

/** What getscu gets of a study, by SOP Instance UID. */
async function get(
  studyUid: string,
): Promise<{ readonly folder: string; readonly files: ReadonlyMap<string, Buffer> }> {
  const folder = temporaryFolder();
  mkdirSync(path.join(folder, 'out'));
  const out = path.join(folder, 'out');
  const keys = ['-k', 'QueryRetrieveLevel=STUDY', '-k', `StudyInstanceUID=${studyUid}`];
  const us = ['-aec', 'WETREAD', '127.0.0.1', String(station.dicom.port)];
  expect(await runPeer('getscu', ['-S', '+B', '-od', out, ...keys, ...us])).toMatchObject({ exitCode: 0 });
  const files = readdirSync(out).map((name) => readFileSync(path.join(out, name)));
  return { folder: out, files: new Map(files.map((file) => [text(dataSetIn(file), 'SOPInstanceUID') ?? '', file])) };
}

function dataSetIn(file: Uint8Array) {
  const header = readPart10Header(file);
  const read = header.ok ? readDataset(bodyOf(file), header.value.transferSyntaxUid) : header;
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}

function bodyOf(file: Uint8Array): Buffer {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(header.error.code);
  return Buffer.from(file.subarray(header.value.dataSetOffset));
}

async function move(studyUid: string, name: string): Promise<void> {
  const { studyId } = await rowOf(technologist, studyUid, ({ images }) => images.completeness !== 'receiving');
  const identity = await technologist.fetch(`/api/v1/studies/${studyId}/identity`);
  const { patient } = JSON.parse(identity.text) as { patient: { identityVersion: number } };
  const to = { name, number: `N-${name.length}`, issuer: 'NORTH', birthDateRaw: '19500505', sex: 'M' };
  const seen = { identityVersion: patient.identityVersion, reason: 'wrong-patient-selected', to };
  const moved = await technologist.fetch(`/api/v1/studies/${studyId}/moves`, jsonBody(seen));
  expect([moved.status, moved.text.slice(0, 200)]).toEqual([200, expect.any(String)]);
}

describe.skipIf(!hasDcmtk)('a study that a person moved', () => {
  test('leaves by C-GET and by WADO-RS under the new patient, its pixels as they were, and undone as it was received', async () => {
    const { studyUid, objects } = sent;
    const before = await get(studyUid);
    const [object] = objects;
    if (object === undefined) throw new Error('no phantom');
    const url = `/dicomweb/demo/studies/${studyUid}/series/${object.seriesUid}/instances/${object.sopUid}`;
    const accept = { headers: { accept: 'application/dicom; transfer-syntax=*' } };
    const wado = async () => technologist.fetch(url, accept);
    const stored = await wado();
    await move(studyUid, 'Yamada^Tarou=山田^太郎');

    const after = await get(studyUid);
    expect(after.files.size).toBe(objects.length);
    for (const [sopUid, file] of after.files) {
      const dataset = dataSetIn(file);
      expect([text(dataset, 'PatientName'), text(dataset, 'PatientID'), text(dataset, 'StudyInstanceUID')]).toEqual([
        'Yamada^Tarou=山田^太郎',
        'N-18',
        studyUid,
      ]);
      const old = dataSetIn(before.files.get(sopUid) ?? Buffer.alloc(0));
      expect(dataset.elements.get(0x7fe00010)?.bytes).toEqual(old.elements.get(0x7fe00010)?.bytes);
      const [original] = items(dataset, 'OriginalAttributesSequence');
      const [was] = original ? items(original, 'ModifiedAttributesSequence') : [];
      expect(was && text(was, 'PatientID')).toBe(text(old, 'PatientID'));
    }
    for (const name of readdirSync(after.folder)) {
      const dumped = await runPeer('dcmdump', [
        '-q',
        '+P',
        'PatientID',
        '+P',
        'PatientName',
        path.join(after.folder, name),
      ]);
      expect(dumped).toMatchObject({ exitCode: 0, output: expect.stringContaining('[N-18]') });
    }
    const web = await wado();
    expect(text(dataSetIn(web.bytes), 'PatientID')).toBe('N-18');
    expect(web.headers.get('etag')).not.toBe(stored.headers.get('etag'));
    expect(Number(web.headers.get('content-length'))).toBe(web.bytes.length);
    if (hasDciodvfy)
      for (const name of readdirSync(after.folder))
        expect(await newErrors(path.join(after.folder, name), before.folder)).toEqual([]);

    const corrections = await technologist.fetch('/api/v1/corrections');
    const { changeId } = (JSON.parse(corrections.text) as { corrections: { changeId: string }[] }).corrections[0] ?? {};
    const undone = await technologist.fetch(`/api/v1/corrections/${changeId}/undo`, jsonBody({}));
    expect(undone.status).toBe(200);
    const again = await get(studyUid);
    for (const [sopUid, file] of again.files)
      expect(bodyOf(file).equals(bodyOf(before.files.get(sopUid) ?? Buffer.alloc(0)))).toBe(true);
    expect(Buffer.from((await wado()).bytes).equals(stored.bytes)).toBe(true);
  });

  test('in a character set of one byte keeps it where it has the new name', async () => {
    const record = {
      ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.7', SOPInstanceUID: '1.2.826.0.1.3680043.10.77.1.1' },
      ...{ StudyInstanceUID: '1.2.826.0.1.3680043.10.77', SeriesInstanceUID: '1.2.826.0.1.3680043.10.77.1' },
      ...{ SpecificCharacterSet: 'ISO_IR 100', StudyDescription: 'Schädel', Modality: 'CT' },
      ...{ PatientName: 'Doe^Jane', PatientID: '4711', PatientBirthDate: '19600102', PatientSex: 'F' },
    };
    const file = instanceFromBytes(encodeInstance(record));
    if (!file.ok) throw new Error(file.error.code);
    expect(notAccepted(await sendInstances(remoteOf(station), [file.value]))).toEqual([]);
    await move(record.StudyInstanceUID, 'Müller^Jörg');
    const { files } = await get(record.StudyInstanceUID);
    const [got] = [...files.values()].map(dataSetIn);
    expect(
      got && ['SpecificCharacterSet', 'PatientName', 'StudyDescription'].map((keyword) => text(got, keyword)),
    ).toEqual(['ISO_IR 100', 'Müller^Jörg', 'Schädel']);
  });
});

/** What dciodvfy calls an error in a copy and does not in what was received. */
async function newErrors(file: string, receivedFolder: string): Promise<readonly string[]> {
  const errorsOf = async (one: string) =>
    (await runPeer('dciodvfy', [one])).output.split('\n').filter((line) => line.startsWith('Error'));
  const received = new Set(
    (await Promise.all(readdirSync(receivedFolder).map((name) => errorsOf(path.join(receivedFolder, name))))).flat(),
  );
  return (await errorsOf(file)).filter((line) => !received.has(line));
}
