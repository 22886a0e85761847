import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { ZipFile } from 'yazl';
import type { ExportCard, ImportCard, ImportSummary } from '../../../shared/contract/media.ts';
import { createImportWorker } from '../archive/index.ts';
import { readDataset } from '../dicom/dataset/read-dataset.ts';
import { text } from '../dicom/dataset/values.ts';
import { encodeDataset, encodeInstance } from '../dicom/dataset/write-dataset.ts';
import { readDicomdir } from '../dicom/media/read-dicomdir.ts';
import { readPart10Header } from '../dicom/part10.ts';
import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from '../dicom/transfer-syntaxes.ts';
import { writeDicomdir } from '../dicom/media/write-dicomdir.ts';
import { aSlice, CT_CLASS } from '../testing/objects.ts';
import { openWebClinic, type WebClinic } from './dicomweb/test-web-clinic.ts';

let web: WebClinic;
let drive: string;
let technologist: string;

beforeEach(async () => {
  drive = await mkdtemp(path.join(tmpdir(), 'wetread-drive-'));
  web = await openWebClinic([{ name: 'CD', path: drive }]);
  technologist = await web.station.token('technologist');
});
afterEach(async () => {
  await web.close();
  await rm(drive, { recursive: true, force: true });
});

const file = (n: number, changes = {}) => Buffer.from(encodeInstance(aSlice(n, changes)));

async function call<T>(method: string, where: string, body?: unknown): Promise<{ status: number; json: T }> {
  const answer = await web.station.ask(technologist, `/api/v1${where}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: answer.status, json: (await answer.json()) as T };
}

async function begin(from: Record<string, unknown> = { source: 'upload' }): Promise<ImportCard> {
  const { status, json } = await call<ImportCard>('POST', '/imports', { from });
  expect(status).toBe(201);
  return json;
}

async function put(importId: string, name: string, bytes: Uint8Array): Promise<{ status: number; json: unknown }> {
  const answer = await web.station.ask(technologist, `/api/v1/imports/${importId}/files`, {
    method: 'PUT',
    body: Buffer.from(bytes),
    headers: { 'content-type': 'application/octet-stream', 'wetread-file-name': encodeURIComponent(name) },
  });
  return { status: answer.status, json: await answer.json() };
}

async function summary(importId: string): Promise<ImportSummary> {
  for (;;) {
    const { json } = await call<ImportSummary>('GET', `/imports/${importId}`);
    if (json.state !== 'running') return json;
    await pause(20);
  }
}

async function finished(importId: string): Promise<ImportSummary> {
  expect((await call('POST', `/imports/${importId}/ends`)).status).toBe(200);
  return summary(importId);
}

async function zipOf(members: Readonly<Record<string, Buffer>>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, bytes] of Object.entries(members)) zip.addBuffer(bytes, name);
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true });
  const found = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    const pieces: Buffer[] = [];
    for await (const piece of await zip.openReadStreamPromise(entry)) pieces.push(piece as Buffer);
    found.set(entry.fileName, Buffer.concat(pieces));
  }
  return found;
}

const countsOf = ({ counts }: ImportCard) => counts;
const NONE = { found: 0, stored: 0, duplicates: 0, quarantined: 0, notDicom: 0, failed: 0 };

describe('files sent by a browser', () => {
  test('are stored for comparison under the patient they state, counted study by study, and recorded', async () => {
    const { importId } = await begin();
    expect(await put(importId, 'a/1.dcm', file(1))).toEqual({ status: 200, json: { state: 'stored' } });
    expect((await put(importId, 'a/2', Buffer.from(encodeDataset(aSlice(2))))).json).toEqual({ state: 'stored' });
    const implicit = Buffer.from(encodeDataset(aSlice(3), IMPLICIT_LITTLE_ENDIAN));
    expect((await put(importId, 'a/3', implicit)).json).toEqual({ state: 'stored' });
    expect((await put(importId, 'a/again.dcm', file(1))).json).toEqual({ state: 'duplicate' });
    expect((await put(importId, 'viewer.exe', Buffer.from('MZ and so on'))).json).toEqual({ state: 'refused' });
    const ended = await finished(importId);
    expect(ended).toMatchObject({
      state: 'done',
      code: null,
      source: 'upload',
      counts: { ...NONE, found: 5, stored: 3, duplicates: 1, notDicom: 1 },
      taken: [
        { studyUid: '1.2.10', stored: 3, duplicates: 1, quarantined: 0, study: { patientName: 'Doe^Jane', images: 3 } },
      ],
      refused: [{ name: 'viewer.exe', code: 'not-dicom' }],
    });
    const kinds = web.clinic.events().map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind.startsWith('import'))).toEqual(['import-started', 'import-ended']);
    const received = web.clinic.events('instance-received')[0]?.payload;
    expect(received).toMatchObject({ intent: 'comparison' });
    expect(web.station.logged()).not.toContain('Doe');
    expect((await put(importId, 'late.dcm', file(9))).status).toBe(409);
  });

  test('are told apart: broken ones set aside with their reason, unknown classes and syntaxes refused', async () => {
    const { importId } = await begin();
    const cut = file(1).subarray(0, 700);
    expect((await put(importId, 'cut.dcm', cut)).json).toEqual({ state: 'quarantined' });
    const odd = file(2, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.66' });
    expect((await put(importId, 'raw.dcm', odd)).json).toEqual({ state: 'refused' });
    const video = Buffer.from(encodeInstance(aSlice(3), { transferSyntaxUid: '1.2.840.10008.1.2.4.102' }));
    expect((await put(importId, 'video.dcm', video)).json).toEqual({ state: 'refused' });
    const ended = await finished(importId);
    expect(ended.counts).toEqual({ ...NONE, found: 3, quarantined: 1, failed: 2 });
    expect(ended.refused).toEqual([
      { name: 'cut.dcm', code: 'unreadable' },
      { name: 'raw.dcm', code: 'sop-class-not-supported' },
      { name: 'video.dcm', code: 'transfer-syntax-not-supported' },
    ]);
  });

  test('need the permission, a name and an import of the site', async () => {
    const { importId } = await begin();
    const administrator = await web.station.token('administrator');
    const send = (token: string, headers: Readonly<Record<string, string>>, id = importId) =>
      web.station.ask(token, `/api/v1/imports/${id}/files`, { method: 'PUT', body: file(1), headers });
    const type = { 'content-type': 'application/octet-stream' };
    expect((await send(administrator, { ...type, 'wetread-file-name': 'a' })).status).toBe(403);
    expect((await send(technologist, type)).status).toBe(400);
    expect((await send(technologist, { ...type, 'wetread-file-name': '%' })).status).toBe(400);
    expect((await send(technologist, { ...type, 'wetread-file-name': 'a' }, 'nobody')).status).toBe(404);
    expect((await call('POST', '/imports/nobody/ends')).status).toBe(404);
  });

  test('an upload that is cancelled takes nothing more and keeps what is stored', async () => {
    const { importId } = await begin();
    await put(importId, '1', file(1));
    expect((await call<ImportCard>('DELETE', `/imports/${importId}`)).json.state).toBe('cancelled');
    expect((await put(importId, '2', file(2))).status).toBe(409);
    expect(await summary(importId)).toMatchObject({ state: 'cancelled', counts: { stored: 1 } });
    expect((await call('DELETE', `/imports/${importId}`)).status).toBe(409);
  });

  test('a restart fails what ran; sent again, what is stored is found to be here', async () => {
    const { importId } = await begin();
    await put(importId, '1', file(1));
    createImportWorker(web.clinic.archive, [], web.clinic.log).start();
    expect((await call<ImportSummary>('GET', `/imports/${importId}`)).json).toMatchObject({
      state: 'failed',
      code: 'station-restarted',
    });
    const again = await begin();
    await put(again.importId, '1', file(1));
    expect(countsOf(await finished(again.importId))).toEqual({ ...NONE, found: 1, duplicates: 1 });
  });
});

describe('a ZIP', () => {
  test('is looked into: objects stored, its directory held against what came, everything else named', async () => {
    const { importId } = await begin();
    const inner = await zipOf({ '1': file(1) });
    const zip = await zipOf({
      'cd/IM1': file(1),
      'cd/IM2': file(2),
      'cd/README.TXT': Buffer.from('hello'),
      'cd/more.zip': inner,
    });
    expect((await put(importId, 'cd.zip', zip)).json).toEqual({ state: 'zip' });
    const ended = await finished(importId);
    expect(ended.counts).toEqual({ ...NONE, found: 4, stored: 2, notDicom: 1, failed: 1 });
    expect(ended.refused.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: 'cd.zip/cd/more.zip', code: 'zip-within-zip' },
      { name: 'cd.zip/cd/README.TXT', code: 'not-dicom' },
    ]);
  });

  test('that is broken, leads out of itself or is damaged within costs only what is bad', async () => {
    const { importId } = await begin();
    const good = await zipOf({ 'ok.dcm': file(1), 'aa/bb/evil.dcm': file(2), 'bad.dcm': file(3) });
    await put(importId, 'cut.zip', good.subarray(0, good.length - 40));
    // The same length, so that nothing else of the ZIP changes.
    const evil = Buffer.from(good.toString('latin1').replaceAll('aa/bb/evil.dcm', '../../evil.dcm'), 'latin1');
    const at = evil.lastIndexOf('bad.dcm', evil.indexOf('PK\x01\x02', 0, 'latin1')) + 60;
    evil.writeUInt8(evil.readUInt8(at) ^ 0x55, at);
    await put(importId, 'evil.zip', evil);
    const ended = await finished(importId);
    expect(ended.refused.toSorted((one, other) => one.name.localeCompare(other.name))).toEqual([
      { name: 'cut.zip', code: 'zip-unreadable' },
      { name: 'evil.zip/../../evil.dcm', code: 'zip-name-unsafe' },
      { name: 'evil.zip/bad.dcm', code: 'zip-entry-damaged' },
    ]);
    expect(ended.counts).toEqual({ ...NONE, found: 4, stored: 1, failed: 3 });
  });

  test('that would unpack to far more than it is long is refused before anything is unpacked', async () => {
    const worker = createImportWorker(web.clinic.archive, [], web.clinic.log, {
      zipLimits: { entries: 3, totalBytes: 10 * 2 ** 20, ratio: 50, ratioFromBytes: 2 ** 20 },
    });
    const who = { siteId: web.clinic.north.siteId, actor: { kind: 'user', id: 'someone' } } as const;
    const begun = await worker.begin(who, { source: 'upload' });
    if (!begun.ok) throw new Error(begun.error.code);
    const { importId } = begun.value;
    const bombs = {
      'bomb.zip': await zipOf({ zeros: Buffer.alloc(4 * 2 ** 20) }),
      'large.zip': await zipOf({ large: Buffer.alloc(11 * 2 ** 20) }),
      'many.zip': await zipOf({ a: file(1), b: file(2), c: file(3), d: file(4) }),
      'fair.zip': await zipOf({ a: file(5) }),
    };
    for (const [name, bytes] of Object.entries(bombs))
      await worker.upload(who.siteId, importId, name, Readable.from([bytes]));
    worker.finish(who.siteId, importId);
    const ended = await summary(importId);
    expect(ended.refused).toEqual([
      { name: 'bomb.zip', code: 'zip-too-large' },
      { name: 'large.zip', code: 'zip-too-large' },
      { name: 'many.zip', code: 'zip-too-many-entries' },
    ]);
    expect(ended.counts.stored).toBe(1);
  });
});

describe('a folder of the station', () => {
  test('is walked: 300 files, and no link leads out of it', async () => {
    await mkdir(path.join(drive, 'DICOM', 'S1'), { recursive: true });
    for (let n = 1; n <= 300; n += 1) await writeFile(path.join(drive, 'DICOM', 'S1', `IM${n}`), file(n));
    await symlink('/etc/passwd', path.join(drive, 'DICOM', 'passwd'));
    await symlink('/etc', path.join(drive, 'etc'));
    const { json } = await call<{ entries: unknown; files: number }>('GET', '/import-folders?folder=CD');
    expect(json).toEqual({ entries: [{ name: 'DICOM', kind: 'folder' }], files: 0 });
    const { importId } = await begin({ source: 'folder', folder: 'CD', path: '' });
    const ended = await summary(importId);
    expect(ended).toMatchObject({ state: 'done', place: 'CD', counts: { ...NONE, found: 300, stored: 300 } });
  });

  test.each(['../', '..', 'etc', '/etc', 'etc/ssl', 'nothing'])('%s leads nowhere', async (where) => {
    await symlink('/etc', path.join(drive, 'etc'));
    const folder = await call('POST', '/imports', { from: { source: 'folder', folder: 'CD', path: where } });
    expect(folder.status).toBe(404);
    expect((await call('GET', `/import-folders?folder=CD&path=${encodeURIComponent(where)}`)).status).toBe(404);
  });

  test('tells what its directory lists and nobody finds', async () => {
    await mkdir(path.join(drive, 'SUB'));
    const listed = [1, 2].map((n) => {
      const read = readDataset(encodeDataset(aSlice(n)), EXPLICIT_LITTLE_ENDIAN);
      if (!read.ok) throw new Error(read.error.code);
      const sopInstanceUid = `1.2.10.1.${n}`;
      const what = { sopClassUid: CT_CLASS, sopInstanceUid, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN };
      return { ...what, fileId: ['IMAGES', `IM${n}`], dataset: read.value };
    });
    await writeFile(path.join(drive, 'SUB', 'dicomdir'), writeDicomdir(listed, { id: 'CD', uid: '2.25.7' }));
    await mkdir(path.join(drive, 'SUB', 'images'));
    await writeFile(path.join(drive, 'SUB', 'images', 'im1'), file(1));
    const { importId } = await begin({ source: 'folder', folder: 'CD', path: 'SUB' });
    const ended = await summary(importId);
    expect(ended).toMatchObject({ place: 'CD/SUB', counts: { ...NONE, found: 2, stored: 1, failed: 1 } });
    expect(ended.refused).toEqual([{ name: 'IMAGES/IM2', code: 'missing-on-media' }]);
  });
});

describe('an export', () => {
  const sendStudy = async () => {
    const studyId = await web.clinic.send([1, 2, 3].map((n) => aSlice(n)));
    await web.clinic.send([aSlice(4, { SeriesInstanceUID: '1.2.10.2', SeriesNumber: 2 })]);
    return studyId;
  };
  const download = (studyId: string, query: string, token = technologist) =>
    web.station.ask(token, `/api/v1/studies/${studyId}/export?${query}`);

  test('gives the stored bytes in a ZIP under the same names every time, and says who took them', async () => {
    const studyId = await sendStudy();
    const answer = await download(studyId, 'form=files');
    expect(answer.headers.get('content-disposition')).not.toContain('Doe');
    const found = await unzip(Buffer.from(await answer.arrayBuffer()));
    expect([...found.keys()]).toEqual([
      'DICOM/ST000001/SE000001/IM000001.dcm',
      'DICOM/ST000001/SE000001/IM000002.dcm',
      'DICOM/ST000001/SE000001/IM000003.dcm',
      'DICOM/ST000001/SE000002/IM000001.dcm',
      'README.TXT',
    ]);
    const first = found.get('DICOM/ST000001/SE000001/IM000001.dcm') ?? Buffer.alloc(0);
    const header = readPart10Header(first);
    expect(header.ok && first.subarray(header.value.dataSetOffset)).toEqual(Buffer.from(encodeDataset(aSlice(1))));
    expect(web.clinic.events('study-exported').map(({ studyId: of, payload }) => [of, payload])).toEqual([
      [studyId, { form: 'files', to: 'download', objects: 4, missing: 0 }],
    ]);
  });

  test('is a file-set whose directory lists every file, of the series that were chosen', async () => {
    const studyId = await sendStudy();
    const answer = await download(studyId, 'form=dicomdir&series=1.2.10.2');
    const found = await unzip(Buffer.from(await answer.arrayBuffer()));
    expect([...found.keys()]).toEqual(['DICOM/ST000001/SE000001/IM000001', 'DICOMDIR', 'README.TXT']);
    const listed = await readDicomdir(found.get('DICOMDIR') ?? Buffer.alloc(0));
    expect(listed.ok && listed.value.map(({ fileId }) => fileId.join('/'))).toEqual([
      'DICOM/ST000001/SE000001/IM000001',
    ]);
  });

  test('takes along what readers marked: a document of each, of the images that leave, listed with them', async () => {
    const studyId = await sendStudy();
    const radiologist = await web.station.token('radiologist');
    const { json: identity } = await call<{ patient: { patientId: string; identityVersion: number } }>(
      'GET',
      `/studies/${studyId}/identity`,
    );
    const { patientId, identityVersion } = identity.patient;
    const set = async (sopUid: string, isKey: boolean, seen = identityVersion) => {
      const answer = await web.station.ask(radiologist, `/api/v1/studies/${studyId}/key-images`, {
        method: 'PUT',
        body: JSON.stringify({ patientId, identityVersion: seen, sopUid, frameNumber: 1, isKey }),
        headers: { 'content-type': 'application/json' },
      });
      return [answer.status, await answer.json()] as const;
    };
    expect((await set('1.2.10.2.4', true))[0]).toBe(200);
    const [, { marks }] = await set('1.2.10.1.2', true);
    expect(marks).toMatchObject([
      { sopUid: '1.2.10.1.2', seriesUid: '1.2.10.1', markedBy: { name: 'radiologist' }, setAside: null },
      { sopUid: '1.2.10.2.4', seriesUid: '1.2.10.2', setAside: null },
    ]);
    expect(await set('1.2.10.1.1', true, identityVersion + 1)).toEqual([
      409,
      expect.objectContaining({ data: { code: 'identity-changed' } }),
    ]);
    const exported = async (query: string) => unzip(Buffer.from(await (await download(studyId, query)).arrayBuffer()));
    const whole = await exported('form=dicomdir');
    const listed = await readDicomdir(whole.get('DICOMDIR') ?? Buffer.alloc(0));
    expect(listed.ok && listed.value.map(({ fileId }) => fileId.join('/')).at(-1)).toBe(
      'DICOM/ST000001/SE000003/IM000001',
    );
    expect(whole.get('README.TXT')?.toString()).toContain('marked as key');
    const namesIn = (files: Map<string, Buffer>) => {
      const last = [...files].findLast(([name]) => name.startsWith('DICOM/'))?.[1];
      return ['1.2.10.1.2', '1.2.10.2.4'].map((sopUid) => last?.includes(sopUid));
    };
    expect(namesIn(whole)).toEqual([true, true]);
    expect(namesIn(await exported('form=files&series=1.2.10.1'))).toEqual([true, false]);
    await set('1.2.10.1.2', false);
    await set('1.2.10.2.4', false);
    expect((await exported('form=files')).get('README.TXT')?.toString()).not.toContain('marked as key');
    expect(web.clinic.events('study-exported').at(0)?.payload).toMatchObject({ objects: 5 });
  });

  test.each([
    ['listed', 'series=1.2.10.1,1.2.10.2', 4],
    ['repeated', 'series=1.2.10.1&series=1.2.10.2', 4],
    ['listed and repeated', 'series=1.2.10.2,1.2.10.9&series=1.2.10.2', 1],
  ])('takes several series %s', async (_how, query, objects) => {
    const answer = await download(await sendStudy(), query);
    expect(answer.status).toBe(200);
    const found = await unzip(Buffer.from(await answer.arrayBuffer()));
    expect([...found.keys()].filter((name) => name.startsWith('DICOM/'))).toHaveLength(objects);
  });

  test('takes one form only', async () => {
    const answer = await download(await sendStudy(), 'form=files&form=dicomdir');
    expect([answer.status, await answer.json()]).toEqual([400, { code: 'request-malformed' }]);
  });

  test('names what it has not got', async () => {
    const studyId = await sendStudy();
    const { objectsDir } = web.clinic;
    const victim = (await readdir(objectsDir, { recursive: true, withFileTypes: true })).find((one) => one.isFile());
    if (victim === undefined) throw new Error('nothing is stored');
    await rm(path.join(victim.parentPath, victim.name));
    const found = await unzip(Buffer.from(await (await download(studyId, 'form=dicomdir')).arrayBuffer()));
    expect([...found.keys()].filter((name) => name.startsWith('DICOM/'))).toHaveLength(3);
    expect(found.get('MISSING.TXT')?.toString()).toMatch(/^1 of 4 objects.*\r\n\r\n1\.2\.10\.[12]\.[1-4]\tdamaged\t/);
  });

  test('states the patient and study that people gave the study, with pixels untouched', async () => {
    const studyId = await sendStudy();
    const identity = await call<{ patient: { identityVersion: number } }>('GET', `/studies/${studyId}/identity`);
    const to = { name: 'Other^Olga', number: '99', issuer: '', birthDateRaw: '19700101', sex: 'F' };
    const seen = { identityVersion: identity.json.patient.identityVersion, reason: 'wrong-patient-selected' };
    expect((await call('POST', `/studies/${studyId}/moves`, { ...seen, to })).status).toBe(200);
    const found = await unzip(Buffer.from(await (await download(studyId, 'form=dicomdir')).arrayBuffer()));
    const bytes = found.get('DICOM/ST000001/SE000001/IM000001') ?? Buffer.alloc(0);
    const header = readPart10Header(bytes);
    if (!header.ok) throw new Error(header.error.code);
    const read = readDataset(bytes.subarray(header.value.dataSetOffset), EXPLICIT_LITTLE_ENDIAN, {});
    if (!read.ok) throw new Error(read.error.code);
    expect(['PatientName', 'PatientID', 'StudyInstanceUID'].map((keyword) => text(read.value, keyword))).toEqual([
      'Other^Olga',
      '99',
      '1.2.10',
    ]);
    expect(bytes.subarray(-32)).toEqual(Buffer.from(new Uint16Array(16).fill(1).buffer));
    expect([...found.values()].some((one) => one.includes('Doe^Jane'))).toBe(false);
  });

  test('into a folder is written whole under a fresh name, and can be brought in again elsewhere', async () => {
    const studyId = await sendStudy();
    const started = await call<ExportCard>('POST', `/studies/${studyId}/exports`, { folder: 'CD' });
    expect(started.status).toBe(201);
    const { exportId, name } = started.json;
    for (;;) {
      const { json } = await call<{ exports: ExportCard[] }>('GET', '/exports');
      if (json.exports[0]?.state !== 'running') {
        expect(json.exports[0]).toMatchObject({
          exportId,
          state: 'done',
          code: null,
          written: 4,
          missing: 0,
          total: 4,
        });
        break;
      }
      await pause(20);
    }
    expect((await readdir(path.join(drive, name))).toSorted()).toEqual(['DICOM', 'DICOMDIR', 'README.TXT']);
    expect((await readdir(drive)).filter((one) => one.includes('partial'))).toEqual([]);
    const { importId } = await begin({ source: 'folder', folder: 'CD', path: name });
    await rm(path.join(drive, name, 'DICOM', 'ST000001', 'SE000002', 'IM000001'), { force: true });
    const ended = await summary(importId);
    expect(ended.counts.duplicates).toBeGreaterThanOrEqual(3);
  });

  test('of a study elsewhere, of nothing, or by nobody who may is refused', async () => {
    const studyId = await sendStudy();
    expect((await download(studyId, 'form=tape')).status).toBe(400);
    expect((await download(studyId, 'series=9.9')).status).toBe(409);
    expect((await download(studyId, 'form=files', await web.station.token('administrator'))).status).toBe(403);
    const theirs = await web.clinic.send([aSlice(1, { StudyInstanceUID: '1.2.99', PatientID: '9' })], 'SOUTH');
    expect((await download(theirs, 'form=files')).status).toBe(404);
    expect((await call('POST', `/studies/${studyId}/exports`, { folder: 'NO' })).status).toBe(404);
  });
});
