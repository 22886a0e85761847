import { type Item, item, uidText } from './items.ts';

/** Who plays which role for a SOP class (PS3.7 §D.3.3.4). */
export type RoleSelection = { readonly sopClass: string; readonly scu: boolean; readonly scp: boolean };

/** What a peer says about itself and asks for (PS3.8 §D.1, PS3.7 §D.3.3). Credentials are never kept. */
export type UserInformation = {
  /** The longest P-DATA-TF body the sender can receive, in bytes; 0 is no limit. */
  readonly maxPduLength: number;
  readonly implementationClassUid: string;
  readonly implementationVersion: string;
  readonly asyncOperations: { readonly invoked: number; readonly performed: number } | null;
  readonly roles: readonly RoleSelection[];
  /** SOP classes for which extended negotiation was offered; not answered, so defaults apply. */
  readonly extendedNegotiation: readonly string[];
  /** The kind of user identity offered (PS3.7 §D.3.3.7: 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JWT). */
  readonly userIdentityType: number | null;
};

const MAX_LENGTH = 0x51;
const CLASS_UID = 0x52;
const ASYNC_OPERATIONS = 0x53;
const ROLE_SELECTION = 0x54;
const VERSION_NAME = 0x55;
const EXTENDED_NEGOTIATION = 0x56;
const USER_IDENTITY = 0x58;

/** Encodes the sub-items this product sends: length, identity, roles. */
export function encodeUserInformation(user: UserInformation): Uint8Array {
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(user.maxPduLength, 0);
  const parts = [item(MAX_LENGTH, maxLength), item(CLASS_UID, Buffer.from(user.implementationClassUid, 'latin1'))];
  if (user.asyncOperations) {
    const window = Buffer.alloc(4);
    window.writeUInt16BE(user.asyncOperations.invoked, 0);
    window.writeUInt16BE(user.asyncOperations.performed, 2);
    parts.push(item(ASYNC_OPERATIONS, window));
  }
  for (const role of user.roles) {
    const uid = Buffer.from(role.sopClass, 'latin1');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(uid.length, 0);
    parts.push(item(ROLE_SELECTION, Buffer.concat([length, uid, Uint8Array.of(role.scu ? 1 : 0, role.scp ? 1 : 0)])));
  }
  if (user.implementationVersion) parts.push(item(VERSION_NAME, Buffer.from(user.implementationVersion, 'latin1')));
  return Buffer.concat(parts);
}

/** Reads the sub-items; one that is cut short or unknown is passed over, since nothing depends on it. */
export function decodeUserInformation(items: readonly Item[]): UserInformation {
  const find = (type: number, atLeast: number) =>
    items.find((one) => one.type === type && one.data.length >= atLeast)?.data ?? null;
  const operations = find(ASYNC_OPERATIONS, 4);
  return {
    maxPduLength: find(MAX_LENGTH, 4)?.readUInt32BE(0) ?? 0,
    implementationClassUid: uidText(find(CLASS_UID, 0) ?? Buffer.alloc(0)),
    implementationVersion: find(VERSION_NAME, 0)?.toString('latin1').trim() ?? '',
    asyncOperations: operations && {
      invoked: operations.readUInt16BE(0),
      performed: operations.readUInt16BE(2),
    },
    roles: items.flatMap((one) => (one.type === ROLE_SELECTION ? decodeRole(one.data) : [])),
    extendedNegotiation: items.flatMap((one) => {
      const uid = one.type === EXTENDED_NEGOTIATION ? leadingUid(one.data) : null;
      return uid === null ? [] : [uid];
    }),
    userIdentityType: find(USER_IDENTITY, 1)?.readUInt8(0) ?? null,
  };
}

function leadingUid(data: Buffer): string | null {
  if (data.length < 2) return null;
  const length = data.readUInt16BE(0);
  return data.length < 2 + length ? null : uidText(data.subarray(2, 2 + length));
}

function decodeRole(data: Buffer): readonly RoleSelection[] {
  const sopClass = leadingUid(data);
  if (sopClass === null) return [];
  const at = 2 + data.readUInt16BE(0);
  return [{ sopClass, scu: data[at] === 1, scp: data[at + 1] === 1 }];
}
