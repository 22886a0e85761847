import { type Item, item, uidText } from './items.ts';

/** Who plays which role for a SOP class (PS3.7 §D.3.3.4). */
export type RoleSelection = { readonly sopClass: string; readonly scu: boolean; readonly scp: boolean };

/** What one side says about how far it supports a SOP class, in bytes its service class defines (PS3.7 §D.3.3.5). */
export type ExtendedNegotiation = { readonly sopClass: string; readonly information: Uint8Array };

/** Who is speaking (PS3.7 §D.3.3.7): type 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JWT. A credential: never kept or logged. */
export type UserIdentity = {
  readonly type: number;
  readonly wantsConfirmation: boolean;
  readonly primary: Uint8Array;
  /** The passcode of type 2; else empty. */
  readonly secondary: Uint8Array;
};

/** What a peer says about itself and asks for (PS3.8 §D.1, PS3.7 §D.3.3). */
export type UserInformation = {
  /** The longest P-DATA-TF body the sender can receive, in bytes; 0 is no limit. */
  readonly maxPduLength: number;
  readonly implementationClassUid: string;
  readonly implementationVersion: string;
  readonly asyncOperations: { readonly invoked: number; readonly performed: number } | null;
  readonly roles: readonly RoleSelection[];
  readonly extendedNegotiation: readonly ExtendedNegotiation[];
  /** In a request: who the peer says is speaking. */
  readonly userIdentity: UserIdentity | null;
  /** In an answer: the identity was taken, and a word on that was asked for (PS3.7 §D.3.3.7.2). */
  readonly isIdentityConfirmed: boolean;
};

const MAX_LENGTH = 0x51;
const CLASS_UID = 0x52;
const ASYNC_OPERATIONS = 0x53;
const ROLE_SELECTION = 0x54;
const VERSION_NAME = 0x55;
const EXTENDED_NEGOTIATION = 0x56;
const USER_IDENTITY = 0x58;
const USER_IDENTITY_ANSWER = 0x59;

/** Encodes the sub-items in ascending order of their type, as PS3.7 §D.3.3 lists them. */
export function encodeUserInformation(user: UserInformation): Uint8Array {
  const { asyncOperations: window, userIdentity: identity } = user;
  const maxLength = Buffer.alloc(4);
  maxLength.writeUInt32BE(user.maxPduLength, 0);
  return Buffer.concat([
    item(MAX_LENGTH, maxLength),
    item(CLASS_UID, Buffer.from(user.implementationClassUid, 'latin1')),
    ...(window ? [item(ASYNC_OPERATIONS, Buffer.concat([short(window.invoked), short(window.performed)]))] : []),
    ...user.roles.map(({ sopClass, scu, scp }) =>
      item(ROLE_SELECTION, Buffer.concat([counted(uidBytes(sopClass)), Uint8Array.of(scu ? 1 : 0, scp ? 1 : 0)])),
    ),
    ...(user.implementationVersion ? [item(VERSION_NAME, Buffer.from(user.implementationVersion, 'latin1'))] : []),
    ...user.extendedNegotiation.map(({ sopClass, information }) =>
      item(EXTENDED_NEGOTIATION, Buffer.concat([counted(uidBytes(sopClass)), information])),
    ),
    ...(identity ? [item(USER_IDENTITY, encodeIdentity(identity))] : []),
    ...(user.isIdentityConfirmed ? [item(USER_IDENTITY_ANSWER, short(0))] : []),
  ]);
}

function encodeIdentity({ type, wantsConfirmation, primary, secondary }: UserIdentity): Buffer {
  return Buffer.concat([Uint8Array.of(type, wantsConfirmation ? 1 : 0), counted(primary), counted(secondary)]);
}

function uidBytes(uid: string): Buffer {
  return Buffer.from(uid, 'latin1');
}

function short(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}

function counted(bytes: Uint8Array): Buffer {
  return Buffer.concat([short(bytes.length), bytes]);
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
    extendedNegotiation: items.flatMap((one) => (one.type === EXTENDED_NEGOTIATION ? decodeExtended(one.data) : [])),
    userIdentity: decodeIdentity(find(USER_IDENTITY, 6)),
    isIdentityConfirmed: find(USER_IDENTITY_ANSWER, 0) !== null,
  };
}

/** A counted field and what follows it; null where it is cut short. */
function takeCounted(data: Buffer): readonly [Buffer, Buffer] | null {
  if (data.length < 2) return null;
  const end = 2 + data.readUInt16BE(0);
  return data.length < end ? null : [data.subarray(2, end), data.subarray(end)];
}

function decodeRole(data: Buffer): readonly RoleSelection[] {
  const [sopClass, flags] = takeCounted(data) ?? [];
  return sopClass && flags ? [{ sopClass: uidText(sopClass), scu: flags[0] === 1, scp: flags[1] === 1 }] : [];
}

function decodeExtended(data: Buffer): readonly ExtendedNegotiation[] {
  const [sopClass, information] = takeCounted(data) ?? [];
  return sopClass && information ? [{ sopClass: uidText(sopClass), information }] : [];
}

function decodeIdentity(data: Buffer | null): UserIdentity | null {
  const [primary, rest] = (data && takeCounted(data.subarray(2))) ?? [];
  const [secondary] = (rest && takeCounted(rest)) ?? [];
  if (!data || !primary || !secondary) return null;
  return { type: data[0] ?? 0, wantsConfirmation: data[1] === 1, primary, secondary };
}
