// A second reading of PS3.8 §9.3 and PS3.7 §6.3, written apart from the station's own so that the two can disagree.

/** One C-STORE as it stood on the wire. */
export type CapturedObject = { readonly sopUid: string; readonly contextId: number; readonly dataSet: Uint8Array };

/** What the requestor's side of one association held. */
export type Capture = {
  readonly objects: readonly CapturedObject[];
  readonly longestPdu: number;
  readonly mostPdvs: number;
};

const P_DATA = 0x04;
const AFFECTED_SOP_INSTANCE_UID = 0x1000;
const COMMAND_FIELD = 0x0100;
const STATUS = 0x0900;
const C_STORE_RQ = 0x0001;
const C_STORE_RSP = 0x8001;

/** The answer to one C-STORE, as it stood on the wire. */
export type CapturedAnswer = { readonly sopUid: string | null; readonly status: number };

/** Takes the answers to C-STORE out of the bytes that the acceptor sent. */
export function parseAnswers(bytes: Buffer): readonly CapturedAnswer[] {
  const answers: CapturedAnswer[] = [];
  let command: Buffer[] = [];
  for (const { fragment, isCommand, isLast } of pdvsOf(bytes)) {
    if (!isCommand) continue;
    command.push(fragment);
    if (!isLast) continue;
    const elements = elementsOf(Buffer.concat(command));
    command = [];
    if (elements.get(COMMAND_FIELD)?.readUInt16LE(0) !== C_STORE_RSP) continue;
    const sopUid =
      elements
        .get(AFFECTED_SOP_INSTANCE_UID)
        ?.toString('latin1')
        .replace(/[\0 ]+$/, '') ?? null;
    answers.push({ sopUid, status: elements.get(STATUS)?.readUInt16LE(0) ?? -1 });
  }
  return answers;
}

type CapturedPdv = { readonly fragment: Buffer; readonly isCommand: boolean; readonly isLast: boolean };

function* pdvsOf(bytes: Buffer): Generator<CapturedPdv> {
  for (let at = 0; at + 6 <= bytes.length; at += 6 + bytes.readUInt32BE(at + 2)) {
    const end = at + 6 + bytes.readUInt32BE(at + 2);
    if (bytes[at] !== P_DATA || end > bytes.length) continue;
    for (let pdv = at + 6; pdv < end; pdv += 4 + bytes.readUInt32BE(pdv)) {
      const control = bytes.readUInt8(pdv + 5);
      const fragment = bytes.subarray(pdv + 6, pdv + 4 + bytes.readUInt32BE(pdv));
      yield { fragment, isCommand: (control & 1) !== 0, isLast: (control & 2) !== 0 };
    }
  }
}

/** Takes the data sets out of the bytes that one side of an association sent. */
export function parseCapture(bytes: Buffer): Capture {
  const objects: CapturedObject[] = [];
  let longestPdu = 0;
  let mostPdvs = 0;
  let command: Buffer[] = [];
  let data: Buffer[] = [];
  let storing: string | null = null;
  for (let at = 0; at + 6 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at + 2);
    const end = at + 6 + length;
    if (bytes[at] !== P_DATA || end > bytes.length) {
      at = end;
      continue;
    }
    longestPdu = Math.max(longestPdu, length);
    let pdvs = 0;
    for (let pdv = at + 6; pdv < end; pdvs += 1) {
      const next = pdv + 4 + bytes.readUInt32BE(pdv);
      const contextId = bytes.readUInt8(pdv + 4);
      const control = bytes.readUInt8(pdv + 5);
      const fragment = bytes.subarray(pdv + 6, next);
      const isLast = (control & 2) !== 0;
      if ((control & 1) !== 0) {
        command.push(fragment);
        if (isLast) {
          storing = storedUid(Buffer.concat(command));
          command = [];
        }
      } else {
        data.push(fragment);
        if (isLast) {
          if (storing !== null) objects.push({ sopUid: storing, contextId, dataSet: Buffer.concat(data) });
          data = [];
        }
      }
      pdv = next;
    }
    mostPdvs = Math.max(mostPdvs, pdvs);
    at = end;
  }
  return { objects, longestPdu, mostPdvs };
}

/** The affected SOP instance of a C-STORE request; null for any other command. */
function storedUid(command: Buffer): string | null {
  const elements = elementsOf(command);
  if (elements.get(COMMAND_FIELD)?.readUInt16LE(0) !== C_STORE_RQ) return null;
  return (
    elements
      .get(AFFECTED_SOP_INSTANCE_UID)
      ?.toString('latin1')
      .replace(/[\0 ]+$/, '') ?? null
  );
}

/** A command's elements by their number within group 0000: implicit VR little endian. */
function elementsOf(command: Buffer): ReadonlyMap<number, Buffer> {
  const elements = new Map<number, Buffer>();
  for (let at = 0; at + 8 <= command.length; at += 8 + command.readUInt32LE(at + 4)) {
    elements.set(command.readUInt16LE(at + 2), command.subarray(at + 8, at + 8 + command.readUInt32LE(at + 4)));
  }
  return elements;
}
