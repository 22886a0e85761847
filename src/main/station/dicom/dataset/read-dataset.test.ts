import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DEFLATED_EXPLICIT_LITTLE_ENDIAN,
  EXPLICIT_BIG_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  IMPLICIT_LITTLE_ENDIAN,
} from '../transfer-syntaxes.ts';
import type { Dataset } from './dataset.ts';
import { describeInstance } from './describe-instance.ts';
import { bytesReader, findPixelData } from './find-pixel-data.ts';
import { readDataset, readDatasetInTurns } from './read-dataset.ts';
import { items, number, numbers, text, texts } from './values.ts';
import { encodeDataset } from './write-dataset.ts';

const hex = (...parts: readonly string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');

function read(bytes: Uint8Array, transferSyntaxUid = EXPLICIT_LITTLE_ENDIAN): Dataset {
  const result = readDataset(bytes, transferSyntaxUid);
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

const record = {
  SpecificCharacterSet: 'ISO_IR 192',
  ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
  PatientName: 'Żółć^Łucja',
  ReferencedStudySequence: [{ ReferencedSOPInstanceUID: '1.2.3' }, { ReferencedSOPInstanceUID: '1.2.4' }],
  ImagePositionPatient: [-120.5, 1e-7, 100 / 3],
  Rows: 512,
  PixelRepresentation: 1,
  SmallestImagePixelValue: -1024,
  FrameIncrementPointer: '00181063',
  '00091010': { privateVr: 'LO', value: 'private' },
};

test('reads back what it writes', () => {
  const dataset = read(encodeDataset(record));
  expect({
    type: texts(dataset, 'ImageType'),
    name: text(dataset, 'PatientName'),
    nested: items(dataset, 'ReferencedStudySequence').map((item) => text(item, 'ReferencedSOPInstanceUID')),
    position: numbers(dataset, 'ImagePositionPatient'),
    rows: number(dataset, 'Rows'),
    smallest: number(dataset, 'SmallestImagePixelValue'),
    absent: number(dataset, 'Columns'),
  }).toEqual({
    type: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
    name: 'Żółć^Łucja',
    nested: ['1.2.3', '1.2.4'],
    position: [-120.5, 1e-7, 33.3333333333333],
    rows: 512,
    smallest: -1024,
    absent: null,
  });
});

test('reads implicit VR with the dictionary, sequences of either length, and big endian', () => {
  const implicit = hex(
    '08001511 ffffffff', // ReferencedSeriesSequence, undefined length
    'feff00e0 0a000000 20000d00 02000000 3132', // an item of defined length: StudyInstanceUID
    'feffdde0 00000000',
    '28001000 02000000 0002',
  );
  const dataset = read(implicit, IMPLICIT_LITTLE_ENDIAN);
  expect([
    items(dataset, 'ReferencedSeriesSequence').map((item) => text(item, 'StudyInstanceUID')),
    number(dataset, 'Rows'),
  ]).toEqual([['12'], 512]);
  expect(number(read(hex('0028 0010 5553 0002 0200'), EXPLICIT_BIG_ENDIAN), 'Rows')).toBe(512);
});

test('inflates a deflated data set', () => {
  const dataset = read(deflateRawSync(encodeDataset(record)), DEFLATED_EXPLICIT_LITTLE_ENDIAN);
  expect(number(dataset, 'Rows')).toBe(512);
});

test('reads UN as the dictionary knows it, and as implicit items where its length is undefined', () => {
  const dataset = read(
    hex(
      '08001511 554e 0000 ffffffff',
      'feff00e0 ffffffff 20000d00 02000000 3132 feff0de0 00000000 feffdde0 00000000',
      '28001000 554e 0000 02000000 0002',
    ),
  );
  expect([
    items(dataset, 'ReferencedSeriesSequence').map((item) => text(item, 'StudyInstanceUID')),
    number(dataset, 'Rows'),
  ]).toEqual([['12'], 512]);
});

test('locates pixel data without holding them, and stops there when asked', () => {
  const bytes = encodeDataset({
    ...record,
    BitsAllocated: 16,
    PixelData: new Uint16Array(8),
    DataSetTrailingPadding: new Uint8Array(4),
  });
  const whole = readDataset(bytes, EXPLICIT_LITTLE_ENDIAN);
  const head = readDataset(bytes.subarray(0, bytes.length - 20), EXPLICIT_LITTLE_ENDIAN, { untilPixelData: true });
  const offset = bytes.length - 16 - 16;
  expect(whole).toMatchObject({ ok: true, value: { stoppedAt: 'end', pixelData: { vr: 'OW', offset, length: 16 } } });
  expect(head).toMatchObject({
    ok: true,
    value: { stoppedAt: 'pixel-data', pixelData: { vr: 'OW', offset, length: 16 } },
  });
});

test('reads as much of a head as is whole, wherever it is cut', () => {
  const bytes = encodeDataset(record);
  const all = [...read(bytes).elements.keys()];
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = readDataset(bytes.subarray(0, length), EXPLICIT_LITTLE_ENDIAN, { isHead: true });
    if (!cut.ok) throw new Error(`${length}: ${cut.error.code}`);
    const keys = [...cut.value.elements.keys()];
    expect(keys).toEqual(all.slice(0, keys.length));
  }
});

const nested = (depth: number): Buffer =>
  depth === 0
    ? Buffer.alloc(0)
    : Buffer.concat([
        hex('08001511 5351 0000 ffffffff feff00e0 ffffffff'),
        nested(depth - 1),
        hex('feff0de0 00000000 feffdde0 00000000'),
      ]);

test.each([
  ['a value that reaches past the end', hex('10001000 504e 0a00 41'), 'truncated'],
  ['half a header', hex('10001000'), 'truncated'],
  ['a VR that is none', hex('10001000 0102 0a00 41424344'), 'malformed'],
  ['an item outside a sequence', hex('feff00e0 00000000'), 'malformed'],
  ['nesting without end', nested(500), 'too-deep'],
])('says what is wrong with %s', (_name, bytes, code) => {
  expect(readDataset(bytes, EXPLICIT_LITTLE_ENDIAN)).toEqual({ ok: false, error: { code } });
});

const ROWS = '28001000 5553 0200 0002';

test.each<[string, Buffer, string, readonly string[], Buffer?]>([
  [
    'an item longer than its sequence',
    hex('08001511 5351 0000 08000000 feff00e0 40000000', ROWS),
    EXPLICIT_LITTLE_ENDIAN,
    ['sequence-not-read'],
  ],
  [
    'an element longer than its item, in a sequence of undefined length',
    hex('08001511 5351 0000 ffffffff feff00e0 0a000000 20000d00 5549 4000 3132 feffdde0 00000000', ROWS),
    EXPLICIT_LITTLE_ENDIAN,
    ['sequence-not-read'],
  ],
  [
    'an element longer than all bytes, in an item of undefined length',
    hex('08001511 5351 0000 ffffffff feff00e0 ffffffff 20000d00 5554 0000 00000070 3132 feff0de0 00000000'),
    EXPLICIT_LITTLE_ENDIAN,
    ['sequence-not-read'],
    hex('feffdde0 00000000', ROWS),
  ],
  [
    'an unreadable sequence, past the delimiters of those within it',
    hex(
      ...['08001511 5351 0000 ffffffff feff00e0 ffffffff 08001511 5351 0000 ffffffff feffdde0 00000000'],
      ...['20000d00 5549 0200 3939 0102 feff0de0 00000000 feffdde0 00000000', ROWS],
    ),
    EXPLICIT_LITTLE_ENDIAN,
    ['sequence-not-read'],
  ],
  [
    'an unreadable sequence of implicit elements',
    hex('08001511 ffffffff feff00e0 ffffffff 20000d00 ff000000 3132 feff0de0 00000000 feffdde0 00000000'),
    IMPLICIT_LITTLE_ENDIAN,
    ['sequence-not-read'],
    hex('28001000 02000000 0002'),
  ],
  [
    'a sequence whose item and delimiter are missing their ends',
    hex('08001511 5351 0000 ffffffff feff00e0 ffffffff 20000d00 5549 0200 3132 feffdde0 00000000', ROWS),
    EXPLICIT_LITTLE_ENDIAN,
    ['delimiter-missing'],
  ],
  [
    'items that only the next item ends',
    hex('08001511 5351 0000 ffffffff feff00e0 ffffffff feff00e0 ffffffff feff0de0 00000000 feffdde0 00000000', ROWS),
    EXPLICIT_LITTLE_ENDIAN,
    ['delimiter-missing'],
  ],
  ['an element without its VR', hex('10002000 02000000 3132', ROWS), EXPLICIT_LITTLE_ENDIAN, ['vr-missing']],
  ['explicit elements told to be implicit', hex(ROWS), IMPLICIT_LITTLE_ENDIAN, ['vr-encoding-differs']],
  ['a stray delimiter', hex('feffdde0 00000000', ROWS), EXPLICIT_LITTLE_ENDIAN, ['stray-delimiter']],
  [
    'elements out of order, twice, of odd length',
    hex(ROWS, '10002000 4c4f 0100 31', ROWS),
    EXPLICIT_LITTLE_ENDIAN,
    ['out-of-order', 'odd-length', 'duplicate-element'],
  ],
])('reads and marks %s', (_name, bytes, syntax, marks, more = Buffer.alloc(0)) => {
  const result = readDataset(Buffer.concat([bytes, more]), syntax);
  if (!result.ok) throw new Error(result.error.code);
  expect([number(result.value, 'Rows'), result.value.marks]).toEqual([512, marks]);
});

test('reads explicit items under UN of undefined length', () => {
  const dataset = read(
    hex('08001511 554e 0000 ffffffff feff00e0 ffffffff 20000d00 5549 0200 3132 feff0de0 00000000 feffdde0 00000000'),
  );
  expect(items(dataset, 'ReferencedSeriesSequence').map((item) => text(item, 'StudyInstanceUID'))).toEqual(['12']);
});

test('lets others work while it reads hundreds of thousands of elements, and stops at too many', async () => {
  const elements = (count: number) => {
    const bytes = Buffer.alloc(count * 8, hex('09000010 4c4f0000'));
    for (let index = 0; index < count; index += 1) bytes[index * 8 + 2] = index % 0xff;
    return bytes;
  };
  const [fewer, more] = [elements(390_000), elements(410_000)];
  let turns = 0;
  const others = new AbortController();
  const countTurns = () => {
    turns += 1;
    if (!others.signal.aborted) setImmediate(countTurns);
  };
  countTurns();
  const many = await readDatasetInTurns(fewer, EXPLICIT_LITTLE_ENDIAN);
  const tooMany = await readDatasetInTurns(more, EXPLICIT_LITTLE_ENDIAN);
  others.abort();
  expect(turns).toBeGreaterThan(5); // of 8 ms each, in some hundred
  expect([many.ok, tooMany]).toEqual([true, { ok: false, error: { code: 'too-large' } }]);
});

test('refuses a transfer syntax that is no UID', () => {
  expect(readDataset(Buffer.alloc(0), 'explicit')).toEqual({ ok: false, error: { code: 'unknown-transfer-syntax' } });
});

test('never throws, whatever the bytes', () => {
  const good = encodeDataset({
    ...record,
    BitsAllocated: 8,
    PixelData: { fragments: [Uint8Array.of(1, 2), Uint8Array.of(3, 4)] },
  });
  const edits = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 8 });
  const syntax = fc.constantFrom(
    EXPLICIT_LITTLE_ENDIAN,
    IMPLICIT_LITTLE_ENDIAN,
    EXPLICIT_BIG_ENDIAN,
    DEFLATED_EXPLICIT_LITTLE_ENDIAN,
  );
  fc.assert(
    fc.property(edits, syntax, fc.boolean(), fc.nat(good.length), (changes, uid, isHead, cut) => {
      const bytes = good.slice(0, cut);
      for (const [at, value] of changes) bytes[at] = value;
      void readDataset(bytes, uid, { isHead });
    }),
    { numRuns: 5000 },
  );
});

test('passes over a long hole of zeros in one go, wherever it ends', () => {
  // A lost disk block reads as zeros: to implicit VR that is one empty element after another.
  const hole = Buffer.alloc(1024 * 1024);
  const patient = hex('10002000 02000000 3132');
  const before = process.cpuUsage();
  const followed = readDataset(Buffer.concat([hole, patient]), IMPLICIT_LITTLE_ENDIAN);
  const ended = readDataset(Buffer.concat([patient, hole]), IMPLICIT_LITTLE_ENDIAN);
  // Looking for the end of the zeros anew at each of them took ten minutes for this much.
  expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  expect([followed, ended].map((result) => (result.ok ? text(result.value, 'PatientID') : result.error.code))).toEqual([
    '12',
    '12',
  ]);
});

test('of a document of hundreds of megabytes reads what identifies it, and says that it read no more', async () => {
  const head = Buffer.from(encodeDataset({ SOPInstanceUID: '1.2.3', EncapsulatedDocument: new Uint8Array(2) }));
  const length = 300 * 1024 * 1024;
  const start = head.length - 2;
  head.writeUInt32LE(length, start - 4);
  let longest = 0;
  const reader = {
    length: start + length,
    read(offset: number, wanted: number) {
      longest = Math.max(longest, wanted);
      const bytes = Buffer.alloc(Math.min(wanted, start + length - offset));
      head.copy(bytes, 0, offset);
      return bytes;
    },
  };
  const found = await findPixelData(reader, EXPLICIT_LITTLE_ENDIAN);
  if (!found.ok) throw new Error(found.error.code);
  expect([describeInstance(found.value.dataset).sopUid, found.value.dataset.marks, found.value.location]).toEqual([
    '1.2.3',
    ['tail-not-read'],
    null,
  ]);
  expect(longest).toBeLessThanOrEqual(64 * 1024 * 1024);
});

/** A study UID, pixels, and before both sequences of undefined length within one another, whose items have a length or none. */
const NESTED = (() => {
  const inner = '08005011 5549 0400 31322e33 08005511 5549 0400 312e3900';
  const within = `40007502 5351 0000 ffffffff feff00e0 ffffffff ${inner} feff0de0 00000000 feffdde0 00000000 40000710 4c4f 0200 4142`;
  const sequence = hex(
    '08001511 5351 0000 ffffffff feff00e0 ffffffff 08005011 5549 0400 31322e33',
    ...[within, 'feff0de0 00000000 feff00e0 18000000', inner, 'feffdde0 00000000'],
  );
  const head = hex('08006000 4353 0200 4354');
  const tail = hex('20000d00 5549 0600 312e322e3900', ROWS, 'e07f1000 4f57 0000 08000000');
  return { head, sequence, bytes: Buffer.concat([head, sequence, tail, Buffer.alloc(8, 7)]) };
})();

test('no single wrong byte in a sequence hides pixels or lends the object another study', () => {
  const { head, sequence, bytes } = NESTED;
  const pixelsAt = bytes.length - 8;
  const told = { unread: 0, whole: 0 };
  for (let at = head.length; at < head.length + sequence.length; at += 1)
    for (const value of [0x00, 0x01, 0x02, 0x04, 0x10, 0x20, 0x40, 0x7f, 0xe0, 0xfe, 0xff]) {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      for (const isHead of [false, true]) {
        const result = readDataset(changed, EXPLICIT_LITTLE_ENDIAN, { isHead, untilPixelData: true });
        if (!result.ok || result.value.stoppedAt === 'cut') continue;
        told[result.value.marks.includes('sequence-not-read') ? 'unread' : 'whole'] += 1;
        expect([
          at - head.length,
          value,
          result.value.pixelData?.offset,
          text(result.value, 'StudyInstanceUID'),
        ]).toEqual([...[at - head.length, value, pixelsAt, '1.2.9']]);
      }
    }
  expect(told.unread).toBeGreaterThan(100);
});

/** An icon that cannot be read: behind the end of a sequence in it stand its own pixels, and the image's behind those of the icon. */
function iconed(iconBytes: number, imageBytes: number, tail = Buffer.alloc(0)) {
  const length = (bytes: number) =>
    bytes
      .toString(16)
      .padStart(8, '0')
      .replace(/(..)(..)(..)(..)/, '$4$3$2$1');
  const icon = hex(
    '08001800 5549 0400 312e3900 88000002 5351 0000 ffffffff feff00e0 ffffffff 08000500 5554 0000 00000070 4142',
    '88000002 5351 0000 ffffffff feffdde0 00000000',
    `e07f1000 4f57 0000 ${length(iconBytes)}`,
  );
  const image = hex('feff0de0 00000000 feffdde0 00000000', `e07f1000 4f57 0000 ${length(imageBytes)}`);
  const before = Buffer.concat([icon, Buffer.alloc(iconBytes, 1), image]);
  return { bytes: Buffer.concat([before, Buffer.alloc(imageBytes, 7), tail]), pixelsAt: before.length };
}

test('takes no pixels of an unreadable icon for the image, however much of the file is looked at', () => {
  const { bytes, pixelsAt } = iconed(8, 16);
  const iconAt = pixelsAt - 12 - 16 - 8;
  const foundOf = (length: number) => {
    const isHead = length < bytes.length;
    const result = readDataset(bytes.subarray(0, length), EXPLICIT_LITTLE_ENDIAN, { isHead, untilPixelData: true });
    return result.ok ? result.value.pixelData?.offset : undefined;
  };
  const lengths = Array.from({ length: bytes.length + 1 }, (_, length) => length);
  // A head that ends within the icon's pixels cannot tell: what stands behind them does.
  const telling = lengths.filter((length) => length < iconAt || length > iconAt + 8);
  expect(telling.filter((length) => foundOf(length) === iconAt)).toEqual([]);
  expect(foundOf(bytes.length)).toBe(pixelsAt);
});

test.each([
  ['a small icon', iconed(8, 16), true],
  ['a small icon, of a long image', iconed(8, 300_000), true],
  [
    'a small icon, with a signature behind the image',
    iconed(8, 300_000, hex('fcfffcff 4f42 0000 02000000 0000')),
    true,
  ],
  ['an icon longer than what is looked at first', iconed(100_000, 16), false],
  ['an icon longer than what is looked at first, of a long image', iconed(100_000, 600_000), false],
])(
  'finds the pixels of the image behind %s that cannot be read, or none',
  async (_what, { bytes, pixelsAt }, isFound) => {
    const found = await findPixelData(bytesReader(bytes), EXPLICIT_LITTLE_ENDIAN);
    if (isFound) expect(found).toMatchObject({ ok: true, value: { location: { kind: 'native', offset: pixelsAt } } });
    else expect(found).toEqual({ ok: false, error: { code: 'malformed' } });
  },
);

test('looks ahead only so far for where an unreadable sequence ends', () => {
  // Each of these may be its delimiter, and a long walk through valid elements leads from each to the same nonsense.
  const delimiters = Buffer.concat(Array(3_000).fill(hex('20000d00 5549 0000 feffdde0 00000000')));
  const rising = Buffer.concat(
    Array.from({ length: 60_000 }, (_, n) => {
      const element = hex('00210000 4c4f 0000');
      element.writeUInt16LE(0x21 + Math.floor(n / 30_000) * 2, 0);
      element.writeUInt16LE(0x1000 + (n % 30_000), 2);
      return element;
    }),
  );
  const start = hex('08001511 5351 0000 ffffffff feff00e0 ffffffff 20000d00 0102 0000');
  const result = readDataset(Buffer.concat([start, delimiters, rising, hex('ffff')]), EXPLICIT_LITTLE_ENDIAN);
  expect(result).toEqual({ ok: false, error: { code: 'malformed' } });
});
