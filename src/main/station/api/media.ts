import type { FastifyReply, FastifyRequest } from 'fastify';
import { ExportForm } from '../../../shared/domain/media.ts';
import { StudyId } from '../../../shared/domain/ids.ts';
import type { Clock } from '../platform/clock.ts';
import type { HttpHost } from '../platform/http/server.ts';
import type { Log } from '../platform/log.ts';
import { writeZip, type ZipMember } from '../platform/zip/write-zip.ts';
import { type Authenticator, requireSession } from './authenticate.ts';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found, valueOf } from './failures.ts';
import { REST_PREFIX } from './rest-prefix.ts';
import type { StationServices } from './services.ts';

const FILE_TYPE = 'application/octet-stream';
/** The path of a file as its sender has it, percent-encoded; never part of an address, which others may keep. */
const NAME_HEADER = 'wetread-file-name';
const LONGEST_NAME = 4000;
const MOST_AT_ONCE = 24;
/** A sender that falls silent for so long has gone. */
const SILENT_MS = 120_000;

/** Files brought in, and how far that is. */
export function bindImports({ services: { imports } }: Bindings) {
  return {
    list: guarded.imports.list.handler(({ input, context }) => imports.list(context.session.principal, input.limit)),
    get: guarded.imports.get.handler(({ input, context }) =>
      found(imports.get(context.session.principal, input.importId), 'import-not-found'),
    ),
    start: guarded.imports.start.handler(async ({ input, context }) =>
      valueOf(await imports.start(context.session.principal, input.from)),
    ),
    finish: guarded.imports.finish.handler(({ input, context }) =>
      valueOf(imports.finish(context.session.principal, input.importId)),
    ),
    cancel: guarded.imports.cancel.handler(({ input, context }) =>
      valueOf(imports.cancel(context.session.principal, input.importId)),
    ),
    resume: guarded.imports.resume.handler(async ({ input, context }) =>
      valueOf(await imports.resume(context.session.principal, input.importId)),
    ),
    browse: guarded.imports.browse.handler(async ({ input }) => {
      const { entries, files } = valueOf(await imports.browse(input.folder, input.path));
      return { entries: [...entries], files };
    }),
  };
}

/** Studies written out into folders. */
export function bindExports({ services: { exports } }: Bindings) {
  return {
    list: guarded.exports.list.handler(({ input, context }) => exports.list(context.session.principal, input.limit)),
    start: guarded.exports.start.handler(async ({ input: { folder, ...question }, context }) =>
      valueOf(await exports.start(context.session.principal, question, folder)),
    ),
    cancel: guarded.exports.cancel.handler(({ input, context }) =>
      valueOf(exports.cancel(context.session.principal, input.exportId)),
    ),
  };
}

/** Takes the files of an import as they come, and gives studies as ZIPs while they are made: nothing is collected either way. */
export async function serveMedia(
  { app }: HttpHost,
  authenticator: Authenticator,
  services: StationServices,
  clock: Clock,
  log: Log,
): Promise<void> {
  app.get<{ Params: { studyId: string }; Querystring: { form?: string; series?: string | readonly string[] } }>(
    `${REST_PREFIX}/studies/:studyId/export`,
    (request, reply) => sendExport(authenticator, services, clock, log, request, reply),
  );
  let open = 0;
  // A context of its own: its way of taking bodies is nobody else's.
  await app.register(async (own) => {
    own.addContentTypeParser(FILE_TYPE, (_request, payload, done) => done(null, payload));
    own.put<{ Params: { importId: string } }>(
      `${REST_PREFIX}/imports/:importId/files`,
      { bodyLimit: Number.MAX_SAFE_INTEGER },
      async (request, reply) => {
        if (open >= MOST_AT_ONCE) return refuse(request, reply.header('retry-after', '1'), 503, 'too-many-at-once');
        open += 1;
        try {
          return await takeFile(authenticator, services, request, reply);
        } finally {
          open -= 1;
        }
      },
    );
  });
}

async function takeFile(
  authenticator: Authenticator,
  { imports }: StationServices,
  request: FastifyRequest<{ Params: { importId: string } }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = requireSession(authenticator, 'study.import', request, reply);
  if (session === null) return reply;
  const name = fileName(request.headers[NAME_HEADER]);
  if (name === null) return refuse(request, reply, 400, 'file-name-malformed');
  const { socket } = request.raw;
  const goneSilent = () => request.raw.destroy();
  socket.setTimeout(SILENT_MS).once('timeout', goneSilent);
  try {
    const taken = await imports.upload(session.principal, request.params.importId, name, request.raw);
    if (!taken.ok) return await refuse(request, reply, STATUS[taken.error.code] ?? 409, taken.error.code);
    if (!request.raw.complete) reply.header('connection', 'close');
    return await reply.code(200).send(taken.value);
  } catch (error) {
    // Nobody is left to answer, and nothing of the file was kept.
    if (socket.destroyed || request.raw.destroyed) return await reply.hijack();
    throw error;
  } finally {
    socket.setTimeout(0).removeListener('timeout', goneSilent);
  }
}

const STATUS: Readonly<Record<string, number>> = { 'import-not-found': 404, 'no-room': 507 };

function fileName(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string' || header.length === 0 || header.length > LONGEST_NAME) return null;
  try {
    return decodeURIComponent(header).replaceAll('\0', '') || null;
  } catch {
    return null; // URIError: a percent sign that begins no byte
  }
}

async function sendExport(
  authenticator: Authenticator,
  { exports }: StationServices,
  clock: Clock,
  log: Log,
  request: FastifyRequest<{
    Params: { studyId: string };
    Querystring: { form?: string; series?: string | readonly string[] };
  }>,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const session = requireSession(authenticator, 'study.export', request, reply);
  if (session === null) return reply;
  const studyId = StudyId.safeParse(request.params.studyId);
  const form = ExportForm.safeParse(request.query.form ?? 'files');
  if (!studyId.success || !form.success) return reply.code(400).send({ code: 'request-malformed' });
  const { series: named } = request.query;
  // Listed with commas, or the parameter repeated.
  const series =
    named === undefined
      ? undefined
      : String(named)
          .split(',')
          .filter((uid) => uid !== '');
  const question = { studyId: studyId.data, form: form.data, ...(series !== undefined && { series }) };
  const made = await exports.download(session.principal, question);
  if (!made.ok) return reply.code(made.error.code === 'study-not-found' ? 404 : 409).send(made.error);
  const { name, members } = made.value;
  const stream = writeZip(zipMembers(members, clock.nowMs()));
  stream.on('error', (error) => {
    if (!reply.raw.destroyed) log.incident('export-failed', error, { route: 'studies.export' });
    // Cut short, so that nobody takes what came for the whole.
    reply.raw.destroy();
  });
  reply.headers({
    'content-type': 'application/zip',
    'content-disposition': `attachment; filename="${name}-${form.data}.zip"`,
    'cache-control': 'no-store',
  });
  return reply.send(stream);
}

async function* zipMembers(
  members: AsyncIterable<{ readonly name: string; readonly isPacked: boolean; readonly bytes: ZipMember['bytes'] }>,
  atMs: number,
): AsyncGenerator<ZipMember> {
  for await (const { name, isPacked, bytes } of members) yield { name, atMs, isPacked, bytes };
}

/** Refuses before the body was read: the connection cannot be used for another request. */
function refuse(request: FastifyRequest, reply: FastifyReply, status: number, code: string): FastifyReply {
  if (!request.raw.complete) reply.header('connection', 'close');
  return reply.code(status).send({ code });
}
