import { afterEach, beforeEach, expect, test } from 'vitest';
import { inTransaction } from '../store/transaction.ts';
import { appendEvent, ledgerHead } from './append.ts';
import { type EventRow, eventHash, GENESIS_HASH, serviceActor } from './event.ts';
import { appendNumbered, openTestLedger, type TestLedger } from './test-ledger.ts';

let ledger: TestLedger;
beforeEach(() => {
  ledger = openTestLedger();
});
afterEach(() => ledger.close());

const EVENT = {
  kind: 'study-read',
  payload: { surface: 'reading' },
  siteId: null,
  actor: serviceActor('test'),
  correlationId: 'c',
  atMs: 1,
} as const;

test('is appended only in the transaction of what it tells of', () => {
  expect(() => appendEvent(ledger.db, EVENT)).toThrow(/transaction/);
  expect(ledgerHead(ledger.db)).toEqual({ seq: 0, hash: GENESIS_HASH });
});

test('falls with the transaction of what it tells of', () => {
  appendNumbered(ledger.db, 1);
  const before = ledgerHead(ledger.db);
  const broken = () =>
    inTransaction(ledger.db, () => {
      appendEvent(ledger.db, EVENT);
      throw new Error('a bug');
    });
  expect(broken).toThrow('a bug');
  expect(ledgerHead(ledger.db)).toEqual(before);
  expect(appendNumbered(ledger.db, 2)).toBe(2);
});

test('keeps of a payload only what its kind declares, and refuses one that does not fit', () => {
  const loose = { ...EVENT, payload: { surface: 'reading', patientName: 'Doe^Jane' } };
  inTransaction(ledger.db, () => appendEvent(ledger.db, loose));
  const stored = ledger.db.prepare('SELECT payload FROM event_payloads').get();
  expect(stored).toEqual({ payload: '{"surface":"reading"}' });
  const wrong = { ...EVENT, payload: { surface: 7 } } as unknown as typeof EVENT;
  expect(() => inTransaction(ledger.db, () => appendEvent(ledger.db, wrong))).toThrow(/expected string/);
});

test('chains each event to the one before, from the genesis hash on', () => {
  for (const number of [1, 2, 3]) appendNumbered(ledger.db, number);
  const rows = ledger.db.prepare('SELECT * FROM events ORDER BY seq').all() as EventRow[];
  expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  rows.forEach((row, index) => {
    expect(row.prev_hash).toEqual(rows[index - 1]?.hash ?? GENESIS_HASH);
    const { hash, ...covered } = row;
    expect(eventHash(covered)).toEqual(hash);
  });
});
