import { expect, test } from 'vitest';
import { acceptsJson, chooseFileFormat, chooseFrameFormat, chooseRenderedFormat } from './choose-format.ts';
import { parseAccept } from './media-types.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';
const JPEG = '1.2.840.10008.1.2.4.70';
const native = { type: 'application/octet-stream', transferSyntaxUid: EXPLICIT };
const jpeg = { type: 'image/jpeg', transferSyntaxUid: JPEG };
const OCTETS = 'multipart/related; type="application/octet-stream"';

/** As an answer would be called: `decoded` where its transfer syntax is not the stored one. */
function told(format: ReturnType<typeof chooseFrameFormat>): string | null {
  if (format === null) return null;
  return [
    format.isMultipart ? 'multipart' : 'single',
    format.type,
    ...(format.transferSyntaxUid ? ['decoded'] : []),
  ].join(' ');
}

test.each([
  [undefined, native, 1, 'multipart application/octet-stream'],
  ['*/*', jpeg, 3, 'multipart image/jpeg'],
  ['multipart/related', jpeg, 1, 'multipart image/jpeg'],
  [OCTETS, native, 2, 'multipart application/octet-stream'],
  [`${OCTETS}; transfer-syntax=*`, native, 1, 'multipart application/octet-stream'],
  [`${OCTETS}; transfer-syntax=*`, jpeg, 1, 'multipart application/octet-stream'],
  [`${OCTETS}; transfer-syntax=${JPEG}`, jpeg, 1, 'multipart application/octet-stream'],
  [`${OCTETS}; transfer-syntax=${EXPLICIT}`, jpeg, 1, 'multipart application/octet-stream decoded'],
  [OCTETS, jpeg, 1, 'multipart application/octet-stream decoded'],
  [`multipart/related; type="image/jpeg"; transfer-syntax=${JPEG}`, jpeg, 1, 'multipart image/jpeg'],
  ['multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50', jpeg, 1, null],
  ['multipart/related; type="image/jp2", multipart/related; type="image/*";q=0.5', jpeg, 1, 'multipart image/jpeg'],
  ['application/octet-stream', native, 1, 'single application/octet-stream'],
  ['application/octet-stream', jpeg, 1, 'single application/octet-stream decoded'],
  ['application/octet-stream', native, 2, null],
  ['image/jpeg', jpeg, 1, 'single image/jpeg'],
  ['multipart/related; type="image/jpeg"', native, 1, null],
  [`multipart/related; type="image/jpeg", ${OCTETS};q=0`, native, 1, null],
  ['application/octet-stream;q=0.2, multipart/related;q=0.9', native, 1, 'multipart application/octet-stream'],
  ['multipart/related; type="image/jpeg";q=0, */*', jpeg, 1, 'multipart application/octet-stream'],
  [`${OCTETS};q=0.5, multipart/related; type="image/jpeg"`, jpeg, 1, 'multipart image/jpeg'],
  ['text/html', native, 1, null],
])('frames for %s', (accept, frame, count, expected) => {
  expect(told(chooseFrameFormat(parseAccept(accept), frame, count, true))).toBe(expected);
});

test('frames that cannot be decoded are given as they are or not at all', () => {
  expect(told(chooseFrameFormat(parseAccept(OCTETS), jpeg, 1, false))).toBeNull();
  expect(told(chooseFrameFormat(parseAccept(`${OCTETS}; transfer-syntax=*`), jpeg, 1, false))).not.toBeNull();
});

const DICOM = 'multipart/related; type="application/dicom"';
test.each([
  [undefined, [EXPLICIT, JPEG], 'multipart application/dicom'],
  [DICOM, [EXPLICIT], 'multipart application/dicom'],
  [DICOM, [EXPLICIT, JPEG], 'multipart application/dicom decoded'],
  [`${DICOM}; transfer-syntax=*`, [EXPLICIT, JPEG], 'multipart application/dicom'],
  [`${DICOM}; transfer-syntax=${JPEG}`, [JPEG, JPEG], 'multipart application/dicom'],
  [`${DICOM}; transfer-syntax=${JPEG}`, [EXPLICIT, JPEG], null],
  ['application/dicom', [EXPLICIT], 'single application/dicom'],
  ['application/dicom', [JPEG], 'single application/dicom decoded'],
  ['application/dicom; transfer-syntax=*', [JPEG], 'single application/dicom'],
  ['application/dicom', [EXPLICIT, EXPLICIT], null],
  ['multipart/related; type="image/jpeg"', [JPEG], null],
])('files for %s of %j', (accept, syntaxes, expected) => {
  expect(told(chooseFileFormat(parseAccept(accept), syntaxes, true))).toBe(expected);
});

test.each([
  [undefined, 'single image/jpeg'],
  ['*/*', 'single image/jpeg'],
  ['image/png', 'single image/png'],
  ['image/*', 'single image/jpeg'],
  ['multipart/related; type="image/jpeg"', 'multipart image/jpeg'],
  ['multipart/related; type="image/png"; q=0.5, image/jpeg; q=0.1', 'multipart image/png'],
  ['multipart/related', 'multipart image/jpeg'],
  ['multipart/related; type="image/gif"', null],
  ['multipart/related; type="application/dicom"', null],
  ['image/gif', null],
])('rendered images for %s', (accept, expected) => {
  const chosen = chooseRenderedFormat(parseAccept(accept), ['image/jpeg', 'image/png']);
  expect(chosen === null ? null : `${chosen.isMultipart ? 'multipart' : 'single'} ${chosen.type}`).toBe(expected);
});

test.each([
  [undefined, true],
  ['application/dicom+json', true],
  ['application/json', true],
  ['application/*', true],
  ['multipart/related; type="application/dicom+xml"', false],
  ['application/dicom+json;q=0', false],
])('DICOM JSON for %s', (accept, expected) => {
  expect(acceptsJson(parseAccept(accept))).toBe(expected);
});
