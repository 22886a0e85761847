// A process that commits events, consumes the first two and then waits to be killed in the middle of the third.
import { openLog } from '../log.ts';
import { openWriter } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/index.ts';
import { followLedger } from './follow.ts';
import { appendNumbered } from './test-ledger.ts';

const [file = '', keyHex = ''] = process.argv.slice(2);
const opened = openWriter(file, Buffer.from(keyHex, 'hex'));
if (!opened.ok) throw new Error(opened.error.code);
const db = opened.value;
migrate(db, MIGRATIONS);

const consumer = {
  name: 'a',
  startsFrom: 'beginning',
  handle(_db: typeof db, { seq }: { readonly seq: number }) {
    db.prepare('INSERT INTO station_facts VALUES (?, ?)').run(`a ${seq}`, '');
    if (seq !== 5) return;
    process.stdout.write('committed 5, consumed 2\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
} as const;

const followers = followLedger(db, [consumer], { clock: { nowMs: () => 0 }, log: openLog('silent') });
for (const number of [1, 2]) appendNumbered(db, number);
followers.catchUp();
for (const number of [3, 4, 5]) appendNumbered(db, number);
followers.catchUp();
