import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { acceptsJson, chooseFileFormat } from './choose-format.ts';
import { addressOf, asksForRejected, type Dicomweb, DICOMWEB_PREFIX, REJECTED_PREFIX, warn } from './dicomweb.ts';
import { answerFound, type Found, INSTANCE, SERIES, STUDY } from './found.ts';
import { acceptedBy } from './media-types.ts';
import { writeMetadata } from './metadata.ts';
import type { Part } from './multipart.ts';
import { nativeFile } from './native-file.ts';
import { serveRendered } from './rendered.ts';
import { serveFrames } from './retrieve-frames.ts';
import { answerKnown, entityTag, sendParts, sendStream } from './send.ts';
import type { DicomwebServices, StoredInstance } from './services.ts';
import { rangeBytes } from './stored-bytes.ts';
import { createFrameLocator, type FrameLocator, isDecodable } from './stored-frames.ts';

/** Files prepared for decoding at once while one answer is put together. */
const PREPARED_AT_ONCE = 4;

/** WADO-RS (PS3.18 §10.4): files as stored or decoded, metadata, frames, bulk data, rendered images. */
export function serveRetrieve(dicomweb: Dicomweb): void {
  const { app } = dicomweb.host;
  const locator = createFrameLocator(dicomweb.services.objects);
  for (const path of [STUDY, SERIES, INSTANCE]) {
    app.get(`${DICOMWEB_PREFIX}${path}`, (request, reply) =>
      answerFound(dicomweb, request, reply, (found) => sendFiles(dicomweb, locator, found, request, reply)),
    );
    for (const prefix of [DICOMWEB_PREFIX, REJECTED_PREFIX])
      app.get(`${prefix}${path}/metadata`, (request, reply) =>
        answerFound(dicomweb, request, reply, (found) => sendMetadata(dicomweb, found, request, reply)),
      );
  }
  serveFrames(dicomweb, locator);
  serveRendered(dicomweb, locator);
}

/** Of several, those known to be damaged are left out, and the answer says so by being partial; of damaged ones alone nothing is sent. */
async function sendFiles(
  { services, log }: Dicomweb,
  locator: FrameLocator,
  all: Found,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const here = all.filter(({ digest }) => !services.isAway(digest));
  if (here.length === 0) return reply.code(410).send({ code: 'object-nearline' });
  const found = here.filter(({ digest }) => !services.isDamaged(digest));
  if (found.length === 0) return reply.code(410).send({ code: 'object-damaged' });
  if (found.length < all.length) {
    reply.code(206);
    warn(request, reply, found.length < here.length ? 'some objects are damaged' : 'some objects are nearline');
  }
  const syntaxes = found.map(({ transferSyntaxUid }) => transferSyntaxUid);
  const format = chooseFileFormat(acceptedBy(request), syntaxes, syntaxes.every(isDecodable));
  if (format === null) return reply.code(406).send({ code: 'not-acceptable' });
  // A correction changes what is sent, though not what is stored.
  const digests = found.flatMap(({ digest, servedAs }) => [digest, JSON.stringify(servedAs ?? null)]);
  const tag = entityTag(format.type, format.transferSyntaxUid, String(format.isMultipart), ...digests);
  if (answerKnown(request, reply, tag)) return reply;
  const parts: Part[] = [];
  for (let at = 0; at < found.length; at += PREPARED_AT_ONCE) {
    const some = found.slice(at, at + PREPARED_AT_ONCE).map(async (stored) => {
      const isAsIs = format.transferSyntaxUid === null || stored.transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN;
      return isAsIs ? storedPart(services, stored) : nativeFile(services, locator, stored);
    });
    for (const part of await Promise.all(some)) {
      if (part === null) return reply.code(406).send({ code: 'not-transcodable' });
      parts.push(part);
    }
  }
  return sendParts(log, request, reply, format, parts);
}

/** A file in its own transfer syntax; null where a correction cannot be written into it. */
async function storedPart(services: DicomwebServices, stored: StoredInstance): Promise<Part | null> {
  const leaving = await services.openForSending(stored);
  if (!leaving.ok) return null;
  const { file } = leaving.value;
  return {
    contentType: `application/dicom; transfer-syntax=${stored.transferSyntaxUid}`,
    length: file.length,
    bytes: () => rangeBytes(file, 0, file.length),
    slice: (offset, length) => rangeBytes(file, offset, length),
  };
}

function sendMetadata(
  { services, log }: Dicomweb,
  found: Found,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (!acceptsJson(acceptedBy(request))) return reply.code(406).send({ code: 'not-acceptable' });
  const instancesUrl = ({ studyUid, seriesUid }: StoredInstance) =>
    addressOf(request, 'studies', studyUid, 'series', seriesUid, 'instances');
  const uids = found.flatMap(({ sopUid, digest, servedAs }) => [sopUid, digest, JSON.stringify(servedAs ?? null)]);
  if (answerKnown(request, reply, entityTag('metadata', instancesUrl(found[0]), ...uids))) return reply;
  // Parts with what was rejected among it would take the place of those that everybody else asks for.
  const keeping = asksForRejected(request) ? { ...services, keepMetadata: () => undefined } : services;
  const stream = Readable.from(writeMetadata(keeping, found, instancesUrl), { objectMode: false });
  return sendStream(log, request, reply.type('application/dicom+json'), stream);
}
