import { createHash } from 'node:crypto';
import { mkdirSync, openSync, writeFileSync, writeSync, fsyncSync, closeSync } from 'node:fs';
import path from 'node:path';
import { serviceActor } from '../ledger/event.ts';
import { openLog } from '../log.ts';
import { openObjectKeys } from './object-keys.ts';
import { objectPath, openObjectStore } from './object-store.ts';
import { recordObject } from './records.ts';
import { createKeyRotation } from './rotate-keys.ts';
import { openWriter } from '../store/database.ts';
import { durable } from '../store/durability.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/index.ts';

/** A process that keeps plain objects in a folder, seals them all, and dies after so many steps of it. */
const [root = '', count = '0', dieAfter = '0'] = process.argv.slice(2);
const key = Buffer.alloc(32, 7);
const opened = openWriter(path.join(root, 'station.db'), key);
const keys = openObjectKeys(path.join(root, 'vault'), key, { mayCreate: true, atMs: 1 });
if (!opened.ok || !keys.ok) throw new Error('nothing to work on');
const db = opened.value;
migrate(db, MIGRATIONS);
const objectsRoot = path.join(root, 'objects');
const objects = openObjectStore(objectsRoot, keys.value);

const syncName = (name: string) => {
  const file = openSync(name, 'r');
  fsyncSync(file);
  closeSync(file);
};
for (let n = 0; n < Number(count); n += 1) {
  const bytes = Buffer.alloc(5000, `object ${n} `);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const file = objectPath(objectsRoot, digest, 'plain');
  mkdirSync(path.dirname(file), { recursive: true });
  const made = openSync(file, 'w');
  writeSync(made, bytes);
  fsyncSync(made);
  closeSync(made);
  syncName(path.dirname(file));
  recordObject(db, { digest, encoding: 'plain', sizeBytes: bytes.length, bodyOffset: 0 }, 1);
}
for (const name of [root, objectsRoot, path.join(root, 'vault')]) syncName(name);
await durable(db);
db.pragma('wal_checkpoint(TRUNCATE)');
writeFileSync(path.join(path.dirname(root), 'ready'), '');

let steps = 0;
const rotation = createKeyRotation({
  ...{ db, root: objectsRoot, objects, keys: keys.value, clock: { nowMs: () => 5 } },
  log: openLog('info', { write: () => undefined }),
  pace: async () => {
    steps += 1;
    if (steps > Number(dieAfter)) process.kill(process.pid, 'SIGKILL');
  },
  keysChanged: () => undefined,
  suspect: () => undefined,
});
rotation.rotate('reseal', serviceActor('test'));
