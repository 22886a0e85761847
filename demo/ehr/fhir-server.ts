import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { LOOPBACK } from '../loopback.ts';
import type { Switchboard } from '../switchboard.ts';
import { answerFhir } from './answer-request.ts';
import { type FhirAnswer, outcome } from './fhir-answer.ts';
import type { FhirStore } from './fhir-store.ts';

/** Everything the record's server is told when it starts. */
export type EhrSettings = {
  /** 0 is any free port; it comes back to the same one. */
  readonly port: number;
  readonly store: FhirStore;
  readonly switches: Switchboard;
};

/** What somebody from outside wrote. */
export type TakenIn = {
  readonly resource: string;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly text: string;
};

/** A pretend electronic record that listens, unless its switch says otherwise. */
export type EhrServer = {
  readonly port: number;
  /** What was written from outside, newest first, as far as it can be shown; and how often. */
  taken(): { readonly count: number; readonly last: readonly TakenIn[] };
  close(): Promise<void>;
};

const SLOW_MS = 1_500;
const LONGEST_BODY = 8 * 1024 * 1024;
const SHOWN = 40;

/**
 * Serves FHIR R4 below `/fhir` on loopback: read, search, conditional create and update, and transactions. It answers no page of another
 * origin and no other name for this machine. Rejects with the system's error when it cannot listen.
 */
export async function startEhr(settings: EhrSettings): Promise<EhrServer> {
  const { switches, store } = settings;
  let count = 0;
  let last: readonly TakenIn[] = [];
  let server: Server | null = await listen(settings.port);
  const { port } = server.address() as AddressInfo;
  const base = `http://${LOOPBACK}:${port}/fhir`;
  switches.onTurn('ehr', async (state) => {
    if (state === 'gone') await shut();
    else server ??= await listen(port);
  });
  return { port, taken: () => ({ count, last }), close: shut };

  async function listen(at: number): Promise<Server> {
    const one = createServer({ requestTimeout: 30_000 }, (request, response) => {
      void answer(request)
        .catch((): FhirAnswer => outcome(500, 'exception', 'The record failed'))
        .then((answered) => send(response, answered));
    });
    await new Promise<void>((resolve, reject) => {
      one.once('error', reject);
      one.listen(at, LOOPBACK, resolve);
    });
    return one;
  }

  async function shut(): Promise<void> {
    const one = server;
    server = null;
    if (one === null) return;
    await new Promise<void>((resolve) => {
      one.close(() => resolve());
      one.closeAllConnections();
    });
  }

  async function answer(request: IncomingMessage): Promise<FhirAnswer> {
    const { host = '', origin } = request.headers;
    if (![`${LOOPBACK}:${port}`, `localhost:${port}`].includes(host) || origin !== undefined)
      return outcome(403, 'forbidden', 'Only programs on this machine are answered');
    const state = switches.state('ehr');
    if (state === 'slow') await pause(SLOW_MS);
    if (state === 'refuse') return { ...outcome(503, 'transient', 'Not now'), headers: { 'retry-after': '5' } };
    const body = await readBody(request);
    if (body === null) return outcome(413, 'too-long', `No more than ${LONGEST_BODY} bytes are taken`);
    const isWrite = request.method !== 'GET' && !(request.url ?? '').includes('/_search');
    if (state === 'error' && isWrite) return outcome(422, 'business-rule', 'The record finds fault with everything');
    return answerFhir(
      { method: request.method ?? 'GET', url: request.url ?? '/', headers: request.headers, body },
      {
        ...{ store, base },
        onTaken: ({ resource, outcome: how }) => {
          count += 1;
          const taken: TakenIn = {
            resource: `${resource.resourceType}/${resource.id}`,
            outcome: how,
            text: JSON.stringify(resource, null, 2),
          };
          last = [taken, ...last].slice(0, SHOWN);
        },
      },
    );
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: FhirAnswer): void {
  response.writeHead(status, {
    ...{ 'content-type': 'application/fhir+json; charset=utf-8', 'cache-control': 'no-store' },
    ...headers,
  });
  response.end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > LONGEST_BODY) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
