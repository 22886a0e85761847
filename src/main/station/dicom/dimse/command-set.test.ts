import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CommandSet, COMMANDS, decodeCommandSet, encodeCommandSet, NO_DATA_SET } from './command-set.ts';

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
const uid = fc.stringMatching(/^[0-9.]{1,64}$/);
const aeTitle = fc.stringMatching(/^[A-Z0-9_]{1,16}$/);
const tags = fc.array(fc.nat(0xffffffff), { minLength: 1, maxLength: 3 });
const command: fc.Arbitrary<CommandSet> = fc.record(
  {
    commandField: short,
    dataSetType: short,
    messageId: short,
    respondsTo: short,
    status: short,
    priority: short,
    affectedSopClass: uid,
    requestedSopClass: uid,
    affectedSopInstance: uid,
    requestedSopInstance: uid,
    errorComment: fc.stringMatching(/^[A-Za-z]{1,64}$/),
    errorId: short,
    offendingElements: tags,
    attributeIdentifiers: tags,
    eventTypeId: short,
    actionTypeId: short,
    moveDestination: aeTitle,
    moveOriginatorAe: aeTitle,
    moveOriginatorMessageId: short,
    remainingSuboperations: short,
    completedSuboperations: short,
    failedSuboperations: short,
    warningSuboperations: short,
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

test.each([
  ['c-store', 0x0001],
  ['c-get', 0x0010],
  ['c-find', 0x0020],
  ['c-move', 0x0021],
  ['c-echo', 0x0030],
  ['n-event-report', 0x0100],
  ['n-get', 0x0110],
  ['n-set', 0x0120],
  ['n-action', 0x0130],
  ['n-create', 0x0140],
  ['n-delete', 0x0150],
  ['c-cancel', 0x0fff],
] as const)('numbers %s as PS3.7 Table E.1-1 does', (name, field) => {
  const bytes = Buffer.from(encodeCommandSet({ commandField: COMMANDS[name], dataSetType: NO_DATA_SET }));
  expect(bytes.readUInt16LE(20)).toBe(field);
});

test('never throws at bytes that are no command', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodeCommandSet(bytes)));
  expect(decodeCommandSet(Buffer.from('0100'))).toEqual({ ok: false, error: { code: 'malformed-command' } });
});
