import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { Contract } from '../../../src/shared/contract/contract.ts';
import { LedgerVerification } from '../../../src/shared/contract/audit.ts';
import { SignInOutcome } from '../../../src/shared/contract/sessions.ts';
import { Finding, StudyDetail } from '../../../src/shared/contract/studies.ts';
import { type WorklistRow, WorklistWindow } from '../../../src/shared/contract/worklist.ts';
import type { RunningStation } from './start-station.ts';
import { until } from './until.ts';

/** What came back from one HTTP request. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
};

/** Somebody signed in who asks over HTTP; every answer is checked against the contract. */
export type Asker = {
  readonly token: string;
  readonly origin: string;
  fetch(path: string, init?: RequestInit): Promise<Answer>;
  worklist(filter?: string): Promise<WorklistWindow>;
  study(studyId: string): Promise<StudyDetail>;
  findings(studyId: string): Promise<readonly Finding[]>;
  verifyLedger(): Promise<LedgerVerification>;
  /** The stored Part-10 file of an instance, over WADO-RS; null where the station has none. */
  storedFile(site: string, path: InstancePath): Promise<Uint8Array | null>;
};

export type InstancePath = { readonly studyUid: string; readonly seriesUid: string; readonly sopUid: string };

/** One HTTP request with nobody signed in. */
export async function ask(origin: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${origin}${path}`, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) };
}

/** Signs in and asks as that user; throws where the station does not let them in. */
export async function signIn(station: RunningStation, username: string, password: string): Promise<Asker> {
  const answer = await ask(station.http, '/api/v1/sessions', jsonBody({ username, password }));
  if (answer.status !== 201) throw new Error(`sign-in answered ${answer.status}`);
  const outcome = SignInOutcome.parse(JSON.parse(answer.text));
  if (outcome.state !== 'signed-in') throw new Error('a second factor is asked for');
  return askAs(station.http, outcome.token);
}

/** What `signInFirst` makes of the one-time password. */
export const ADMINISTRATOR_PASSWORD = 'chosen-by-the-administrator';

/** Signs in the one user of a first start by the password it printed, and changes it as everything else asks for first. */
export async function signInFirst(station: RunningStation): Promise<Asker> {
  const current = firstPassword(station);
  const administrator = await signIn(station, 'administrator', current);
  const { headers, body } = jsonBody({ current, next: ADMINISTRATOR_PASSWORD });
  const changed = await administrator.fetch('/api/v1/sessions/current/password', { method: 'PUT', headers, body });
  if (changed.status !== 200) throw new Error(`changing the password answered ${changed.status}`);
  return administrator;
}

/** The one-time password that a first start writes to stderr. */
export function firstPassword(station: RunningStation): string {
  const password = /one-time password: (\S+)/.exec(station.stderr())?.[1];
  if (password === undefined) throw new Error('no one-time password was printed');
  return password;
}

/** A POST of JSON. */
export function jsonBody(value: unknown): Required<Pick<RequestInit, 'method' | 'headers' | 'body'>> {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** Waits until the worklist shows the study as wished, and gives its row. */
export async function rowOf(
  who: Asker,
  studyUid: string,
  isAsWished: (row: WorklistRow) => boolean = () => true,
): Promise<WorklistRow> {
  let last: WorklistRow | undefined;
  try {
    return await until(async () => {
      last = (await who.worklist()).rows.find((row) => row.studyUid === studyUid);
      return last !== undefined && isAsWished(last) ? last : null;
    });
  } catch (cause) {
    const { patient: _, ...shown } = last ?? { patient: null };
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`the row did not become as wished; last seen: ${JSON.stringify(shown)}; ${why}`, { cause });
  }
}

/** The contract over WebSocket, as a page speaks it. */
export async function openSocket(
  who: Asker,
): Promise<{ readonly client: ContractRouterClient<Contract>; close(): void }> {
  const socket = new WebSocket(`${who.origin.replace(/^http/, 'ws')}/rpc`, {
    headers: { authorization: `Bearer ${who.token}` },
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const link = new RPCLink({ websocket: socket });
  return { client: createORPCClient(link), close: () => socket.close() };
}

/** Asks with a token that is at hand, a service's say. */
export function askAs(origin: string, token: string): Asker {
  const send = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${token}`);
    return ask(origin, path, { ...init, headers });
  };
  const read = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const answer = await send(path, init);
    if (answer.status !== 200) throw new Error(`${init.method ?? 'GET'} ${path} answered ${answer.status}`);
    return JSON.parse(answer.text);
  };
  return {
    ...{ token, origin, fetch: send },
    worklist: async (filter = 'all') => WorklistWindow.parse(await read(`/api/v1/worklist?filter=${filter}&limit=500`)),
    study: async (studyId) => StudyDetail.parse(await read(`/api/v1/studies/${studyId}`)),
    findings: async (studyId) => Finding.array().parse(await read(`/api/v1/studies/${studyId}/findings`)),
    verifyLedger: async () => LedgerVerification.parse(await read('/api/v1/audit/verify', { method: 'POST' })),
    async storedFile(site, { studyUid, seriesUid, sopUid }) {
      const path = `/dicomweb/${site}/studies/${studyUid}/series/${seriesUid}/instances/${sopUid}`;
      const answer = await send(path, { headers: { accept: 'application/dicom; transfer-syntax=*' } });
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw new Error(`an instance was answered with ${answer.status}`);
      return answer.bytes;
    },
  };
}
