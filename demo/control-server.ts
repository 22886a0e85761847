import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { decodeText } from '../src/main/station/hl7/character-sets.ts';
import { controlPage } from './control-page.ts';
import type { EhrServer } from './ehr/fhir-server.ts';
import type { FhirStore } from './ehr/fhir-store.ts';
import { RULES, type ResourceType } from './ehr/resource-rules.ts';
import type { HospitalDay } from './hospital-day.ts';
import { LOOPBACK } from './loopback.ts';
import { STUDY_KINDS } from './make-study.ts';
import type { Holdings } from './pacs/holdings.ts';
import type { Ris } from './ris/ris.ts';
import { isMachineState, type Machine, MACHINES, type Switchboard } from './switchboard.ts';
import { TROUBLES } from './troubles.ts';

/** What the control page works on. */
export type ControlSettings = {
  /** 0 is any free port. */
  readonly port: number;
  readonly day: HospitalDay;
  readonly switches: Switchboard;
  /** Null where the archive could not listen. */
  readonly pacs: { readonly port: number; readonly holdings: Holdings } | null;
  readonly ris: Ris | null;
  readonly ehr: { readonly server: EhrServer; readonly store: FhirStore } | null;
};

export type ControlServer = { readonly port: number; close(): Promise<void> };

const Turn = z.strictObject({ machine: z.enum(Object.keys(MACHINES) as [Machine, ...Machine[]]), state: z.string() });
const Pace = z.strictObject({ everyMs: z.number().int().min(1_000).max(3_600_000) });
const Chosen = z.strictObject({ troubles: z.array(z.enum(TROUBLES)).max(TROUBLES.length) });
const Send = z.strictObject({ kind: z.enum(STUDY_KINDS), trouble: z.enum(TROUBLES) });
const LONGEST_BODY = 4096;

/**
 * Serves the hospital's own page on loopback, `GET /state`, and what it does: `POST /turn`, `/pace`, `/troubles`, `/send`. It
 * answers no page of another origin: a site that the same browser visits cannot throw its switches.
 */
export async function startControl(settings: ControlSettings): Promise<ControlServer> {
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => respond(response, 500, { code: 'failed' }));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, LOOPBACK, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = '', origin } = request.headers;
    if (!hosts.includes(host) || (origin !== undefined && !hosts.some((one) => origin === `http://${one}`))) {
      return respond(response, 403, { code: 'other-origin' });
    }
    const asked = `${request.method} ${request.url}`;
    if (asked === 'GET /') return sendPage(response);
    if (asked === 'GET /state') return respond(response, 200, stateOf(settings));
    const act = ACTS[asked];
    if (act === undefined) return respond(response, 404, { code: 'not-found' });
    if (request.headers['content-type'] !== 'application/json') return respond(response, 415, { code: 'not-json' });
    const body = await read(request);
    const isDone = body !== null && (await act(body, settings));
    respond(response, isDone ? 200 : 400, isDone ? stateOf(settings) : { code: 'invalid' });
  }
}

/** What each request does; false where its body says nothing that can be done. */
const ACTS: Readonly<Record<string, (body: unknown, settings: ControlSettings) => Promise<boolean>>> = {
  'POST /turn': async (body, { switches }) => {
    const { success, data } = Turn.safeParse(body);
    if (!success || !isMachineState(data.machine, data.state)) return false;
    await switches.turn(data.machine, data.state);
    return true;
  },
  'POST /pace': async (body, { day }) => {
    const { success, data } = Pace.safeParse(body);
    if (success) day.setPace(data.everyMs);
    return success;
  },
  'POST /troubles': async (body, { day }) => {
    const { success, data } = Chosen.safeParse(body);
    if (success) day.setTroubles(data.troubles);
    return success;
  },
  'POST /send': async (body, { day }) => {
    const { success, data } = Send.safeParse(body);
    if (success) await day.sendOne(data.kind, data.trouble);
    return success;
  },
};

/** What `GET /state` tells. */
export function stateOf({ day, switches, pacs, ris, ehr }: ControlSettings) {
  return {
    ...day.state(),
    machines: Object.fromEntries(
      Object.entries(MACHINES).map(([machine, states]) => [
        machine,
        { state: switches.state(machine as Machine), states },
      ]),
    ),
    pacs: pacs === null ? null : { port: pacs.port, objects: pacs.holdings.list().length, bytes: pacs.holdings.bytes },
    ris: ris === null ? null : risState(ris),
    ehr: ehr === null ? null : ehrState(ehr),
    kinds: STUDY_KINDS,
    possibleTroubles: TROUBLES,
  };
}

/** The messages as text: bytes are for the wire. */
function risState(ris: Ris) {
  const { sent, ...state } = ris.state();
  return {
    ...state,
    sent: sent.map(({ bytes, characterSets, ...one }) => ({ ...one, text: textOf(bytes, characterSets) })),
  };
}

function textOf(bytes: Buffer, characterSets: readonly string[]): string {
  const decoded = decodeText(bytes, characterSets);
  return decoded.ok ? decoded.value.replaceAll('\r', '\n') : '';
}

function ehrState({ server, store }: NonNullable<ControlSettings['ehr']>) {
  const counts = (Object.keys(RULES) as ResourceType[]).map((type) => [type, store.list(type).length] as const);
  return { port: server.port, held: Object.fromEntries(counts.filter(([, count]) => count > 0)), ...server.taken() };
}

function sendPage(response: ServerResponse): void {
  const { html, nonce } = controlPage();
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'`,
    'cache-control': 'no-store',
  });
  response.end(html);
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > LONGEST_BODY) return null;
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    return null; // it is no JSON, which the answer says
  }
}
