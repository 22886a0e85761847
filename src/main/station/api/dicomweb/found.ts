import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from '../../access/index.ts';
import type { ObjectPath } from '../../archive/index.ts';
import { isUnreadable } from '../../platform/objects/is-unreadable.ts';
import { asksForRejected, type Dicomweb } from './dicomweb.ts';
import type { StoredInstance } from './services.ts';

const UID = /^[0-9.]{1,64}$/;

/** The paths of a study, a series and an instance below a site. */
export const STUDY = '/studies/:studyUid';
export const SERIES = `${STUDY}/series/:seriesUid`;
export const INSTANCE = `${SERIES}/instances/:sopUid`;

/** The instances below a path: at least one. */
export type Found = readonly [StoredInstance, ...StoredInstance[]];
type Handler = (found: Found, session: Session) => Promise<FastifyReply> | FastifyReply;

/** Finds what the path leads to, and records that it was read, before anything is sent. */
export async function answerFound(
  { admit, services, reads, log }: Dicomweb,
  request: FastifyRequest,
  reply: FastifyReply,
  handle: Handler,
): Promise<FastifyReply> {
  const session = admit(request, reply);
  if (session === null) return reply;
  const { studyUid, seriesUid, sopUid } = request.params as ObjectPath;
  const uids = [studyUid, seriesUid, sopUid].filter((uid) => uid !== undefined);
  if (!uids.every((uid) => UID.test(uid))) return reply.code(400).send({ code: 'uid-malformed' });
  const path: ObjectPath = {
    studyUid,
    ...(seriesUid !== undefined && { seriesUid }),
    ...(sopUid !== undefined && { sopUid }),
    withRejected: asksForRejected(request),
  };
  const [first, ...others] = await services.listInstances({ siteIds: [session.principal.siteId] }, path);
  if (first === undefined) return reply.code(404).send({ code: 'not-found' });
  reads.study(session, first.studyId, 'dicomweb');
  try {
    return await handle([first, ...others], session);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    log.incident('retrieve-failed', error, { route: request.routeOptions.url ?? 'unmatched' });
    return reply.code(500).send({ code: 'object-damaged' });
  }
}
