import { spawnSync } from 'node:child_process';
import { Server, Socket } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { ReadDataset } from '../src/main/station/dicom/dataset/dataset.ts';
import { readDataset } from '../src/main/station/dicom/dataset/read-dataset.ts';
import { items, text } from '../src/main/station/dicom/dataset/values.ts';
import { DEFAULT_ACCEPTS, startDicomServer } from '../src/main/station/dicom/server.ts';
import { SERVICE_CLASSES } from '../src/main/station/dicom/services/sop-classes.ts';
import { acknowledgement } from '../src/main/station/hl7/acknowledge.ts';
import { startMllpServer } from '../src/main/station/hl7/mllp-server.ts';
import { type ReceivedMessage, readMessage } from '../src/main/station/hl7/read-message.ts';
import { startControl } from './control-server.ts';
import { startEhr } from './ehr/fhir-server.ts';
import { type Kept, openFhirStore } from './ehr/fhir-store.ts';
import { recordsIn } from './ehr/records.ts';
import { search } from './ehr/search.ts';
import { planDay } from './hospital-day.ts';
import { isLoopback } from './loopback.ts';
import { openHoldings } from './pacs/holdings.ts';
import { startRis } from './ris/ris.ts';
import { planOne } from './schedule.ts';
import { createSwitchboard } from './switchboard.ts';
import { makeTroubled, type Trouble } from './troubles.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 9, 30);
const endings: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

type Taken = {
  readonly callingAe: string;
  readonly sopUid: string;
  readonly patientId: string;
  readonly dataset: ReadDataset;
};

/** A station that takes every object which it can read, and a hospital with its page that sends to it. */
async function hospital(historyStudies: number) {
  const taken: Taken[] = [];
  const steps: { readonly uid: string; readonly dataset: ReadDataset | null }[] = [];
  const note = async ({ sopInstanceUid: uid, dataset }: { sopInstanceUid: string; dataset: ReadDataset | null }) => {
    steps.push({ uid, dataset });
    return { status: 'success' as const };
  };
  const station = await startDicomServer<null>({
    services: [
      { sopClass: SERVICE_CLASSES['performed-procedure-step'], takesLongLists: true, create: note, set: note },
    ],
    ...{ host: '127.0.0.1', port: 0, maxAssociations: 8, maxPduLength: 131_072, accepts: DEFAULT_ACCEPTS },
    timeouts: { artimMs: 10_000, idleMs: 30_000, objectMs: 30_000, wholeObjectMs: 30_000 },
    policy: async () => ({ accept: true, correlationId: 'test', context: null }),
    store: async (incoming, { callingAe }) => {
      const parts: Uint8Array[] = [];
      for await (const part of incoming.body) parts.push(Buffer.from(part));
      const read = readDataset(Buffer.concat(parts), incoming.transferSyntaxUid);
      if (!read.ok) return { status: 'cannot-understand' };
      taken.push({
        callingAe,
        sopUid: incoming.sopInstanceUid,
        patientId: text(read.value, 'PatientID') ?? '',
        dataset: read.value,
      });
      return { status: 'success' };
    },
  });
  const stop = new AbortController();
  const switches = createSwitchboard();
  const holdings = openHoldings(2 ** 28);
  const messages: ReceivedMessage[] = [];
  const listener = await startMllpServer({
    ...{ host: '127.0.0.1', port: 0, maxConnections: 4, idleMs: 30_000 },
    answer: async (bytes) => {
      const read = readMessage(bytes);
      if (!read.ok) throw new Error(read.error.code);
      messages.push(read.value);
      return acknowledgement(read.value.header, { state: 'accepted' }, { controlId: 'w', atMs: 0 });
    },
    onFailure: (error) => {
      throw error;
    },
  });
  const hl7 = { host: '127.0.0.1', port: listener.port };
  const ris = await startRis({ port: 0, station: hl7, switches, signal: stop.signal });
  const store = openFhirStore({ seed: 11, now: () => NOW_MS, search });
  const ehr = await startEhr({ port: 0, store, switches });
  const to = { host: '127.0.0.1', port: station.port, calledAe: 'WETREAD', signal: stop.signal, switches };
  const day = planDay({
    ...{ seed: 11, everyMs: 3_600_000, historyStudies, holdings, size: 'small', now: () => NOW_MS },
    records: [recordsIn(store), ris],
    modality: { ...to, callingAe: 'DEMO_CT' },
    archive: { ...to, callingAe: 'DEMO_PACS' },
  });
  const control = await startControl({
    ...{ port: 0, day, switches, ris },
    ...{ pacs: { port: 1, holdings }, ehr: { server: ehr, store } },
  });
  endings.push(async () => {
    stop.abort();
    await Promise.all([control.close(), ris.close(), ehr.close(), listener.close(), station.close(0)]);
    holdings.clear();
  });
  const ask = async (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${control.port}${path}`, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { taken, steps, day, ask, switches, port: control.port, messages, ris, store, holdings };
}

test('a study sent from the page arrives; while the modalities are gone it waits', async () => {
  const { taken, ask } = await hospital(0);
  const sent = await ask('/send', { kind: 'hand-radiograph', trouble: 'none' });
  expect(sent).toMatchObject({ status: 200, body: { sentStudies: 1, sentObjects: 1, notTaken: 0 } });
  expect(taken.map(({ callingAe }) => callingAe)).toEqual(['DEMO_CT']);
  await ask('/turn', { machine: 'modalities', state: 'gone' });
  const waiting = ask('/send', { kind: 'hand-radiograph', trouble: 'none' });
  await ask('/state');
  expect(taken).toHaveLength(1);
  await ask('/turn', { machine: 'modalities', state: 'up' });
  await waiting;
  expect(taken).toHaveLength(2);
});

test('a machine tells when it begins and all that it made, also what is then lost; one in five says nothing', async () => {
  const { taken, steps, ask } = await hospital(0);
  for (const trouble of ['missing-slice', 'none', 'none', 'none', 'none'])
    await ask('/send', { kind: 'mammogram', trouble });
  expect(taken).toHaveLength(19);
  expect(steps).toHaveLength(8);
  for (let at = 0; at < steps.length; at += 2) {
    const [begun, ended] = steps.slice(at, at + 2);
    expect(begun?.uid).toBe(ended?.uid);
    expect(begun?.dataset && text(begun.dataset, 'PerformedProcedureStepStatus')).toBe('IN PROGRESS');
    expect(ended?.dataset && text(ended.dataset, 'PerformedProcedureStepStatus')).toBe('COMPLETED');
  }
  const named = steps.flatMap(({ dataset }) =>
    (dataset === null ? [] : items(dataset, 'PerformedSeriesSequence'))
      .flatMap((series) => items(series, 'ReferencedImageSequence'))
      .map((image) => text(image, 'ReferencedSOPInstanceUID')),
  );
  expect(named).toHaveLength(16);
  expect(named.filter((uid) => !taken.some(({ sopUid }) => sopUid === uid))).toHaveLength(1);
});

test('a modality that breaks off halfway sends the rest once it is mended', async () => {
  const { taken, ask, switches } = await hospital(0);
  await switches.turn('modalities', 'refuse');
  const sending = ask('/send', { kind: 'mammogram', trouble: 'none' });
  await vi.waitUntil(() => taken.length > 0, { timeout: 30_000, interval: 10 });
  await vi.waitUntil(() => taken.length === 2, { timeout: 30_000, interval: 10 });
  await switches.turn('modalities', 'up');
  expect((await sending).body).toMatchObject({ sentObjects: 4, notTaken: 0 });
  expect(new Set(taken.map(({ sopUid }) => sopUid)).size).toBe(4);
});

test('order system, record, archive and machines mean the same people, orders and studies, whatever was muddled', async () => {
  const { taken, ask, messages, store, ris } = await hospital(0);
  const troubles: readonly Trouble[] = ['none', 'stat', 'twins', 'wrong-id', 'misspelt', 'double-registration'];
  for (const trouble of troubles) await ask('/send', { kind: 'hand-radiograph', trouble });
  await vi.waitUntil(() => ris.state().counts.waiting === 0, { timeout: 30_000, interval: 20 });
  const at = (message: ReceivedMessage, segment: string, field: number, component = 1) =>
    message.value({ segment, field, component }) ?? '';
  const orders = messages.filter(({ header }) => header.type === 'ORM');
  expect(orders).toHaveLength(7);
  const sent = taken.map(({ dataset }) => {
    const [request] = items(dataset, 'RequestAttributesSequence');
    return {
      ...{ accession: text(dataset, 'AccessionNumber'), studyUid: text(dataset, 'StudyInstanceUID') },
      ...{
        mrn: text(dataset, 'PatientID'),
        name: text(dataset, 'PatientName'),
        born: text(dataset, 'PatientBirthDate'),
      },
      procedureId: request === undefined ? null : text(request, 'RequestedProcedureID'),
      priority: text(dataset, 'RequestedProcedurePriority'),
      referrer: text(dataset, 'ReferringPhysicianName'),
    };
  });
  const priorities: Readonly<Record<string, string>> = { R: 'ROUTINE', A: 'HIGH', S: 'STAT' };
  const ordered = orders.map((order) => ({
    ...{ accession: at(order, 'OBR', 18), studyUid: at(order, 'ZDS', 1) },
    ...{ mrn: at(order, 'PID', 3), born: at(order, 'PID', 7), procedureId: at(order, 'OBR', 19) },
    name: [1, 2, 3, 5]
      .map((part) => at(order, 'PID', 5, part))
      .join('^')
      .replace(/\^+$/, ''),
    priority: priorities[at(order, 'OBR', 27, 6)],
    referrer: `${at(order, 'OBR', 16, 2)}^${at(order, 'OBR', 16, 3)}`,
  }));
  // Only the machine's slip tells them apart: the right name under another number.
  expect(ordered.map((one, index) => (index === 4 ? { ...one, mrn: sent[4]?.mrn } : one))).toEqual(sent);
  expect(ordered[4]?.mrn).not.toBe(sent[4]?.mrn);
  expect(ordered[1]).toMatchObject({ priority: 'STAT' });
  expect(at(orders[1] as ReceivedMessage, 'PV1', 2)).toBe('E');

  const corrections = messages.filter(({ header }) => ['A08', 'A40'].includes(header.event));
  const [renamed, merged] = corrections;
  if (renamed === undefined || merged === undefined) throw new Error('two corrections were expected');
  expect(at(renamed, 'PID', 5)).not.toBe(at(orders[5] as ReceivedMessage, 'PID', 5));
  expect(at(renamed, 'PID', 3)).toBe(at(orders[5] as ReceivedMessage, 'PID', 3));
  expect(at(merged, 'MRG', 1)).toBe(at(orders[6] as ReceivedMessage, 'PID', 3));

  const numberOf = (resource: Kept | undefined | null) =>
    (resource?.['identifier'] as readonly { value: string }[] | undefined)?.[0]?.value;
  const recorded = (['ServiceRequest', 'ImagingStudy'] as const).map((type) =>
    store.list(type).map((one) => {
      const [, id = ''] = (one['subject'] as { reference: string }).reference.split('/');
      const numbers = (one['identifier'] as readonly { value: string }[]).map(({ value }) => value);
      return `${numberOf(store.read('Patient', id))} ${numbers.find((value) => value.startsWith('D'))}`;
    }),
  );
  const told = ordered.map(({ mrn, accession }, index) => `${index === 6 ? at(merged, 'PID', 3) : mrn} ${accession}`);
  for (const one of recorded) expect(one.toSorted()).toEqual(told.toSorted());
  expect(new Set(store.list('ImagingStudy').map(numberOf))).toEqual(
    new Set(ordered.map(({ studyUid }) => `urn:oid:${studyUid}`)),
  );
  const known = store.list('Patient').find((one) => numberOf(one) === at(renamed, 'PID', 3));
  expect(known).toMatchObject({ name: [{ family: at(renamed, 'PID', 5) }] });
});

test('the archive’s old studies stand in the record as they do in the archive, and nothing is ordered again', async () => {
  const { day, store, holdings, messages } = await hospital(0);
  void day.run();
  await vi.waitUntil(() => holdings.list().length > 0 && store.list('ImagingStudy').length > 1, {
    ...{ timeout: 60_000, interval: 50 },
  });
  const held = holdings.list()[0]?.keys ?? {};
  const numbers = (type: 'ImagingStudy' | 'Patient') =>
    store
      .list(type)
      .map((one) => (one['identifier'] as readonly { value: string }[]).map(({ value }) => value).join(' '));
  expect(numbers('ImagingStudy')).toContain(`urn:oid:${held['StudyInstanceUID']} ${held['AccessionNumber']}`);
  expect(numbers('Patient')).toContain(held['PatientID']);
  expect(messages.map((one) => one.value({ segment: 'OBR', field: 18 }))).not.toContain(held['AccessionNumber']);
});

test('it listens and calls on loopback alone, and will not be pointed elsewhere', async () => {
  const [connecting, listening] = [vi.spyOn(Socket.prototype, 'connect'), vi.spyOn(Server.prototype, 'listen')];
  endings.push(() => [connecting, listening].forEach((spy) => spy.mockRestore()));
  const { ask, ris } = await hospital(0);
  await ask('/send', { kind: 'hand-radiograph', trouble: 'none' });
  await vi.waitUntil(() => ris.state().counts.accepted === 2, { timeout: 30_000, interval: 20 });
  const hosts = [...connecting.mock.calls, ...listening.mock.calls].map((call) => {
    const [wish, host] = (Array.isArray(call[0]) ? call[0] : call) as readonly unknown[];
    return typeof wish === 'object' && wish !== null && 'host' in wish ? wish.host : host;
  });
  expect(hosts.length).toBeGreaterThan(6);
  expect(hosts.filter((host) => typeof host !== 'string' || !isLoopback(host))).toEqual([]);
  expect(['127.0.0.1', '127.9.9.9', '::1'].filter((host) => !isLoopback(host))).toEqual([]);
  const elsewhere = ['10.0.0.1', '0.0.0.0', '::', 'localhost', '127.0.0.1.example.org', '128.0.0.1', ''];
  expect(elsewhere.filter(isLoopback)).toEqual([]);
  const entry = path.join(import.meta.dirname, 'hospital.ts');
  const pointed = spawnSync(process.execPath, [entry, '--dicom-port', '1', '--host', '192.0.2.1'], {
    encoding: 'utf8',
  });
  expect({ code: pointed.status, said: pointed.stderr }).toEqual({
    ...{ code: 2, said: expect.stringContaining('this machine only') },
  });
});

test('its page does what it is asked by itself alone, and says what it does not understand', async () => {
  const { ask, port, day } = await hospital(0);
  expect((await ask('/turn', { machine: 'pacs', state: 'upside-down' })).status).toBe(400);
  expect((await ask('/turn', { machine: 'modalities', state: 'error' })).status).toBe(400);
  expect((await ask('/pace', { everyMs: 1 })).status).toBe(400);
  expect((await ask('/nothing', {})).status).toBe(404);
  expect((await ask('/pace', { everyMs: 5_000 }, { origin: 'http://elsewhere.example' })).status).toBe(403);
  expect((await ask('/pace', { everyMs: 5_000 }, { 'content-type': 'text/plain' })).status).toBe(415);
  expect(day.state().everyMs).toBe(3_600_000);
  expect((await ask('/pace', { everyMs: 5_000 })).body).toMatchObject({ everyMs: 5_000 });
  expect((await ask('/troubles', { troubles: ['corrupt', 'none'] })).body).toMatchObject({ troubles: ['corrupt'] });
  const page = await fetch(`http://127.0.0.1:${port}/`);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await page.text()).toContain('Pretend hospital');
});

test('a day begins with a head that bleeds, and brings the archive’s priors beside', async () => {
  const { taken, day } = await hospital(0);
  void day.run();
  await vi.waitUntil(() => taken.some(({ callingAe }) => callingAe === 'DEMO_PACS'), { timeout: 60_000, interval: 50 });
  expect(taken[0]).toMatchObject({ callingAe: 'DEMO_CT', patientId: 'DEMO00001' });
  expect(day.state().sentStudies).toBeGreaterThan(0);
});

type Troubled = Awaited<ReturnType<typeof troubled>>;

test.each<readonly [Trouble, (one: Troubled) => unknown, unknown]>([
  ['missing-slice', ({ plain, sendings: [first] }) => plain - (first?.now.length ?? 0), 1],
  ['late-slice', ({ plain, sendings: [first] }) => [plain - (first?.now.length ?? 0), first?.later.length], [1, 1]],
  [
    'duplicate',
    ({ plain, sendings: [first] }) => [
      new Set(first?.now.map(({ sopUid }) => sopUid)).size - plain,
      (first?.now.length ?? 0) - plain,
    ],
    [0, 3],
  ],
  [
    'corrupt',
    ({ sendings: [{ now } = { now: [] }] }) => {
      const longest = Math.max(...now.map(({ file }) => file.length));
      return now.filter(({ file }) => file.length < longest / 2).length;
    },
    1,
  ],
  [
    'twins',
    ({ sendings, people: [one, other] }) => [
      sendings.length,
      one?.name === other?.name && one?.born === other?.born,
      one?.id === other?.id,
    ],
    [2, true, false],
  ],
  [
    'wrong-id',
    ({ people: [one] }) => [one?.name === plan.wish.person.name, one?.id === plan.wish.person.mrn],
    [true, false],
  ],
])('%s: what is sent has that wrong with it, and nothing else', async (trouble, factsOf, facts) => {
  expect(factsOf(await troubled(trouble))).toEqual(facts);
});

const plan = { ...planOne(4, 'chest-ct'), size: 'small' as const };
const untroubled = makeTroubled(plan, 'none');

async function troubled(trouble: Trouble) {
  const [whole] = await untroubled;
  const sendings = await makeTroubled(plan, trouble);
  const people = sendings.flatMap(({ now: [first] }) => {
    const start = first === undefined ? undefined : Buffer.from(first.file);
    const read =
      start && readDataset(start.subarray(headerLength(start)), first?.transferSyntaxUid ?? '', { isHead: true });
    return read?.ok
      ? [
          {
            name: text(read.value, 'PatientName'),
            id: text(read.value, 'PatientID'),
            born: text(read.value, 'PatientBirthDate'),
          },
        ]
      : [];
  });
  return { plain: whole?.now.length ?? 0, sendings, people };
}

/** Preamble, prefix, and the group length of the file meta information (PS3.10 §7.1). */
function headerLength(file: Buffer): number {
  return 132 + 12 + file.readUInt32LE(140);
}
