import type { FastifyReply, FastifyRequest } from 'fastify';
import { DIMSE_STATUS } from '../../dicom/dimse/status.ts';
import { PART10_HEAD_LENGTH, readPart10Header } from '../../dicom/part10.ts';
import { IMPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { acceptsJson } from './choose-format.ts';
import { addressOf, type Dicomweb, DICOMWEB_PREFIX } from './dicomweb.ts';
import { type MediaRange, acceptedBy, parseMediaType } from './media-types.ts';
import { boundaryOf, BrokenMultipart, type IncomingPart, readParts } from './multipart-reader.ts';
import type { WebStore } from './services.ts';
import { type StoredPart, storeAnswer } from './store-answer.ts';

const UID = /^[0-9.]{1,64}$/;
const PART_TYPE = 'application/dicom';
/** Longer than any object there is; the disk's own limit is asked about meanwhile. */
const LONGEST_PART = 32 * 2 ** 30;
const MOST_PARTS = 100_000;
const MOST_AT_ONCE = 16;
/** A sender that falls silent for so long has gone. */
const SILENT_MS = 120_000;

/**
 * STOW-RS (PS3.18 §10.5): Part-10 objects in a `multipart/related` body, or one alone. Each takes the way of a C-STORE, one
 * after another as the bytes come, and is filed before the next is read; the answer tells of all of them.
 */
export function serveStore(dicomweb: Dicomweb): void {
  const { app } = dicomweb.host;
  // The handler reads the stream itself: nothing is collected.
  for (const type of ['multipart/related', PART_TYPE])
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload));
  let open = 0;
  for (const path of ['/studies', '/studies/:studyUid'])
    app.post(`${DICOMWEB_PREFIX}${path}`, { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
      if (open >= MOST_AT_ONCE) return refuse(request, reply.header('retry-after', '5'), 503, 'too-many-at-once');
      open += 1;
      try {
        return await answer(dicomweb, request, reply);
      } finally {
        open -= 1;
      }
    });
}

async function answer(dicomweb: Dicomweb, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = dicomweb.admit(request, reply, 'study.store');
  if (session === null) return reply;
  const { studyUid } = request.params as { readonly studyUid?: string };
  if (studyUid !== undefined && !UID.test(studyUid)) return refuse(request, reply, 400, 'uid-malformed');
  if (!acceptsJson(acceptedBy(request))) return refuse(request, reply, 406, 'not-acceptable');
  const type = parseMediaType(request.headers['content-type'] ?? '');
  const parts = partsOf(request, type);
  if (typeof parts === 'string') return refuse(request, reply, parts === 'media-type-unsupported' ? 415 : 400, parts);
  const store = dicomweb.services.openStore(session.principal);
  const stored: StoredPart[] = [];
  const { socket } = request.raw;
  const goneSilent = () => request.raw.destroy();
  socket.setTimeout(SILENT_MS).once('timeout', goneSilent);
  try {
    for await (const part of parts) {
      if (stored.length >= MOST_PARTS) throw new BrokenMultipart('part-too-long');
      stored.push(await storePart(store, part, studyUid));
    }
  } catch (error) {
    store.end('aborted', counted(stored));
    // What is filed stays filed and is told; the part that broke off left nothing.
    if (error instanceof BrokenMultipart) {
      const status = error.code === 'part-too-long' ? 413 : 400;
      if (stored.length === 0) return await refuse(request, reply, status, error.code);
      reply.header('warning', `299 ${request.headers.host} "${error.code}"`);
      return await send(request, reply.code(status), stored, studyUid);
    }
    // Nobody is left to answer.
    if (socket.destroyed) return await reply.hijack();
    throw error;
  } finally {
    socket.setTimeout(0).removeListener('timeout', goneSilent);
  }
  store.end('released', counted(stored));
  if (stored.length === 0) return refuse(request, reply, 400, 'no-parts');
  return send(request, reply.code(statusOf(stored)), stored, studyUid);
}

function partsOf(
  request: FastifyRequest,
  type: MediaRange,
): AsyncIterable<IncomingPart> | 'media-type-unsupported' | 'boundary-missing' {
  if (type.type === PART_TYPE) return onePart(request.raw);
  const inner = type.parameters.get('type')?.toLowerCase();
  if (type.type !== 'multipart/related' || (inner ?? PART_TYPE) !== PART_TYPE) return 'media-type-unsupported';
  const boundary = boundaryOf(type.parameters);
  return boundary === null ? 'boundary-missing' : readParts(request.raw, boundary, LONGEST_PART);
}

async function* onePart(source: AsyncIterable<Uint8Array>): AsyncGenerator<IncomingPart> {
  async function* body() {
    yield* source;
  }
  yield { headers: new Map(), body: body() };
}

/** One object on its way of a C-STORE; its own file meta says what a C-STORE's command would. */
async function storePart(store: WebStore, part: IncomingPart, studyUid: string | undefined): Promise<StoredPart> {
  const type = parseMediaType(part.headers.get('content-type') ?? PART_TYPE);
  if (type.type !== PART_TYPE) {
    for await (const _passed of part.body);
    return { sopClassUid: '', sopUid: '', status: 'cannot-understand' };
  }
  const head: Uint8Array[] = [];
  let length = 0;
  while (length < PART10_HEAD_LENGTH) {
    const next = await part.body.next();
    if (next.done === true) break;
    head.push(next.value);
    length += next.value.length;
  }
  const bytes = Buffer.concat(head);
  if (length === 0) return { sopClassUid: '', sopUid: '', status: 'cannot-understand' }; // nothing to set aside
  const header = readPart10Header(bytes);
  // Bytes that name neither themselves nor their encoding are taken for the default one, and set aside as unreadable.
  const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetOffset } = header.ok
    ? header.value
    : { sopClassUid: '', sopInstanceUid: '', transferSyntaxUid: IMPLICIT_LITTLE_ENDIAN, dataSetOffset: 0 };
  async function* body() {
    if (bytes.length > dataSetOffset) yield bytes.subarray(dataSetOffset);
    yield* part.body;
  }
  const {
    status,
    studyUid: filedIn,
    seriesUid,
  } = await store.receive({
    ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, body: body() },
    ...(studyUid !== undefined && { studyUid }),
  });
  return { sopClassUid, sopUid: sopInstanceUid, status, ...(filedIn && seriesUid && { studyUid: filedIn, seriesUid }) };
}

function counted(parts: readonly StoredPart[]): { readonly stored: number; readonly refused: number } {
  const stored = parts.filter(({ status }) => status === 'success').length;
  return { stored, refused: parts.length - stored };
}

/** All stored, some, or none (PS3.18 Table 10.5.3-1); none for want of room is for trying again. */
function statusOf(parts: readonly StoredPart[]): number {
  const { stored, refused } = counted(parts);
  if (refused === 0) return 200;
  if (stored > 0) return 202;
  return parts.every(({ status }) => DIMSE_STATUS[status] >> 8 === 0xa7) ? 503 : 409;
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: readonly StoredPart[],
  studyUid: string | undefined,
): FastifyReply {
  if (!request.raw.complete) reply.header('connection', 'close');
  const json = storeAnswer(parts, studyUid, (...path) => addressOf(request, ...path));
  return reply.type('application/dicom+json').send(JSON.stringify(json));
}

/** Refuses before the body was read: the connection cannot be used for another request. */
function refuse(request: FastifyRequest, reply: FastifyReply, status: number, code: string): FastifyReply {
  if (!request.raw.complete) reply.header('connection', 'close');
  return reply.code(status).send({ code });
}
