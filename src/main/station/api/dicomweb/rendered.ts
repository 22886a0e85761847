import type { FastifyReply, FastifyRequest } from 'fastify';
import { framePresentation, type Window } from '../../dicom/pixel/frame-presentation.ts';
import type { Frames } from '../../dicom/pixel/read-frames.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { chooseRenderedFormat, chooseType } from './choose-format.ts';
import { addressOf, type Dicomweb, DICOMWEB_PREFIX } from './dicomweb.ts';
import { acceptedBy } from './media-types.ts';
import { multipartBody, type Part } from './multipart.ts';
import { answerFound, type Found, INSTANCE, SERIES, STUDY } from './found.ts';
import { readFrameList } from './retrieve-frames.ts';
import { answerKnown, entityTag, sendNothing, sendStream } from './send.ts';
import type { StoredInstance } from './services.ts';
import type { FrameLocator } from './stored-frames.ts';
import { createRenderingTurns } from './rendering-turns.ts';
import { readViewport, type Viewport } from './viewport.ts';

/** What a query asks of a rendering (PS3.18 §8.3.5). */
type Asked = { readonly viewport: Viewport | null; readonly window: Window | null; readonly quality: number };
/** A frame of an instance, counted from 0. */
type Chosen = { readonly stored: StoredInstance; readonly frame: number };

const TYPES = ['image/jpeg', 'image/png'] as const;
const USUAL_QUALITY = 90;
const THUMBNAIL: Viewport = { columns: 256, rows: 256, left: 0, top: 0, width: null, height: null };
const SHAPES: ReadonlyMap<string, Window['shape']> = new Map<string, Window['shape']>(
  Object.entries({
    linear: 'linear',
    'linear-exact': 'linear-exact',
    sigmoid: 'sigmoid',
  }),
);
/** An answer with more images than this is asked for piece by piece. */
const MOST_IMAGES = 1_000;
/** So many instances are tried for a picture before a series counts as having none. */
const MOST_TRIED = 16;

/**
 * Rendered images and thumbnails (PS3.18 §10.4.1.1.3, §10.4.1.1.5): JPEG or PNG, the one image alone or as the one part that was
 * asked for, several in parts, even to whoever asked for one alone. They are pictures to look at, said to be for no diagnosis;
 * nothing is burnt into them. A thumbnail shows the middle image.
 */
export function serveRendered(dicomweb: Dicomweb, locator: FrameLocator): void {
  const { app } = dicomweb.host;
  const turns = createRenderingTurns();
  for (const path of [STUDY, SERIES, INSTANCE, `${INSTANCE}/frames/:frames`])
    for (const kind of ['rendered', 'thumbnail'] as const)
      app.get(`${DICOMWEB_PREFIX}${path}/${kind}`, (request, reply) =>
        answerFound(dicomweb, request, reply, async (found, { principal }) => {
          const send = kind === 'rendered' ? sendRendered : sendThumbnail;
          const work = () => send(dicomweb, locator, found, request, reply);
          // A page asks for as many small pictures at once as its browser lets it; they are done before anyone waits.
          const isSmall = kind === 'thumbnail' && (request.query as { viewport?: string }).viewport === undefined;
          const answered = isSmall ? await work() : await turns.take(principal.userId, work);
          return answered ?? reply.code(429).header('retry-after', '1').send({ code: 'too-many-renderings' });
        }),
      );
}

async function sendRendered(
  dicomweb: Dicomweb,
  locator: FrameLocator,
  found: Found,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { services } = dicomweb;
  const asked = readAsked(request);
  if (!asked.ok) return reply.code(400).send(asked.error);
  const format = chooseRenderedFormat(acceptedBy(request), TYPES);
  if (format === null) return reply.code(406).send({ code: 'not-acceptable' });
  const { type } = format;
  const images: Chosen[] = [];
  if (found.every(({ digest }) => services.isAway(digest))) return reply.code(410).send({ code: 'object-nearline' });
  if (found.every(({ digest }) => services.isDamaged(digest))) return reply.code(410).send({ code: 'object-damaged' });
  for (const stored of found.filter(({ digest }) => !services.isDamaged(digest) && !services.isAway(digest))) {
    const frames = numbersOf(request);
    if (frames === null) return reply.code(400).send({ code: 'frames-malformed' });
    const opened = await locator.open(stored);
    if (opened === null) continue;
    const named = frames ?? Array.from({ length: opened.count }, (_, frame) => frame);
    if (named.some((frame) => frame >= opened.count)) return reply.code(404).send({ code: 'frame-not-found' });
    images.push(...named.map((frame) => ({ stored, frame })));
    if (images.length > MOST_IMAGES) return reply.code(413).send({ code: 'too-many-images', most: MOST_IMAGES });
  }
  const [first] = images;
  if (first === undefined) return reply.code(406).send({ code: 'no-image' });
  const names = images.flatMap(({ stored, frame }) => [stored.digest, frame]);
  const isInParts = format.isMultipart || images.length > 1;
  if (answerKnown(request, reply, entityTag(type, String(isInParts), JSON.stringify(asked.value), ...names)))
    return reply;
  const bytes = await render(dicomweb, locator, first, asked.value, type);
  if (bytes === null) return reply.code(406).send({ code: 'not-renderable' });
  if (!isInParts) return sendImage(reply, request, type, bytes);
  return sendImages(dicomweb, locator, images, bytes, asked.value, type, request, reply);
}

async function sendThumbnail(
  dicomweb: Dicomweb,
  locator: FrameLocator,
  found: Found,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const asked = readAsked(request);
  if (!asked.ok) return reply.code(400).send(asked.error);
  const type = chooseType(acceptedBy(request), TYPES) as (typeof TYPES)[number] | null;
  if (type === null) return reply.code(406).send({ code: 'not-acceptable' });
  const numbers = numbersOf(request);
  if (numbers === null) return reply.code(400).send({ code: 'frames-malformed' });
  for (const stored of fromTheMiddle(found).slice(0, MOST_TRIED)) {
    const opened = await locator.open(stored);
    if (opened === null) continue;
    const frame = numbers?.[0] ?? Math.floor(opened.count / 2);
    if (frame >= opened.count) return reply.code(404).send({ code: 'frame-not-found' });
    const wanted = { ...asked.value, viewport: asked.value.viewport ?? THUMBNAIL };
    if (answerKnown(request, reply, entityTag('thumbnail', type, JSON.stringify(wanted), stored.digest, frame)))
      return reply;
    const bytes = await render(dicomweb, locator, { stored, frame }, wanted, type);
    if (bytes !== null) return sendImage(reply, request, type, bytes);
  }
  return reply.code(404).send({ code: 'no-image' });
}

/** Frame numbers of the path counted from 0; undefined where the path names none, null where it names what are none. */
function numbersOf(request: FastifyRequest): readonly number[] | null | undefined {
  const { frames } = request.params as { readonly frames?: string };
  return frames === undefined ? undefined : (readFrameList(frames)?.map((number) => number - 1) ?? null);
}

/** The middle one first, then its neighbours outwards: what stands for a series is rarely at its end. */
function fromTheMiddle(found: readonly StoredInstance[]): readonly StoredInstance[] {
  const middle = Math.floor(found.length / 2);
  return found
    .map((stored, index) => ({ stored, distance: Math.abs(index - middle) }))
    .toSorted((one, other) => one.distance - other.distance)
    .map(({ stored }) => stored);
}

function readAsked(
  request: FastifyRequest,
): Result<Asked, { readonly code: 'query-malformed'; readonly parameter: string }> {
  const malformed = (parameter: string) => err({ code: 'query-malformed', parameter });
  const query = request.query as Readonly<Record<string, string | readonly string[] | undefined>>;
  const asked = new Map<string, string>();
  for (const name of ['viewport', 'window', 'quality', 'annotation']) {
    const value = query[name];
    if (typeof value === 'object') return malformed(name); // repeated: which one would be meant?
    if (value !== undefined) asked.set(name, value);
  }
  const [viewport, window, quality] = [asked.get('viewport'), asked.get('window'), asked.get('quality')];
  const shown = viewport === undefined ? null : readViewport(viewport);
  if (viewport !== undefined && shown === null) return malformed('viewport');
  const windowed = window === undefined ? null : readWindow(window);
  if (window !== undefined && windowed === null) return malformed('window');
  if (quality !== undefined && !/^([1-9]\d?|100)$/.test(quality)) return malformed('quality');
  // Nobody's name is burnt into a picture that may go anywhere.
  if ((asked.get('annotation') ?? '') !== '') return malformed('annotation');
  return ok({ viewport: shown, window: windowed, quality: quality === undefined ? USUAL_QUALITY : Number(quality) });
}

/** `window=centre,width,function`; null for what is none. */
function readWindow(text: string): Window | null {
  const [center, width, shape = 'linear', ...more] = text.split(',').map((part) => part.trim());
  const known = SHAPES.get(shape.toLowerCase());
  const [middle, wide] = [Number(center || Number.NaN), Number(width || Number.NaN)];
  if (known === undefined || more.length > 0 || !Number.isFinite(middle) || !Number.isFinite(wide)) return null;
  return wide > 0 && (known !== 'linear' || wide >= 1) ? { center: middle, width: wide, shape: known } : null;
}

async function render(
  { services }: Dicomweb,
  locator: FrameLocator,
  { stored, frame }: Chosen,
  { viewport, window, quality }: Asked,
  type: (typeof TYPES)[number],
): Promise<Uint8Array | null> {
  const frames: Frames | null = await locator.open(stored);
  const encoded = (await frames?.read(frame)) ?? null;
  if (frames === null || encoded === null) return null;
  const presentation = framePresentation(frames.dataset, frame);
  const options = window === null ? {} : { window };
  const rendered = await services.renderImage({ frame: encoded, presentation, options, viewport, type, quality });
  return rendered.ok ? rendered.value : null;
}

function sendImage(reply: FastifyReply, request: FastifyRequest, type: string, bytes: Uint8Array): FastifyReply {
  reply.headers({ 'content-type': type, 'content-length': bytes.length });
  return request.method === 'HEAD'
    ? sendNothing(reply)
    : reply.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** Several images as parts, each rendered when its turn comes; how long they get is known only then, so the body is chunked. */
function sendImages(
  dicomweb: Dicomweb,
  locator: FrameLocator,
  images: readonly Chosen[],
  first: Uint8Array,
  asked: Asked,
  type: (typeof TYPES)[number],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const parts = images.map(({ stored, frame }, index): Part => {
    const { studyUid, seriesUid, sopUid } = stored;
    const path = [
      'studies',
      studyUid,
      'series',
      seriesUid,
      'instances',
      sopUid,
      'frames',
      String(frame + 1),
      'rendered',
    ];
    return {
      contentType: type,
      location: addressOf(request, ...path),
      length: null,
      async *bytes() {
        const bytes = index === 0 ? first : await render(dicomweb, locator, { stored, frame }, asked, type);
        if (bytes === null) throw new Error('an image cannot be rendered like the first one');
        yield bytes;
      },
    };
  });
  const body = multipartBody(type, parts);
  return sendStream(dicomweb.log, request, reply.header('content-type', body.contentType), body.stream);
}
