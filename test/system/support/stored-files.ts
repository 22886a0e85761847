import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { openObjectKeys } from '../../../src/main/station/platform/objects/object-keys.ts';
import { openObjectReader, readObjectName } from '../../../src/main/station/platform/objects/object-store.ts';

/** Every object kept in a station's data directory as it was before it was sealed, read with the keys of its vault. */
export async function storedFiles(data: string): Promise<readonly Buffer[]> {
  const databaseKey = Buffer.from(readFileSync(path.join(data, 'vault/database.key'), 'utf8').trim(), 'hex');
  const keys = openObjectKeys(path.join(data, 'vault'), databaseKey, { mayCreate: false, atMs: 0 });
  if (!keys.ok) throw new Error(keys.error.code);
  const reader = openObjectReader(path.join(data, 'objects'), keys.value);
  const found = readdirSync(path.join(data, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readObjectName(name));
  return Promise.all(found.flatMap(({ digest, encoding }) => (encoding === null ? [] : [reader.read(digest, encoding)])));
}
