import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Principal } from '../../access/index.ts';
import { type Clinic, openClinic } from '../../testing/clinic.ts';
import { openFullDisk } from '../../platform/store/test-full-disk.ts';
import { arrivalOf, aSlice } from '../../testing/objects.ts';
import { openTestReaders } from '../../testing/readers.ts';
import { writeMetadata } from '../dicomweb/metadata.ts';
import type { DicomwebServices } from '../dicomweb/services.ts';
import { dicomwebServices } from './dicomweb-services.ts';
import type { Readers } from './readers.ts';

let clinic: Clinic;
let services: DicomwebServices;
let tasks: string[];
let pool: Readers;
beforeEach(() => {
  clinic = openClinic();
  const { archive } = clinic;
  pool = openTestReaders(clinic.store.settings);
  tasks = [];
  const readers: Readers = {
    ...pool,
    run(task, input) {
      tasks.push(task);
      return pool.run(task, input);
    },
  };
  services = dicomwebServices({
    ...{ archive, objects: archive.objects, readers, threads: readers },
    ...{ comparisonSenders: [], objectAnswered: () => undefined, log: clinic.log },
  });
});
afterEach(async () => {
  await pool.close();
  clinic.close();
});

const principal = () => ({ siteId: clinic.north.siteId, userId: 'sender' }) as unknown as Principal;

test('who stores an object hears where it is to be fetched, and nothing of another patient’s where it is set aside', async () => {
  await clinic.send([aSlice(1)]);
  const store = services.openStore(principal());
  const again = aSlice(2, { StudyInstanceUID: '1.2.20', SeriesInstanceUID: '1.2.20.1', SOPInstanceUID: '1.2.20.1.2' });
  expect(await store.receive(arrivalOf(again))).toMatchObject({ status: 'success', studyUid: '1.2.20' });
  const itsUid = { SOPInstanceUID: '1.2.10.1.1' };
  const stranger = aSlice(1, {
    ...itsUid,
    StudyInstanceUID: '1.2.30',
    SeriesInstanceUID: '1.2.30.1',
    PatientID: '99',
    PatientName: 'Poe^Ed',
  });
  const answer = await store.receive(arrivalOf(stranger));
  expect(answer).toMatchObject({ status: 'success', became: { state: 'quarantined' } });
  expect(answer).not.toHaveProperty('studyUid');
  expect(answer).not.toHaveProperty('seriesUid');
  store.end('released', { stored: 2, refused: 0 });
});

test('metadata are answered whole where the disk has no room to keep them, and kept when it has', async () => {
  await clinic.send(Array.from({ length: 6 }, (_, n) => aSlice(n + 1)));
  const instances = await services.listInstances({ siteIds: [clinic.north.siteId] }, { studyUid: '1.2.10' }, 100);
  const read = async () => {
    let text = '';
    for await (const piece of writeMetadata(services, instances, () => '/instances')) text += piece;
    return JSON.parse(text) as unknown[];
  };
  const kept = () => clinic.db.prepare('SELECT instances FROM series_metadata').all();
  const disk = openFullDisk(clinic.db, ['series_metadata']);
  disk.fill();
  const first = await read();
  expect([first.length, disk.refused(), kept()]).toEqual([6, 1, []]);
  disk.makeRoom();
  expect(await read()).toEqual(first);
  expect(kept()).toEqual([{ instances: 6 }]);
});

test('a whole study is listed by the reader threads, without long places of frames; of one instance they are given', async () => {
  await clinic.send([aSlice(1), aSlice(2)]);
  clinic.db.prepare('UPDATE instance_versions SET frame_index = zeroblob(100) WHERE sop_uid = ?').run('1.2.10.1.1');
  clinic.db.prepare('UPDATE instance_versions SET frame_index = zeroblob(10) WHERE sop_uid = ?').run('1.2.10.1.2');
  const lengths = async (sopUid?: string) => {
    const path = { studyUid: '1.2.10', seriesUid: '1.2.10.1', ...(sopUid !== undefined && { sopUid }) };
    const listed = await services.listInstances({ siteIds: [clinic.north.siteId] }, path);
    return listed.map(({ sizeBytes, frameIndex }) => [sizeBytes > 0, frameIndex?.length ?? null]);
  };
  expect(await lengths()).toEqual([
    [true, null],
    [true, 10],
  ]);
  expect(await lengths('1.2.10.1.1')).toEqual([[true, 100]]);
  expect(tasks).toEqual(['list-instances', 'list-instances']);
});
