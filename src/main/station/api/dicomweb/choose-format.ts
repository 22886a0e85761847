import { EXPLICIT_LITTLE_ENDIAN } from '../../dicom/transfer-syntaxes.ts';
import { isWithin, type MediaRange, partType } from './media-types.ts';

/** How an answer is wrapped and called. */
export type Format = { readonly isMultipart: boolean; readonly type: string };

/**
 * How frames may be answered: by the type their transfer syntax has (PS3.18 §8.7.3), or as an octet stream where the
 * asker takes any transfer syntax; alone only when there is one. Null is 406: nothing is transcoded.
 */
export function chooseFrameFormat(
  accepted: readonly MediaRange[],
  frame: { readonly type: string; readonly transferSyntaxUid: string },
  count: number,
): Format | null {
  for (const range of accepted) {
    const wanted = partType(range);
    const isMultipart = wanted !== null;
    if (!isMultipart && count !== 1) continue;
    const type = frameType(wanted ?? range.type, range.parameters.get('transfer-syntax'), frame);
    if (type !== null) return { isMultipart, type };
  }
  return null;
}

function frameType(
  wanted: string,
  wantedSyntax: string | undefined,
  frame: { readonly type: string; readonly transferSyntaxUid: string },
): string | null {
  const takesSyntax = wantedSyntax === undefined || wantedSyntax === '*' || wantedSyntax === frame.transferSyntaxUid;
  if (!takesSyntax) return null;
  if (isWithin(frame.type, wanted)) {
    const isPlain = frame.transferSyntaxUid === EXPLICIT_LITTLE_ENDIAN || frame.type !== 'application/octet-stream';
    return isPlain || wantedSyntax !== undefined || wanted === '*/*' ? frame.type : null;
  }
  // An octet stream without a transfer syntax means uncompressed; with one it is the stored bytes.
  return wanted === 'application/octet-stream' && wantedSyntax !== undefined ? wanted : null;
}

/** How stored files may be answered: byte for byte, in parts, or alone when there is one. Null is 406. */
export function chooseFileFormat(
  accepted: readonly MediaRange[],
  transferSyntaxUids: readonly string[],
): Format | null {
  for (const range of accepted) {
    const wanted = partType(range);
    const isMultipart = wanted !== null;
    if (!isMultipart && transferSyntaxUids.length !== 1) continue;
    if (!isWithin('application/dicom', wanted ?? range.type)) continue;
    const syntax = range.parameters.get('transfer-syntax') ?? '*';
    if (syntax === '*' || transferSyntaxUids.every((uid) => uid === syntax))
      return { isMultipart, type: 'application/dicom' };
  }
  return null;
}

const JSON_TYPES = ['application/dicom+json', 'application/json'];

/** True when DICOM JSON may be answered. */
export function acceptsJson(accepted: readonly MediaRange[]): boolean {
  return accepted.some(({ type }) => JSON_TYPES.some((json) => isWithin(json, type)));
}
