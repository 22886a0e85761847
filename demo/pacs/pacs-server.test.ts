import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { items, number, text } from '../../src/main/station/dicom/dataset/values.ts';
import { encodeInstance } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { openAssociation, type RemoteAe } from '../../src/main/station/dicom/open-association.ts';
import { echo, instanceFromBytes, sendInstances } from '../../src/main/station/dicom/scu.ts';
import { DEFAULT_ACCEPTS, type DicomServer, startDicomServer } from '../../src/main/station/dicom/server.ts';
import { SERVICE_SYNTAXES } from '../../src/main/station/dicom/services/ask.ts';
import { findAt } from '../../src/main/station/dicom/services/find.ts';
import { nAction, takingEvents } from '../../src/main/station/dicom/services/normalized.ts';
import { moveFrom } from '../../src/main/station/dicom/services/retrieve.ts';
import { SERVICE_CLASSES, STORAGE_COMMITMENT_INSTANCE } from '../../src/main/station/dicom/services/sop-classes.ts';
import { createSwitchboard, type Switchboard } from '../switchboard.ts';
import { type Holdings, openHoldings } from './holdings.ts';
import { type PacsServer, startPacs } from './pacs-server.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const FIND = SERVICE_CLASSES['study-root-find'];
const COMMITMENT = SERVICE_CLASSES['storage-commitment-push'];
const TIMEOUTS = { artimMs: 10_000, idleMs: 10_000, objectMs: 10_000, wholeObjectMs: 10_000 };

type Bench = {
  readonly pacs: PacsServer;
  readonly remote: RemoteAe;
  readonly holdings: Holdings;
  readonly switches: Switchboard;
  readonly moved: string[];
};
const endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** A pretend archive with the station it moves to. */
async function bench(mostBytes = 1_000_000): Promise<Bench> {
  const moved: string[] = [];
  const station: DicomServer = await startDicomServer<null>({
    ...{ host: '127.0.0.1', port: 0, maxAssociations: 4, timeouts: TIMEOUTS, maxPduLength: 65_536 },
    accepts: DEFAULT_ACCEPTS,
    policy: async () => ({ accept: true, correlationId: 'test', context: null }),
    store: async (incoming) => {
      for await (const _part of incoming.body);
      moved.push(incoming.sopInstanceUid);
      return { status: 'success' };
    },
  });
  const switches = createSwitchboard();
  const holdings = openHoldings(mostBytes);
  const to = { aeTitle: 'WETREAD', host: '127.0.0.1', port: station.port };
  const pacs = await startPacs({ aeTitle: 'DEMO_PACS', port: 0, holdings, switches, station: to });
  const remote = { host: '127.0.0.1', port: pacs.port, callingAe: 'WETREAD', calledAe: 'DEMO_PACS', connectMs: 2_000 };
  endings.push(async () => {
    await pacs.close();
    await station.close(0);
    holdings.clear();
  });
  return { pacs, remote, holdings, switches, moved };
}

function fileOf(study: number, number: number): Uint8Array {
  const studyUid = `1.2.${study}`;
  return encodeInstance({
    ...{ SpecificCharacterSet: 'ISO_IR 192', SOPClassUID: CT, SOPInstanceUID: `${studyUid}.1.${number}` },
    ...{ StudyInstanceUID: studyUid, SeriesInstanceUID: `${studyUid}.1`, Modality: 'CT', InstanceNumber: number },
    ...{
      PatientName: 'Übungsmann^Jörg',
      PatientID: `P${study}`,
      StudyDate: `2026010${study}`,
      AccessionNumber: `A${study}`,
    },
  });
}

function object(study: number, number: number) {
  const read = instanceFromBytes(fileOf(study, number));
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}

async function find(remote: RemoteAe, keys: Readonly<Record<string, string>>) {
  const found: (string | null)[] = [];
  const ended = await findAt(
    remote,
    FIND,
    {
      SpecificCharacterSet: 'ISO_IR 192',
      QueryRetrieveLevel: 'STUDY',
      StudyInstanceUID: '',
      NumberOfStudyRelatedInstances: '',
      ...keys,
    },
    {
      onMatch: (answer) =>
        void found.push(`${text(answer, 'StudyInstanceUID')} ${number(answer, 'NumberOfStudyRelatedInstances')}`),
    },
  );
  return { status: ended.ok ? ended.value.status : ended.error.code, found };
}

test('keeps what it is sent, finds it by name, number, date and modality, and moves it to the station', async () => {
  const { remote, moved } = await bench();
  const sent = await sendInstances(remote, [object(1, 1), object(1, 2), object(2, 1), object(2, 1)]);
  expect(sent.map(({ state }) => state)).toEqual(Array(4).fill('accepted'));
  expect(await find(remote, {})).toEqual({ status: 0, found: ['1.2.1 2', '1.2.2 1'] });
  expect((await find(remote, { PatientName: 'übungs*' })).found).toHaveLength(2);
  expect((await find(remote, { PatientID: 'P2' })).found).toEqual(['1.2.2 1']);
  expect((await find(remote, { StudyDate: '20260102-' })).found).toEqual(['1.2.2 1']);
  expect((await find(remote, { StudyDate: '-20260101' })).found).toEqual(['1.2.1 2']);
  expect((await find(remote, { ModalitiesInStudy: 'MR' })).found).toEqual([]);
  expect((await find(remote, { AccessionNumber: 'A?' })).found).toHaveLength(2);
  const keys = { QueryRetrieveLevel: 'STUDY', StudyInstanceUID: '1.2.1' };
  const ended = await moveFrom(remote, SERVICE_CLASSES['study-root-move'], keys, 'WETREAD', {});
  expect(ended.ok && ended.value.status).toBe(0);
  expect(moved).toEqual(['1.2.1.1.1', '1.2.1.1.2']);
  const elsewhere = await moveFrom(remote, SERVICE_CLASSES['study-root-move'], keys, 'NOBODY', {});
  expect(elsewhere.ok && elsewhere.value.status).toBe(0xa801);
});

test('commits to what it holds, names what it does not', async () => {
  const { remote } = await bench();
  await sendInstances(remote, [object(1, 1)]);
  const { promise: reported, resolve } = Promise.withResolvers<unknown>();
  const opened = await openAssociation(
    remote,
    [{ sopClass: COMMITMENT, transferSyntaxes: SERVICE_SYNTAXES }],
    takingEvents(async ({ eventTypeId, dataset }) => {
      const uids = (keyword: string) =>
        dataset === null ? [] : items(dataset, keyword).map((item) => text(item, 'ReferencedSOPInstanceUID'));
      resolve({ eventTypeId, here: uids('ReferencedSOPSequence'), missing: uids('FailedSOPSequence') });
      return 'success';
    }),
  );
  if (!opened.ok) throw new Error(opened.error.code);
  const asked = await nAction(opened.value, { sopClass: COMMITMENT, sopInstanceUid: STORAGE_COMMITMENT_INSTANCE }, 1, {
    TransactionUID: '1.2.9',
    ReferencedSOPSequence: ['1.2.1.1.1', '1.2.1.1.9'].map((uid) => ({
      ReferencedSOPClassUID: CT,
      ReferencedSOPInstanceUID: uid,
    })),
  });
  expect(asked.ok && asked.value.status).toBe(0);
  let isTold = false;
  void reported.then(() => {
    isTold = true;
  });
  await opened.value.listen(5_000, () => isTold);
  expect(await reported).toEqual({ eventTypeId: 2, here: ['1.2.1.1.1'], missing: ['1.2.1.1.9'] });
  await opened.value.release();
});

test('says that it has no room, and keeps nothing of what it has none for', async () => {
  const { remote, holdings } = await bench(500);
  const sent = await sendInstances(remote, [object(1, 1), object(1, 2), object(1, 3)]);
  expect(sent.at(-1)).toMatchObject({ state: 'refused', status: 0xa700 });
  expect(holdings.list()).toHaveLength(1);
});

test('one object sent twice at once is held once, and what a killed archive left on the disk is deleted', async () => {
  const below = mkdtempSync(path.join(tmpdir(), 'wetread-holdings-'));
  endings.push(async () => rmSync(below, { recursive: true, force: true }));
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const [killed, running] = [gone, process.ppid].map((pid) => path.join(below, `wetread-demo-pacs-${pid}-aaaaaa`));
  for (const folder of [killed, running]) mkdirSync(folder ?? '');
  const holdings = openHoldings(1_000_000, below);
  expect([existsSync(killed ?? ''), existsSync(running ?? '')]).toEqual([false, true]);
  const file = fileOf(1, 1);
  expect(await Promise.all([holdings.keep(file), holdings.keep(file)])).toEqual(['kept', 'kept']);
  expect([holdings.list().length, holdings.bytes]).toEqual([1, file.length]);
  const [own = ''] = readdirSync(below).filter((name) => !name.includes(`-${process.ppid}-`));
  expect(readdirSync(path.join(below, own))).toHaveLength(1);
  holdings.clear();
});

test('refuses, is gone, comes back on the same port, and is slow, as its switch says', async () => {
  const { remote, switches } = await bench();
  await switches.turn('pacs', 'refuse');
  expect(await echo(remote)).toMatchObject({ ok: false, error: { code: 'rejected' } });
  await switches.turn('pacs', 'gone');
  expect((await echo(remote)).ok).toBe(false);
  await switches.turn('pacs', 'up');
  expect(await echo(remote)).toEqual({ ok: true, value: 0 });
  await switches.turn('pacs', 'slow');
  const before = performance.now();
  await sendInstances(remote, [object(1, 1)]);
  expect(performance.now() - before).toBeGreaterThan(1_400);
  await expect(switches.turn('pacs', 'error')).rejects.toThrow('cannot be so');
});
