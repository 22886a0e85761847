import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTroubled } from '../../demo/troubles.ts';
import { sendFrom } from '../../demo/modality.ts';
import { type Holdings, openHoldings } from '../../demo/pacs/holdings.ts';
import { type PacsServer, startPacs } from '../../demo/pacs/pacs-server.ts';
import { planOne } from '../../demo/schedule.ts';
import { createSwitchboard } from '../../demo/switchboard.ts';
import { findPeerProgram } from '../../scripts/debian-peers.ts';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { freePort } from '../system/support/free-port.ts';
import { endEverything, temporaryFolder } from '../system/support/start-station.ts';
import { until } from '../system/support/until.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const isHere = havePeers('echoscu', 'findscu', 'movescu', 'storescp', 'storescu');
const stop = new AbortController();
const switches = createSwitchboard();
/** The archive's, and that of a `storescp` in the station's place. */
const ports = { pacs: 0, station: 0 };
let holdings: Holdings;
let pacs: PacsServer;
let receiver: ChildProcess;
let kept: string;

beforeAll(async () => {
  if (!isHere) return;
  kept = temporaryFolder();
  ports.station = await freePort();
  holdings = openHoldings(2 ** 28);
  const station = { aeTitle: 'WETREAD', host: '127.0.0.1', port: ports.station };
  pacs = await startPacs({ aeTitle: 'DEMO_PACS', port: 0, holdings, switches, station });
  ports.pacs = pacs.port;
  const options = ['+xa', '-aet', 'WETREAD', '-od', kept, '+uf', String(ports.station)];
  receiver = spawn(findPeerProgram('storescp') ?? 'storescp', options, { stdio: 'ignore' });
  await until(async () => (await runPeer('echoscu', ['127.0.0.1', String(ports.station)])).exitCode === 0);
});

afterAll(async () => {
  stop.abort();
  await pacs?.close();
  holdings?.clear();
  if (receiver !== undefined && receiver.exitCode === null) {
    receiver.kill('SIGTERM');
    await once(receiver, 'exit');
  }
  await endEverything();
});

const ask = (program: string, ...args: readonly string[]) =>
  runPeer(program, ['-aet', 'WETREAD', '-aec', 'DEMO_PACS', ...args]);
const address = () => ['127.0.0.1', String(ports.pacs)];
const keys = (...all: readonly string[]) => all.flatMap((key) => ['-k', key]);
const received = () => readdirSync(kept).map((name) => readFileSync(path.join(kept, name)));

function studyOf(seed: number, kind: Parameters<typeof planOne>[1]) {
  return { ...planOne(seed, kind), size: 'small' as const };
}

describe.skipIf(!isHere)('the pretend hospital, with DCMTK on the other side', () => {
  test('its archive takes what storescu sends, tells findscu of it at every level, and moves it whole where movescu says', async () => {
    const [sending] = await makeTroubled(studyOf(31, 'mammogram'), 'none');
    if (sending === undefined) throw new Error('nothing was made');
    const folder = temporaryFolder();
    sending.now.forEach(({ file }, index) => writeFileSync(path.join(folder, `${index}.dcm`), file));
    const { studyUid } = sending.study;
    const sent = await ask('storescu', '+sd', '+r', '-xs', ...address(), folder);
    const again = sent.exitCode === 0 ? sent : await ask('storescu', '+sd', ...address(), folder);
    expect({ exitCode: again.exitCode, held: holdings.list().length }).toEqual({ exitCode: 0, held: 4 });

    const find = async (...wanted: readonly string[]) => {
      const { exitCode, output } = await ask('findscu', '-S', '-v', ...keys(...wanted), ...address());
      return { exitCode, matches: output.match(/Find Response: \d+ \(Pending\)/g)?.length ?? 0, output };
    };
    const study = await find(
      'QueryRetrieveLevel=STUDY',
      'StudyInstanceUID',
      'NumberOfStudyRelatedInstances',
      'ModalitiesInStudy',
    );
    expect(study).toMatchObject({ exitCode: 0, matches: 1 });
    expect(study.output).toContain(studyUid);
    const level = (name: string, key: string) =>
      find(`QueryRetrieveLevel=${name}`, `StudyInstanceUID=${studyUid}`, key);
    expect((await level('SERIES', 'SeriesInstanceUID')).matches).toBe(sending.study.series.length);
    const [series] = sending.study.series;
    const images = await find(
      ...['QueryRetrieveLevel=IMAGE', `StudyInstanceUID=${studyUid}`, `SeriesInstanceUID=${series?.seriesUid}`],
      'SOPInstanceUID',
    );
    expect(images.matches).toBe(series?.instances.length);
    expect((await find('QueryRetrieveLevel=STUDY', 'PatientID=NOBODY', 'StudyInstanceUID')).matches).toBe(0);

    const move = (to: string) =>
      ask(
        'movescu',
        '-S',
        '-aem',
        to,
        ...keys('QueryRetrieveLevel=STUDY', `StudyInstanceUID=${studyUid}`),
        ...address(),
      );
    expect((await move('WETREAD')).exitCode).toBe(0);
    await until(() => received().length === 4);
    const uids = received().map((file) => {
      const header = readPart10Header(file);
      return header.ok ? header.value.sopInstanceUid : header.error.code;
    });
    expect(uids.toSorted()).toEqual(sending.now.map(({ sopUid }) => sopUid).toSorted());
    expect((await move('NOBODY')).exitCode).not.toBe(0);
  });

  test('by its switch it refuses, is gone and comes back, as echoscu sees it', async () => {
    const echo = () => ask('echoscu', '-to', '5', ...address());
    expect((await echo()).exitCode).toBe(0);
    await switches.turn('pacs', 'refuse');
    const refused = await echo();
    expect(refused.exitCode).not.toBe(0);
    expect(refused.output).toMatch(/Temporary Congestion/i);
    await switches.turn('pacs', 'gone');
    expect((await echo()).exitCode).not.toBe(0);
    await switches.turn('pacs', 'up');
    expect((await echo()).exitCode).toBe(0);
  });

  test('storescp takes from its machines every kind of study in the syntax it is made in', async () => {
    const before = received().length;
    const to = {
      host: '127.0.0.1',
      port: ports.station,
      callingAe: 'DEMO_CT',
      calledAe: 'WETREAD',
      signal: stop.signal,
    };
    const kinds = ['hand-radiograph', 'ultrasound', 'head-ct', 'chest-ct', 'brain-mr', 'pet-ct'] as const;
    let count = 0;
    for (const [seed, kind] of kinds.entries()) {
      const [sending] = await makeTroubled(studyOf(50 + seed, kind), 'none');
      expect(await sendFrom({ ...to, switches }, sending?.now ?? [])).toBe(0);
      count += sending?.now.length ?? 0;
    }
    expect(received().length - before).toBe(count);
  });
});
