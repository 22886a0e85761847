import { afterEach, expect, test, vi } from 'vitest';
import { readDataset } from '../src/main/station/dicom/dataset/read-dataset.ts';
import { text } from '../src/main/station/dicom/dataset/values.ts';
import { DEFAULT_ACCEPTS, startDicomServer } from '../src/main/station/dicom/server.ts';
import { startControl } from './control-server.ts';
import { planDay } from './hospital-day.ts';
import { openHoldings } from './pacs/holdings.ts';
import { planOne } from './schedule.ts';
import { createSwitchboard } from './switchboard.ts';
import { makeTroubled, type Trouble } from './troubles.ts';

const endings: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

type Taken = { readonly callingAe: string; readonly sopUid: string; readonly patientId: string };

/** A station that takes every object which it can read, and a hospital with its page that sends to it. */
async function hospital(historyStudies: number) {
  const taken: Taken[] = [];
  const station = await startDicomServer<null>({
    ...{ host: '127.0.0.1', port: 0, maxAssociations: 8, maxPduLength: 131_072, accepts: DEFAULT_ACCEPTS },
    timeouts: { artimMs: 10_000, idleMs: 30_000, objectMs: 30_000, wholeObjectMs: 30_000 },
    policy: async () => ({ accept: true, correlationId: 'test', context: null }),
    store: async (incoming, { callingAe }) => {
      const parts: Uint8Array[] = [];
      for await (const part of incoming.body) parts.push(Buffer.from(part));
      const read = readDataset(Buffer.concat(parts), incoming.transferSyntaxUid);
      if (!read.ok) return { status: 'cannot-understand' };
      taken.push({ callingAe, sopUid: incoming.sopInstanceUid, patientId: text(read.value, 'PatientID') ?? '' });
      return { status: 'success' };
    },
  });
  const stop = new AbortController();
  const switches = createSwitchboard();
  const holdings = openHoldings(2 ** 28);
  const to = { host: '127.0.0.1', port: station.port, calledAe: 'WETREAD', signal: stop.signal, switches };
  const day = planDay({
    ...{ seed: 11, everyMs: 3_600_000, historyStudies, holdings, size: 'small' },
    modality: { ...to, callingAe: 'DEMO_CT' },
    archive: { ...to, callingAe: 'DEMO_PACS' },
  });
  const control = await startControl({ port: 0, day, switches, pacs: { port: 1, holdings } });
  endings.push(async () => {
    stop.abort();
    await control.close();
    await station.close(0);
    holdings.clear();
  });
  const ask = async (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${control.port}${path}`, {
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { taken, day, ask, switches, port: control.port };
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

test('its page does what it is asked by itself alone, and says what it does not understand', async () => {
  const { ask, port, day } = await hospital(0);
  expect((await ask('/turn', { machine: 'pacs', state: 'upside-down' })).status).toBe(400);
  expect((await ask('/turn', { machine: 'modalities', state: 'refuse' })).status).toBe(400);
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
