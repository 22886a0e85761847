import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPeerProgram } from '../../scripts/debian-peers.ts';
import { type Asker, rowOf, signInFirst } from '../system/support/ask-station.ts';
import { freePort } from '../system/support/free-port.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { dataSetOf, phantomStudy, realHeadCt, type SentStudy } from '../system/support/studies.ts';
import { until } from '../system/support/until.ts';
import { recordingProxy, type RecordingProxy } from './support/recording-proxy.ts';
import { havePeers } from './support/run-peer.ts';

describe.skipIf(!havePeers('Orthanc'))('Orthanc, a PACS, as the peer that sends', () => {
  let station: RunningStation;
  let administrator: Asker;
  let proxy: RecordingProxy;
  let orthanc: { readonly http: string; readonly process: ChildProcess };

  beforeAll(async () => {
    station = await startStation();
    administrator = await signInFirst(station);
    proxy = await recordingProxy(station.dicom.port);
    orthanc = await startOrthanc(proxy.port);
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => orthanc.process.once('exit', resolve));
    orthanc.process.kill('SIGTERM');
    await gone;
    await proxy.close();
    await station.stop();
    await endEverything();
  });

  test.each([
    ['a phantom', async () => phantomStudy({ seed: 41, matrix: 128, slices: 14 })],
    ['the real head CT', realHeadCt],
  ])('%s arrives as it stood on the wire, and makes one study', async (_what, make) => {
    const study: SentStudy | null = await make();
    if (study === null) return;
    const ids: string[] = [];
    for (const { file } of study.objects) {
      const taken = await fetch(`${orthanc.http}/instances`, { method: 'POST', body: file as Uint8Array<ArrayBuffer> });
      expect(taken.status).toBe(200);
      ids.push(((await taken.json()) as { readonly ID: string }).ID);
    }
    const sent = await fetch(`${orthanc.http}/modalities/wetread/store`, {
      method: 'POST',
      body: JSON.stringify({ Resources: ids, Synchronous: true }),
    });
    expect(await sent.json()).toMatchObject({ InstancesCount: ids.length, FailedInstancesCount: 0 });
    const captured = proxy.objects();
    const different: string[] = [];
    for (const object of study.objects) {
      const onTheWire = captured.get(object.sopUid)?.dataSet;
      const stored = await administrator.storedFile('main', object);
      if (onTheWire === undefined || stored === null) throw new Error(`${object.sopUid} was not sent or not stored`);
      if (Buffer.compare(dataSetOf(stored), onTheWire) !== 0) different.push(object.sopUid);
    }
    expect(different).toEqual([]);
    const row = await rowOf(administrator, study.studyUid, ({ images }) => images.completeness !== 'receiving');
    expect(row.images.received).toBe(study.objects.length);
  });

  test('its echo is answered', async () => {
    const echoed = await fetch(`${orthanc.http}/modalities/wetread/echo`, { method: 'POST', body: '{}' });
    expect(echoed.status).toBe(200);
  });
});

/** An Orthanc on loopback, with one modality: the station behind the proxy. */
async function startOrthanc(dicomPort: number): Promise<{ readonly http: string; readonly process: ChildProcess }> {
  const folder = temporaryFolder();
  const httpPort = await freePort();
  const file = path.join(folder, 'orthanc.json');
  writeFileSync(
    file,
    JSON.stringify({
      ...{ Name: 'peer', StorageDirectory: path.join(folder, 'db'), IndexDirectory: path.join(folder, 'db') },
      ...{ HttpPort: httpPort, DicomPort: await freePort(), DicomAet: 'ORTHANC', RemoteAccessAllowed: false },
      ...{ AuthenticationEnabled: false, Plugins: [], StorageCompression: false },
      DicomModalities: { wetread: ['WETREAD', '127.0.0.1', dicomPort] },
    }),
  );
  const child = spawn(findPeerProgram('Orthanc') ?? 'Orthanc', [file], { stdio: 'ignore' });
  const http = `http://127.0.0.1:${httpPort}`;
  await until(async () => (await fetch(`${http}/system`).catch(() => null))?.ok === true, 100);
  return { http, process: child };
}
