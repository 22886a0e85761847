import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPart10Header, writePart10Header } from './part10.ts';
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from './implementation.ts';

const meta = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
  sopInstanceUid: '1.2.3.4',
  transferSyntaxUid: '1.2.840.10008.1.2.4.70',
  sourceAe: 'CT_ONE',
};

test('reads back the header it writes, and where the data set begins', () => {
  const header = writePart10Header(meta);
  const file = Buffer.concat([header, Buffer.from('0800050043530a00', 'hex')]);
  expect(readPart10Header(file)).toEqual({ ok: true, value: { ...meta, dataSetOffset: header.length } });
});

test('gives the group its true length', () => {
  const header = Buffer.from(writePart10Header(meta));
  expect(header.toString('latin1', 128, 132)).toBe('DICM');
  expect(header.subarray(132, 140).toString('hex')).toBe('02000000554c0400');
  expect(header.readUInt32LE(140)).toBe(header.length - 144);
});

test('names this product within the limits of DICOM', () => {
  expect(IMPLEMENTATION_CLASS_UID).toMatch(/^2\.25\.[1-9][0-9]{1,38}$/);
  expect(IMPLEMENTATION_VERSION_NAME.length).toBeLessThanOrEqual(16);
});

test('finds the data set where the group length lies', () => {
  const header = Buffer.from(writePart10Header(meta));
  header.writeUInt32LE(9, 140);
  expect(readPart10Header(header)).toMatchObject({ ok: true, value: { dataSetOffset: header.length } });
});

test('ends where it says where it is our own: a data set behind it may begin with group 0002', () => {
  const header = Buffer.from(writePart10Header(meta));
  const dataSet = Buffer.from('0200100055490400312e3200', 'hex'); // (0002,0010) UI "1.2"
  expect(readPart10Header(Buffer.concat([header, dataSet]))).toEqual({
    ok: true,
    value: { ...meta, dataSetOffset: header.length },
  });
});

test('never throws at damaged headers', () => {
  const header = Buffer.from(writePart10Header(meta));
  fc.assert(
    fc.property(fc.nat(header.length - 133), fc.nat(255), fc.nat(header.length), (at, value, cut) => {
      const bytes = Buffer.from(header);
      bytes[132 + at] = value;
      void readPart10Header(bytes.subarray(0, cut));
    }),
    { numRuns: 2000 },
  );
  expect(readPart10Header(Buffer.alloc(200))).toEqual({ ok: false, error: { code: 'not-part-10' } });
});
