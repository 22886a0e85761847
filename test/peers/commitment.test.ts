import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ADMINISTRATOR_PASSWORD,
  type Asker,
  jsonBody,
  rowOf,
  signIn,
  signInFirst,
} from '../system/support/ask-station.ts';
import { freePort } from '../system/support/free-port.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { notAccepted, type PhantomStudy, phantomStudy, remoteOf, sendObjects } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { type RunningOrthanc, startOrthanc } from './support/orthanc.ts';
import { havePeers } from './support/run-peer.ts';

/** Starts the station on one data folder, with Orthanc at a port; the first administrator is signed in. */
async function start(
  data: string,
  orthancPort: number,
): Promise<{ readonly station: RunningStation; readonly administrator: Asker }> {
  const station = await startStation({
    data,
    config: {
      dicom: {
        host: '127.0.0.1',
        peers: [
          { aeTitle: 'MODALITY1', address: '127.0.0.1' },
          { aeTitle: 'ORTHANC', address: '127.0.0.1', host: '127.0.0.1', port: orthancPort, isArchive: true },
        ],
      },
      completeness: { quietMs: { CT: 2000 }, quietOtherMs: 2000 },
      disk: { lowBytes: 2, fullBytes: 1 },
      inference: { shippedModels: [] },
    },
  });
  const isFirst = station.stderr().includes('one-time password');
  const administrator = isFirst
    ? await signInFirst(station)
    : await signIn(station, 'administrator', ADMINISTRATOR_PASSWORD);
  return { station, administrator };
}

/** Passes on to one port what comes to another. */
async function relayTo(port: number, from: number): Promise<Server> {
  const relay = createServer((socket) => {
    const onward = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.pipe(other).on('error', () => one.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(from, '127.0.0.1', resolve));
  return relay;
}

describe.skipIf(!havePeers('Orthanc'))('storage commitment with Orthanc, across a restart of the station', () => {
  let orthanc: RunningOrthanc;
  let station: RunningStation;
  let administrator: Asker;
  let data: string;
  let study: PhantomStudy;
  const missing = 1;
  const pointTo = (port: number) =>
    orthanc.ask('/modalities/wetread', { method: 'PUT', body: ['WETREAD', '127.0.0.1', port] });
  const ids: string[] = [];

  beforeEach(async () => {
    data = path.join(temporaryFolder(), 'data');
    study = phantomStudy({ seed: 61, matrix: 64, slices: 10 });
    orthanc = await startOrthanc(await freePort());
    ids.length = 0;
    // Orthanc has all but the last object.
    for (const { file } of study.objects.slice(0, -missing))
      ids.push((await orthanc.ask<{ ID: string }>('/instances', { method: 'POST', body: file })).ID);
  });
  afterEach(async () => {
    await orthanc.stop();
    await station.stop();
    await endEverything();
  });

  test('Orthanc asks; the station is killed before it could report, and reports when it is back', async () => {
    ({ station, administrator } = await start(data, await freePort())); // where nobody listens: no report gets through
    await pointTo(station.dicom.port);
    await orthanc.ask('/modalities/wetread/store', { method: 'POST', body: { Resources: ids, Synchronous: true } });
    const instances = study.objects.map(({ sopUid }) => ({
      ...{ SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: sopUid },
    }));
    const { ID } = await orthanc.ask<{ ID: string }>('/modalities/wetread/storage-commitment', {
      method: 'POST',
      body: { DicomInstances: instances, Timeout: 10 },
    });
    const heard = () =>
      orthanc.ask<{
        Status: string;
        Success?: unknown[];
        Failures?: { SOPInstanceUID: string; FailureReason: number }[];
      }>(`/storage-commitment/${ID}`);
    await until(() => station.stderr().includes('commitment-report-undelivered'));
    expect((await heard()).Status).toBe('Pending');
    await station.kill();
    ({ station, administrator } = await start(data, orthanc.dicomPort));
    const report = await until(async () => {
      const said = await heard();
      return said.Status === 'Pending' ? null : said;
    });
    expect(report.Status).toBe('Failure');
    expect(report.Success).toHaveLength(study.objects.length - missing);
    expect(report.Failures?.map(({ SOPInstanceUID, FailureReason }) => [SOPInstanceUID, FailureReason])).toEqual([
      [study.objects.at(-1)?.sopUid, 0x0112],
    ]);
    expect((await administrator.verifyLedger()).outcome).toBe('intact');
  });

  test('the station asks; it is killed before Orthanc could report, and takes the report when it is back', async () => {
    ({ station, administrator } = await start(data, orthanc.dicomPort));
    expect(notAccepted(await sendObjects(remoteOf(station), study.objects))).toEqual([]);
    const { studyId } = await rowOf(administrator, study.studyUid, ({ images }) => images.completeness !== 'receiving');
    // Orthanc remembers with the question where to report to: nobody listens there until the station is back.
    const relayPort = await freePort();
    await pointTo(relayPort);
    const asked = await administrator.fetch(`/api/v1/studies/${studyId}/commitments`, jsonBody({ peer: 'ORTHANC' }));
    expect([asked.status, JSON.parse(asked.text)]).toEqual([202, { requests: 1 }]);
    const commitment = async () => (await administrator.study(studyId)).commitments[0];
    await until(async () => (await commitment())?.state === 'asked');
    const failed = await until(async () => {
      const jobs = await orthanc.ask<{ ID: string; Type: string; State: string }[]>('/jobs?expand');
      return jobs.find(({ Type, State }) => Type === 'StorageCommitmentScp' && State === 'Failure') ?? null;
    });
    await station.kill();
    ({ station, administrator } = await start(data, orthanc.dicomPort));
    expect((await commitment())?.state).toBe('asked');
    const relay = await relayTo(station.dicom.port, relayPort);
    await orthanc.ask(`/jobs/${failed.ID}/resubmit`, { method: 'POST', body: {} });
    await until(async () => (await commitment())?.state === 'settled', 100);
    expect(await commitment()).toMatchObject({
      ...{ peerAe: 'ORTHANC', source: 'commitment' },
      ...{ instances: study.objects.length, committed: study.objects.length - missing, failed: missing },
    });
    expect((await rowOf(administrator, study.studyUid)).inPacs).toBe('not-yet');
    // Once it has the rest it answers for all, and the row says so.
    const [last] = study.objects.slice(-missing);
    await orthanc.ask('/instances', { method: 'POST', body: last?.file });
    await administrator.fetch(`/api/v1/studies/${studyId}/commitments`, jsonBody({ peer: 'ORTHANC' }));
    expect((await rowOf(administrator, study.studyUid, ({ inPacs }) => inPacs === 'committed')).inPacs).toBe(
      'committed',
    );
    expect(await commitment()).toMatchObject({ state: 'settled', failed: 0 });
    relay.close();
  });
});
