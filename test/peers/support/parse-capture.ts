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
const C_STORE_RQ = 0x0001;

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

/** The affected SOP instance of a C-STORE request; null for any other command. Implicit VR little endian, group 0000. */
function storedUid(command: Buffer): string | null {
  let field = 0;
  let uid: string | null = null;
  for (let at = 0; at + 8 <= command.length; ) {
    const element = command.readUInt16LE(at + 2);
    const length = command.readUInt32LE(at + 4);
    const value = command.subarray(at + 8, at + 8 + length);
    if (element === COMMAND_FIELD) field = value.readUInt16LE(0);
    if (element === AFFECTED_SOP_INSTANCE_UID) uid = value.toString('latin1').replace(/[\0 ]+$/, '');
    at += 8 + length;
  }
  return field === C_STORE_RQ ? uid : null;
}
