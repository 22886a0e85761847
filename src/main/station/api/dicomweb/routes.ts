import type { HttpHost } from '../../platform/http/server.ts';
import type { Log } from '../../platform/log.ts';
import { type Authenticator, requireSession } from '../authenticate.ts';
import type { ReadRecorder } from '../read-recorder.ts';
import type { Dicomweb } from './dicomweb.ts';
import { serveRetrieve } from './retrieve.ts';
import { serveStore } from './store.ts';
import { serveSearch } from './search.ts';
import type { DicomwebServices } from './services.ts';

/** Serves QIDO-RS, WADO-RS and STOW-RS (PS3.18 §10.4 to §10.6) for the site of the session. */
export function serveDicomweb(
  host: HttpHost,
  authenticator: Authenticator,
  services: DicomwebServices,
  reads: ReadRecorder,
  log: Log,
): void {
  const dicomweb: Dicomweb = {
    host,
    services,
    reads,
    log,
    admit(request, reply, permission = 'study.read') {
      const session = requireSession(authenticator, permission, request, reply);
      if (session === null) return null;
      const { site } = request.params as { readonly site: string };
      if (site === session.user.site.code) return session;
      void reply.code(404).send({ code: 'site-not-found' });
      return null;
    },
  };
  serveSearch(dicomweb);
  serveRetrieve(dicomweb);
  serveStore(dicomweb);
}
