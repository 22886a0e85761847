import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { acknowledged, acknowledgement, UNREADABLE_AS, type Verdict } from '../../src/main/station/hl7/acknowledge.ts';
import { decodeText } from '../../src/main/station/hl7/character-sets.ts';
import { type MllpSender, mllpTo } from '../../src/main/station/hl7/mllp-client.ts';
import { type MllpServer, startMllpServer } from '../../src/main/station/hl7/mllp-server.ts';
import { type ReceivedMessage, readMessage } from '../../src/main/station/hl7/read-message.ts';
import { LOOPBACK } from '../loopback.ts';
import type { Switchboard } from '../switchboard.ts';
import type { RecordKeeper } from '../visits.ts';
import { correctionMessage, orderMessages, type RisMessage } from './hl7-messages.ts';

/** Everything the order system is told when it starts. */
export type RisSettings = {
  /** Where it listens for results; 0 is any free port, and it comes back to the same one. */
  readonly port: number;
  /** Where the station listens, or will. */
  readonly station: { readonly host: string; readonly port: number };
  readonly switches: Switchboard;
  readonly signal: AbortSignal;
  /** How long it waits before it sends again what did not get through. */
  readonly retryMs?: number;
};

/** What became of a message that it owes. */
export type Sent = RisMessage & {
  readonly state: 'waiting' | 'accepted' | 'refused';
  /** The last acknowledgement's code, or what happened instead of one. */
  readonly answer: string;
  readonly attempts: number;
};

/** A result that came in. */
export type Received = {
  readonly controlId: string;
  readonly mrn: string;
  readonly accession: string;
  /** OBR-25 of table 0123. */
  readonly status: string;
  readonly isOfAnOrder: boolean;
  readonly text: string;
};

/** How it stands with the order system. */
export type RisState = {
  readonly port: number;
  readonly stationPort: number;
  readonly station: 'untried' | 'answers' | 'nobody-listens' | 'no-answer' | 'busy';
  readonly counts: Readonly<Record<Sent['state'], number>> & { readonly received: number; readonly repeated: number };
  /** What waits longest, then what was settled last. */
  readonly sent: readonly Sent[];
  readonly received: readonly Received[];
};

/** A pretend order system: says who comes and what is ordered, and takes results. */
export type Ris = RecordKeeper & {
  readonly port: number;
  state(): RisState;
  /** Ends; what it owes is forgotten. Only once the signal has fired. */
  close(): Promise<void>;
};

const SLOW_MS = 1_500;
const RETRY_MS = 3_000;
/** How many settled messages and results it can show; what waits is kept whole. */
const SHOWN = 40;
/** Of how many results it knows that they come again. */
const REMEMBERED = 5_000;

/** Starts an order system that listens for results and sends what it owes, in order, for as long as it takes. Rejects where it cannot listen. */
export async function startRis(settings: RisSettings): Promise<Ris> {
  const { switches, signal, station } = settings;
  const waiting: Sent[] = [];
  let settled: readonly Sent[] = [];
  let received: readonly Received[] = [];
  const counts = { accepted: 0, refused: 0, received: 0, repeated: 0 };
  const orders = new Set<string>();
  const answers = new Map<string, Buffer>();
  let reached: RisState['station'] = 'untried';
  let wake: () => void = () => undefined;

  const owe = (messages: readonly RisMessage[]) => {
    for (const message of messages) waiting.push({ ...message, state: 'waiting', answer: '', attempts: 0 });
    wake();
  };

  let server: MllpServer | null = await listen(settings.port);
  const { port } = server;
  let sender: MllpSender | null = null;
  switches.onTurn('ris', async (state) => {
    if (state !== 'gone') {
      server ??= await listen(port);
      return;
    }
    sender?.close();
    sender = null;
    await server?.close();
    server = null;
  });
  signal.addEventListener('abort', () => {
    sender?.close();
    wake();
  });
  const sending = sendAll();

  function listen(at: number): Promise<MllpServer> {
    return startMllpServer({
      ...{ host: LOOPBACK, port: at, maxConnections: 16, idleMs: 15 * 60_000 },
      answer: async (bytes) => {
        await delay();
        return take(bytes);
      },
      onFailure: (error) =>
        process.stderr.write(`demo: the order system failed: ${error instanceof Error ? error.name : 'unknown'}\n`),
    });
  }

  async function sendAll(): Promise<void> {
    while (!signal.aborted) {
      await switches.untilNot('gone', 'ris', signal);
      const [message] = waiting;
      if (message === undefined) await untilWoken();
      else if (!(await sendOne(message))) await rest(settings.retryMs ?? RETRY_MS);
    }
    sender?.close();
  }

  /** True once the message is settled, whichever way. */
  async function sendOne(message: Sent): Promise<boolean> {
    await delay();
    sender ??= mllpTo({ ...station, answerMs: 10_000 });
    const outcome = await sender.send(message.bytes);
    const read = outcome.state === 'answered' ? readMessage(outcome.answer) : null;
    const told = read?.ok === true ? acknowledged(read.value) : null;
    const isOurs = told?.controlId === message.controlId;
    const answer =
      told !== null && isOurs ? told.code : outcome.state === 'answered' ? 'no-acknowledgement' : outcome.code;
    const attempts = message.attempts + 1;
    if (told === null || !isOurs || told.state === 'rejected') {
      reached = outcome.state === 'never-left' ? 'nobody-listens' : told?.state === 'rejected' ? 'busy' : 'no-answer';
      waiting[0] = { ...message, answer, attempts };
      return false;
    }
    reached = 'answers';
    const state: Sent['state'] & keyof typeof counts = told.state === 'accepted' ? 'accepted' : 'refused';
    counts[state] += 1;
    waiting.shift();
    settled = [{ ...message, state, answer, attempts }, ...settled].slice(0, SHOWN);
    return true;
  }

  /** Takes a result, or says why not. What comes again byte for byte is answered as before, and kept once. */
  function take(bytes: Buffer): Buffer | null {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const before = answers.get(digest);
    const state = switches.state('ris');
    if (before !== undefined && state !== 'refuse' && state !== 'error') {
      counts.repeated += 1;
      return before;
    }
    const read = readMessage(bytes);
    const header = read.ok ? read.value.header : read.error.header;
    if (header === null) return null;
    const verdict: Verdict =
      state === 'refuse'
        ? { state: 'rejected', reason: 'internal-error' }
        : state === 'error'
          ? { state: 'content-error', reason: 'table-value-not-found', location: 'OBX^1^3' }
          : read.ok
            ? judge(read.value)
            : { state: 'content-error', reason: UNREADABLE_AS[read.error.code] };
    const answer = acknowledgement(header, verdict, { controlId: `RIS${digest.slice(0, 16)}`, atMs: Date.now() });
    if (verdict.state === 'accepted' && read.ok) {
      keep(read.value, bytes);
      if (answer !== null) answers.set(digest, answer);
      for (const oldest of answers.keys()) if (answers.size > REMEMBERED) answers.delete(oldest);
    }
    return answer;
  }

  function keep(message: ReceivedMessage, bytes: Buffer): void {
    const text = decodeText(bytes, message.header.characterSets);
    const accession = message.value({ segment: 'OBR', field: 18 }) ?? '';
    const isOfAnOrder = [accession, message.value({ segment: 'OBR', field: 2 }) ?? ''].some((one) => orders.has(one));
    counts.received += 1;
    received = [
      {
        ...{ controlId: message.header.controlId, accession, isOfAnOrder },
        mrn: message.value({ segment: 'PID', field: 3 }) ?? '',
        status: message.value({ segment: 'OBR', field: 25 }) ?? '',
        text: text.ok ? text.value : '',
      },
      ...received,
    ].slice(0, SHOWN);
  }

  async function delay(): Promise<void> {
    if (switches.state('ris') === 'slow') await pause(SLOW_MS);
  }

  async function rest(ms: number): Promise<void> {
    await pause(ms, undefined, { signal }).catch(() => undefined); // it all ends
  }

  async function untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (signal.aborted) resolve();
    });
  }

  return {
    port,
    ordered(visit) {
      orders.add(visit.accession).add(visit.request.placerNumber);
      owe(orderMessages(visit));
    },
    taken: () => undefined, // the order system learns of images from the archive, not from the machine
    corrected: (visit, correction) => owe([correctionMessage(visit, correction)]),
    prior: ({ accession, request }) => void orders.add(accession).add(request.placerNumber), // told when it was ordered
    state: () => ({
      ...{ port, stationPort: station.port, station: reached },
      counts: { ...counts, waiting: waiting.length },
      sent: [...waiting.slice(0, SHOWN), ...settled].slice(0, SHOWN),
      received,
    }),
    async close() {
      await Promise.all([server?.close(), sending]);
      server = null;
    },
  };
}

/** What an order system asks of a result: that it is one, whose it is, and of what. */
function judge(message: ReceivedMessage): Verdict {
  const { header, value } = message;
  if (header.type !== 'ORU') return { state: 'rejected', reason: 'unsupported-type', location: 'MSH^1^9' };
  if (header.event !== 'R01') return { state: 'rejected', reason: 'unsupported-event', location: 'MSH^1^9' };
  if ((value({ segment: 'PID', field: 3 }) ?? '') === '') return missing('PID^1^3');
  if ((value({ segment: 'OBR', field: 4 }) ?? value({ segment: 'OBR', field: 4, component: 2 }) ?? '') === '')
    return missing('OBR^1^4');
  if ((value({ segment: 'OBR', field: 25 }) ?? '') === '') return missing('OBR^1^25');
  return { state: 'accepted' };
}

function missing(location: string): Verdict {
  return { state: 'content-error', reason: 'required-field-missing', location };
}
