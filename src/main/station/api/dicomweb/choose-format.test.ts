import { expect, test } from 'vitest';
import { acceptsJson, chooseFileFormat, chooseFrameFormat } from './choose-format.ts';
import { parseAccept } from './media-types.ts';

const EXPLICIT = '1.2.840.10008.1.2.1';
const JPEG = '1.2.840.10008.1.2.4.70';
const native = { type: 'application/octet-stream', transferSyntaxUid: EXPLICIT };
const jpeg = { type: 'image/jpeg', transferSyntaxUid: JPEG };

test.each([
  [undefined, native, 1, 'multipart application/octet-stream'],
  ['*/*', jpeg, 3, 'multipart image/jpeg'],
  ['multipart/related', jpeg, 1, 'multipart image/jpeg'],
  ['multipart/related; type="application/octet-stream"', native, 2, 'multipart application/octet-stream'],
  [
    'multipart/related; type=application/octet-stream; transfer-syntax=*',
    native,
    1,
    'multipart application/octet-stream',
  ],
  [
    'multipart/related; type=application/octet-stream; transfer-syntax=*',
    jpeg,
    1,
    'multipart application/octet-stream',
  ],
  [
    `multipart/related; type="application/octet-stream"; transfer-syntax=${JPEG}`,
    jpeg,
    1,
    'multipart application/octet-stream',
  ],
  ['multipart/related; type="application/octet-stream"', jpeg, 1, null],
  [`multipart/related; type="image/jpeg"; transfer-syntax=${JPEG}`, jpeg, 1, 'multipart image/jpeg'],
  ['multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50', jpeg, 1, null],
  ['multipart/related; type="image/jp2", multipart/related; type="image/*";q=0.5', jpeg, 1, 'multipart image/jpeg'],
  ['application/octet-stream', native, 1, 'single application/octet-stream'],
  ['application/octet-stream', native, 2, null],
  ['image/jpeg', jpeg, 1, 'single image/jpeg'],
  ['multipart/related; type="image/jpeg"', native, 1, null],
  ['multipart/related; type="image/jpeg", multipart/related; type="application/octet-stream";q=0', native, 1, null],
  ['application/octet-stream;q=0.2, multipart/related;q=0.9', native, 1, 'multipart application/octet-stream'],
  ['text/html', native, 1, null],
])('frames for %s', (accept, frame, count, expected) => {
  const format = chooseFrameFormat(parseAccept(accept), frame, count);
  expect(format && `${format.isMultipart ? 'multipart' : 'single'} ${format.type}`).toBe(expected);
});

test.each([
  [undefined, [EXPLICIT, JPEG], true],
  ['multipart/related; type="application/dicom"', [EXPLICIT], true],
  ['multipart/related; type="application/dicom"; transfer-syntax=*', [EXPLICIT, JPEG], true],
  [`multipart/related; type="application/dicom"; transfer-syntax=${JPEG}`, [JPEG, JPEG], true],
  [`multipart/related; type="application/dicom"; transfer-syntax=${JPEG}`, [EXPLICIT, JPEG], null],
  ['application/dicom', [EXPLICIT], false],
  ['application/dicom', [EXPLICIT, EXPLICIT], null],
  ['multipart/related; type="image/jpeg"', [JPEG], null],
])('files for %s of %j', (accept, syntaxes, isMultipart) => {
  expect(chooseFileFormat(parseAccept(accept), syntaxes)?.isMultipart ?? null).toBe(isMultipart);
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
