import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readPart10Header } from '../part10.ts';
import {
  DEFLATED_EXPLICIT_LITTLE_ENDIAN,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
  JPEG_BASELINE,
} from '../transfer-syntaxes.ts';
import { correctDataset } from './correct-dataset.ts';
import type { CorrectedIdentity } from './correct-head.ts';
import type { Dataset, ReadDataset } from './dataset.ts';
import { type Tag, tagOf } from './dictionary.ts';
import { bytesReader, findPixelData, type RangeReader } from './find-pixel-data.ts';
import { TOLD_OF_ANOTHER } from './patient-attributes.ts';
import { joinReaders } from './range-readers.ts';
import { readDataset } from './read-dataset.ts';
import { writeElement } from './rewrite-elements.ts';
import { elementTexts, isText, items, text, texts } from './values.ts';
import { type DicomRecord, encodeDataset } from './write-dataset.ts';

const john: CorrectedIdentity = {
  studyUid: '1.2.10',
  seriesUid: '1.2.10.1',
  patient: { name: 'Roe^John', birthDateRaw: '19500505', sex: 'M', mrn: '99', issuer: 'NORTH' },
  isWithoutOrder: false,
  correctedAtMs: Date.parse('2026-03-02T09:00:00.250Z'),
  sourceAe: 'CT1',
  reason: 'CORRECT',
  tellsBefore: true,
  placeOf: () => null,
};
const jane: DicomRecord = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.10.1.1',
  StudyInstanceUID: '1.2.10',
  SeriesInstanceUID: '1.2.10.1',
  PatientName: 'Doe^Jane',
  PatientID: '4711',
  PatientBirthDate: '19600102',
  PatientSex: 'F',
  OtherPatientIDs: ['OLD1', 'OLD2'],
  PatientAge: '066Y',
  PatientWeight: '70',
  AccessionNumber: 'A1',
  Rows: 4,
  Columns: 4,
  BitsAllocated: 16,
  PixelData: new Uint16Array(16).fill(7),
};

async function whole(reader: RangeReader): Promise<Uint8Array> {
  return reader.read(0, reader.length);
}

async function correct(
  bytes: Uint8Array,
  syntax = EXPLICIT_LITTLE_ENDIAN,
  identity: Partial<CorrectedIdentity> = {},
): Promise<Uint8Array> {
  const corrected = await correctDataset(bytesReader(bytes), syntax, { ...john, ...identity });
  if (!corrected.ok) throw new Error(corrected.error.code);
  return whole(corrected.value);
}

function read(bytes: Uint8Array, syntax = EXPLICIT_LITTLE_ENDIAN): ReadDataset {
  const found = readDataset(bytes, syntax);
  if (!found.ok) throw new Error(found.error.code);
  return found.value;
}

const patientOf = (dataset: Dataset) =>
  ['PatientName', 'PatientID', 'IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'].map((keyword) =>
    text(dataset, keyword),
  );

/** A data set in big endian: what stands in words is turned. */
function bigEndian(record: DicomRecord): Buffer {
  const encoding = { isExplicit: true, isLittleEndian: false };
  const { elements } = read(encodeDataset(record));
  return Buffer.concat(
    [...elements.values()].map(({ tag, vr, bytes }) =>
      writeElement(tag, vr, vr === 'US' ? Buffer.from(bytes).swap16() : bytes, encoding),
    ),
  );
}

const encodings: readonly (readonly [string, string, (record: DicomRecord) => Uint8Array])[] = [
  ['explicit little endian', EXPLICIT_LITTLE_ENDIAN, (record) => encodeDataset(record)],
  ['implicit little endian', IMPLICIT_LITTLE_ENDIAN, (record) => encodeDataset(record, IMPLICIT_LITTLE_ENDIAN)],
  ['explicit big endian', EXPLICIT_BIG_ENDIAN, bigEndian],
  ['deflated', DEFLATED_EXPLICIT_LITTLE_ENDIAN, (record) => deflateRawSync(encodeDataset(record))],
  [
    'encapsulated',
    JPEG_BASELINE,
    (record) =>
      encodeDataset({ ...record, PixelData: { fragments: [Buffer.from([0xff, 0xd8, 1, 2]), Buffer.alloc(6)] } }),
  ],
];

test.each(encodings)(
  'names the corrected patient in %s, and nothing else is another byte',
  async (_, syntax, encode) => {
    const before = encode(jane);
    const after = await correct(before, syntax);
    const [was, is] = [read(before, syntax), read(after, syntax)];
    expect(patientOf(is)).toEqual(['Roe^John', '99', 'NORTH', '19500505', 'M']);
    expect([...is.elements.keys()]).toEqual([...is.elements.keys()].toSorted((one, other) => one - other));
    expect(text(is, 'PatientWeight')).toBe('70');
    expect(unchanged(was, is)).toEqual([]);
    const [original] = items(is, 'OriginalAttributesSequence');
    expect(original && [texts(original, 'AttributeModificationDateTime'), texts(original, 'ModifyingSystem')]).toEqual([
      ['20260302090000.250000+0000'],
      ['Wetread'],
    ]);
    expect(
      original && [text(original, 'SourceOfPreviousValues'), text(original, 'ReasonForTheAttributeModification')],
    ).toEqual(['CT1', 'CORRECT']);
    const [old] = original ? items(original, 'ModifiedAttributesSequence') : [];
    if (old === undefined) throw new Error('the values before are not there');
    expect([patientOf(old), texts(old, 'OtherPatientIDs'), text(old, 'PatientAge')]).toEqual([
      ['Doe^Jane', '4711', null, '19600102', 'F'],
      ['OLD1', 'OLD2'],
      '066Y',
    ]);
    expect(old.elements.has(tagOf('StudyInstanceUID'))).toBe(false);
  },
);

const IDENTITY = new Set<Tag>([
  ...['PatientName', 'PatientID', 'IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'].map(tagOf),
  ...['StudyInstanceUID', 'SeriesInstanceUID', 'OriginalAttributesSequence', 'SpecificCharacterSet'].map(tagOf),
  ...['DigitalSignaturesSequence', 'MACParametersSequence'].map(tagOf),
  ...TOLD_OF_ANOTHER,
]);

/** Tags whose values differ, identity and group lengths apart; where text was recoded, as text. */
function unchanged(was: Dataset, is: Dataset): readonly string[] {
  const tags = new Set([...was.elements.keys(), ...is.elements.keys()]);
  return [...tags]
    .filter((tag) => !IDENTITY.has(tag) && (tag & 0xffff) !== 0)
    .flatMap((tag) => {
      const [old, now] = [was.elements.get(tag), is.elements.get(tag)];
      if (old === undefined || now === undefined) return [`${tag.toString(16)} came or went`];
      if (old.items !== null)
        return old.items.flatMap((item, index) => {
          const other = now.items?.[index];
          return other === undefined ? [`${tag.toString(16)} lost an item`] : unchanged(item, other);
        });
      if (Buffer.compare(old.bytes, now.bytes) === 0) return [];
      const isSameText = isText(old.vr) && elementTexts(old, was).join('\\') === elementTexts(now, is).join('\\');
      return isSameText ? [] : [tag.toString(16)];
    });
}

test('keeps the object’s own character set where it has the new name, and makes all of it UTF-8 where not', async () => {
  const latin = encodeDataset({ ...jane, SpecificCharacterSet: 'ISO_IR 100', StudyDescription: 'Schädel' });
  const named = (name: string) => ({ patient: { name, birthDateRaw: null, sex: null, mrn: '99', issuer: null } });
  const own = read(await correct(latin, EXPLICIT_LITTLE_ENDIAN, named('Müller^Jörg')));
  expect([text(own, 'SpecificCharacterSet'), text(own, 'PatientName'), text(own, 'StudyDescription')]).toEqual([
    'ISO_IR 100',
    'Müller^Jörg',
    'Schädel',
  ]);
  const wide = read(await correct(latin, EXPLICIT_LITTLE_ENDIAN, named('Yamada^Tarou=山田^太郎')));
  expect([text(wide, 'SpecificCharacterSet'), text(wide, 'PatientName'), text(wide, 'StudyDescription')]).toEqual([
    'ISO_IR 192',
    'Yamada^Tarou=山田^太郎',
    'Schädel',
  ]);
  expect(unchanged(read(latin), wide)).toEqual([]);
});

test('recodes text within sequences by the set of their own', async () => {
  const inner = { CodeMeaning: 'x', LongCodeValue: 'y' };
  const bytes = encodeDataset({
    ...jane,
    SpecificCharacterSet: 'ISO_IR 100',
    ProcedureCodeSequence: [{ ...inner, CodeMeaning: 'Müdigkeit' }],
  });
  const [item] = items(
    read(await correct(bytes, EXPLICIT_LITTLE_ENDIAN, { patient: { ...john.patient, name: 'Жуков' } as never })),
    'ProcedureCodeSequence',
  );
  expect(item && text(item, 'CodeMeaning')).toBe('Müdigkeit');
});

test('gives a split-off object its new study and series, and what it refers to that went with it', async () => {
  const series = (uid: string, ...sopUids: readonly string[]) => ({
    SeriesInstanceUID: uid,
    ReferencedSOPSequence: sopUids.map((sopUid) => ({
      ReferencedSOPClassUID: '1.2.3',
      ReferencedSOPInstanceUID: sopUid,
    })),
  });
  const study = (uid: string, ...referenced: readonly DicomRecord[]) => ({
    StudyInstanceUID: uid,
    ReferencedSeriesSequence: referenced,
  });
  const report = encodeDataset({
    ...jane,
    CurrentRequestedProcedureEvidenceSequence: [
      study('1.2.10', series('1.2.10.7', 'went.1'), series('1.2.10.8', 'stayed.1')),
      study('1.2.10', series('1.2.10.9', 'stayed.2')),
      study('1.2.99', series('1.2.99.1', 'other.1')),
    ],
  });
  const after = read(
    await correct(report, EXPLICIT_LITTLE_ENDIAN, {
      ...{ studyUid: '2.25.1', seriesUid: '2.25.2', patient: null },
      placeOf: (sopUid) => (sopUid.startsWith('went') ? { studyUid: '2.25.1', seriesUid: '2.25.7' } : null),
    }),
  );
  expect([text(after, 'StudyInstanceUID'), text(after, 'SeriesInstanceUID'), text(after, 'PatientName')]).toEqual([
    '2.25.1',
    '2.25.2',
    'Doe^Jane',
  ]);
  const evidence = items(after, 'CurrentRequestedProcedureEvidenceSequence').map((one) => [
    text(one, 'StudyInstanceUID'),
    ...items(one, 'ReferencedSeriesSequence').map((within) => text(within, 'SeriesInstanceUID')),
  ]);
  expect(evidence).toEqual([
    ['2.25.1', '2.25.7', '1.2.10.8'],
    ['1.2.10', '1.2.10.9'],
    ['1.2.99', '1.2.99.1'],
  ]);
});

test('forgets the order where the object was made for another one', async () => {
  const ordered = encodeDataset({ ...jane, RequestAttributesSequence: [{ RequestedProcedureID: 'P1' }] });
  const after = read(await correct(ordered, EXPLICIT_LITTLE_ENDIAN, { isWithoutOrder: true }));
  expect([text(after, 'AccessionNumber'), after.elements.has(tagOf('RequestAttributesSequence'))]).toEqual([
    null,
    false,
  ]);
});

test('adds to what an earlier system noted of its changes, and leaves that as it is', async () => {
  const noted = { ModifyingSystem: 'PACS', ModifiedAttributesSequence: [{ PatientID: '4710' }] };
  const after = read(await correct(encodeDataset({ ...jane, OriginalAttributesSequence: [noted] })));
  const systems = items(after, 'OriginalAttributesSequence').map((item) => [
    text(item, 'ModifyingSystem'),
    items(item, 'ModifiedAttributesSequence').map((old) => text(old, 'PatientID')),
  ]);
  expect(systems).toEqual([
    ['PACS', ['4710']],
    ['Wetread', ['4711']],
  ]);
});

test('says nothing of whom it named before where that is not for the receiver', async () => {
  const after = await correct(encodeDataset(jane), EXPLICIT_LITTLE_ENDIAN, { tellsBefore: false });
  expect(Buffer.from(after).toString('latin1')).not.toMatch(/Jane|4711|OLD1/);
  expect(read(after).elements.has(tagOf('OriginalAttributesSequence'))).toBe(false);
});

test('leaves out signatures and what stands twice or behind the pixels, and group lengths of what changed', async () => {
  const encoding = { isExplicit: true, isLittleEndian: true };
  const name = writeElement(tagOf('PatientName'), 'PN', Buffer.from('Doe^Jane'), encoding);
  const bytes = Buffer.concat([
    writeElement(0x00100000, 'UL', Buffer.from([8, 0, 0, 0]), encoding),
    name,
    name,
    encodeDataset({ PatientID: '4711', PixelData: new Uint16Array(4) }),
    name,
    encodeDataset({ DigitalSignaturesSequence: [{ MACIDNumber: 1 }], DataSetTrailingPadding: new Uint8Array(4) }),
  ]);
  const after = await correct(bytes);
  expect(Buffer.from(after).toString('latin1').split('Doe^Jane')).toHaveLength(2);
  const { elements } = read(after);
  expect([0x00100000, 0xfffafffa, 0xfffcfffc].map((tag) => elements.has(tag))).toEqual([false, false, true]);
});

test('reads neither pixels nor long data to do it, and gives any range of what it makes', async () => {
  const reads: number[] = [];
  const watched = (bytes: Uint8Array): RangeReader => ({
    length: bytes.length,
    read(offset, length) {
      reads.push(length);
      return bytes.subarray(offset, offset + length);
    },
  });
  for (const big of [
    encodeDataset({ ...jane, PixelData: new Uint16Array(4_000_000) }),
    encodeDataset({ ...jane, PixelData: null, SpectroscopyData: new Uint8Array(8_000_000) }),
  ]) {
    reads.length = 0;
    const corrected = await correctDataset(watched(big), EXPLICIT_LITTLE_ENDIAN, john);
    if (!corrected.ok) throw new Error(corrected.error.code);
    expect(Math.max(...reads)).toBeLessThanOrEqual(1_048_576);
    const all = await whole(corrected.value);
    expect(all).toHaveLength(corrected.value.length);
    for (const [at, length] of [
      [0, 10],
      [300, 70_000],
      [all.length - 5, 50],
    ] as const)
      expect(await corrected.value.read(at, length)).toEqual(Buffer.from(all.subarray(at, at + length)));
  }
});

/** A document of so many bytes that nobody holds, each of them told by its place. */
function documentOf(length: number, longestRead: { bytes: number }): RangeReader {
  return {
    length,
    async read(offset, wanted) {
      const bytes = Buffer.alloc(Math.max(0, Math.min(wanted, length - offset)));
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = (offset + index) % 251;
      longestRead.bytes = Math.max(longestRead.bytes, bytes.length);
      return bytes;
    },
  };
}

test.each([
  ['explicit', EXPLICIT_LITTLE_ENDIAN, { isExplicit: true, isLittleEndian: true }],
  ['implicit', IMPLICIT_LITTLE_ENDIAN, { isExplicit: false, isLittleEndian: true }],
])('a document of 300 MB passes through a corrected object by range (%s)', async (_name, syntax, encoding) => {
  const length = 300 * 2 ** 20;
  const longest = { bytes: 0 };
  const { PixelData: _, ...report } = jane;
  const before = encodeDataset({ ...report, MIMETypeOfEncapsulatedDocument: 'application/pdf' }, syntax);
  const header = Buffer.from(writeElement(tagOf('EncapsulatedDocument'), 'OB', Buffer.alloc(2), encoding)).subarray(
    0,
    -2,
  );
  header.writeUInt32LE(length, header.length - 4);
  const behind = encodeDataset({ TextValue: 'kept' }, syntax);
  const ours = joinReaders([
    bytesReader(before),
    bytesReader(header),
    documentOf(length, longest),
    bytesReader(behind),
  ]);
  const made = await correctDataset(ours, syntax, john);
  if (!made.ok) throw new Error(made.error.code);
  expect(longest.bytes).toBeLessThanOrEqual(4 * 2 ** 20);

  const start = Buffer.from(await made.value.read(0, 64 * 1024));
  const headerAt = start.indexOf(header);
  const head = read(start.subarray(0, headerAt), syntax);
  expect([text(head, 'PatientName'), text(head, 'PatientID')]).toEqual(['Roe^John', '99']);
  const valueAt = headerAt + header.length;
  for (const at of [0, 1000, 64 * 2 ** 20 + 3, length - 10])
    expect(await made.value.read(valueAt + at, 10)).toEqual(await documentOf(length, longest).read(at, 10));
  const tail = read(await made.value.read(valueAt + length, 2 ** 20), syntax);
  expect(text(tail, 'TextValue')).toBe('kept');
  const [told] = items(tail, 'OriginalAttributesSequence');
  const [modified] = told === undefined ? [] : items(told, 'ModifiedAttributesSequence');
  expect(modified && text(modified, 'PatientName')).toBe('Doe^Jane');
});

test('says so where a head cannot be read: nobody could tell whom it would name', async () => {
  const cut = encodeDataset(jane).subarray(0, 60);
  expect(await correctDataset(bytesReader(cut), EXPLICIT_LITTLE_ENDIAN, john)).toMatchObject({ ok: false });
});

const data = path.resolve(import.meta.dirname, '../../../../../../shared/data/dicom-variety');
const isHere = existsSync(data);
if (!isHere) console.error('skipped: the real test data are not on this machine');

test.skipIf(!isHere)(
  'of every real object only what names the patient changes, in any character set and syntax',
  async () => {
    let corrected = 0;
    for (const entry of readdirSync(data, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = readFileSync(path.join(entry.parentPath, entry.name));
      const header = readPart10Header(file);
      if (!header.ok) continue;
      const { transferSyntaxUid, dataSetOffset } = header.value;
      const body = file.subarray(dataSetOffset);
      const was = await findPixelData(bytesReader(body), transferSyntaxUid);
      if (!was.ok) continue;
      for (const name of ['Roe^John', 'Ðorđe^山田']) {
        const identity = { ...john, patient: { name, birthDateRaw: null, sex: 'O', mrn: '99', issuer: null } };
        const made = await correctDataset(bytesReader(body), transferSyntaxUid, identity);
        const is = made.ok ? await findPixelData(bytesReader(await whole(made.value)), transferSyntaxUid) : made;
        if (!is.ok) throw new Error(`${entry.name}: ${is.error.code}`);
        expect([entry.name, text(is.value.dataset, 'PatientName'), text(is.value.dataset, 'PatientID')]).toEqual([
          entry.name,
          name,
          '99',
        ]);
        expect([entry.name, unchanged(was.value.dataset, is.value.dataset)]).toEqual([entry.name, []]);
        expect([entry.name, await pixelsOf(is.value)]).toEqual([entry.name, await pixelsOf(was.value)]);
        corrected += 1;
      }
    }
    expect(corrected).toBeGreaterThan(500);
  },
  120_000,
);

type Located = Extract<Awaited<ReturnType<typeof findPixelData>>, { ok: true }>['value'];

/** Lengths and first bytes of what the pixels are in. */
async function pixelsOf({ location, source }: Located): Promise<readonly string[]> {
  const ranges = location === null ? [] : location.kind === 'native' ? [location] : location.fragments;
  return Promise.all(
    ranges
      .slice(0, 20)
      .map(
        async ({ offset, length }) =>
          `${length} ${Buffer.from(await source.read(offset, Math.min(length, 64))).toString('hex')}`,
      ),
  );
}
