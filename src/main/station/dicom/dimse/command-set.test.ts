import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CommandSet, decodeCommandSet, encodeCommandSet } from './command-set.ts';

test('writes a C-ECHO request as PS3.7 prints it, group length included', () => {
  const bytes = encodeCommandSet({
    commandField: 0x0030,
    messageId: 1,
    dataSetType: 0x0101,
    affectedSopClass: '1.2.840.10008.1.1',
  });
  expect(Buffer.from(bytes).toString('hex')).toBe(
    '0000000004000000380000000000020012000000' +
      Buffer.from('1.2.840.10008.1.1\0').toString('hex') +
      '00000001020000003000' +
      '00001001020000000100' +
      '00000008020000000101',
  );
});

const short = fc.nat(0xffff);
const command: fc.Arbitrary<CommandSet> = fc.record(
  {
    commandField: short,
    dataSetType: short,
    messageId: short,
    respondsTo: short,
    status: short,
    affectedSopClass: fc.stringMatching(/^[0-9.]{1,64}$/),
    affectedSopInstance: fc.stringMatching(/^[0-9.]{1,64}$/),
    errorComment: fc.stringMatching(/^[A-Za-z]{1,64}$/),
    offendingElements: fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: ['commandField', 'dataSetType'] },
);

test('reads back every command it writes', () => {
  fc.assert(
    fc.property(command, (one) => {
      expect(decodeCommandSet(encodeCommandSet(one))).toEqual({ ok: true, value: one });
    }),
  );
});

test('never throws at bytes that are no command', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodeCommandSet(bytes)));
  expect(decodeCommandSet(Buffer.from('0100'))).toEqual({ ok: false, error: { code: 'malformed-command' } });
});
