import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPart10Header } from '../../src/main/station/dicom/part10.ts';
import { instanceFromBytes, sendInstances } from '../../src/main/station/dicom/scu.ts';
import { jsonBody, signIn } from '../system/support/ask-station.ts';
import { withDatabase } from '../system/support/database.ts';
import { endEverything, type RunningStation, startStation, temporaryFolder } from '../system/support/start-station.ts';
import { storedFiles } from '../system/support/stored-files.ts';
import { dataSetOf, remoteOf } from '../system/support/studies.ts';
import { startOrthanc } from './support/orthanc.ts';
import { recordingProxy, type RecordingProxy } from './support/recording-proxy.ts';
import { havePeers, runPeer } from './support/run-peer.ts';

const data = path.resolve(import.meta.dirname, '../../../shared/data');
const SETS = ['ct-head-ge', 'mr-brain', 'cxr', 'dicom-variety', 'dicom-fuzz'];
const hasData = existsSync(data);
if (!hasData) console.error('skipped: the real test data are not on this machine');
// Without it DCMTK waits 40 ms for each object on loopback.
process.env['TCP_NODELAY'] = '1';
const isHere = hasData && havePeers('dcmsend', 'Orthanc');

afterAll(endEverything);

type Collected = { readonly folder: string; readonly files: readonly string[] };
let collected: Collected | null = null;

/** Every file with a readable Part-10 header, copied out once under plain names: what there is to send. */
function collect(): Collected {
  return (collected ??= copyOut());
}

function copyOut(): Collected {
  const folder = temporaryFolder();
  const packed = path.join(data, 'ct-chest-lungfcp/series.tar.xz');
  const unpacked = path.join(folder, 'packed');
  mkdirSync(unpacked);
  if (existsSync(packed)) spawnSync('tar', ['xJf', packed, '-C', unpacked]);
  const sources = [unpacked, ...SETS.map((set) => path.join(data, set))];
  const found = sources
    .filter(existsSync)
    .flatMap((source) => readdirSync(source, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)))
    .filter((bytes) => readPart10Header(bytes).ok);
  const plain = path.join(folder, 'files');
  mkdirSync(plain);
  const files = found.map((bytes, index) => {
    const name = path.join(plain, `${String(index).padStart(4, '0')}.dcm`);
    writeFileSync(name, bytes);
    return name;
  });
  return { folder: plain, files };
}

/** How one sender fared. */
type Row = {
  readonly sent: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly stored: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly different: number;
};

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function tally(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values.toSorted()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const hexOf = (status: number) => status.toString(16).toUpperCase().padStart(4, '0');

/** Stops the station and holds what is on its disk against what went over the socket. */
async function judge(
  station: RunningStation,
  dataSets: readonly Uint8Array[],
  statuses: readonly number[],
): Promise<Row> {
  expect(await station.stop()).toBe(0);
  // Beside the objects stand what was made of them (metadata kept ready), which are no Part-10 files.
  const objects = storedFiles(station.data).filter((file) => readPart10Header(file).ok);
  const kept = new Set(objects.map((file) => digestOf(dataSetOf(file))));
  const reasons = withDatabase(station.data, (db) =>
    db.prepare<[], { reason: string }>('SELECT reason FROM quarantine').all(),
  );
  const [stored] = withDatabase(station.data, (db) =>
    db.prepare<[], { count: number }>('SELECT count(*) AS count FROM instance_versions').all(),
  );
  return {
    sent: dataSets.length,
    statuses: tally(statuses.map(hexOf)),
    stored: stored?.count ?? 0,
    quarantined: tally(reasons.map(({ reason }) => reason)),
    different: dataSets.filter((dataSet) => !kept.has(digestOf(dataSet))).length,
  };
}

type Sender = (
  station: RunningStation,
  proxy: RecordingProxy,
  folder: string,
  files: readonly string[],
) => Promise<void>;

const SENDERS: Readonly<Record<string, Sender>> = {
  'DCMTK dcmsend': async (_station, proxy, folder) => {
    await runPeer('dcmsend', [
      ...['-aet', 'DCMSEND', '-aec', 'WETREAD', '-nh', '-nuc', '-dn', '+sd', '+r'],
      ...['127.0.0.1', String(proxy.port), folder],
    ]);
  },
  Orthanc: async (_station, proxy, _folder, files) => {
    const storage = temporaryFolder();
    let orthanc = await startOrthanc(proxy.port, storage);
    const taken: string[] = [];
    for (const file of files) {
      const body = Uint8Array.from(readFileSync(file));
      const answer = await orthanc
        .ask<{ readonly ID: string }>('/instances', { method: 'POST', body })
        .catch(() => null);
      if (answer !== null) taken.push(answer.ID);
      // What Orthanc itself cannot read never comes to us, nor a file that ends it: the next one goes on behind that.
      else if (!(await orthanc.isThere())) orthanc = await startOrthanc(proxy.port, storage);
    }
    // Permissive: it goes on behind what it cannot send, or what we refuse.
    const body = { Resources: [...new Set(taken)], Synchronous: true, Permissive: true };
    await orthanc.ask('/modalities/wetread/store', { method: 'POST', body }).catch(() => undefined);
    await orthanc.stop();
  },
  'our SCU': async (station, proxy, _folder, files) => {
    const instances = files
      .map((file) => instanceFromBytes(readFileSync(file)))
      .flatMap((read) => (read.ok ? [read.value] : []));
    await sendInstances(remoteOf(station, { port: proxy.port }), instances);
  },
};

const table: Record<string, Row> = {};

/** Statuses that leave the object with us, stored or in quarantine. */
const KEPT = ['0000', 'A900', 'C000'];
/** Commands that name no object, or another class than was agreed on: nothing of theirs is kept. */
const NOT_TAKEN = ['0117', '0122'];

test.skipIf(!isHere).each(Object.keys(SENDERS))(
  'keeps every real file that %s sends, byte for byte',
  { timeout: 600_000 },
  async (name) => {
    const { folder, files } = collect();
    const station = await startStation();
    const proxy = await recordingProxy(station.dicom.port);
    await SENDERS[name]?.(station, proxy, folder, files);
    const answers = proxy.answers();
    const dataSets = proxy.all();
    await proxy.close();
    const row = await judge(
      station,
      // Each association answers in the order it was asked.
      dataSets
        .filter((_, index) => !NOT_TAKEN.includes(hexOf(answers[index]?.status ?? 0)))
        .map(({ dataSet }) => dataSet),
      answers.map(({ status }) => status),
    );
    table[name] = row;
    expect(row.different).toBe(0);
    expect(row.sent).toBeGreaterThan(200);
    expect(Object.keys(row.statuses).filter((status) => ![...KEPT, ...NOT_TAKEN].includes(status))).toEqual([]);
    expect(answers.length).toBe(dataSets.length);
    // Each refusal has its row in quarantine: one for every object that differs from the others refused.
    expect((row.quarantined['unreadable'] ?? 0) > 0).toBe((row.statuses['C000'] ?? 0) > 0);
  },
);

test.skipIf(!hasData)('keeps every real file that comes by STOW-RS, byte for byte', { timeout: 600_000 }, async () => {
  const { files } = collect();
  const station = await startStation({ demo: true });
  const administrator = await signIn(station, 'administrator', 'demo');
  const { headers, ...rest } = jsonBody({ name: 'store', expiresInDays: 1 });
  const made = await administrator.fetch('/api/v1/service-tokens', { ...rest, headers });
  const { token } = JSON.parse(made.text) as { readonly token: string };
  const bodies = files.map((file) => readFileSync(file));
  const statuses: number[] = [];
  for (const body of bodies) statuses.push(await stow(`${station.http}/dicomweb/demo/studies`, token, body));
  const row = await judge(station, bodies.map(dataSetOf), statuses);
  table['STOW-RS'] = row;
  expect(Object.keys(row.statuses).filter((status) => ![...KEPT, '0110', '0122'].includes(status))).toEqual([]);
});

const FAILURE_REASON = '00081197';
const FAILED = '00081198';
/** Of what has no UIDs to be named by. */
const OTHER_FAILURES = '0008119A';

/** The status of one object stored by STOW-RS, as the answer tells it (PS3.18 §10.5.3). */
async function stow(address: string, token: string, body: Uint8Array): Promise<number> {
  const response = await fetch(address, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/dicom',
      accept: 'application/dicom+json',
    },
    body: Uint8Array.from(body),
  });
  const answer = { status: response.status, text: await response.text() };
  const told = JSON.parse(answer.text || '{}') as Readonly<
    Record<string, { readonly Value?: readonly Record<string, { readonly Value?: readonly number[] }>[] }>
  >;
  const failed = (told[FAILED] ?? told[OTHER_FAILURES])?.Value?.[0]?.[FAILURE_REASON]?.Value?.[0];
  return failed ?? (answer.status === 200 ? 0 : answer.status);
}

afterAll(() => {
  for (const [name, { sent, statuses, stored, quarantined, different }] of Object.entries(table)) {
    const words = (counts: Readonly<Record<string, number>>) =>
      Object.entries(counts)
        .map(([key, count]) => `${count} ${key}`)
        .join(', ') || 'none';
    console.log(
      `${name}: ${sent} on the wire, answered ${words(statuses)}; ${stored} filed, in quarantine ${words(quarantined)}; ${different} bytes differ`,
    );
  }
});
