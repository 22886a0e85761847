import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

/**
 * How an object stands on disk as `aes-256-gcm-chunked-v1` (docs/decisions, objects at rest). A header of 1,024 bytes; then
 * chunks of 64 KiB of plain bytes, each sealed with the file's own random key under its number as nonce, followed by its tag.
 *
 * | header offset | bytes | |
 * |---|---|---|
 * | 0 | 8 | magic |
 * | 8 | 1 | chunk length as a power of two |
 * | 16 | 8 | plain length, big-endian |
 * | 32 and 512 | 68 | slots, in sectors of their own: key id 8, nonce 12, sealed file key 32, tag 16 |
 *
 * A slot is authenticated together with the header's first 32 bytes and the object's digest: a file that was cut, made longer,
 * or put under another object's name does not open at all; a chunk that was changed, moved or taken from another file does not.
 */
export const HEADER_BYTES = 1024;
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;

const CIPHER = 'aes-256-gcm';
const MAGIC = Buffer.from('wetrgcm1', 'latin1');
const CHUNK_LENGTH_AT = 8;
const PLAIN_LENGTH_AT = 16;
const FIXED_BYTES = 32;
const SLOTS_AT = [32, 512] as const;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** Bytes of a key's id. */
export const KEY_ID_BYTES = 8;
const SLOT_BYTES = KEY_ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/** A key that seals file keys, and the name by which headers call it (16 hexadecimal digits). */
export type ObjectKey = { readonly id: string; readonly key: KeyObject };
/** Gives the key of an id, or null where it is not known (any more). */
export type FindKey = (id: string) => KeyObject | null;

/** What a header that opened says: the file's own key, its plain length, and which slot it was read from. */
export type OpenedHeader = {
  readonly fileKey: Buffer;
  readonly sizeBytes: number;
  readonly keyId: string;
  readonly slot: 0 | 1;
};

/** Why stored bytes are not what was once written. */
export type DamageCode = 'object-damaged' | 'object-key-unknown';

/** Thrown where stored bytes cannot be given as they were: changed, cut, another object's, or sealed with a key not held here. */
export class DamagedObject extends Error {
  readonly code: DamageCode;
  constructor(code: DamageCode) {
    super(code === 'object-damaged' ? 'a stored object is damaged' : 'a stored object is sealed with an unknown key');
    this.name = 'DamagedObject';
    this.code = code;
  }
}

/** A fresh key for one file. */
export function freshFileKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

/** The header of a whole file, sealed with one key in the first slot. */
export function sealHeader(fileKey: Buffer, sizeBytes: number, digest: string, key: ObjectKey): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header[CHUNK_LENGTH_AT] = Math.log2(CHUNK_BYTES);
  header.writeBigUInt64BE(BigInt(sizeBytes), PLAIN_LENGTH_AT);
  sealSlot(header, fileKey, digest, key).copy(header, SLOTS_AT[0]);
  return header;
}

/** Where a slot stands in the file, and its bytes for another key; the other slot stays as it is. */
export function resealSlot(
  header: Buffer,
  slot: 0 | 1,
  fileKey: Buffer,
  digest: string,
  key: ObjectKey,
): { readonly at: number; readonly bytes: Buffer } {
  return { at: SLOTS_AT[slot], bytes: sealSlot(header, fileKey, digest, key) };
}

/** A slot that no key opens any more, to be written where the old one stood. */
export function emptySlot(slot: 0 | 1): { readonly at: number; readonly bytes: Buffer } {
  return { at: SLOTS_AT[slot], bytes: Buffer.alloc(SLOT_BYTES) };
}

/** Key ids the header's slots name, whether or not they open. */
export function slotKeyIds(header: Buffer): readonly (string | null)[] {
  return SLOTS_AT.map((at) => {
    const id = header.subarray(at, at + KEY_ID_BYTES);
    return id.every((byte) => byte === 0) ? null : id.toString('hex');
  });
}

/** Opens a header read from a file of `fileBytes`; throws DamagedObject. */
export function openHeader(header: Buffer, fileBytes: number, digest: string, find: FindKey): OpenedHeader {
  if (header.length < HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC))
    throw new DamagedObject('object-damaged');
  let isKeyKnown = false;
  for (const slot of [0, 1] as const) {
    const at = SLOTS_AT[slot];
    const keyId = header.toString('hex', at, at + KEY_ID_BYTES);
    const key = find(keyId);
    if (key === null) continue;
    isKeyKnown = true;
    const fileKey = openSlot(header, at, digest, key);
    if (fileKey === null) continue;
    const sizeBytes = Number(header.readBigUInt64BE(PLAIN_LENGTH_AT));
    if (header[CHUNK_LENGTH_AT] !== Math.log2(CHUNK_BYTES) || fileBytes !== sealedLength(sizeBytes)) break;
    return { fileKey, sizeBytes, keyId, slot };
  }
  throw new DamagedObject(
    isKeyKnown || slotKeyIds(header).every((id) => id === null) ? 'object-damaged' : 'object-key-unknown',
  );
}

/** Bytes on disk of an object of so many plain bytes. */
export function sealedLength(sizeBytes: number): number {
  return HEADER_BYTES + sizeBytes + TAG_BYTES * Math.ceil(sizeBytes / CHUNK_BYTES);
}

/** Where a chunk starts in the file. */
export function chunkAt(index: number): number {
  return HEADER_BYTES + index * (CHUNK_BYTES + TAG_BYTES);
}

/** A cipher for one chunk of a file; its tag follows its bytes. */
export function sealChunk(fileKey: KeyObject, index: number) {
  return createCipheriv(CIPHER, fileKey, chunkNonce(index));
}

/** Plain bytes of one sealed chunk with its tag behind it; throws DamagedObject. */
export function openChunk(fileKey: Buffer | KeyObject, index: number, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(CIPHER, fileKey, chunkNonce(index), { authTagLength: TAG_BYTES });
  const end = sealed.length - TAG_BYTES;
  if (end <= 0) throw new DamagedObject('object-damaged');
  decipher.setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(0, end));
  try {
    decipher.final();
  } catch {
    throw new DamagedObject('object-damaged'); // The library's text says no more than that.
  }
  return plain;
}

/** Opens one sealed chunk into a buffer that has room for it, from `at` on; throws DamagedObject. */
export function openChunkInto(fileKey: KeyObject, index: number, sealed: Buffer, into: Buffer, at: number): void {
  const plain = openChunk(fileKey, index, sealed);
  into.set(plain, at);
  // What the cipher gave is let go of at once: left to the collector, nine chunks a slice make it mark all memory every dozen slices.
  if (plain.buffer instanceof ArrayBuffer && plain.buffer.byteLength === plain.length) plain.buffer.transfer(0);
}

/** Plain bytes of a chunk still being written, before there is a tag: of this process's own memory, so there is nothing to check. */
export function peekChunk(fileKey: Buffer, index: number, sealed: Buffer): Buffer {
  return createDecipheriv(CIPHER, fileKey, chunkNonce(index)).update(sealed);
}

/** The key is the file's own, so a chunk's number never meets it twice. */
function chunkNonce(index: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(index, NONCE_BYTES - 4);
  return nonce;
}

function sealSlot(header: Buffer, fileKey: Buffer, digest: string, { id, key }: ObjectKey): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(boundTo(header, digest));
  const sealed = cipher.update(fileKey);
  cipher.final();
  return Buffer.concat([Buffer.from(id, 'hex'), nonce, sealed, cipher.getAuthTag()]);
}

function openSlot(header: Buffer, at: number, digest: string, key: KeyObject): Buffer | null {
  const nonceAt = at + KEY_ID_BYTES;
  const sealedAt = nonceAt + NONCE_BYTES;
  const tagAt = sealedAt + KEY_BYTES;
  const decipher = createDecipheriv(CIPHER, key, header.subarray(nonceAt, sealedAt), { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(header, digest));
  decipher.setAuthTag(header.subarray(tagAt, tagAt + TAG_BYTES));
  const fileKey = decipher.update(header.subarray(sealedAt, tagAt));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return null; // Not sealed with this key, or changed since: the other slot may open.
  }
}

function boundTo(header: Buffer, digest: string): Buffer {
  return Buffer.concat([header.subarray(0, FIXED_BYTES), Buffer.from(digest, 'hex')]);
}
