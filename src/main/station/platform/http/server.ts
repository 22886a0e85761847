import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { isOutOfRoom } from '../store/out-of-room.ts';
import type { Log } from '../log.ts';
import { isLoopback } from './loopback.ts';
import { type PageOptions, servePage } from './page.ts';
import { answeredHosts, judgeRequest, type RequestPolicy } from './request-policy.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { serveUpgrades, type UpgradeHandler } from './upgrades.ts';

/** One answered request, named by its route template: the URL itself is never told to anybody. */
export type Answered = {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly tookMs: number;
};

/** Where the station is served; port 0 takes any free one, `names` are further Host header values. */
export type HttpOptions = {
  readonly bindAddress: string;
  readonly port: number;
  readonly names: readonly string[];
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly page: PageOptions;
  readonly log: Log;
  readonly onAnswered: (answered: Answered) => void;
};

export type ListenFailure = { readonly code: 'port-taken' | 'address-unavailable' | 'port-not-permitted' };

/** The station's one origin, before and while it listens. */
export type HttpHost = {
  /** Routes are added here before `listen`. */
  readonly app: FastifyInstance;
  readonly secure: boolean;
  onUpgrade(path: string, handler: UpgradeHandler): void;
  listen(): Promise<Result<{ readonly origin: string; readonly port: number }, ListenFailure>>;
  /** Lets answers under way end, for five seconds at most; says goodbye to WebSockets. */
  close(): Promise<void>;
};

const LARGEST_BODY_BYTES = 64 * 1024;
/** A study of many gigabytes over a slow line takes hours to store; headers alone still have a minute. */
const LONGEST_REQUEST_MS = 6 * 60 * 60_000;
/** Longer than what stands between keeps a connection (proxies, 60 s): who asks must never meet one that has just been closed. */
const KEEP_IDLE_CONNECTION_MS = 72_000;
const CLOSE_WITHIN_MS = 5_000;
const TIMES = { requestTimeout: LONGEST_REQUEST_MS, keepAliveTimeout: KEEP_IDLE_CONNECTION_MS };
const LISTEN_FAILURES: Readonly<Record<string, ListenFailure['code']>> = {
  EADDRINUSE: 'port-taken',
  EADDRNOTAVAIL: 'address-unavailable',
  EACCES: 'port-not-permitted',
};

/** Prepares the host; any address but loopback is refused without TLS. */
export async function createHttp(options: HttpOptions): Promise<Result<HttpHost, { code: 'tls-required' }>> {
  const { tls, log } = options;
  if (tls === null && !isLoopback(options.bindAddress)) return err({ code: 'tls-required' });
  const app = Fastify({
    bodyLimit: LARGEST_BODY_BYTES,
    requestIdHeader: false,
    // Fastify's type for the server is the plain one; a TLS server answers the same calls.
    serverFactory: (handler) =>
      tls === null
        ? createServer(TIMES, handler)
        : (createTlsServer({ ...tls, ...TIMES }, handler) as unknown as Server),
  });
  const scheme = tls === null ? 'http' : 'https';
  const policy = lateRequestPolicy(app.server, options, scheme);
  guardRequests(app, policy);
  answerFailures(app, log);
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const answered = { route, method: request.method, status: reply.statusCode, tookMs: Math.round(reply.elapsedTime) };
    log.info('http-answered', answered);
    options.onAnswered({ ...answered, tookMs: reply.elapsedTime });
  });
  const upgrades = serveUpgrades(
    app.server,
    ({ method = 'GET', headers }) => (judge(method, headers, true, policy()) === 'allowed' ? null : 403),
    (route, status) => log.info('http-upgrade', { route, status }),
  );
  await servePage(app, options.page);
  return ok({
    app,
    secure: tls !== null,
    onUpgrade: (path, handler) => upgrades.on(path, handler),
    listen: () => listen(app, options, scheme),
    async close() {
      upgrades.close();
      const deadline = setTimeout(() => app.server.closeAllConnections(), CLOSE_WITHIN_MS);
      await app.close();
      clearTimeout(deadline);
    },
  });
}

/** The port is known only once the server listens, and so are the Host header values it answers to. */
function lateRequestPolicy(server: Server, options: HttpOptions, scheme: 'http' | 'https'): () => RequestPolicy {
  let known: RequestPolicy | undefined;
  return () => {
    if (known !== undefined) return known;
    const address = server.address() as AddressInfo | null;
    const hosts = answeredHosts(options.bindAddress, options.names, address?.port ?? options.port, scheme);
    if (address !== null) known = { scheme, hosts };
    return { scheme, hosts };
  };
}

function judge(method: string, headers: IncomingHttpHeaders, isUpgrade: boolean, policy: RequestPolicy) {
  const one = (name: string) => headers[name]?.toString();
  return judgeRequest(
    {
      method,
      isUpgrade,
      hasCookie: headers.cookie !== undefined,
      host: headers.host,
      origin: headers.origin,
      fetchSite: one('sec-fetch-site'),
      fetchMode: one('sec-fetch-mode'),
    },
    policy,
  );
}

function guardRequests(app: FastifyInstance, policy: () => RequestPolicy): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...SECURITY_HEADERS });
    const judgement = judge(request.method, request.headers, false, policy());
    if (judgement === 'host-unknown') return reply.code(421).send({ code: judgement });
    if (judgement === 'origin-foreign') return reply.code(403).send({ code: judgement });
    return undefined;
  });
}

/** Nothing that was asked is repeated in the answer: messages of libraries quote what they were given. */
function answerFailures(app: FastifyInstance, log: Log): void {
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'not-found' }));
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return reply.code(status).send({ code: 'request-refused' });
    if (isOutOfRoom(error)) return reply.code(507).send({ code: 'disk-full' });
    const incidentId = log.incident('http-failed', error, { route: request.routeOptions.url ?? 'unmatched' });
    return reply.code(500).send({ code: 'station-fault', incidentId });
  });
}

async function listen(
  app: FastifyInstance,
  { bindAddress, port }: HttpOptions,
  scheme: 'http' | 'https',
): Promise<Result<{ origin: string; port: number }, ListenFailure>> {
  try {
    await app.listen({ host: bindAddress, port });
  } catch (error) {
    const code = LISTEN_FAILURES[(error as NodeJS.ErrnoException).code ?? ''];
    if (code === undefined) throw error;
    return err({ code });
  }
  const bound = (app.server.address() as AddressInfo).port;
  const host = bindAddress.includes(':') ? `[${bindAddress}]` : bindAddress;
  return ok({ origin: `${scheme}://${host}:${bound}`, port: bound });
}
