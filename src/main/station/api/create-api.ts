import fastifyCookie from '@fastify/cookie';
import { createSignInThrottle, type SessionLimits } from '../access/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { HttpHost } from '../platform/http/server.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { durable } from '../platform/store/durability.ts';
import { createAuthenticator } from './authenticate.ts';
import { serveDicomweb } from './dicomweb/routes.ts';
import type { HintHub } from './hint-hub.ts';
import { serveMedia } from './media.ts';
import { serveQuarantineFiles } from './quarantine.ts';
import { createReadRecorder } from './read-recorder.ts';
import { serveRest } from './rest.ts';
import { bindRouter } from './router.ts';
import { serveRpc } from './rpc-socket.ts';
import type { StationServices } from './services.ts';
import { createSessionSockets } from './session-sockets.ts';
import { serveOverlays, serveStationRoutes } from './station-routes.ts';

/** What the api binds together, and the host it answers on. */
export type ApiOptions = {
  readonly host: HttpHost;
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: SessionLimits;
  readonly services: StationServices;
  readonly hints: HintHub;
  readonly metrics: Metrics;
  readonly version: string;
};

/** The api while it runs; `stop` before the store closes. */
export type Api = { stop(): void };

/** Puts the contract (RPC and REST), DICOMweb, overlays, health, metrics and the OpenAPI document on the host, before it listens. */
export async function createApi(options: ApiOptions): Promise<Api> {
  const { host, db, clock, log, limits, services, hints, metrics, version } = options;
  await host.app.register(fastifyCookie);
  // Nobody is told of what a power cut could still take back.
  host.app.addHook('onSend', async () => durable(db));
  const authenticator = createAuthenticator(db, clock, limits, host);
  const reads = createReadRecorder(db, clock);
  const sockets = createSessionSockets();
  const throttle = createSignInThrottle();
  const router = bindRouter({ db, clock, limits, throttle, services, hints, reads, sockets });
  serveRest(host, router, authenticator, log);
  serveRpc(
    host,
    router,
    authenticator,
    sockets,
    log,
    () => durable(db),
    (answered) => {
      const { procedure, status, tookMs } = answered;
      log.info('call-answered', { route: procedure, status, tookMs: Math.round(tookMs) });
      metrics.callAnswered(answered);
    },
  );
  serveDicomweb(host, authenticator, services.dicomweb, reads, log);
  serveQuarantineFiles(host, authenticator, services, log);
  await serveMedia(host, authenticator, services, clock, log);
  serveOverlays(host, authenticator, services, reads);
  serveStationRoutes(host, authenticator, services, metrics, version);
  return { stop: () => sockets.stop() };
}
