import { afterEach, beforeEach, expect, test } from 'vitest';
import { err, ok } from '../../../../shared/domain/result.ts';
import { openTestStore, type TestStore } from './test-store.ts';
import { inSavepoint, inTransaction, onCommit } from './transaction.ts';

let store: TestStore;
let commits: number;

beforeEach(() => {
  store = openTestStore();
  commits = 0;
  onCommit(store.db, () => (commits += 1));
});
afterEach(() => store.close());

const write = (name: string) => store.db.prepare("INSERT INTO station_facts VALUES (?, '')").run(name);
const facts = () =>
  store.db
    .prepare('SELECT name FROM station_facts ORDER BY name')
    .all()
    .map((row) => (row as { name: string }).name);

test('commits the writes of a verb that went well, and gives its value', () => {
  expect(inTransaction(store.db, () => ok(write('a').changes))).toEqual({ ok: true, value: 1 });
  expect(inTransaction(store.db, () => write('b').changes)).toBe(1);
  expect([facts(), commits]).toEqual([['a', 'b'], 2]);
});

test('keeps nothing of a verb whose result is not ok', () => {
  const refused = inTransaction(store.db, () => {
    write('a');
    return err({ code: 'refused' });
  });
  expect(refused).toEqual({ ok: false, error: { code: 'refused' } });
  expect([facts(), commits, store.db.inTransaction]).toEqual([[], 0, false]);
});

test('keeps nothing of a verb that throws, and throws on', () => {
  const broken = () =>
    inTransaction(store.db, () => {
      write('a');
      throw new Error('a bug');
    });
  expect(broken).toThrow('a bug');
  expect([facts(), commits, store.db.inTransaction]).toEqual([[], 0, false]);
});

test('nests by joining: one commit for all, and all fall with the outer verb', () => {
  inTransaction(store.db, () => {
    write('a');
    inTransaction(store.db, () => write('b'));
    expect(commits).toBe(0);
  });
  expect([facts(), commits]).toEqual([['a', 'b'], 1]);
  inTransaction(store.db, () => {
    inTransaction(store.db, () => write('c'));
    return err({ code: 'refused' });
  });
  expect([facts(), commits]).toEqual([['a', 'b'], 1]);
});

test('tells of a commit after it, and no longer once that was called off', () => {
  const seen: boolean[] = [];
  const forget = onCommit(store.db, () => seen.push(store.db.inTransaction));
  inTransaction(store.db, () => write('a'));
  forget();
  inTransaction(store.db, () => write('b'));
  expect(seen).toEqual([false]);
});

test('a part that fails or throws is undone alone, and the rest of the transaction stays', () => {
  const thrown = inTransaction(store.db, () => {
    write('before');
    const refused = inSavepoint(store.db, () => {
      write('refused');
      return err({ code: 'refused' });
    });
    let told = '';
    try {
      inSavepoint(store.db, () => {
        write('outer');
        inSavepoint(store.db, () => write('inner'));
        throw new Error('broken part');
      });
    } catch (error) {
      told = (error as Error).message;
    }
    inSavepoint(store.db, () => write('after'));
    return { refused: refused.ok, told };
  });
  expect([thrown, facts(), commits]).toEqual([{ refused: false, told: 'broken part' }, ['after', 'before'], 1]);
  expect(() => inSavepoint(store.db, () => write('alone'))).toThrow('within a transaction');
});
