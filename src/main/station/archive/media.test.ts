import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../../test/eventually.ts';
import { ZipFile } from 'yazl';
import { encodeInstance } from '../dicom/dataset/write-dataset.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { openZip } from '../platform/zip/read-zip.ts';
import { aZipOf } from '../platform/zip/test-zip.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aSlice } from '../testing/objects.ts';
import { createExportWorker } from './export-worker.ts';
import { LIST_EXPORTS, LIST_RUNNING_EXPORTS, listExports } from './exports.ts';
import { findSendable } from './find-studies.ts';
import { createImportWorker, type ImportSettings } from './import-worker.ts';
import {
  findImport,
  LIST_IMPORTS,
  LIST_RUNNING_IMPORTS,
  listImportedStudies,
  listImportRefusals,
  WAS_BROUGHT,
} from './imports.ts';
import { findPlace, isStillThere } from './media-folders.ts';

let clinic: Clinic;
let drive: string;

beforeEach(() => {
  clinic = openClinic();
  drive = mkdtempSync(path.join(tmpdir(), 'wetread-media-'));
});
afterEach(() => {
  clinic.close();
  rmSync(drive, { recursive: true, force: true });
});

const actor = { kind: 'user', id: 'somebody' } as const;
const file = (n: number) => Buffer.from(encodeInstance(aSlice(n)));

async function beginUpload(settings: ImportSettings = {}, archive = clinic.archive) {
  const { siteId } = clinic.north;
  const worker = createImportWorker(archive, [], clinic.log, settings);
  const begun = await worker.begin({ siteId, actor }, { source: 'upload' });
  if (!begun.ok) throw new Error(begun.error.code);
  const { importId } = begun.value;
  return { worker, siteId, importId, now: () => findImport(clinic.db, siteId, importId) };
}

test('an upload after which nothing comes ends by itself, and what came stays', async () => {
  const { worker, siteId, importId, now } = await beginUpload({ abandonedAfterMs: 60 });
  await worker.upload(siteId, importId, 'one', Readable.from([file(1)]));
  await eventually(() => expect(now()?.state).not.toBe('running'));
  expect(now()).toMatchObject({ state: 'failed', code: 'upload-abandoned', stored: 1 });
});

test('a disk without room ends the import and says so; nothing half is kept', async () => {
  const { worker, siteId, importId, now } = await beginUpload(
    {},
    { ...clinic.archive, fullBytes: Number.MAX_SAFE_INTEGER },
  );
  expect(await worker.upload(siteId, importId, 'one', Readable.from([file(1)]))).toEqual({
    ok: false,
    error: { code: 'no-room' },
  });
  expect(now()).toMatchObject({ state: 'failed', code: 'no-room', stored: 0 });
  expect(readdirSync(path.join(clinic.objectsDir, 'incoming'))).toEqual([]);
});

test('a file whose sender breaks off counts as never come, and may be sent again', async () => {
  const { worker, siteId, importId, now } = await beginUpload();
  async function* broken() {
    yield file(1).subarray(0, 200);
    throw new Error('hung up');
  }
  await expect(worker.upload(siteId, importId, 'one', broken())).rejects.toThrow('the source of a file failed');
  await worker.upload(siteId, importId, 'one', Readable.from([file(1)]));
  worker.finish(siteId, importId);
  expect(now()).toMatchObject({ state: 'done', found: 1, stored: 1, failed: 0 });
});

async function importing(files: number, name = 'CD', archive = clinic.archive) {
  for (let n = 1; n <= files; n += 1) writeFileSync(path.join(drive, `IM${String(n).padStart(3, '0')}`), file(n));
  const { siteId } = clinic.north;
  const open = () => createImportWorker(archive, [{ name, path: drive }], clinic.log);
  const worker = open();
  const begun = await worker.begin({ siteId, actor }, { source: 'folder', folder: name, path: '' });
  if (!begun.ok) throw new Error(begun.error.code);
  const { importId } = begun.value;
  const now = () => findImport(clinic.db, siteId, importId);
  const ended = () => eventually(() => expect(now()?.state).not.toBe('running'));
  return { worker, open, who: { siteId, actor }, importId, now, ended };
}

test('a folder goes on after a restart: every file once, and what the import stored before counts as stored', async () => {
  const { worker, open, now, ended } = await importing(120);
  await eventually(() => expect(clinic.events('instance-received').length).toBeGreaterThan(3));
  await worker.stop();
  const before = clinic.events('instance-received').length;
  expect(now()).toMatchObject({ state: 'running' });
  expect(before).toBeLessThan(120);
  clinic.pass(1000);
  const next = open();
  next.start();
  await ended();
  expect(now()).toMatchObject({ state: 'done', code: null, found: 120, stored: 120, duplicates: 0, resumed: 1 });
  expect(clinic.events('instance-received')).toHaveLength(120);
  expect(listImportedStudies(clinic.db, now()?.importId ?? '')).toMatchObject([{ stored: 120, duplicates: 0 }]);
  expect(clinic.events().filter(({ kind }) => kind.startsWith('import'))).toMatchObject([
    { kind: 'import-started' },
    { kind: 'import-resumed' },
    { kind: 'import-ended' },
  ]);
  await next.stop();
});

test('what was here before the import is found to be, after a restart too', async () => {
  await clinic.send([1, 2].map((n) => aSlice(n)));
  clinic.pass(1000);
  const { worker, open, now, ended } = await importing(10);
  await worker.stop();
  const next = open();
  next.start();
  await ended();
  expect(now()).toMatchObject({ state: 'done', found: 10, stored: 8, duplicates: 2 });
});

test('an import that the station ended with again and again waits for a person, who lets it go on', async () => {
  const { worker, open, who, importId, now, ended } = await importing(10);
  await worker.stop();
  for (let n = 1; n <= 3; n += 1) {
    const next = open();
    next.start();
    await eventually(() => expect(now()?.resumed).toBe(n));
    await next.stop();
    clinic.db.prepare("UPDATE imports SET state = 'running', ended_at_ms = NULL").run();
  }
  const last = open();
  last.start();
  await ended();
  expect(now()).toMatchObject({ state: 'failed', code: 'station-restarted' });
  expect(await last.resume(who, importId)).toMatchObject({ ok: true, value: { state: 'running', resumed: 1 } });
  expect(await last.resume(who, importId)).toEqual({ ok: false, error: { code: 'import-running' } });
  await ended();
  expect(now()).toMatchObject({ state: 'done', found: 10, stored: 10 });
  expect(await last.resume(who, importId)).toEqual({ ok: false, error: { code: 'import-is-whole' } });
});

test('a folder that is gone at the next start fails the import; once it is back the import goes on when asked', async () => {
  const { worker, open, who, importId, now, ended } = await importing(10, 'Drive/D');
  await worker.stop();
  renameSync(drive, `${drive}-away`);
  const next = open();
  next.start();
  await ended();
  expect(now()).toMatchObject({ state: 'failed', code: 'folder-not-readable' });
  expect(await next.resume(who, importId)).toEqual({ ok: false, error: { code: 'path-not-found' } });
  renameSync(`${drive}-away`, drive);
  expect(await next.resume(who, importId)).toMatchObject({ ok: true });
  await ended();
  expect(now()).toMatchObject({ state: 'done', stored: 10 });
});

test('a folder that goes away half-way fails the import; once it is back the import goes on to its end', async () => {
  const { worker, who, importId, now, ended } = await importing(60);
  await eventually(() => expect(clinic.events('instance-received').length).toBeGreaterThan(3));
  renameSync(drive, `${drive}-away`);
  await ended();
  expect(now()).toMatchObject({ state: 'failed', code: 'folder-not-readable', failed: 0 });
  expect(now()?.stored).toBeLessThan(60);
  await eventually(async () =>
    expect(await worker.resume(who, importId)).toEqual({ ok: false, error: { code: 'path-not-found' } }),
  );
  renameSync(`${drive}-away`, drive);
  await eventually(async () => expect(await worker.resume(who, importId)).toMatchObject({ ok: true }));
  await ended();
  expect(now()).toMatchObject({ state: 'done', code: null, found: 60, stored: 60, duplicates: 0, failed: 0 });
});

test('a mount point that a pulled drive left empty is not the drive', async () => {
  const found = await findPlace([{ name: 'CD', path: drive }], 'CD', '');
  if (!found.ok) throw new Error(found.error.code);
  expect(await isStillThere(found.value)).toBe(true);
  expect(await isStillThere({ ...found.value, device: found.value.device + 1 })).toBe(false);
});

test('a single file that cannot be read is named, and the import goes on to its end', async () => {
  const disk = aStuckDisk();
  const { now, importId, ended } = await importing(10, 'CD', disk.archive);
  await eventually(() => expect(disk.waiting()).toBeGreaterThan(0));
  rmSync(path.join(drive, 'IM010'));
  disk.free();
  await ended();
  expect(now()).toMatchObject({ state: 'done', found: 10, stored: 9, failed: 1 });
  expect(listImportRefusals(clinic.db, importId)).toMatchObject([{ name: 'IM010', code: 'file-unreadable' }]);
});

/** An archive that keeps nothing new until its disk is freed. */
function aStuckDisk() {
  const { objects } = clinic.archive;
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  const receive: typeof objects.receive = async (...opening) => {
    waiting += 1;
    await promise;
    return objects.receive(...opening);
  };
  return {
    archive: { ...clinic.archive, objects: { ...objects, receive } },
    waiting: () => waiting,
    free: () => resolve(),
  };
}

test('an import that was cancelled goes on only once what it was still filing is through', async () => {
  const disk = aStuckDisk();
  const { worker, who, importId, now, ended } = await importing(10, 'CD', disk.archive);
  await eventually(() => expect(disk.waiting()).toBeGreaterThan(0));
  expect(worker.cancel(who, importId)).toMatchObject({ ok: true, value: { state: 'cancelled' } });
  expect(worker.cancel(who, importId)).toEqual({ ok: false, error: { code: 'import-has-ended' } });
  expect(await worker.resume(who, importId)).toEqual({ ok: false, error: { code: 'import-running' } });
  disk.free();
  await eventually(async () => expect(await worker.resume(who, importId)).toMatchObject({ ok: true }));
  await ended();
  expect(now()).toMatchObject({ state: 'done', found: 10, stored: 10, duplicates: 0 });
  await worker.stop();
});

test('a stop waits for what a cancelled import is still filing', async () => {
  const disk = aStuckDisk();
  const { worker, who, importId } = await importing(1, 'CD', disk.archive);
  await eventually(() => expect(disk.waiting()).toBe(1));
  let isStopped = false;
  worker.cancel(who, importId);
  const stopped = worker.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  disk.free();
  await stopped;
});

test('an upload cannot go on: what was sent is gone', async () => {
  const { worker, siteId, importId } = await beginUpload();
  worker.cancel({ siteId, actor }, importId);
  expect(await worker.resume({ siteId, actor }, importId)).toEqual({
    ok: false,
    error: { code: 'import-not-a-folder' },
  });
});

test('links and encrypted entries of a ZIP are left alone', async () => {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from('/etc/passwd'), 'link', { mode: 0o120777 });
  zip.addBuffer(file(1), 'plain');
  zip.end();
  const pieces: Buffer[] = [];
  for await (const piece of zip.outputStream) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  const read = async (start: number, length: number) => bytes.subarray(start, start + length);
  const list = async () => {
    const opened = await openZip({ kind: 'bytes', sizeBytes: bytes.length, read });
    return opened.ok ? opened.value.entries.map(({ name, refusal }) => [name, refusal]) : opened.error;
  };
  expect(await list()).toEqual([['plain', null]]);
  // The second entry of the directory says that it is encrypted.
  const directory = bytes.lastIndexOf('PK\x01\x02', bytes.length, 'latin1');
  bytes.writeUInt16LE(bytes.readUInt16LE(directory + 8) | 1, directory + 8);
  expect(await list()).toEqual([['plain', 'zip-entry-encrypted']]);
});

test.each([
  [0, (bytes: Buffer) => bytes],
  [8, (bytes: Buffer) => deflateRawSync(bytes, { level: 0 })],
] as const)(
  'an entry packed by method %i whose bytes are not what they were is named, and nothing of it is kept',
  async (method, pack) => {
    const { worker, siteId, importId, now } = await beginUpload();
    const changed = file(1);
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    const told = { name: 'IM1', method, sizeBytes: changed.length, checksum: crc32(file(1)) };
    await worker.upload(siteId, importId, 'disc.zip', Readable.from([aZipOf({ ...told, packed: pack(changed) })]));
    worker.finish(siteId, importId);
    await eventually(() => expect(now()?.state).toBe('done'));
    expect(now()).toMatchObject({ found: 1, stored: 0, quarantined: 0, failed: 1 });
    expect(listImportRefusals(clinic.db, importId)).toMatchObject([
      { name: 'disc.zip/IM1', code: 'zip-entry-damaged' },
    ]);
    expect(clinic.db.prepare('SELECT 1 FROM objects').all()).toEqual([]);
    expect(readdirSync(path.join(clinic.objectsDir, 'incoming'))).toEqual([]);
  },
);

async function exporting() {
  const studyId = await clinic.send([1, 2, 3].map((n) => aSlice(n)));
  const { siteId } = clinic.north;
  const worker = createExportWorker(clinic.archive, clinic.archive.objects, [{ name: 'CD', path: drive }], clinic.log);
  const paths = findSendable(clinic.db, [siteId], { studyUids: ['1.2.10'] });
  return { worker, siteId, request: { siteId, studyId, form: 'dicomdir', paths, written: [], actor } as const };
}

test('an export that is cancelled leaves nothing in the folder', async () => {
  const { worker, siteId, request } = await exporting();
  const begun = worker.begin(request, 'CD');
  if (!begun.ok) throw new Error(begun.error.code);
  expect(worker.cancel(siteId, begun.value.exportId, actor)).toMatchObject({ ok: true, value: { state: 'cancelled' } });
  await worker.stop();
  expect(readdirSync(drive)).toEqual([]);
});

test('what a restart left half written is taken away, and the export failed', async () => {
  const { worker, siteId, request } = await exporting();
  const begun = worker.begin(request, 'CD');
  if (!begun.ok) throw new Error(begun.error.code);
  const partial = path.join(drive, `${begun.value.name}.partial`);
  await worker.stop();
  mkdirSync(partial);
  clinic.db.prepare("UPDATE exports SET state = 'running', ended_at_ms = NULL, code = NULL").run();
  createExportWorker(clinic.archive, clinic.archive.objects, [{ name: 'CD', path: drive }], clinic.log).start();
  await eventually(() => expect(existsSync(partial)).toBe(false));
  expect(listExports(clinic.db, siteId, 5)).toMatchObject([{ state: 'failed', code: 'station-restarted' }]);
});

test('a folder that is not there any more fails the export, and says so', async () => {
  const { worker, siteId, request } = await exporting();
  rmSync(drive, { recursive: true });
  expect(worker.begin(request, 'CD').ok).toBe(true);
  await eventually(() => expect(listExports(clinic.db, siteId, 1)[0]?.state).not.toBe('running'));
  expect(listExports(clinic.db, siteId, 1)).toMatchObject([{ state: 'failed', code: 'folder-not-writable' }]);
});

test.each([
  ['imports_in_order', LIST_IMPORTS],
  ['imports_running', LIST_RUNNING_IMPORTS],
  ['sqlite_autoindex_instance_versions', WAS_BROUGHT],
  ['exports_in_order', LIST_EXPORTS],
  ['exports_running', LIST_RUNNING_EXPORTS],
])('%s is walked', (index, sql) => {
  const plan = planOf(clinic.db, sql).join('\n');
  expect(plan).toContain(index);
  expect(plan).not.toContain('TEMP B-TREE');
});
