import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestStore, type TestStore } from '../platform/store/test-store.ts';
import { ensureSite, findSite } from './index.ts';

const NORTH = { code: 'north', name: 'North', zone: 'Europe/Berlin', atMs: 1 };
let store: TestStore;
beforeEach(() => {
  store = openTestStore();
});
afterEach(() => store.close());

function ensured(input: typeof NORTH) {
  const site = ensureSite(store.db, input);
  if (!site.ok) throw new Error(site.error.code);
  return site.value;
}
const changes = () =>
  store.db
    .prepare("SELECT p.payload FROM events e JOIN event_payloads p USING (seq) WHERE e.kind = 'site-changed'")
    .pluck()
    .all()
    .map((payload) => JSON.parse(String(payload)) as object);

test('is made once, and stays as it is while its configuration does', () => {
  const site = ensured(NORTH);
  expect([ensured({ ...NORTH, atMs: 2 }), changes()]).toEqual([site, []]);
});

test('a changed name or zone is taken over, and the ledger says which, without the name', () => {
  const { siteId } = ensured(NORTH);
  const changed = ensured({ ...NORTH, name: 'Nord', zone: 'Asia/Tokyo', atMs: 2 });
  expect(changed).toEqual({ siteId, code: 'north', name: 'Nord', zone: 'Asia/Tokyo' });
  expect(findSite(store.db, siteId)).toEqual(changed);
  expect(changes()).toEqual([{ changed: ['name', 'zone'], zone: 'Asia/Tokyo' }]);
});

test('a changed code is refused: people and peers belong to the site of the old one', () => {
  ensured(NORTH);
  expect(ensureSite(store.db, { ...NORTH, code: 'south' })).toEqual({ ok: false, error: { code: 'site-differs' } });
  expect(store.db.prepare('SELECT code FROM sites').pluck().all()).toEqual(['north']);
});
