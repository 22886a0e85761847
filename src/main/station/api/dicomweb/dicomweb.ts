import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Permission } from '../../../../shared/domain/permissions.ts';
import type { Session } from '../../access/index.ts';
import type { HttpHost } from '../../platform/http/server.ts';
import type { Log } from '../../platform/log.ts';
import type { ReadRecorder } from '../read-recorder.ts';
import type { DicomwebServices } from './services.ts';

/** What every DICOMweb request needs. */
export type Dicomweb = {
  readonly host: HttpHost;
  readonly services: DicomwebServices;
  readonly reads: ReadRecorder;
  readonly log: Log;
  /** The session at the site named in the path that has a permission, `study.read` where none is named; without one the request is answered and this is null. */
  admit(request: FastifyRequest, reply: FastifyReply, permission?: Permission): Session | null;
};

/** Where a site's DICOMweb begins. */
export const DICOMWEB_PREFIX = '/dicomweb/:site';

/**
 * Where the same resources are with the images that were rejected for quality among them, for a reader who asked to see those
 * (IHE RAD, Image Object Change Management): metadata and frames only, so that nobody takes them for the study.
 */
export const REJECTED_PREFIX = `${DICOMWEB_PREFIX}/with-rejected`;

/** The absolute address of a resource of this site, as the asker reached us. */
export function addressOf(request: FastifyRequest, ...path: readonly string[]): string {
  const { site } = request.params as { readonly site: string };
  return [`${request.protocol}://${request.headers.host}/dicomweb/${site}`, ...path].join('/');
}
