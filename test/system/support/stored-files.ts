import { createDecipheriv, hkdfSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { readPart10Header } from '../../../src/main/station/dicom/part10.ts';

const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const HEADER_BYTES = 1024;
const KeyFile = z.object({
  keys: z.array(z.object({ id: z.string(), nonce: z.string(), sealed: z.string(), tag: z.string() })),
});

/** The same of objects alone: beside them stands what was made of them (metadata kept ready), which is no Part-10 file. */
export function storedObjects(data: string): readonly Buffer[] {
  return storedFiles(data).filter((file) => readPart10Header(file).ok);
}

/**
 * Every object kept in a station's data directory as it was before it was sealed: read by the format of decision 17 alone, as
 * somebody with the vault and no Wetread could.
 */
export function storedFiles(data: string): readonly Buffer[] {
  const keys = objectKeys(path.join(data, 'vault'));
  return readdirSync(path.join(data, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.gcm1'))
    .map(({ parentPath, name }) => unseal(readFileSync(path.join(parentPath, name)), name.replace('.gcm1', ''), keys));
}

function objectKeys(vault: string): ReadonlyMap<string, Buffer> {
  const databaseKey = Buffer.from(readFileSync(path.join(vault, 'database.key'), 'utf8').trim(), 'hex');
  const sealing = Buffer.from(hkdfSync('sha256', databaseKey, Buffer.alloc(0), 'wetread object keys v1', 32));
  const { keys } = KeyFile.parse(JSON.parse(readFileSync(path.join(vault, 'object-keys.json'), 'utf8')));
  return new Map(
    keys.map(({ id, nonce, sealed, tag }) => {
      const [idBytes, nonceBytes, sealedBytes, tagBytes] = [id, nonce, sealed, tag].map((hex) =>
        Buffer.from(hex, 'hex'),
      );
      return [id, open(sealing, nonceBytes, sealedBytes, tagBytes, idBytes)];
    }),
  );
}

function unseal(file: Buffer, digest: string, keys: ReadonlyMap<string, Buffer>): Buffer {
  const bound = Buffer.concat([file.subarray(0, 32), Buffer.from(digest, 'hex')]);
  const [at = -1] = [32, 512].filter((slot) => keys.has(file.toString('hex', slot, slot + 8)));
  const key = keys.get(file.toString('hex', at, at + 8));
  if (key === undefined) throw new Error('no key of the vault opens a stored file');
  const part = (from: number, length: number) => file.subarray(at + from, at + from + length);
  const fileKey = open(key, part(8, 12), part(20, 32), part(52, 16), bound);
  const chunks: Buffer[] = [];
  for (let start = HEADER_BYTES; start < file.length; start += CHUNK_BYTES + TAG_BYTES) {
    const sealed = file.subarray(start, start + CHUNK_BYTES + TAG_BYTES);
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(chunks.length, 8);
    chunks.push(open(fileKey, nonce, sealed.subarray(0, -TAG_BYTES), sealed.subarray(-TAG_BYTES)));
  }
  const plain = Buffer.concat(chunks);
  if (file.readBigUInt64BE(16) !== BigInt(plain.length)) throw new Error('a stored file is not as long as it says');
  return plain;
}

function open(
  key: Buffer,
  nonce: Buffer = Buffer.alloc(0),
  sealed: Buffer = Buffer.alloc(0),
  tag: Buffer = Buffer.alloc(0),
  bound: Buffer = Buffer.alloc(0),
): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(bound);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}
