import { err, ok, type Result } from '../../../../shared/domain/result.ts';

/** The DIMSE requests (PS3.7 Table E.1-1); a response has the top bit set. */
export const COMMANDS = {
  'c-store': 0x0001,
  'c-get': 0x0010,
  'c-find': 0x0020,
  'c-move': 0x0021,
  'c-echo': 0x0030,
  'n-event-report': 0x0100,
  'n-get': 0x0110,
  'n-set': 0x0120,
  'n-action': 0x0130,
  'n-create': 0x0140,
  'n-delete': 0x0150,
  'c-cancel': 0x0fff,
} as const;
/** A request by name. */
export type CommandName = keyof typeof COMMANDS;
/** Set in the command field of every response. */
export const RESPONSE = 0x8000;
/** Command Data Set Type: no data set follows. Any other value says that one does. */
export const NO_DATA_SET = 0x0101;

/** One DIMSE command set (PS3.7 §E.1): only elements that are present. */
export type CommandSet = {
  readonly commandField: number;
  readonly dataSetType: number;
  readonly messageId?: number;
  readonly respondsTo?: number;
  readonly affectedSopClass?: string;
  readonly requestedSopClass?: string;
  readonly affectedSopInstance?: string;
  readonly requestedSopInstance?: string;
  readonly moveDestination?: string;
  readonly priority?: number;
  readonly status?: number;
  /** Tags as 0xGGGGEEEE. */
  readonly offendingElements?: readonly number[];
  readonly errorComment?: string;
  readonly errorId?: number;
  readonly eventTypeId?: number;
  readonly actionTypeId?: number;
  /** Tags as 0xGGGGEEEE: what an N-GET asks for. */
  readonly attributeIdentifiers?: readonly number[];
  readonly remainingSuboperations?: number;
  readonly completedSuboperations?: number;
  readonly failedSuboperations?: number;
  readonly warningSuboperations?: number;
  readonly moveOriginatorAe?: string;
  readonly moveOriginatorMessageId?: number;
};

type Row = { readonly element: number; readonly vr: 'UI' | 'US' | 'LO' | 'AE' | 'AT'; readonly name: keyof CommandSet };

/** Group 0000, in ascending order (PS3.7 Table E.1-1). */
const ELEMENTS: readonly Row[] = [
  { element: 0x0002, vr: 'UI', name: 'affectedSopClass' },
  { element: 0x0003, vr: 'UI', name: 'requestedSopClass' },
  { element: 0x0100, vr: 'US', name: 'commandField' },
  { element: 0x0110, vr: 'US', name: 'messageId' },
  { element: 0x0120, vr: 'US', name: 'respondsTo' },
  { element: 0x0600, vr: 'AE', name: 'moveDestination' },
  { element: 0x0700, vr: 'US', name: 'priority' },
  { element: 0x0800, vr: 'US', name: 'dataSetType' },
  { element: 0x0900, vr: 'US', name: 'status' },
  { element: 0x0901, vr: 'AT', name: 'offendingElements' },
  { element: 0x0902, vr: 'LO', name: 'errorComment' },
  { element: 0x0903, vr: 'US', name: 'errorId' },
  { element: 0x1000, vr: 'UI', name: 'affectedSopInstance' },
  { element: 0x1001, vr: 'UI', name: 'requestedSopInstance' },
  { element: 0x1002, vr: 'US', name: 'eventTypeId' },
  { element: 0x1005, vr: 'AT', name: 'attributeIdentifiers' },
  { element: 0x1008, vr: 'US', name: 'actionTypeId' },
  { element: 0x1020, vr: 'US', name: 'remainingSuboperations' },
  { element: 0x1021, vr: 'US', name: 'completedSuboperations' },
  { element: 0x1022, vr: 'US', name: 'failedSuboperations' },
  { element: 0x1023, vr: 'US', name: 'warningSuboperations' },
  { element: 0x1030, vr: 'AE', name: 'moveOriginatorAe' },
  { element: 0x1031, vr: 'US', name: 'moveOriginatorMessageId' },
];
const BY_ELEMENT = new Map(ELEMENTS.map((row) => [row.element, row]));

/** Encodes a command set: implicit VR little endian, group length first (PS3.7 §6.3.1). */
export function encodeCommandSet(command: CommandSet): Uint8Array {
  const body = Buffer.concat(
    ELEMENTS.flatMap((row) => {
      const value = command[row.name];
      return value === undefined ? [] : [element(row.element, encodeValue(row, value))];
    }),
  );
  const groupLength = Buffer.alloc(4);
  groupLength.writeUInt32LE(body.length, 0);
  return Buffer.concat([element(0x0000, groupLength), body]);
}

function encodeValue(row: Row, value: NonNullable<CommandSet[keyof CommandSet]>): Buffer {
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(2);
    bytes.writeUInt16LE(value, 0);
    return bytes;
  }
  if (typeof value !== 'string') {
    const bytes = Buffer.alloc(4 * value.length);
    value.forEach((tag, index) => {
      bytes.writeUInt16LE(tag >>> 16, 4 * index);
      bytes.writeUInt16LE(tag & 0xffff, 4 * index + 2);
    });
    return bytes;
  }
  const bytes = Buffer.from(row.vr === 'LO' ? value.slice(0, 64) : value, 'latin1');
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Uint8Array.of(row.vr === 'UI' ? 0 : 0x20)]);
}

function element(number: number, value: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16LE(number, 2);
  header.writeUInt32LE(value.length, 4);
  return Buffer.concat([header, value]);
}

/** Decodes a command set; elements it does not know are passed over. */
export function decodeCommandSet(bytes: Uint8Array): Result<CommandSet, { readonly code: 'malformed-command' }> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Partial<Record<keyof CommandSet, string | number | readonly number[]>> = {};
  let at = 0;
  while (at < buffer.length) {
    if (buffer.length - at < 8 || buffer.readUInt16LE(at) !== 0) return err({ code: 'malformed-command' });
    const row = BY_ELEMENT.get(buffer.readUInt16LE(at + 2));
    const end = at + 8 + buffer.readUInt32LE(at + 4);
    if (end > buffer.length) return err({ code: 'malformed-command' });
    const value = row && decodeValue(row, buffer.subarray(at + 8, end));
    if (row && value !== undefined) found[row.name] = value;
    at = end;
  }
  if (typeof found.commandField !== 'number' || typeof found.dataSetType !== 'number') {
    return err({ code: 'malformed-command' });
  }
  return ok(found as CommandSet); // each value was decoded by its row
}

function decodeValue(row: Row, bytes: Buffer): string | number | readonly number[] | undefined {
  switch (row.vr) {
    case 'US':
      return bytes.length === 2 ? bytes.readUInt16LE(0) : undefined;
    case 'AT': {
      const tags: number[] = [];
      for (let at = 0; at + 4 <= bytes.length; at += 4) {
        tags.push(bytes.readUInt16LE(at) * 0x10000 + bytes.readUInt16LE(at + 2));
      }
      return tags;
    }
    default:
      return bytes
        .toString('latin1')
        .replace(/[\0 ]+$/, '')
        .trimStart();
  }
}
