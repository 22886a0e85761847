import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { isWithin, type MediaRange } from './media-types.ts';

/** How an answer is wrapped and called, and the transfer syntax its parts have; null means each as it is stored. */
export type Format = {
  readonly isMultipart: boolean;
  readonly type: string;
  readonly transferSyntaxUid: string | null;
};

/** One way of answering that is open to us; the first of those an asker likes equally well is taken. */
type Offer = Format & { readonly syntaxes: readonly string[] };

/**
 * How stored files may be answered (PS3.18 §8.7.3.5): as stored where any transfer syntax will do, in explicit VR little
 * endian where none is named, in parts, or alone when there is one. Null is 406.
 */
export function chooseFileFormat(
  accepted: readonly MediaRange[],
  transferSyntaxUids: readonly string[],
  isDecodable: boolean,
): Format | null {
  const type = 'application/dicom';
  const stored = [...new Set(transferSyntaxUids)];
  const isPlain = stored.every((uid) => uid === EXPLICIT_LITTLE_ENDIAN);
  const wrappings = transferSyntaxUids.length === 1 ? [true, false] : [true];
  return choose(
    accepted,
    wrappings.flatMap((isMultipart): Offer[] => [
      { isMultipart, type, transferSyntaxUid: null, syntaxes: stored },
      ...(isDecodable && !isPlain
        ? [{ isMultipart, type, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, syntaxes: [EXPLICIT_LITTLE_ENDIAN] }]
        : []),
    ]),
  );
}

/**
 * How frames may be answered: by the type their transfer syntax has (PS3.18 §8.7.3), as an octet stream of the stored bytes
 * to whoever takes that syntax or any, or decoded; alone only when there is one. Null is 406.
 */
export function chooseFrameFormat(
  accepted: readonly MediaRange[],
  frame: { readonly type: string; readonly transferSyntaxUid: string },
  count: number,
  isDecodable: boolean,
): Format | null {
  const octets = 'application/octet-stream';
  const syntaxes = [frame.transferSyntaxUid];
  const wrappings = count === 1 ? [true, false] : [true];
  return choose(
    accepted,
    wrappings.flatMap((isMultipart): Offer[] => [
      { isMultipart, type: frame.type, transferSyntaxUid: null, syntaxes },
      ...(frame.type === octets ? [] : [{ isMultipart, type: octets, transferSyntaxUid: null, syntaxes }]),
      ...(isDecodable && frame.transferSyntaxUid !== EXPLICIT_LITTLE_ENDIAN
        ? [{ isMultipart, type: octets, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, syntaxes: [EXPLICIT_LITTLE_ENDIAN] }]
        : []),
    ]),
  );
}

/** Which of some types is liked best, the first of equals; null is 406. */
export function chooseType(accepted: readonly MediaRange[], types: readonly string[]): string | null {
  const offers = types.map((type): Offer => ({ isMultipart: false, type, transferSyntaxUid: null, syntaxes: [] }));
  return choose(accepted, offers)?.type ?? null;
}

/**
 * How rendered images may be answered (PS3.18 §8.7.4, §10.4.4): in parts to whoever asks for parts, else one alone. Null is 406.
 */
export function chooseRenderedFormat<Type extends string>(
  accepted: readonly MediaRange[],
  types: readonly Type[],
): { readonly type: Type; readonly isMultipart: boolean } | null {
  const offers = [false, true].flatMap((isMultipart) =>
    types.map((type) => ({ isMultipart, type, transferSyntaxUid: null, syntaxes: [] })),
  );
  return choose(accepted, offers) as { readonly type: Type; readonly isMultipart: boolean } | null;
}

const JSON_TYPES = ['application/dicom+json', 'application/json'];

/** True when DICOM JSON may be answered. */
export function acceptsJson(accepted: readonly MediaRange[]): boolean {
  return chooseType(accepted, JSON_TYPES) !== null;
}

function choose(accepted: readonly MediaRange[], offers: readonly Offer[]): Format | null {
  let best: { readonly offer: Offer; readonly quality: number } | null = null;
  for (const offer of offers) {
    const quality = qualityOf(accepted, offer);
    if (quality > (best?.quality ?? 0)) best = { offer, quality };
  }
  if (best === null) return null;
  const { isMultipart, type, transferSyntaxUid } = best.offer;
  return { isMultipart, type, transferSyntaxUid };
}

/** What the most specific range that an offer falls within says of it (RFC 9110 §12.5.1); 0 where none does. */
function qualityOf(accepted: readonly MediaRange[], offer: Offer): number {
  const fitting = accepted
    .map((range) => ({ weight: range.weight, precision: precisionFor(range, offer) }))
    .filter(({ precision }) => precision > 0)
    .toSorted((one, other) => other.precision - one.precision || other.weight - one.weight);
  return fitting[0]?.weight ?? 0;
}

/** How closely a range names an offer; 0 where it does not take it in. */
function precisionFor(range: MediaRange, offer: Offer): number {
  if (range.type === '*/*') return 1;
  const isMultipart = range.type === 'multipart/related' || range.type === 'multipart/*';
  if (isMultipart !== offer.isMultipart) return 0;
  const wanted = isMultipart ? (range.parameters.get('type')?.toLowerCase() ?? '*/*') : range.type;
  if (!isWithin(offer.type, wanted)) return 0;
  const syntax = range.parameters.get('transfer-syntax');
  if (!takesSyntax(syntax, wanted, offer)) return 0;
  return 2 + (wanted === '*/*' ? 0 : wanted.endsWith('/*') ? 1 : 2) + (syntax === undefined || syntax === '*' ? 0 : 1);
}

/** Without a transfer syntax, DICOM and octet streams are uncompressed, and images as they are. */
function takesSyntax(syntax: string | undefined, wanted: string, offer: Offer): boolean {
  if (syntax === '*') return true;
  if (syntax !== undefined) return offer.syntaxes.every((uid) => uid === syntax);
  const isBytes = wanted === 'application/dicom' || wanted === 'application/octet-stream';
  return !isBytes || offer.syntaxes.every((uid) => uid === EXPLICIT_LITTLE_ENDIAN);
}
