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
 * (IHE RAD, Image Object Change Management): metadata, frames and the bulk data that those metadata name only, so that
 * nobody takes them for the study.
 */
export const REJECTED_PREFIX = `${DICOMWEB_PREFIX}/with-rejected`;

/** Whether a request asks for what was rejected, too. */
export function asksForRejected(request: FastifyRequest): boolean {
  return request.routeOptions.url?.startsWith(REJECTED_PREFIX) === true;
}

/** The absolute address of a resource of this site, as the asker reached us: below the same prefix as what was asked for. */
export function addressOf(request: FastifyRequest, ...path: readonly string[]): string {
  const { site } = request.params as { readonly site: string };
  const prefix = (asksForRejected(request) ? REJECTED_PREFIX : DICOMWEB_PREFIX).replace(':site', site);
  return [`${request.protocol}://${request.headers.host}${prefix}`, ...path].join('/');
}

/** Tells the asker something beside the answer (PS3.18 §8.3.4.4, RFC 9111 §5.5). */
export function warn(request: FastifyRequest, reply: FastifyReply, ...texts: readonly string[]): void {
  const service = request.headers.host ?? '-';
  if (texts.length > 0) reply.header('warning', texts.map((text) => `299 ${service} "${text}"`).join(', '));
}
