import { createHash } from 'node:crypto';
import { mkdirSync, openSync, writeFileSync, writeSync, fsyncSync, closeSync } from 'node:fs';
import path from 'node:path';
import { seededRandom } from '../../../demo/random.ts';
import { serviceActor } from '../../../src/main/station/platform/ledger/event.ts';
import { openLog } from '../../../src/main/station/platform/log.ts';
import { openObjectKeys } from '../../../src/main/station/platform/objects/object-keys.ts';
import { objectPath, openObjectStore } from '../../../src/main/station/platform/objects/object-store.ts';
import { recordObject } from '../../../src/main/station/platform/objects/records.ts';
import { createKeyRotation } from '../../../src/main/station/platform/objects/rotate-keys.ts';
import { openWriter } from '../../../src/main/station/platform/store/database.ts';
import { durable } from '../../../src/main/station/platform/store/durability.ts';
import { migrate } from '../../../src/main/station/platform/store/migrate.ts';
import { MIGRATIONS } from '../../../src/main/station/platform/store/migrations/index.ts';

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

const random = seededRandom(11);
const syncName = (name: string) => {
  const file = openSync(name, 'r');
  fsyncSync(file);
  closeSync(file);
};
for (let n = 0; n < Number(count); n += 1) {
  const bytes = Buffer.alloc(5000, Math.floor(random.next() * 1e9).toString(36));
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
