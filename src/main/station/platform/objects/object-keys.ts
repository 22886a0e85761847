import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { writeDurably } from '../vault.ts';
import { KEY_ID_BYTES, type ObjectKey } from './sealed-format.ts';

/** Keys that seal objects' file keys, as they travel to the runner: an id, and 32 bytes as 64 hexadecimal digits. */
export type TravellingKey = { readonly id: string; readonly keyHex: string };

/** The keys held: one that seals new objects, and older ones for as long as an object needs them. */
export type ObjectKeys = {
  current(): ObjectKey;
  find(id: string): KeyObject | null;
  ids(): readonly string[];
  /** Every key held, for a process that reads objects; never for a log, an argument or the environment. */
  export(): readonly TravellingKey[];
};

/** The keys with what rotation does to them; on disk before either answers. */
export type KeptObjectKeys = ObjectKeys & {
  /** Makes a new key the current one; the others stay. Gives its id. */
  add(atMs: number): string;
  /** Forgets every key but those. The current one always stays. Gives how many went. */
  forgetAllBut(ids: readonly string[]): number;
  /** When the key that seals now was made. */
  madeAtMs(): number;
};

/** The file in the vault that holds them. */
export const OBJECT_KEYS_FILE = 'object-keys.json';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const CIPHER = 'aes-256-gcm';
const Hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const KeyFile = z.strictObject({
  version: z.literal(1),
  /** Newest last: the one that seals. */
  keys: z
    .array(
      z.strictObject({
        id: Hex(KEY_ID_BYTES),
        madeAtMs: z.number().int(),
        nonce: Hex(NONCE_BYTES),
        sealed: Hex(KEY_BYTES),
        tag: Hex(16),
      }),
    )
    .min(1),
});
type SealedKey = z.infer<typeof KeyFile>['keys'][number];
type HeldKey = SealedKey & { readonly key: KeyObject };

/**
 * Opens the keys in the vault's folder, each sealed under a key derived from the database's own, so that whoever holds that
 * (keychain, environment, file) holds these. Made where there are none and `mayCreate`; otherwise a lost file is refused.
 */
export function openObjectKeys(
  folder: string,
  databaseKey: Buffer,
  options: { readonly mayCreate: boolean; readonly atMs: number },
): Result<KeptObjectKeys, { code: 'key-missing' | 'key-malformed' }> {
  const file = path.join(folder, OBJECT_KEYS_FILE);
  const sealingKey = Buffer.from(hkdfSync('sha256', databaseKey, Buffer.alloc(0), 'wetread object keys v1', KEY_BYTES));
  let keys: readonly HeldKey[] = [];
  const keep = (next: readonly HeldKey[]) => {
    const bare = next.map(({ key: _, ...sealed }) => sealed);
    writeDurably(file, JSON.stringify({ version: 1, keys: bare }));
    keys = next;
  };
  if (existsSync(file)) {
    const read = readKeys(file, sealingKey);
    if (read === null) return err({ code: 'key-malformed' });
    keys = read;
  } else {
    if (!options.mayCreate) return err({ code: 'key-missing' });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    keep([makeKey(sealingKey, options.atMs)]);
  }
  return ok({
    ...holdKeys(() => keys),
    add(atMs) {
      const made = makeKey(sealingKey, atMs);
      keep([...keys, made]);
      return made.id;
    },
    madeAtMs: () => keys.at(-1)?.madeAtMs ?? options.atMs,
    forgetAllBut(ids) {
      const kept = keys.filter(({ id }, index) => index === keys.length - 1 || ids.includes(id));
      const gone = keys.length - kept.length;
      if (gone > 0) keep(kept);
      return gone;
    },
  });
}

/** The keys as another process was given them, newest last; `take` replaces them after a rotation. */
export function holdObjectKeys(
  first: readonly TravellingKey[],
): ObjectKeys & { take(keys: readonly TravellingKey[]): void } {
  const parse = (keys: readonly TravellingKey[]) =>
    keys.map(({ id, keyHex }) => ({ id, key: createSecretKey(Buffer.from(keyHex, 'hex')) }));
  let keys = parse(first);
  return {
    ...holdKeys(() => keys),
    take: (next) => {
      keys = parse(next);
    },
  };
}

/** A fresh key of its own for one process: a test's or a benchmark's store. */
export function freshObjectKeys(): ObjectKeys {
  return holdObjectKeys([
    { id: randomBytes(KEY_ID_BYTES).toString('hex'), keyHex: randomBytes(KEY_BYTES).toString('hex') },
  ]);
}

function holdKeys(held: () => readonly ObjectKey[]): ObjectKeys {
  return {
    current() {
      const newest = held().at(-1);
      if (newest === undefined) throw new Error('no key to seal objects with');
      return newest;
    },
    find: (id) => held().find((one) => one.id === id)?.key ?? null,
    ids: () => held().map(({ id }) => id),
    export: () => held().map(({ id, key }) => ({ id, keyHex: key.export().toString('hex') })),
  };
}

function makeKey(sealingKey: Buffer, madeAtMs: number): HeldKey {
  const id = randomBytes(KEY_ID_BYTES).toString('hex');
  const key = randomBytes(KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, sealingKey, nonce);
  cipher.setAAD(Buffer.from(id, 'hex'));
  const sealed = cipher.update(key);
  cipher.final();
  return {
    ...{ id, madeAtMs, nonce: nonce.toString('hex'), sealed: sealed.toString('hex') },
    tag: cipher.getAuthTag().toString('hex'),
    key: createSecretKey(key),
  };
}

function readKeys(file: string, sealingKey: Buffer): readonly HeldKey[] | null {
  try {
    return KeyFile.parse(JSON.parse(readFileSync(file, 'utf8'))).keys.map((sealed) => {
      const decipher = createDecipheriv(CIPHER, sealingKey, Buffer.from(sealed.nonce, 'hex'), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(sealed.id, 'hex'));
      decipher.setAuthTag(Buffer.from(sealed.tag, 'hex'));
      const key = decipher.update(Buffer.from(sealed.sealed, 'hex'));
      decipher.final();
      return { ...sealed, key: createSecretKey(key) };
    });
  } catch {
    return null; // Not this station's keys, or changed: the caller says so without repeating what was read.
  }
}
