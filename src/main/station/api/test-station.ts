import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { WebSocket } from 'ws';
import type { Contract } from '../../../shared/contract/contract.ts';
import { type Role, ROLES } from '../../../shared/domain/permissions.ts';
import { createServiceToken, createUser, makeSite, hashPassword, type Site } from '../access/index.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { createHttp, type HttpHost } from '../platform/http/server.ts';
import { ledgerHead } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { openLog } from '../platform/log.ts';
import { createMetrics } from '../platform/metrics.ts';
import { openTestStore, type TestStore } from '../platform/store/test-store.ts';
import { QUICK_HASH } from '../testing/quick-hash.ts';
import { createApi } from './create-api.ts';
import { createHintHub, type HintHub } from './hint-hub.ts';
import type { StationServices } from './services.ts';

/** The contract as a client calls it. */
export type TestClient = ContractRouterClient<Contract>;

/** The api on a real host and a real store; only the capabilities' answers are the test's own. */
export type TestStation = {
  readonly origin: string;
  readonly port: number;
  readonly site: Site;
  readonly store: TestStore;
  readonly hints: HintHub;
  /** Everything logged so far. */
  logged(): string;
  /** A fresh session's token: a person signs in, a service has one made. */
  token(role: Role): Promise<string>;
  ask(token: string | null, path: string, init?: TestRequest): Promise<Response>;
  /** A socket that is open, and the contract over it. */
  connect(token: string): Promise<{ readonly client: TestClient; readonly socket: WebSocket }>;
  /** Every route that was put on the host, as `METHOD path`. */
  readonly routes: readonly string[];
  events(): readonly { readonly kind: string; readonly studyId: string | null; readonly payload: unknown }[];
  stop(): Promise<void>;
};

/** What a test asks with. */
export type TestRequest = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/** A store, and the site of it that is asked. */
type Place = { readonly store: TestStore; readonly site: Site };

function emptyPlace(clock: Clock): Place {
  const store = openTestStore();
  const site = makeSite(store.db, { code: 'north', name: 'North', zone: 'Europe/Berlin', atMs: clock.nowMs() });
  return { store, site };
}

/** The password of every test user. */
export const TEST_PASSWORD = 'a password for tests';

const PEOPLE = ROLES.filter((role) => role !== 'service');

/** Starts the api with these answers on a free port, over a store of its own or the one given; one user for each role of people. */
export async function startTestStation(
  services: StationServices,
  clock: Clock = systemClock,
  { store, site }: Place = emptyPlace(clock),
): Promise<TestStation> {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-page-'));
  const sink = new PassThrough();
  let logged = '';
  sink.on('data', (chunk: Buffer) => (logged += chunk.toString()));
  const log = openLog('info', sink);
  await addPeople(store, site);
  const host = await openHost(folder, log);
  const routes: string[] = [];
  host.app.addHook('onRoute', ({ method, url }) => void routes.push(...[method].flat().map((one) => `${one} ${url}`)));
  const head = () => ledgerHead(store.db).seq;
  const metrics = createMetrics({ openAssociations: () => 0, ledgerHead: head, cursors: () => [] });
  const hints = createHintHub(head);
  const limits = { idleMs: 30 * 60_000, absoluteMs: 12 * 60 * 60_000 };
  const options = { host, db: store.db, clock, log, limits, services, hints, metrics, version: '0.0.0-test' };
  const api = await createApi(options);
  const listening = await host.listen();
  if (!listening.ok) throw new Error(listening.error.code);
  const { origin, port } = listening.value;
  const ask: TestStation['ask'] = (token, target, init = {}) =>
    fetch(`${origin}${target}`, {
      ...init,
      headers: { ...init.headers, ...(token !== null && { authorization: `Bearer ${token}` }) },
    });
  return {
    ...{ origin, port, site, store, hints, ask, routes },
    logged: () => logged,
    token: (role) => (role === 'service' ? Promise.resolve(serviceToken(store, site, clock)) : signIn(ask, role)),
    connect: (token) => connect(port, token),
    events: () => listEvents(store),
    async stop() {
      api.stop();
      await host.close();
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openHost(folder: string, log: ReturnType<typeof openLog>): Promise<HttpHost> {
  const created = await createHttp({
    ...{ bindAddress: '127.0.0.1', port: 0, names: [], tls: null, log },
    page: { folder, demo: false },
    onAnswered: () => undefined,
  });
  if (!created.ok) throw new Error(created.error.code);
  return created.value;
}

async function addPeople(store: TestStore, site: Site): Promise<void> {
  const passwordHash = await hashPassword(TEST_PASSWORD, QUICK_HASH);
  for (const role of PEOPLE) {
    const user = { username: role, displayName: role, passwordHash, state: 'active', roles: [role] } as const;
    createUser(store.db, { ...user, siteId: site.siteId, actor: serviceActor('test'), atMs: 0 });
  }
}

async function signIn(ask: TestStation['ask'], username: string): Promise<string> {
  const answer = await ask(null, '/api/v1/sessions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: TEST_PASSWORD }),
  });
  const { token } = (await answer.json()) as { token: string };
  return token;
}

function serviceToken(store: TestStore, site: Site, clock: Clock): string {
  const atMs = clock.nowMs();
  const token = { name: 'ris', siteId: site.siteId, expiresAtMs: atMs + 3_600_000, actor: serviceActor('test'), atMs };
  const created = createServiceToken(store.db, token);
  if (!created.ok) throw new Error(created.error.code);
  return created.value.token;
}

async function connect(port: number, token: string): Promise<{ client: TestClient; socket: WebSocket }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, { headers: { authorization: `Bearer ${token}` } });
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const link = new RPCLink({ websocket: socket });
  return { client: createORPCClient(link), socket };
}

function listEvents(store: TestStore): ReturnType<TestStation['events']> {
  const rows = store.db
    .prepare('SELECT kind, study_id AS studyId, payload FROM events JOIN event_payloads USING (seq) ORDER BY seq')
    .all() as { kind: string; studyId: string | null; payload: string }[];
  return rows.map((row) => ({ ...row, payload: JSON.parse(row.payload) }));
}
