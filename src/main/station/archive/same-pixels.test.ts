import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DicomRecord, encodeDataset } from '../dicom/dataset/write-dataset.ts';
import {
  DEFLATED_EXPLICIT_LITTLE_ENDIAN,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  JPEG_2000,
  RLE_LOSSLESS,
} from '../dicom/transfer-syntaxes.ts';
import { digestFrame, type DigestFrame } from '../dicom/pixel/digest-frame.ts';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { objectPath } from '../platform/objects/object-store.ts';
import type { ObjectRecord } from '../platform/objects/records.ts';
import { ThreadsBusy } from '../platform/store/reader-pool.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { arrivalOf, aSlice, inPieces, OTHER_CLASSES, without } from '../testing/objects.ts';
import { receiveObject } from './index.ts';

let clinic: Clinic;
beforeEach(() => (clinic = openClinic()));
afterEach(() => clinic.close());

const STORED = Uint16Array.from({ length: 16 }, (_, index) => (index * 259) & 0xfff);
const slice = (pixels: Uint16Array = STORED, changes: DicomRecord = {}) => aSlice(1, { PixelData: pixels, ...changes });
const CHANGED = STORED.map((value, index) => (index === 15 ? value ^ 1 : value));

/** How the same record is written in each syntax; pixels are 4 by 4 words. */
type Form = { readonly uid: string; readonly write: (record: DicomRecord) => Uint8Array };
const explicit: Form = { uid: EXPLICIT_LITTLE_ENDIAN, write: encodeDataset };
const implicit: Form = {
  uid: IMPLICIT_LITTLE_ENDIAN,
  write: (record) => encodeDataset(record, IMPLICIT_LITTLE_ENDIAN),
};
const deflated: Form = {
  uid: DEFLATED_EXPLICIT_LITTLE_ENDIAN,
  write: (record) => deflateRawSync(encodeDataset(record)),
};
const bigEndian: Form = { uid: EXPLICIT_BIG_ENDIAN, write: (record) => swapped(Buffer.from(encodeDataset(record))) };
const rle = (split: number): Form => ({
  uid: RLE_LOSSLESS,
  write: (record) => encodeDataset({ ...record, PixelData: { fragments: [runs(record.PixelData, split)] } }),
});
/** As lossy as its name allows; the bytes are those of the other. */
const maybeLossy: Form = { uid: JPEG_2000, write: rle(16).write };

/** RLE (PS3.5 Annex G) of 16 words, in literal runs of so many bytes: encoders differ. */
function runs(pixels: DicomRecord[string] | undefined, split: number): Uint8Array {
  if (!(pixels instanceof Uint16Array)) throw new Error('no pixels');
  const segments = [pixels.map((value) => value >> 8), pixels.map((value) => value & 255)].map((bytes) => {
    const out: number[] = [];
    for (let at = 0; at < bytes.length; at += split) {
      const run = [...bytes.subarray(at, at + split)];
      out.push(run.length - 1, ...run);
    }
    return Uint8Array.from(out.length % 2 === 0 ? out : [...out, 128]);
  });
  const header = new Uint32Array(16);
  header.set([2, 64, 64 + (segments[0]?.length ?? 0)]);
  return Buffer.concat([new Uint8Array(header.buffer), ...segments]);
}

/** An explicit little endian data set without sequences, in big endian (PS3.5 §A.3). */
function swapped(little: Buffer): Buffer {
  const long = new Set(['OB', 'OW', 'UN', 'UT', 'SQ']);
  const words = new Set(['US', 'SS', 'OW']);
  const big = Buffer.from(little);
  for (let at = 0; at < little.length; ) {
    const vr = little.toString('latin1', at + 4, at + 6);
    const isLong = long.has(vr);
    const length = isLong ? little.readUInt32LE(at + 8) : little.readUInt16LE(at + 6);
    const start = at + (isLong ? 12 : 8);
    big.subarray(at, at + 4).swap16();
    if (isLong) big.writeUInt32BE(length, at + 8);
    else big.writeUInt16BE(length, at + 6);
    if (words.has(vr)) big.subarray(start, start + length).swap16();
    if (vr === 'UL') big.subarray(start, start + length).swap32();
    at = start + length;
  }
  return big;
}

const send = async ({ uid, write }: Form, record: DicomRecord) =>
  (
    await receiveObject(
      clinic.archive,
      { ...arrivalOf(record), transferSyntaxUid: uid, body: inPieces(write(record)) },
      clinic.associate(),
    )
  ).became;
const FILED = { state: 'filed' };
const SET_ASIDE = { state: 'quarantined', reason: 'same-uid-other-pixels' };

const PAIRS: readonly (readonly [string, Form, Form])[] = [
  ['explicit, then implicit', explicit, implicit],
  ['implicit, then explicit', implicit, explicit],
  ['explicit, then deflated', explicit, deflated],
  ['deflated, then implicit', deflated, implicit],
  ['explicit, then big endian', explicit, bigEndian],
  ['explicit, then RLE', explicit, rle(16)],
  ['RLE, then explicit', rle(16), explicit],
  ['RLE, then RLE by another encoder', rle(16), rle(7)],
  ['big endian, then RLE', bigEndian, rle(16)],
];

test.each(PAIRS)(
  '%s: the same pixels are another version, a changed one is set aside',
  async (_what, first, second) => {
    expect(await send(first, slice())).toMatchObject(FILED);
    expect(await send(second, slice(STORED, { SeriesDescription: 'again' }))).toMatchObject(FILED);
    expect(await send(first, slice(CHANGED))).toMatchObject(SET_ASIDE);
    expect(await send(second, slice(CHANGED, { SeriesDescription: 'other' }))).toMatchObject(SET_ASIDE);
  },
);

test.each([
  ['what may have lost something', maybeLossy, slice(STORED)],
  ['bits beside the samples that differ', explicit, slice(STORED.map((value) => value | 0x8000))],
  ['another size of the same bytes', rle(16), slice(STORED, { Rows: 2, Columns: 8 })],
  ['pixels that cannot be decoded', rle(16), slice(STORED, { BitsStored: 17 })],
])('%s is set aside', async (_what, form, record) => {
  await send(explicit, slice());
  expect(await send(form, record)).toMatchObject(SET_ASIDE);
});

test.each([['damaged'], ['gone']])(
  'with a stored object found %s only now, what is sent waits for a person',
  async (how) => {
    const { db, objectsDir, archive } = clinic;
    await send(explicit, slice());
    const { digest, encoding } = db.prepare('SELECT digest, encoding FROM objects').get() as ObjectRecord;
    const file = objectPath(objectsDir, digest, encoding);
    if (how === 'gone') rmSync(file);
    else {
      const bytes = readFileSync(file);
      writeFileSync(file, bytes.fill(0, bytes.length - 40));
    }
    const suspects: string[] = [];
    const again = { ...arrivalOf(slice(STORED, { SeriesDescription: 'again' })), transferSyntaxUid: explicit.uid };
    const answer = await receiveObject({ ...archive, suspect: (one) => suspects.push(one) }, again, clinic.associate());
    expect(answer).toMatchObject({ status: 'success', became: SET_ASIDE });
    expect(suspects).toEqual([digest]);
  },
);

test('a frame that the computing threads have no room for is asked for again, and at last decoded here', async () => {
  await send(explicit, slice());
  const busyFor = async (times: number, description: string) => {
    let asked = 0;
    const digestBusily: DigestFrame = async (frame) => {
      asked += 1;
      if (asked <= times) throw new ThreadsBusy();
      return digestFrame(frame);
    };
    const form = rle(16);
    const record = slice(STORED, { SeriesDescription: description });
    const arrival = { ...arrivalOf(record), transferSyntaxUid: form.uid, body: inPieces(form.write(record)) };
    return (await receiveObject({ ...clinic.archive, digestFrame: digestBusily }, arrival, clinic.associate())).became;
  };
  expect(await busyFor(2, 'a')).toMatchObject(FILED);
  await send(explicit, slice(STORED, { SeriesDescription: 'b' }));
  expect(await busyFor(Number.POSITIVE_INFINITY, 'c')).toMatchObject(FILED);
});

test('a report in another form is the same report', async () => {
  const pixels = ['PixelData', 'Rows', 'Columns', 'SamplesPerPixel', 'BitsAllocated', 'BitsStored', 'HighBit'];
  const report = without(
    aSlice(1, { SOPClassUID: OTHER_CLASSES.report, Modality: 'SR', TextValue: 'no bleeding' }),
    ...[...pixels, 'PixelRepresentation', 'PhotometricInterpretation'],
  );
  await send(explicit, report);
  expect(await send(implicit, report)).toMatchObject(FILED);
  expect(await send(implicit, { ...report, TextValue: 'bleeding' })).toMatchObject(SET_ASIDE);
  // An archive puts in where it was made and which order it is of.
  const kept = { ...report, InstitutionName: 'North Clinic', AccessionNumber: 'A2', PatientComments: 'checked' };
  expect(await send(explicit, kept)).toMatchObject(FILED);
  expect(await send(explicit, { ...kept, SeriesNumber: 2 })).toMatchObject(SET_ASIDE);
});
