import { Readable } from 'node:stream';
import { err, ok } from '../../../shared/domain/result.ts';
import type { HttpHost } from '../platform/http/server.ts';
import type { Log } from '../platform/log.ts';
import { type Authenticator, requireSession } from './authenticate.ts';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';
import { REST_PREFIX } from './rest-prefix.ts';
import type { StationServices } from './services.ts';

const known = <T>(value: T | null): T => valueOf(value === null ? err({ code: 'quarantined-not-found' }) : ok(value));
const CHUNK_BYTES = 256 * 1024;

/** Objects set aside: listed, read beside what stands in their place, and settled. */
export function bindQuarantine({ services: { quarantine }, reads }: Bindings) {
  return {
    list: guarded.quarantine.list.handler(({ input, context: { session } }) => {
      const window = quarantine.list(session.principal, input);
      reads.search(session, 'quarantine', window.entries.length);
      return window;
    }),
    get: guarded.quarantine.get.handler(async ({ input, context }) =>
      known(await quarantine.get(context.session.principal, input.quarantineId)),
    ),
    retry: guarded.quarantine.retry.handler(async ({ input, context }) =>
      valueOf(await quarantine.retry(context.session.principal, input.quarantineId)),
    ),
    release: guarded.quarantine.release.handler(async ({ input, context }) =>
      valueOf(await quarantine.release(context.session.principal, input.quarantineId, input.release)),
    ),
    discard: guarded.quarantine.discard.handler(({ input, context }) =>
      valueOf(quarantine.discard(context.session.principal, input.quarantineId, input.reason)),
    ),
    settleStudy: guarded.quarantine.settleStudy.handler(async ({ input, context }) =>
      valueOf(await quarantine.settleStudy(context.session.principal, input)),
    ),
    takeBack: guarded.quarantine.takeBack.handler(({ input, context }) =>
      valueOf(quarantine.takeBack(context.session.principal, input.quarantineId)),
    ),
  };
}

/** Serves an object set aside as the file it is kept as; recorded before the first byte. */
export function serveQuarantineFiles(
  { app }: HttpHost,
  authenticator: Authenticator,
  { quarantine }: StationServices,
  log: Log,
): void {
  app.get<{ Params: { quarantineId: string } }>(
    `${REST_PREFIX}/quarantine/:quarantineId/file`,
    async (request, reply) => {
      const session = requireSession(authenticator, 'quarantine.read', request, reply);
      if (session === null) return reply;
      const file = await quarantine.openFile(session.principal, request.params.quarantineId);
      if (!file.ok) return reply.code(404).send(file.error);
      const { sizeBytes, readRange } = file.value;
      const stream = Readable.from(readWhole(sizeBytes, readRange), { objectMode: false });
      stream.on('error', (error) => {
        if (!reply.raw.destroyed) log.incident('export-failed', error, { route: 'quarantine.file' });
      });
      reply.headers({
        'content-type': 'application/dicom',
        'content-length': sizeBytes,
        'content-disposition': `attachment; filename="${request.params.quarantineId}.dcm"`,
      });
      return reply.send(stream);
    },
  );
}

async function* readWhole(sizeBytes: number, readRange: (start: number, length: number) => Promise<Buffer>) {
  for (let start = 0; start < sizeBytes; start += CHUNK_BYTES)
    yield await readRange(start, Math.min(CHUNK_BYTES, sizeBytes - start));
}
