import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDataset } from '../dataset/read-dataset.ts';
import { items, number, text } from '../dataset/values.ts';
import { type DicomRecord, encodeDataset } from '../dataset/write-dataset.ts';
import { readPart10Header } from '../part10.ts';
import { STORAGE_CLASSES } from '../storage-classes.ts';
import { EXPLICIT_LITTLE_ENDIAN } from '../transfer-syntaxes.ts';
import { fileIdKey, readDicomdir } from './read-dicomdir.ts';
import { recordTypeOf } from './record-types.ts';
import { type MediaFile, writeDicomdir } from './write-dicomdir.ts';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const FILE_SET = { id: 'WETREAD', uid: '2.25.1' };

function aFile(ordinal: number, more: DicomRecord = {}, sopClassUid = CT): MediaFile {
  const record: DicomRecord = {
    PatientName: 'Doe^Jane',
    PatientID: 'P1',
    StudyInstanceUID: '1.2.3',
    StudyDate: '20260301',
    StudyTime: '101500',
    StudyID: '7',
    AccessionNumber: 'A1',
    Modality: 'CT',
    SeriesInstanceUID: '1.2.3.1',
    SeriesNumber: 1,
    InstanceNumber: ordinal,
    ...more,
  };
  const read = readDataset(encodeDataset(record), EXPLICIT_LITTLE_ENDIAN);
  if (!read.ok) throw new Error(read.error.code);
  return {
    fileId: ['DICOM', 'ST000001', 'SE000001', `IM${String(ordinal).padStart(6, '0')}`],
    ...{ sopClassUid, sopInstanceUid: `1.2.3.1.${ordinal}`, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN },
    dataset: read.value,
  };
}

/** Follows the offsets alone, as a reader that believes them does. */
function walk(bytes: Buffer): unknown {
  const header = readPart10Header(bytes);
  if (!header.ok) throw new Error(header.error.code);
  const { dataSetOffset } = header.value;
  const root = parse(bytes.subarray(dataSetOffset));
  const below = (first: number): unknown[] => {
    const found: unknown[] = [];
    for (let at = first; at !== 0; ) {
      const length = bytes.readUInt32LE(at + 4);
      expect(bytes.readUInt32LE(at)).toBe(0xe000fffe);
      const record = parse(bytes.subarray(at + 8, at + 8 + length));
      const type = text(record, 'DirectoryRecordType');
      found.push([type, ...below(number(record, 'OffsetOfReferencedLowerLevelDirectoryEntity') ?? 0)]);
      at = number(record, 'OffsetOfTheNextDirectoryRecord') ?? 0;
    }
    return found;
  };
  return below(number(root, 'OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity') ?? 0);
}

function parse(bytes: Uint8Array) {
  const read = readDataset(bytes, EXPLICIT_LITTLE_ENDIAN);
  if (!read.ok) throw new Error(read.error.code);
  return read.value;
}

function records(bytes: Buffer) {
  const header = readPart10Header(bytes);
  if (!header.ok) throw new Error(header.error.code);
  return items(parse(bytes.subarray(header.value.dataSetOffset)), 'DirectoryRecordSequence');
}

test('offsets lead through patients, studies, series and files', () => {
  const written = writeDicomdir(
    [
      aFile(1),
      aFile(2),
      aFile(3, { SeriesInstanceUID: '1.2.3.2', SeriesNumber: 2 }),
      aFile(4, { PatientID: 'P2', StudyInstanceUID: '1.2.4', SeriesInstanceUID: '1.2.4.1' }),
    ],
    FILE_SET,
  );
  expect(walk(written)).toEqual([
    ['PATIENT', ['STUDY', ['SERIES', ['IMAGE'], ['IMAGE']], ['SERIES', ['IMAGE']]]],
    ['PATIENT', ['STUDY', ['SERIES', ['IMAGE']]]],
  ]);
});

test('names beyond ASCII are written in UTF-8, and only such records name a character set', () => {
  const file = aFile(1, { SpecificCharacterSet: 'ISO_IR 100', PatientName: 'Müller^Jörg' });
  const [patient, study] = records(writeDicomdir([file], FILE_SET));
  if (patient === undefined || study === undefined) throw new Error('no records');
  expect([text(patient, 'SpecificCharacterSet'), text(patient, 'PatientName')]).toEqual(['ISO_IR 192', 'Müller^Jörg']);
  expect(text(study, 'SpecificCharacterSet')).toBeNull();
});

test('what a record must have and the object left out is filled, from the next best where there is one', () => {
  const bare = aFile(1, { PatientID: null, StudyDate: null, StudyTime: 'noon', StudyID: null, SeriesDate: '20260302' });
  const [patient, study] = records(writeDicomdir([bare], FILE_SET));
  if (patient === undefined || study === undefined) throw new Error('no records');
  expect(text(patient, 'PatientID')).toBe('UNKNOWN-1');
  expect(['StudyDate', 'StudyTime', 'StudyID'].map((keyword) => text(study, keyword))).toEqual([
    '20260302',
    '000000',
    'UNKNOWN-1',
  ]);
});

test('a file ID that other readers could not open is refused', () => {
  for (const fileId of [['image.dcm'], ['lower'], ['TOOLONGNAME'], [], Array.from({ length: 9 }, () => 'A')])
    expect(() => writeDicomdir([{ ...aFile(1), fileId }], FILE_SET)).toThrow('file ID');
});

describe('every storage class is listed by its type of record', () => {
  test.each(STORAGE_CLASSES)('$name', async ({ uid }) => {
    const written = writeDicomdir([aFile(1, {}, uid)], FILE_SET);
    const read = await readDicomdir(written);
    expect(read).toEqual({
      ok: true,
      value: [
        {
          fileId: ['DICOM', 'ST000001', 'SE000001', 'IM000001'],
          recordType: recordTypeOf(uid).name,
          sopClassUid: uid,
          sopInstanceUid: '1.2.3.1.1',
        },
      ],
    });
  });
});

test('whatever objects say, the directory is read back and its offsets hold', async () => {
  const anyText = fc.string({ unit: 'grapheme', maxLength: 40 });
  const anyFile = fc.record({
    PatientName: anyText,
    PatientID: anyText,
    StudyDescription: anyText,
    series: fc.integer({ min: 1, max: 3 }),
    patient: fc.integer({ min: 1, max: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyFile, { minLength: 1, maxLength: 12 }), async (many) => {
      const files = many.map(({ series, patient, ...more }, index) =>
        aFile(index + 1, {
          ...more,
          SpecificCharacterSet: 'ISO_IR 192',
          StudyInstanceUID: `1.2.${patient}`,
          SeriesInstanceUID: `1.2.${patient}.${series}`,
        }),
      );
      const written = writeDicomdir(files, FILE_SET);
      const read = await readDicomdir(written);
      const listed = read.ok ? read.value.map(({ fileId }) => fileId.join('/')) : [];
      expect(listed.toSorted()).toEqual(files.map(({ fileId }) => fileId.join('/')).toSorted());
      const leaves = JSON.stringify(walk(written)).match(/"IMAGE"/g) ?? [];
      expect(leaves).toHaveLength(files.length);
    }),
    { numRuns: 100 },
  );
});

test('wrong offsets and records out of use do not keep a directory from being read', async () => {
  const written = writeDicomdir([aFile(1), aFile(2)], FILE_SET);
  const listed = records(written).length;
  // Every offset between records is damaged, and the last file's record is taken out of use.
  const flag = Buffer.from('0400101455530200ffff', 'hex');
  let last = 0;
  for (let at = written.indexOf(flag); at >= 0; at = written.indexOf(flag, at + 1)) {
    written.writeUInt32LE(0x7fffffff, at - 4);
    last = at;
  }
  expect([listed, last > 0]).toEqual([5, true]);
  written.writeUInt16LE(0, last + 8);
  const read = await readDicomdir(written);
  expect(read.ok && read.value).toHaveLength(1);
});

test('bytes that are no directory are told apart from one', async () => {
  expect(await readDicomdir(encodeDataset({ PatientID: '1' }))).toEqual({
    ok: false,
    error: { code: 'not-a-directory' },
  });
  expect((await readDicomdir(Buffer.from('not DICOM at all, by far'))).ok).toBe(false);
});

test.each([
  ['DICOM\\ST1\\IM1', 'dicom/st1/im1'],
  ['DIR/IMG;1', 'DIR/IMG'],
  ['DIR/IMG.;1', 'DIR/IMG'],
  ['./DIR//IMG.', 'dir/img'],
])('%s and %s are one file', (one, other) => {
  expect(fileIdKey(one)).toBe(fileIdKey(other));
});
