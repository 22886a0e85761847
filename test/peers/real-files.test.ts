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
import { storedObjects } from '../system/support/stored-files.ts';
import { dataSetOf, remoteOf } from '../system/support/studies.ts';
import { type Kept, unfoundedReasons } from './support/dcmtk-opinion.ts';
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

/** Beside the files of a set stands what they are and where they are from. */
const DESCRIPTIONS = ['SOURCE.md', 'MANIFEST.csv'];

/** What there is to send; `readable` have a Part-10 header. */
type Collected = {
  readonly folder: string;
  readonly files: readonly string[];
  readonly readable: readonly string[];
};
let collected: Collected | null = null;

/** Every file there is, copied out once under plain names. */
function collect(): Collected {
  collected ??= copyOut();
  return collected;
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
    .filter((entry) => entry.isFile() && !DESCRIPTIONS.includes(entry.name))
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name)));
  const plain = path.join(folder, 'files');
  mkdirSync(plain);
  const files = found.map((bytes, index) => {
    const name = path.join(plain, `${String(index).padStart(4, '0')}.dcm`);
    writeFileSync(name, bytes);
    return name;
  });
  return {
    folder: plain,
    files,
    readable: files.filter((_, index) => readPart10Header(found[index] ?? Buffer.of()).ok),
  };
}

/** A data set as it came, and how it was answered. */
type Sent = { readonly dataSet: Uint8Array; readonly status: number };

/** How one sender fared. */
type Row = {
  readonly sent: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly stored: number;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly different: number;
  /** Objects whose answer is not what became of them. */
  readonly misled: readonly string[];
  /** Objects in quarantine for a reason that DCMTK does not see. */
  readonly unfounded: readonly string[];
};

const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function tally(values: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values.toSorted()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

const hexOf = (status: number) => status.toString(16).toUpperCase().padStart(4, '0');

/** The answers that each end of an object may have had (DESIGN §5.1). */
const ANSWERED: Readonly<Record<Kept['state'], string>> = {
  filed: '0000',
  'same-uid-other-pixels': '0000',
  'same-uid-other-patient': '0000',
  'same-uid-other-study': '0000',
  'identifiers-missing': 'A900',
  'uids-disagree-with-command': 'A900',
  unreadable: 'C000',
  'damaged-at-rest': 'never',
};

/** Stops the station and holds what is on its disk against what came. */
async function judge(station: RunningStation, kept: readonly Sent[], statuses: readonly number[]): Promise<Row> {
  expect(await station.stop()).toBe(0);
  const objects = storedObjects(station.data);
  const files = new Map(objects.map((file) => [digestInStation(file), file]));
  const became = withDatabase(station.data, (db) =>
    db
      .prepare<[], Omit<Kept, 'file'>>(
        "SELECT digest, sop_uid AS sopUid, 'filed' AS state FROM instance_versions UNION ALL SELECT digest, sop_uid, reason FROM quarantine",
      )
      .all(),
  ).map((one): Kept => {
    const file = files.get(one.digest);
    if (file === undefined) throw new Error(`${one.state}, and no such file: ${one.digest}`);
    return { ...one, file };
  });
  const ends = Map.groupBy(became, ({ file }) => digestOf(dataSetOf(file)));
  const misled = kept.flatMap(({ dataSet, status }) => {
    const states = ends.get(digestOf(dataSet))?.map(({ state }) => state) ?? [];
    const isTold = states.some((state) => ANSWERED[state] === hexOf(status));
    return isTold ? [] : [`${hexOf(status)}: ${states.join(', ') || 'nowhere'}`];
  });
  const setAside = became.filter(({ state }) => state !== 'filed');
  const unfounded = (await unfoundedReasons(became)).map(({ state, file }) => {
    return `${state} ${digestOf(dataSetOf(file)).slice(0, 8)}`;
  });
  const bodies = new Set(objects.map((file) => digestOf(dataSetOf(file))));
  return {
    sent: statuses.length,
    statuses: tally(statuses.map(hexOf)),
    stored: became.length - setAside.length,
    quarantined: tally(setAside.map(({ state }) => state)),
    different: kept.filter(({ dataSet }) => !bodies.has(digestOf(dataSet))).length,
    ...{ misled, unfounded },
  };
}

/** The name under which the station keeps a file: of its transfer syntax and its data set. */
function digestInStation(file: Uint8Array): string {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(header.error.code);
  const digest = createHash('sha256').update(header.value.transferSyntaxUid).update('\0');
  return digest.update(dataSetOf(file)).digest('hex');
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
      ...['-aet', 'DCMSEND', '-aec', 'WETREAD', '-nh', '-nuc', '-dn', '+f', '+sd', '+r'],
      ...['127.0.0.1', String(proxy.port), folder],
    ]);
  },
  Orthanc: async (_station, proxy, _folder, files) => {
    const storage = temporaryFolder();
    let orthanc = await startOrthanc(proxy.port, storage);
    const taken: string[] = [];
    let endedBy = 0;
    for (const file of files) {
      const body = Uint8Array.from(readFileSync(file));
      const answer = await orthanc
        .ask<{ readonly ID: string }>('/instances', { method: 'POST', body })
        .catch(() => null);
      if (answer !== null) taken.push(answer.ID);
      // What Orthanc itself cannot read never comes to us, nor a file that ends it: the next one goes on behind that.
      else if (!(await orthanc.isThere())) {
        endedBy += 1; // by sequences fifty deep
        orthanc = await startOrthanc(proxy.port, storage);
      }
    }
    // Permissive: it goes on behind what it cannot send, or what we refuse.
    const resources = [...new Set(taken)];
    const body = { Resources: resources, Synchronous: true, Permissive: true };
    await orthanc.ask('/modalities/wetread/store', { method: 'POST', body });
    console.log(`Orthanc took ${resources.length} of ${files.length} files; ${endedBy} of them ended it`);
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
    const { folder, files, readable } = collect();
    const station = await startStation();
    const proxy = await recordingProxy(station.dicom.port);
    await SENDERS[name]?.(station, proxy, folder, name === 'our SCU' ? readable : files);
    const answers = proxy.answers();
    // Each association answers in the order it was asked.
    const sent = proxy.all().map(({ dataSet }, index) => ({ dataSet, status: answers[index]?.status ?? -1 }));
    await proxy.close();
    expect(answers.length).toBe(sent.length);
    const row = await judge(
      station,
      sent.filter(({ status }) => !NOT_TAKEN.includes(hexOf(status))),
      sent.map(({ status }) => status),
    );
    table[name] = row;
    expect(row).toMatchObject({ different: 0, misled: [], unfounded: [] });
    expect(row.sent).toBeGreaterThan(200);
    expect(Object.keys(row.statuses).filter((status) => ![...KEPT, ...NOT_TAKEN].includes(status))).toEqual([]);
  },
);

test.skipIf(!isHere)('keeps every real file that comes by STOW-RS, byte for byte', { timeout: 600_000 }, async () => {
  const { files, readable } = collect();
  const station = await startStation({ demo: true });
  const administrator = await signIn(station, 'administrator', 'demo');
  const { headers, ...rest } = jsonBody({ name: 'store', expiresInDays: 1 });
  const made = await administrator.fetch('/api/v1/service-tokens', { ...rest, headers });
  const { token } = JSON.parse(made.text) as { readonly token: string };
  const answered: { readonly name: string; readonly body: Buffer; readonly status: number }[] = [];
  for (const name of files) {
    const body = readFileSync(name);
    answered.push({ name, body, status: await stow(`${station.http}/dicomweb/demo/studies`, token, body) });
  }
  const taken = answered.filter(({ name }) => readable.includes(name));
  const row = await judge(
    station,
    taken.map(({ body, status }) => ({ dataSet: dataSetOf(body), status })),
    answered.map(({ status }) => status),
  );
  table['STOW-RS'] = row;
  expect(row).toMatchObject({ different: 0, misled: [], unfounded: [] });
  // What has no header to say what it is, and in which syntax, is set aside.
  const others = answered.filter((one) => !taken.includes(one)).map(({ status }) => hexOf(status));
  expect(others.length).toBeGreaterThan(20);
  expect(others.filter((status) => !['A900', 'C000'].includes(status))).toEqual([]);
  expect(Object.keys(row.statuses).filter((status) => !KEPT.includes(status))).toEqual([]);
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
  for (const [name, { sent, statuses, stored, quarantined, different, misled, unfounded }] of Object.entries(table)) {
    const words = (counts: Readonly<Record<string, number>>) =>
      Object.entries(counts)
        .map(([key, count]) => `${count} ${key}`)
        .join(', ') || 'none';
    console.log(
      `${name}: ${sent} on the wire, answered ${words(statuses)}; ${stored} filed, in quarantine ${words(quarantined)}; ${different} differ in a byte, ${misled.length} answered otherwise than kept, ${unfounded.length} set aside for a reason that DCMTK does not see`,
    );
  }
});
