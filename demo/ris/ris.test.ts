import { connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { freePort } from '../../test/system/support/free-port.ts';
import { planOne } from '../schedule.ts';
import { createSwitchboard } from '../switchboard.ts';
import { type Visit, visitOf } from '../visits.ts';
import { PEOPLE_ABROAD } from '../people-abroad.ts';
import { PEOPLE } from '../people.ts';
import { correctionMessage, orderMessages } from './hl7-messages.ts';
import { type Ris, startRis } from './ris.ts';

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end();
});

const PLAN = planOne(41, 'head-ct');
const AT_MS = Date.UTC(2026, 10, 22, 9, 30);
const visit = (seed = 41, change: Partial<Visit> = {}): Visit => {
  const plan = planOne(seed, 'head-ct');
  return { ...visitOf({ ...plan, wish: { ...plan.wish, atMs: AT_MS } }, `1.2.${seed}`), ...change };
};
const linesOf = (message: Buffer, encoding: BufferEncoding = 'latin1') =>
  message.toString(encoding).split('\r').slice(0, -1);

/** A peer that shares no code with us: it cuts frames by hand and answers what it is told to, nothing where that is null. */
async function peer(port: number, answers: (controlId: string, count: number) => string | null) {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let rest = '';
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1');
      for (let end = rest.indexOf('\x1c\r'); end >= 0; end = rest.indexOf('\x1c\r')) {
        const message = rest.slice(rest.indexOf('\x0b') + 1, end);
        rest = rest.slice(end + 2);
        heard.push(message);
        const controlId = message.split('|')[9] ?? '';
        const code = answers(controlId, heard.length);
        if (code === null) socket.destroy();
        else
          socket.write(
            `\x0bMSH|^~\\&|W|D|R|D|20260101||ACK|a${heard.length}|T|2.5.1\rMSA|${code}|${controlId}\r\x1c\r`,
          );
      }
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  endings.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { heard, ids: () => heard.map((one) => one.split('|')[9]) };
}

async function openRis(stationPort: number) {
  const stop = new AbortController();
  const switches = createSwitchboard();
  const station = { host: '127.0.0.1', port: stationPort };
  const ris = await startRis({ port: 0, station, switches, signal: stop.signal, retryMs: 20 });
  endings.push(async () => {
    stop.abort();
    await ris.close();
  });
  return { ris, switches };
}

const countsOf = (ris: Ris) => {
  const { accepted, refused, waiting } = ris.state().counts;
  return { accepted, refused, waiting };
};

test('an order says who came, what is to be done, how soon, and under which study', () => {
  const [admitted, ordered] = orderMessages(visit());
  if (admitted === undefined || ordered === undefined) throw new Error('two messages were expected');
  const { person, request } = visit();
  expect(person.name).toMatch(/^[^^]+\^[^^]+$/);
  expect([admitted.kind, ordered.kind]).toEqual([request.patientClass === 'I' ? 'ADT^A01' : 'ADT^A04', 'ORM^O01']);
  const [head = '', pid = '', pv1 = '', orc = '', obr = '', zds = ''] = linesOf(ordered.bytes);
  expect(head).toBe('MSH|^~\\&|DEMO_RIS|DEMO|WETREAD|DEMO|20261122090500+0000||ORM^O01^ORM_O01|41-O01|T|2.5.1');
  expect(pid.split('|').slice(3, 9)).toEqual([
    `${person.mrn}^^^WETREAD-DEMO^MR`,
    '',
    `${person.name}^^^^^L^A`,
    '',
    person.birthDate,
    person.sex,
  ]);
  expect(pv1.split('|')[2]).toBe(request.patientClass);
  expect(orc.split('|').slice(1, 4)).toEqual(['NW', 'PL41^RIS', 'FI41^RIS']);
  const fields = obr.split('|');
  expect([fields[4], fields[18], fields[24]]).toEqual([
    'CTHEAD^CT head without contrast^99DEMO^30799-1^CT head without contrast^LN',
    PLAN.wish.accession,
    'CT',
  ]);
  expect(zds).toBe('ZDS|1.2.41^RIS^Application^DICOM');
  const stat = orderMessages(visit(41, { request: { ...request, priority: 'stat' } }))[1];
  const statLines = linesOf(stat?.bytes ?? Buffer.alloc(0));
  expect([statLines[3]?.split('|')[7], statLines[4]?.split('|')[27]]).toEqual(
    Array(2).fill('^^^20261122093000+0000^^S'),
  );
});

test('the same visit is the same bytes, another is not', () => {
  expect(orderMessages(visit())).toEqual(orderMessages(visit()));
  expect(orderMessages(visit(42))[1]?.bytes).not.toEqual(orderMessages(visit())[1]?.bytes);
});

test('names go out in the narrowest set that has them, each way of writing them apart', () => {
  const named = (name: string) => {
    const person = { ...visit().person, name };
    const [admitted] = orderMessages(visit(41, { person }));
    return admitted ?? { characterSets: [], bytes: Buffer.alloc(0) };
  };
  const jorg = PEOPLE.find(({ name }) => name === 'Übungsmann^Jörg')?.name ?? '';
  expect(named(jorg).characterSets).toEqual(['8859/1']);
  expect(linesOf(named(jorg).bytes)[2]).toContain('|Übungsmann^Jörg^^^^^L^A|');
  const [japanese = '', , chinese = '', korean = ''] = PEOPLE_ABROAD.map(({ person }) => person.name);
  expect(linesOf(named(japanese).bytes)[0]).toMatch(/\|\|\|\|\|\|~ISO IR87$/);
  expect(linesOf(named(japanese).bytes)[2]).toContain(
    'Mihon^Hanako^^^^^L^A~\x1b$B8+K\\\x1b(B^\x1b$B2V;R\x1b(B^^^^^L^I~',
  );
  for (const [name, sign] of [
    [chinese, '样本^晓'],
    [korean, '가봉^달수'],
  ] as const) {
    expect(named(name).characterSets).toEqual(['UNICODE UTF-8']);
    expect(linesOf(named(name).bytes, 'utf8')[2]).toContain(`~${sign}^^^^^L^I|`);
  }
  expect(linesOf(named('Specimen^Thaddeus^^Dr').bytes)[2]).toContain('|Specimen^Thaddeus^^^Dr^^L^A|');
});

test('a right name is an update, two numbers of one person are a merge into the one that stays', () => {
  const { person } = visit();
  const from = { ...person, mrn: 'TMP1', name: 'Unknown^Person' };
  const renamed = correctionMessage(visit(), { kind: 'renamed', from: { ...person, name: 'Xyz' }, to: person });
  expect(linesOf(renamed.bytes).map((line) => line.slice(0, 7))).toEqual([
    'MSH|^~\\',
    'EVN|A08',
    'PID|1||',
    'PV1|1|' + visit().request.patientClass,
  ]);
  const merged = linesOf(correctionMessage(visit(), { kind: 'merged', from, to: person }).bytes);
  expect(merged[0]).toContain('|ADT^A40^ADT_A39|41-A40|');
  expect(merged[2]).toContain(`|${person.mrn}^^^WETREAD-DEMO^MR|`);
  expect(merged[3]).toBe('MRG|TMP1^^^WETREAD-DEMO^MR||||||Unknown^Person^^^^^L^A');
});

test('while nobody listens everything waits; then it goes out in order, once', async () => {
  const port = await freePort();
  const { ris } = await openRis(port);
  ris.ordered(visit(41));
  ris.ordered(visit(42));
  await expect.poll(() => ris.state().station).toBe('nobody-listens');
  expect(countsOf(ris)).toEqual({ accepted: 0, refused: 0, waiting: 4 });
  expect(ris.state()).toMatchObject({
    stationPort: port,
    sent: [{ controlId: expect.stringMatching(/^41-A0/), answer: 'unreachable' }, {}, {}, {}],
  });
  const { ids } = await peer(port, () => 'AA');
  await expect.poll(() => countsOf(ris)).toEqual({ accepted: 4, refused: 0, waiting: 0 });
  expect(ids()).toEqual([expect.stringMatching(/^41-A0/), '41-O01', expect.stringMatching(/^42-A0/), '42-O01']);
  expect(ris.state().station).toBe('answers');
});

test('refused for good it goes on; not now, unanswered or cut off it sends the same bytes again', async () => {
  const port = await freePort();
  const codes = ['AR', 'AA', null, 'AE'];
  const { heard } = await peer(port, (_, count) => (count > codes.length ? 'AA' : (codes[count - 1] ?? null)));
  const { ris } = await openRis(port);
  ris.ordered(visit());
  await expect.poll(() => countsOf(ris)).toEqual({ accepted: 1, refused: 1, waiting: 0 });
  expect(heard).toHaveLength(4);
  expect(heard[0]).toBe(heard[1]);
  expect(heard[2]).toBe(heard[3]);
  expect(ris.state().sent.map(({ answer, attempts }) => `${answer} ${attempts}`)).toEqual(['AE 2', 'AA 2']);
});

test('an acknowledgement of another message settles nothing', async () => {
  const port = await freePort();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('\x0bMSH|^~\\&|W|D|R|D|1||ACK|1|T|2.5.1\rMSA|AA|another\r\x1c\r'));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  endings.push(() => void server.close());
  const { ris } = await openRis(port);
  ris.ordered(visit());
  await expect.poll(() => ris.state().sent[0]?.attempts ?? 0).toBeGreaterThan(1);
  expect(countsOf(ris)).toEqual({ accepted: 0, refused: 0, waiting: 2 });
});

const ORU = (change: (text: string) => string = (text) => text) =>
  change(
    [
      'MSH|^~\\&|WETREAD|DEMO|DEMO_RIS|DEMO|20261122100000+0000||ORU^R01^ORU_R01|R1|T|2.5.1',
      `PID|1||${visit().person.mrn}^^^WETREAD-DEMO^MR`,
      `OBR|1|PL41|FI41|CTHEAD^CT head||||||||||||||${PLAN.wish.accession}|||||||R`,
      'OBX|1|TX|x||text||||||R',
      '',
    ].join('\r'),
  );

/** Sends over a socket of its own; the answer's MSA and ERR, or what happened instead. */
function tell(port: number, message: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('error', () => resolve('nobody there'));
    socket.on('close', () => resolve(answer === '' ? 'hung up' : answer));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!answer.includes('\x1c\r')) return;
      answer = answer.split('\r').slice(1, -2).join(' ');
      socket.end();
    });
    socket.write(Buffer.from(`\x0b${message}\x1c\r`, 'latin1'));
  });
}

test('takes a result once however often it comes, and says what is wrong with what is none', async () => {
  const { ris } = await openRis(await freePort());
  ris.ordered(visit());
  expect(await tell(ris.port, ORU())).toBe('MSA|AA|R1');
  expect(await tell(ris.port, ORU())).toBe('MSA|AA|R1');
  expect(ris.state().counts).toMatchObject({ received: 1, repeated: 1 });
  expect(ris.state().received).toMatchObject([
    { controlId: 'R1', mrn: visit().person.mrn, accession: 'D41', status: 'R', isOfAnOrder: true },
  ]);
  expect(
    await tell(
      ris.port,
      ORU((text) => text.replace('ORU^R01', 'ADT^A08')),
    ),
  ).toContain('MSA|AR|R1 ERR||MSH^1^9|200^');
  expect(
    await tell(
      ris.port,
      ORU((text) => text.replace(/\|R(?=\rOBX)/, '|')),
    ),
  ).toContain('MSA|AE|R1 ERR||OBR^1^25|101^');
  expect(
    await tell(
      ris.port,
      ORU((text) => text.replace('text', 'J\xf6rg')),
    ),
  ).toContain('MSA|AE|R1 ERR|||102^');
  expect(await tell(ris.port, 'not a message')).toBe('hung up');
  expect(
    await tell(
      ris.port,
      ORU((text) => text.replaceAll('41', '77').replace('R1|', 'R2|')),
    ),
  ).toBe('MSA|AA|R2');
  expect(ris.state().received[0]).toMatchObject({ controlId: 'R2', isOfAnOrder: false });
});

test('as its switch says it answers not now, finds fault, is slow, is gone, and comes back on the same port', async () => {
  const stationPort = await freePort();
  const { ids } = await peer(stationPort, () => 'AA');
  const { ris, switches } = await openRis(stationPort);
  await switches.turn('ris', 'refuse');
  expect(await tell(ris.port, ORU())).toContain('MSA|AR|R1');
  await switches.turn('ris', 'error');
  expect(await tell(ris.port, ORU())).toContain('MSA|AE|R1');
  expect(ris.state().counts.received).toBe(0);
  await switches.turn('ris', 'gone');
  expect(await tell(ris.port, ORU())).toBe('nobody there');
  ris.ordered(visit());
  expect(ids()).toEqual([]);
  await switches.turn('ris', 'slow');
  const before = performance.now();
  expect(await tell(ris.port, ORU())).toBe('MSA|AA|R1');
  expect(performance.now() - before).toBeGreaterThan(1_400);
  await switches.turn('ris', 'up');
  await expect.poll(() => ids().length).toBe(2);
});
