import { FindingId } from '../../../shared/domain/ids.ts';
import type { HttpHost } from '../platform/http/server.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type Authenticator, requireSession } from './authenticate.ts';
import { describeApi } from './openapi.ts';
import type { ReadRecorder } from './read-recorder.ts';
import { REST_PREFIX } from './rest-prefix.ts';
import type { StationServices } from './services.ts';

/** Whether the process lives, whether it can work, its metrics and its description: what stands beside the contract. */
export function serveStationRoutes(
  { app }: HttpHost,
  authenticator: Authenticator,
  services: StationServices,
  metrics: Metrics,
  version: string,
): void {
  app.get('/health/live', () => ({ status: 'ok' }));
  app.get('/health/ready', (request, reply) => {
    const session = requireSession(authenticator, 'station.read', request, reply);
    if (session === null) return reply;
    const { ready, reasons } = services.health(session.principal);
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not-ready', reasons });
  });
  app.get('/metrics', async (request, reply) => {
    if (requireSession(authenticator, 'metrics.read', request, reply) === null) return reply;
    return reply.type(metrics.contentType).send(await metrics.expose());
  });
  let description: Promise<object> | undefined;
  app.get(`${REST_PREFIX}/openapi.json`, async (request, reply) => {
    if (requireSession(authenticator, 'signed-in', request, reply) === null) return reply;
    description ??= describeApi(version);
    return reply.send(await description);
  });
}

/** Serves a finding's masks and heatmaps as stored: gzip, which the browser undoes. */
export function serveOverlays(
  { app }: HttpHost,
  authenticator: Authenticator,
  services: StationServices,
  reads: ReadRecorder,
): void {
  const path = `${REST_PREFIX}/findings/:findingId/overlays/:overlay`;
  app.get<{ Params: { findingId: string; overlay: string } }>(path, async (request, reply) => {
    const session = requireSession(authenticator, 'study.read', request, reply);
    if (session === null) return reply;
    const findingId = FindingId.safeParse(request.params.findingId);
    const stored = findingId.success
      ? await services.studies.findOverlay(session.principal, findingId.data, request.params.overlay)
      : null;
    if (stored === null) return reply.code(404).send({ code: 'finding-not-found' });
    reads.study(session, stored.studyId, 'mask');
    reply.headers({ 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' });
    return reply.send(Buffer.from(stored.gzip.buffer, stored.gzip.byteOffset, stored.gzip.byteLength));
  });
}
