import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { acceptsJson, chooseFileFormat, chooseFrameFormat } from './choose-format.ts';
import { parseAccept } from './media-types.ts';
import { writeMetadata } from './metadata.ts';
import { type Body, multipartBody, type Part, singleBody } from './multipart.ts';
import { addressOf, type Dicomweb, DICOMWEB_PREFIX } from './dicomweb.ts';
import type { ObjectPath } from '../../archive/index.ts';
import type { StoredInstance } from './services.ts';
import { dataSetReader, fileBytes } from './stored-bytes.ts';
import { createFrameLocator, frameFormat, type FrameLocator } from './stored-frames.ts';
import { begun, isUnreadable } from './unreadable.ts';

const UID = /^[0-9.]{1,64}$/;
const STUDY = '/studies/:studyUid';
const SERIES = `${STUDY}/series/:seriesUid`;
const INSTANCE = `${SERIES}/instances/:sopUid`;

type Handler = (instances: readonly [StoredInstance, ...StoredInstance[]]) => Promise<FastifyReply> | FastifyReply;

/** WADO-RS (PS3.18 §10.4): files byte for byte as stored, metadata, frames. Nothing is transcoded. */
export function serveRetrieve(dicomweb: Dicomweb): void {
  const { app } = dicomweb.host;
  const locate = createFrameLocator(dicomweb.services.objects);
  for (const path of [STUDY, SERIES, INSTANCE]) {
    app.get(`${DICOMWEB_PREFIX}${path}`, (request, reply) =>
      answer(dicomweb, request, reply, (instances) => sendFiles(dicomweb, instances, request, reply)),
    );
    app.get(`${DICOMWEB_PREFIX}${path}/metadata`, (request, reply) =>
      answer(dicomweb, request, reply, (instances) => sendMetadata(dicomweb, instances, request, reply)),
    );
  }
  app.get<{ Params: { frames: string } }>(`${DICOMWEB_PREFIX}${INSTANCE}/frames/:frames`, (request, reply) =>
    answer(dicomweb, request, reply, ([stored]) => {
      const list = request.params.frames;
      if (!/^[1-9]\d{0,6}(,[1-9]\d{0,6}){0,999}$/.test(list)) return reply.code(400).send({ code: 'frames-malformed' });
      return sendFrames(dicomweb, locate, stored, list.split(',').map(Number), request, reply);
    }),
  );
  app.get(`${DICOMWEB_PREFIX}${INSTANCE}/pixeldata`, (request, reply) =>
    answer(dicomweb, request, reply, ([stored]) => sendFrames(dicomweb, locate, stored, null, request, reply)),
  );
}

/** Finds what the path leads to, and records that it was read, before anything is sent. */
async function answer(
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
  const path = { studyUid, ...(seriesUid !== undefined && { seriesUid }), ...(sopUid !== undefined && { sopUid }) };
  const [first, ...others] = services.listInstances(session.principal, path);
  if (first === undefined) return reply.code(404).send({ code: 'not-found' });
  reads.study(session, first.studyId, 'dicomweb');
  try {
    return await handle([first, ...others]);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    log.incident('retrieve-failed', error, { route: request.routeOptions.url ?? 'unmatched' });
    return reply.code(500).send({ code: 'object-damaged' });
  }
}

/** Of several, those known to be damaged are left out, and the answer says so by being partial; of damaged ones alone nothing is sent. */
async function sendFiles(
  dicomweb: Dicomweb,
  found: readonly StoredInstance[],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { objects, isDamaged } = dicomweb.services;
  const instances = found.filter(({ digest }) => !isDamaged(digest));
  if (instances.length === 0) return reply.code(410).send({ code: 'object-damaged' });
  if (instances.length < found.length) reply.code(206).header('warning', '299 - "some objects are damaged"');
  const accepted = parseAccept(request.headers.accept);
  const format = chooseFileFormat(
    accepted,
    instances.map(({ transferSyntaxUid }) => transferSyntaxUid),
  );
  if (format === null) return reply.code(406).send({ code: 'not-acceptable' });
  const parts = instances.map(
    (stored): Part => ({
      contentType: `application/dicom; transfer-syntax=${stored.transferSyntaxUid}`,
      length: stored.sizeBytes,
      bytes: () => fileBytes(objects, stored),
    }),
  );
  return sendBody(dicomweb, request, reply, wrap(format, await begun(parts)));
}

async function sendFrames(
  dicomweb: Dicomweb,
  locate: FrameLocator,
  stored: StoredInstance,
  numbers: readonly number[] | null,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (dicomweb.services.isDamaged(stored.digest)) return reply.code(410).send({ code: 'object-damaged' });
  const frames = await locate(stored);
  if (frames === null) return reply.code(404).send({ code: 'no-frames' });
  const wanted = numbers === null ? frames : numbers.map((number) => frames[number - 1]);
  const found = wanted.filter((frame) => frame !== undefined);
  if (found.length < wanted.length) return reply.code(404).send({ code: 'frame-not-found' });
  const frame = frameFormat(stored.transferSyntaxUid);
  const format = chooseFrameFormat(parseAccept(request.headers.accept), frame, found.length);
  if (format === null) return reply.code(406).send({ code: 'not-acceptable' });
  const reader = dataSetReader(dicomweb.services.objects, stored);
  const parts = found.map(
    (ranges): Part => ({
      contentType: `${format.type}; transfer-syntax=${frame.transferSyntaxUid}`,
      length: ranges.reduce((sum, { length }) => sum + length, 0),
      async *bytes() {
        for (const { offset, length } of ranges) yield await reader.read(offset, length);
      },
    }),
  );
  return sendBody(dicomweb, request, reply, wrap(format, await begun(parts)));
}

function sendMetadata(
  dicomweb: Dicomweb,
  instances: readonly StoredInstance[],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!acceptsJson(parseAccept(request.headers.accept))) return reply.code(406).send({ code: 'not-acceptable' });
  const retrieveUrl = ({ studyUid, seriesUid, sopUid }: StoredInstance) =>
    addressOf(request, 'studies', studyUid, 'series', seriesUid, 'instances', sopUid);
  const stream = Readable.from(writeMetadata(dicomweb.services.objects, instances, retrieveUrl), { objectMode: false });
  return send(dicomweb, request, reply.type('application/dicom+json'), stream);
}

function wrap(format: { readonly isMultipart: boolean; readonly type: string }, parts: readonly Part[]): Body {
  const [only] = parts;
  return format.isMultipart || only === undefined ? multipartBody(format.type, parts) : singleBody(only);
}

function sendBody(dicomweb: Dicomweb, request: FastifyRequest, reply: FastifyReply, body: Body): FastifyReply {
  reply.headers({ 'content-type': body.contentType, 'content-length': body.length });
  return send(dicomweb, request, reply, body.stream);
}

/** A stored file that cannot be read once the answer has begun cuts the connection, and is an incident. */
function send({ log }: Dicomweb, request: FastifyRequest, reply: FastifyReply, stream: Readable): FastifyReply {
  stream.on('error', (error) => {
    if (!reply.raw.destroyed)
      log.incident('retrieve-failed', error, { route: request.routeOptions.url ?? 'unmatched' });
  });
  return reply.send(stream);
}
