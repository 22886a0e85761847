import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ledgerHead } from './append.ts';
import { readCheckpoints, writeCheckpoint } from './checkpoint.ts';
import { type EventRow, eventHash } from './event.ts';
import { appendNumbered, openTestLedger, type TestLedger } from './test-ledger.ts';
import { verifyLedger } from './verify.ts';

const clock = { nowMs: () => 1_800_000_000_000 };
let ledger: TestLedger;

beforeEach(() => {
  ledger = openTestLedger();
});
afterEach(() => ledger.close());

const checkpoint = (key = ledger.signingKey) => writeCheckpoint(ledgerHead(ledger.db), ledger.checkpoints, key, clock);
const verify = () => verifyLedger(ledger.db, ledger.checkpoints, ledger.publicKeyPem);
const append = (count: number) => {
  for (let number = 1; number <= count; number += 1) appendNumbered(ledger.db, number);
};
/** What somebody with the key and a SQL prompt could do. */
const tamper = (sql: string) => ledger.db.exec(`PRAGMA foreign_keys = OFF; ${sql}; PRAGMA foreign_keys = ON`);

test('finds an untouched ledger intact, with what it saw', () => {
  append(4);
  checkpoint();
  append(1);
  checkpoint();
  const head = ledger.db.prepare('SELECT hash FROM events WHERE seq = 5').get() as { hash: Buffer };
  expect(verify()).toEqual({
    outcome: 'intact',
    events: 5,
    headSeq: 5,
    headHash: head.hash.toString('hex'),
    erasedPayloads: 0,
    checkpoints: { count: 2, lastSeq: 5, lastAtMs: clock.nowMs() },
    faults: [],
    tookMs: expect.any(Number),
  });
});

test('an empty ledger is intact and gets no checkpoint', () => {
  expect(checkpoint()).toBeNull();
  expect(verify()).toMatchObject({ outcome: 'intact', events: 0, headSeq: 0 });
});

/** Rewrites row 3 and every hash after it, as somebody would who knows how the chain is made. */
function rewriteFrom(seq: number): void {
  const rows = ledger.db.prepare('SELECT * FROM events WHERE seq >= ? ORDER BY seq').all(seq) as EventRow[];
  let previous: Buffer | null = null;
  for (const row of rows) {
    const { hash: _hash, ...rest } = row;
    const changed = {
      ...rest,
      ...(row.seq === seq && { at_ms: 99 }),
      ...(previous !== null && { prev_hash: previous }),
    };
    previous = eventHash(changed);
    ledger.db
      .prepare('UPDATE events SET at_ms = ?, prev_hash = ?, hash = ? WHERE seq = ?')
      .run(changed.at_ms, changed.prev_hash, previous, row.seq);
  }
}

test.each<[string, () => void, readonly { seq: number; code: string }[]]>([
  [
    'an edited event',
    () => tamper("UPDATE events SET actor_id = 'somebody' WHERE seq = 3"),
    [{ seq: 3, code: 'hash-mismatch' }],
  ],
  [
    'a deleted event',
    () => tamper('DELETE FROM events WHERE seq = 3'),
    [
      { seq: 4, code: 'gap' },
      { seq: 4, code: 'link-broken' },
    ],
  ],
  [
    'two events in each other’s place',
    () =>
      tamper(
        'UPDATE events SET seq = -3 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 4; UPDATE events SET seq = 4 WHERE seq = -3',
      ),
    [
      { seq: 3, code: 'link-broken' },
      { seq: 3, code: 'hash-mismatch' },
      { seq: 3, code: 'payload-mismatch' },
      { seq: 4, code: 'link-broken' },
      { seq: 4, code: 'hash-mismatch' },
      { seq: 4, code: 'payload-mismatch' },
      { seq: 5, code: 'link-broken' },
    ],
  ],
  ['the newest events cut off', () => tamper('DELETE FROM events WHERE seq > 4'), [{ seq: 6, code: 'truncated' }]],
  ['every event cut off', () => tamper('DELETE FROM events'), [{ seq: 6, code: 'truncated' }]],
  ['a chain rewritten with fresh hashes', () => rewriteFrom(3), [{ seq: 6, code: 'checkpoint-mismatch' }]],
  [
    'an edited payload',
    () => tamper(`UPDATE event_payloads SET payload = '{"version":"2.0.0"}' WHERE seq = 3`),
    [{ seq: 3, code: 'payload-mismatch' }],
  ],
  [
    'a payload that is gone',
    () => tamper('DELETE FROM event_payloads WHERE seq = 3'),
    [{ seq: 3, code: 'payload-mismatch' }],
  ],
  [
    'a checkpoint signed by another key',
    () => {
      append(1);
      checkpoint(generateKeyPairSync('ed25519').privateKey);
    },
    [{ seq: 7, code: 'checkpoint-signature' }],
  ],
  [
    'a checkpoint whose time was changed',
    () => writeFileSync(ledger.checkpoints, readFileSync(ledger.checkpoints, 'utf8').replace(/"atMs":\d+/, '"atMs":5')),
    [{ seq: 6, code: 'checkpoint-signature' }],
  ],
  [
    'a checkpoint moved to another event',
    () => writeFileSync(ledger.checkpoints, readFileSync(ledger.checkpoints, 'utf8').replace('"seq":6', '"seq":5')),
    [
      { seq: 5, code: 'checkpoint-mismatch' },
      { seq: 5, code: 'checkpoint-signature' },
    ],
  ],
  [
    'a line between checkpoints that is none',
    () => appendFileSync(ledger.checkpoints, '{"seq":6}\n'),
    [{ seq: 6, code: 'checkpoint-signature' }],
  ],
])('shows %s', (_what, change, faults) => {
  append(6);
  checkpoint();
  change();
  expect(verify()).toMatchObject({ outcome: 'broken', faults });
});

test('allows a payload erased by policy, and counts it', () => {
  append(3);
  checkpoint();
  ledger.db.exec('UPDATE event_payloads SET payload = NULL, erased_at_ms = 5 WHERE seq = 2');
  expect(verify()).toMatchObject({ outcome: 'intact', erasedPayloads: 1, faults: [] });
});

test('names the first hundred faults of many', () => {
  append(150);
  tamper("UPDATE events SET actor_id = 'somebody'");
  expect(verify().faults).toHaveLength(100);
});

test('signs a head once, however often it is asked', () => {
  append(2);
  expect(checkpoint()).toMatchObject({ seq: 2 });
  expect(checkpoint()).toBeNull();
  append(1);
  expect(checkpoint()).toMatchObject({ seq: 3 });
  expect(readCheckpoints(ledger.checkpoints).map((line) => line?.seq)).toEqual([2, 3]);
  expect(statSync(ledger.checkpoints).mode & 0o777).toBe(0o600);
});

test('goes on behind a last line torn by a power cut, which counts for nothing', () => {
  append(2);
  checkpoint();
  const whole = readFileSync(ledger.checkpoints, 'utf8');
  appendFileSync(ledger.checkpoints, whole.slice(0, 40));
  expect(verify()).toMatchObject({ outcome: 'intact', checkpoints: { count: 1, lastSeq: 2 } });
  append(1);
  expect(checkpoint()).toMatchObject({ seq: 3 });
  expect(verify()).toMatchObject({ outcome: 'intact', checkpoints: { count: 2, lastSeq: 3 } });
  expect(readFileSync(ledger.checkpoints, 'utf8').startsWith(`${whole}{`)).toBe(true);
});

test('starts a checkpoint file anew whose very first line was torn', () => {
  append(1);
  writeFileSync(ledger.checkpoints, '{"seq":1,"ha');
  expect(checkpoint()).toMatchObject({ seq: 1 });
  expect(verify()).toMatchObject({ outcome: 'intact', checkpoints: { count: 1 } });
});
