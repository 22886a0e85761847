import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExportCard, ImportSummary } from '../../src/shared/contract/media.ts';
import type { StudyFace } from '../../src/shared/contract/quarantine.ts';
import { readDicomdir } from '../../src/main/station/dicom/media/read-dicomdir.ts';
import { quietHead } from '../e2e/support/arrivals.ts';
import { type Asker, jsonBody, signIn } from '../system/support/ask-station.ts';
import {
  endEverything,
  type RunningStation,
  startStation,
  TEST_CONFIG,
  temporaryFolder,
} from '../system/support/start-station.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const VARIETY = path.resolve('../shared/data/dicom-variety');
const MEDIA = ['pydicom/test_files/dicomdirtests', 'pydicom/test_files/dicomdirtests/TINY_ALPHA', 'dcm4che'];
const drive = temporaryFolder();
/** A directory as we wrote it, before anybody appended to it. */
const ours = path.join(drive, 'ours');
const keys = path.join(drive, 'keys');
let station: RunningStation;
let who: Asker;

beforeAll(async () => {
  const folders = [{ name: 'CD', path: drive }];
  station = await startStation({ demo: true, config: { ...TEST_CONFIG, import: { folders }, export: { folders } } });
  who = await signIn(station, 'technologist', 'demo');
});
afterAll(endEverything);

async function importFrom(where: string): Promise<ImportSummary> {
  const { headers, body } = jsonBody({ from: { source: 'folder', folder: 'CD', path: where } });
  const begun = await who.fetch('/api/v1/imports', { method: 'POST', headers, body });
  expect(begun.status).toBe(201);
  const { importId } = JSON.parse(begun.text) as { importId: string };
  for (;;) {
    const summary = JSON.parse((await who.fetch(`/api/v1/imports/${importId}`)).text) as ImportSummary;
    if (summary.state !== 'running') return summary;
    await pause(100);
  }
}

async function exportTo(studyId: string): Promise<string> {
  const { headers, body } = jsonBody({ folder: 'CD' });
  const begun = await who.fetch(`/api/v1/studies/${studyId}/exports`, { method: 'POST', headers, body });
  expect(begun.status).toBe(201);
  const { exportId, name } = JSON.parse(begun.text) as ExportCard;
  for (;;) {
    const { exports } = JSON.parse((await who.fetch('/api/v1/exports')).text) as { exports: ExportCard[] };
    const one = exports.find((card) => card.exportId === exportId);
    if (one?.state === 'done') return path.join(drive, name);
    if (one?.state !== 'running') throw new Error(`the export ended ${one?.state} ${one?.code}`);
    await pause(100);
  }
}

/** Marks an image as key, as a radiologist does. */
async function markKey({ studyId, patientId }: StudyFace, sopUid: string): Promise<void> {
  const radiologist = await signIn(station, 'radiologist', 'demo');
  const { identityVersion } = await radiologist.study(studyId);
  const { headers, body } = jsonBody({ patientId, identityVersion, sopUid, frameNumber: 1, isKey: true });
  const marked = await radiologist.fetch(`/api/v1/studies/${studyId}/key-images`, { method: 'PUT', headers, body });
  expect(marked.status).toBe(200);
}

describe.skipIf(!havePeers('dcmmkdir', 'dcmdump'))('media and DCMTK', () => {
  test('a file-set whose directory dcmmkdir made is brought in, one file of it missing', async () => {
    const disc = path.join(drive, 'DISC');
    mkdirSync(path.join(disc, 'IMAGES'), { recursive: true });
    const { objects } = quietHead(5);
    for (const [index, { file }] of objects.entries()) writeFileSync(path.join(disc, 'IMAGES', `IM${index}`), file);
    const made = await runPeer('dcmmkdir', ['+r', '+D', path.join(disc, 'DICOMDIR'), '+id', disc, '-Pgp', 'IMAGES']);
    expect(made).toMatchObject({ exitCode: 0 });
    await rename(path.join(disc, 'IMAGES', 'IM0'), path.join(drive, 'taken-away'));
    const ended = await importFrom('DISC');
    expect(ended.counts).toMatchObject({ found: objects.length, stored: objects.length - 1, failed: 1 });
    expect(ended.refused).toEqual([{ name: 'IMAGES/IM0', code: 'missing-on-media' }]);
  });

  test('our directory is read by dcmdump, listed by it file by file, and appended to by dcmmkdir as one of its own', async () => {
    mkdirSync(path.join(drive, 'MORE'));
    const { objects } = quietHead(6);
    for (const [index, { file }] of objects.entries()) writeFileSync(path.join(drive, 'MORE', `IM${index}`), file);
    const ended = await importFrom('MORE');
    const study = ended.taken[0]?.study;
    if (study === undefined || study === null) throw new Error('nothing was taken');
    const { studyId } = study;
    await markKey(study, objects[2]?.sopUid ?? '');
    const made = await exportTo(studyId);
    const dump = await runPeer('dcmdump', [
      '-q',
      '+P',
      'ReferencedFileID',
      '+P',
      'DirectoryRecordType',
      path.join(made, 'DICOMDIR'),
    ]);
    expect(dump.exitCode).toBe(0);
    const listed = [...dump.output.matchAll(/\[(DICOM\\[^\]]+)\]/g)].map(([, id]) => id?.replaceAll('\\', '/'));
    // And the document of what a reader marked.
    expect(listed).toHaveLength(objects.length + 1);
    cpSync(path.join(made, listed.at(-1) ?? ''), keys);
    expect(listed.filter((file) => !existsSync(path.join(made, file ?? '')))).toEqual([]);
    cpSync(path.join(made, 'DICOMDIR'), ours);
    // Appending reads every record by its offsets, and holds the file-set's consistency.
    const added = path.join(made, 'DICOM', 'ADDED');
    const other = quietHead(7).objects[0];
    if (other === undefined) throw new Error('no object');
    writeFileSync(added, other.file);
    const appended = await runPeer('dcmmkdir', [
      '+A',
      '-nb',
      '+D',
      path.join(made, 'DICOMDIR'),
      '+id',
      made,
      '-Pgp',
      'DICOM/ADDED',
    ]);
    expect(appended).toMatchObject({ exitCode: 0 });
    const again = await readDicomdir(await readFile(path.join(made, 'DICOMDIR')));
    expect(again.ok && again.value.length).toBe(objects.length + 2);
  });

  test.skipIf(!havePeers('dciodvfy'))('dciodvfy finds no error in our directory', async () => {
    const { output } = await runPeer('dciodvfy', [ours]);
    expect(output).toContain('BasicDirectory');
    expect(output.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
  });

  test.skipIf(!havePeers('dciodvfy', 'dsrdump'))(
    'dciodvfy finds no error in a document of key images, and dsrdump reads it',
    async () => {
      const { output } = await runPeer('dciodvfy', [keys]);
      expect(output).toContain('KeyObjectSelectionDocument');
      expect(output.split('\n').filter((line) => line.startsWith('Error'))).toEqual([]);
      const dump = await runPeer('dsrdump', [keys]);
      expect(dump.exitCode).toBe(0);
      expect(dump.output).toContain('Of Interest');
    },
  );
});

describe.skipIf(!existsSync(VARIETY))('media of others', () => {
  test.each(MEDIA)('%s: every file its directory lists is taken, or named with the reason', async (where) => {
    const name = where.replaceAll('/', '-');
    cpSync(path.join(VARIETY, where), path.join(drive, name), { recursive: true });
    const listed = await readDicomdir(await readFile(path.join(drive, name, 'DICOMDIR')));
    if (!listed.ok) throw new Error(listed.error.code);
    expect(listed.value.length).toBeGreaterThan(0);
    const { counts, refused, state } = await importFrom(name);
    const sum = counts.stored + counts.duplicates + counts.quarantined + counts.notDicom + counts.failed;
    expect({ state, sum }).toEqual({ state: 'done', sum: counts.found });
    console.log(where, listed.value.length, JSON.stringify(counts), JSON.stringify(refused.slice(0, 3)));
  });
});
