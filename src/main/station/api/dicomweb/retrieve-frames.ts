import type { FastifyReply, FastifyRequest } from 'fastify';
import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { chooseFrameFormat, chooseType } from './choose-format.ts';
import { addressOf, type Dicomweb, DICOMWEB_PREFIX, REJECTED_PREFIX } from './dicomweb.ts';
import { acceptedBy } from './media-types.ts';
import type { Part } from './multipart.ts';
import { answerFound, INSTANCE } from './found.ts';
import { answerKnown, entityTag, sendParts } from './send.ts';
import type { StoredInstance } from './services.ts';
import { dataSetReader, rangeBytes } from './stored-bytes.ts';
import { frameFormat, type FrameLocator, isDecodable, type LocatedFrames } from './stored-frames.ts';

const FRAME_LIST = /^[1-9]\d{0,6}(,[1-9]\d{0,6}){0,999}$/;
/** A frame up to this is read before anything is said of it; a longer one in pieces. */
const READ_AS_ONE = 4 * 1024 * 1024;
const OCTETS = 'application/octet-stream';

/** The frame numbers of a path, counted from 1; null for what is no list of them. */
export function readFrameList(list: string): readonly number[] | null {
  return FRAME_LIST.test(list) ? list.split(',').map(Number) : null;
}

/** Frames by number (PS3.18 §10.4.1.1.4), all pixels of an instance, and other bulk data by their place in it. */
export function serveFrames(dicomweb: Dicomweb, locator: FrameLocator): void {
  const { app } = dicomweb.host;
  for (const prefix of [DICOMWEB_PREFIX, REJECTED_PREFIX]) {
    app.get<{ Params: { frames: string } }>(`${prefix}${INSTANCE}/frames/:frames`, (request, reply) =>
      answerFound(dicomweb, request, reply, ([stored]) => {
        const numbers = readFrameList(request.params.frames);
        if (numbers === null) return reply.code(400).send({ code: 'frames-malformed' });
        return sendFrames(dicomweb, locator, stored, numbers, request, reply);
      }),
    );
    app.get(`${prefix}${INSTANCE}/pixeldata`, (request, reply) =>
      answerFound(dicomweb, request, reply, ([stored]) => sendFrames(dicomweb, locator, stored, null, request, reply)),
    );
    app.get<{ Params: { place: string } }>(`${prefix}${INSTANCE}/bulkdata/:place`, (request, reply) =>
      answerFound(dicomweb, request, reply, ([stored]) =>
        sendBulkData(dicomweb, stored, request.params.place, request, reply),
      ),
    );
  }
}

async function sendFrames(
  { services, log }: Dicomweb,
  locator: FrameLocator,
  stored: StoredInstance,
  numbers: readonly number[] | null,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (services.isAway(stored.digest)) return reply.code(410).send({ code: 'object-nearline' });
  if (services.isDamaged(stored.digest)) return reply.code(410).send({ code: 'object-damaged' });
  const located = await locator.locate(stored);
  // Frames of single bits that begin within a byte cannot be handed on as they are: they leave unpacked and packed anew.
  const count = located?.frames.length ?? (await locator.open(stored))?.count ?? null;
  if (count === null) return reply.code(404).send({ code: 'no-frames' });
  const wanted = numbers ?? Array.from({ length: count }, (_, index) => index + 1);
  if (wanted.some((number) => number > count)) return reply.code(404).send({ code: 'frame-not-found' });
  const frame =
    located === null
      ? { type: OCTETS, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN }
      : frameFormat(stored.transferSyntaxUid);
  const accepted = acceptedBy(request);
  const format = chooseFrameFormat(accepted, frame, wanted.length, isDecodable(stored.transferSyntaxUid));
  if (format === null) return reply.code(406).send({ code: 'not-acceptable' });
  const tag = entityTag(stored.digest, format.type, format.transferSyntaxUid, String(format.isMultipart), ...wanted);
  if (answerKnown(request, reply, tag)) return reply;
  const location = (number: number) =>
    addressOf(
      request,
      ...['studies', stored.studyUid, 'series', stored.seriesUid, 'instances', stored.sopUid, 'frames', String(number)],
    );
  const parts: (Part | null)[] =
    format.transferSyntaxUid === null && located !== null
      ? wanted.map((number) => storedFrame(located, number, format.type, frame.transferSyntaxUid, location(number)))
      : await decodedFrames({ services, locator, stored }, wanted, location);
  const whole = parts.filter((part) => part !== null);
  if (whole.length < parts.length) return reply.code(406).send({ code: 'not-transcodable' });
  return sendParts(log, request, reply, format, whole);
}

function storedFrame(
  { frames, source }: LocatedFrames,
  number: number,
  type: string,
  syntax: string,
  location: string,
): Part {
  const ranges = frames[number - 1] ?? [];
  const [only] = ranges;
  return {
    contentType: `${type}; transfer-syntax=${syntax}`,
    location,
    length: ranges.reduce((sum, { length }) => sum + length, 0),
    async *bytes() {
      for (const { offset, length } of ranges)
        if (length <= READ_AS_ONE) yield await source.read(offset, length);
        else yield* rangeBytes(source, offset, length);
    },
    ...(ranges.length === 1 &&
      only !== undefined && { slice: (offset, length) => rangeBytes(source, only.offset + offset, length) }),
  };
}

/** Frames decoded to native pixels: the first at once, so that its length is known, the others as their turn comes. */
async function decodedFrames(
  { services, locator, stored }: { services: Dicomweb['services']; locator: FrameLocator; stored: StoredInstance },
  numbers: readonly number[],
  location: (number: number) => string,
): Promise<(Part | null)[]> {
  const frames = await locator.open(stored);
  if (frames === null) return [null];
  const decode = async (number: number) => {
    const encoded = await frames.read(number - 1);
    const native = encoded === null ? null : await services.nativeFrame(encoded);
    return native?.ok ? native.value : null;
  };
  const first = await decode(numbers[0] ?? 1);
  if (first === null) return [null];
  // What the samples mean now: a codec may have undone the colour transform that the metadata still name.
  const photometric = namedPhotometric(first.photometricInterpretation);
  return numbers.map((number, index) => ({
    contentType: `${OCTETS}; transfer-syntax=${EXPLICIT_LITTLE_ENDIAN}; photometric-interpretation="${photometric}"`,
    location: location(number),
    length: first.bytes.length,
    async *bytes() {
      const { bytes } = (index === 0 ? first : await decode(number)) ?? {};
      if (bytes?.length !== first.bytes.length) throw new Error('a frame cannot be decoded like the first one');
      yield bytes;
    },
  }));
}

/** A value of the data set by offset and length, as metadata named it: read where it stands, by range if asked. */
async function sendBulkData(
  { services, log }: Dicomweb,
  stored: StoredInstance,
  place: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const [, offset, length] = (/^(\d{1,15})-(\d{1,15})$/.exec(place) ?? []).map(Number);
  if (services.isAway(stored.digest)) return reply.code(410).send({ code: 'object-nearline' });
  if (services.isDamaged(stored.digest)) return reply.code(410).send({ code: 'object-damaged' });
  const reader = dataSetReader(services.objects, stored);
  if (offset === undefined || length === undefined || length === 0 || offset + length > reader.length)
    return reply.code(404).send({ code: 'not-found' });
  const accepted = acceptedBy(request);
  const format = chooseFrameFormat(accepted, { type: OCTETS, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN }, 1, false);
  if (format === null && chooseType(accepted, [OCTETS]) === null)
    return reply.code(406).send({ code: 'not-acceptable' });
  if (answerKnown(request, reply, entityTag(stored.digest, place, String(format?.isMultipart)))) return reply;
  const part: Part = {
    contentType: OCTETS,
    length,
    bytes: () => rangeBytes(reader, offset, length),
    slice: (from, many) => rangeBytes(reader, offset + from, many),
  };
  return sendParts(log, request, reply, { isMultipart: format?.isMultipart ?? false, type: OCTETS }, [part]);
}

/** As PS3.5 §6.2 writes a code string; an object may hold anything there, line ends and quotes included, and an answer's head may not. */
export function namedPhotometric(said: string): string {
  return /^[A-Z0-9_ ]{1,16}$/.test(said) ? said : 'UNKNOWN';
}
