import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../../platform/log.ts';
import type { Format } from './choose-format.ts';
import { multipartBody, type Part } from './multipart.ts';
import { begun } from './begun.ts';

/** A name for exactly these bytes in exactly this form (RFC 9110 §8.8.3). */
export function entityTag(...what: readonly (string | number | null)[]): string {
  return `"${createHash('sha256').update(what.join('\0')).digest('base64url').slice(0, 27)}"`;
}

/** True where the asker has this already; the answer is then 304 and nothing is read. */
export function isKnown(request: FastifyRequest, tag: string): boolean {
  const known = request.headers['if-none-match'];
  return known !== undefined && known.split(',').some((one) => [tag, '*'].includes(one.trim().replace(/^W\//, '')));
}

/** Says which form of the resource this is; true where the asker has it or wants another (RFC 9110 §13), and is told so. */
export function answerKnown(request: FastifyRequest, reply: FastifyReply, tag: string): boolean {
  reply.header('etag', tag);
  reply.header('vary', 'accept');
  const wanted = request.headers['if-match'];
  if (wanted !== undefined && !wanted.split(',').some((one) => [tag, '*'].includes(one.trim()))) {
    void reply.code(412).send({ code: 'precondition-failed' });
    return true;
  }
  if (!isKnown(request, tag)) return false;
  void reply.code(304).send();
  return true;
}

/** Parts as a body in the form chosen; one part alone may be asked for by range. */
export async function sendParts(
  log: Log,
  request: FastifyRequest,
  reply: FastifyReply,
  format: Pick<Format, 'isMultipart' | 'type'>,
  parts: readonly Part[],
): Promise<FastifyReply> {
  const [only] = parts;
  if (!format.isMultipart && only !== undefined) return sendOne(log, request, reply, only);
  const body = multipartBody(format.type, request.method === 'HEAD' ? parts : await begun(parts));
  reply.header('content-type', body.contentType);
  if (body.length !== null) reply.header('content-length', body.length);
  return sendStream(log, request, reply, body.stream);
}

/** One part alone; a single range of it where that is asked for (RFC 9110 §14). */
async function sendOne(log: Log, request: FastifyRequest, reply: FastifyReply, part: Part): Promise<FastifyReply> {
  const { length, slice } = part;
  reply.header('content-type', part.contentType);
  if (slice === undefined || length === null) {
    if (length !== null) reply.header('content-length', length);
    return sendBegun(log, request, reply, part);
  }
  reply.header('accept-ranges', 'bytes');
  // A part of another form than the asker has parts of would be joined to them (RFC 9110 §13.1.5).
  const ifRange = request.headers['if-range'];
  const isSame = ifRange === undefined || ifRange === reply.getHeader('etag');
  const range = isSame ? readRange(request.headers.range, length) : null;
  if (range === 'unsatisfiable')
    return reply
      .code(416)
      .header('content-range', `bytes */${length}`)
      .type('application/json')
      .send({ code: 'range-not-satisfiable' });
  const [start, end] = range ?? [0, length - 1];
  if (range !== null) reply.code(206).header('content-range', `bytes ${start}-${end}/${length}`);
  reply.header('content-length', end - start + 1);
  return sendBegun(
    log,
    request,
    reply,
    range === null ? part : { ...part, bytes: () => slice(start, end - start + 1) },
  );
}

async function sendBegun(log: Log, request: FastifyRequest, reply: FastifyReply, part: Part): Promise<FastifyReply> {
  if (request.method === 'HEAD') return sendNothing(reply);
  const [begunPart = part] = await begun([part]);
  return sendStream(log, request, reply, Readable.from(begunPart.bytes(), { objectMode: false }));
}

/** Headers alone: without a stream the length told would be taken for a mistake and become 0. */
export function sendNothing(reply: FastifyReply): FastifyReply {
  return reply.send(Readable.from([]));
}

/** First and last byte of a single range; null where none is asked for that we answer, which means the whole. */
function readRange(header: string | undefined, length: number): readonly [number, number] | 'unsatisfiable' | null {
  const asked = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (asked === null || (asked[1] === '' && asked[2] === '')) return null;
  const [, from = '', to = ''] = asked;
  if (from === '') return Number(to) === 0 ? 'unsatisfiable' : [Math.max(0, length - Number(to)), length - 1];
  const end = to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (to !== '' && Number(to) < Number(from)) return null;
  return Number(from) >= length ? 'unsatisfiable' : [Number(from), end];
}

/**
 * A body on its way out. Whoever goes away stops the reading; what cannot be read once the answer has begun cuts the
 * connection, and is an incident. A HEAD is answered with the headers alone, and nothing is read.
 */
export function sendStream(log: Log, request: FastifyRequest, reply: FastifyReply, stream: Readable): FastifyReply {
  if (request.method === 'HEAD') {
    stream.destroy();
    return sendNothing(reply);
  }
  stream.on('error', (error) => {
    if (!reply.raw.destroyed)
      log.incident('retrieve-failed', error, { route: request.routeOptions.url ?? 'unmatched' });
  });
  return reply.send(stream);
}
