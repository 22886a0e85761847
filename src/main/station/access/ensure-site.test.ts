import { afterEach, beforeEach, expect, test } from 'vitest';
import { serviceActor } from '../platform/ledger/event.ts';
import { openTestStore, type TestStore } from '../platform/store/test-store.ts';
import { QUICK_HASH } from '../testing/quick-hash.ts';
import { ensureSite, ensureSites } from './ensure-site.ts';
import {
  createSignInThrottle,
  createUser,
  enterSite,
  findSession,
  findSite,
  hashPassword,
  SESSION_LIMITS,
  setRoles,
  shareAdministrators,
  signIn,
} from './index.ts';

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

test('further sites are made beside the own one at any start, and its administrators administer them', async () => {
  const SOUTH = { ...NORTH, code: 'south', name: 'South' };
  const actor = serviceActor('test');
  const made = ensureSites(store.db, NORTH, [SOUTH]);
  if (!made.ok) throw new Error(made.error.code);
  const [north, south] = made.value;
  if (south === undefined) throw new Error('no second site');
  const passwordHash = await hashPassword('correct horse', QUICK_HASH);
  for (const [username, role] of [
    ['anna', 'administrator'],
    ['rita', 'radiologist'],
  ] as const)
    createUser(store.db, {
      ...{ username, displayName: username, passwordHash, state: 'active', siteId: north.siteId, roles: [role], actor },
      atMs: 1,
    });
  shareAdministrators(store.db, north, [south], 2);
  shareAdministrators(store.db, north, [south], 3); // again at the next start
  expect(ensureSites(store.db, { ...NORTH, code: 'west' }, [])).toMatchObject({ ok: false });

  const enter = (username: string, site?: string) =>
    signIn(store.db, createSignInThrottle(), {
      ...{ username, password: 'correct horse', site, address: '127.0.0.1', nowMs: () => 10, limits: SESSION_LIMITS },
    });
  const anna = await enter('anna', 'south');
  expect(anna).toMatchObject({
    ok: true,
    value: { session: { user: { site: { code: 'south' }, roles: ['administrator'] } } },
  });
  expect(await enter('rita', 'south')).toEqual({ ok: false, error: { code: 'refused' } });
  expect(await enter('rita')).toMatchObject({ ok: true, value: { session: { user: { site: { code: 'north' } } } } });

  const set = (username: string, roles: readonly ('technologist' | 'administrator')[]) =>
    setRoles(store.db, { username, siteId: south.siteId, roles, actor, atMs: 4 });
  expect(set('nobody', ['technologist'])).toEqual({ ok: false, error: { code: 'user-not-found' } });
  expect(set('anna', [])).toEqual({ ok: false, error: { code: 'last-administrator' } });
  expect(set('rita', ['technologist']).ok).toBe(true);
  const rita = await enter('rita', 'south');
  if (!rita.ok) throw new Error(rita.error.code);
  const { token, session } = rita.value;
  expect(session.user.sites.map(({ code }) => code)).toEqual(['north', 'south']);
  expect(session.principal.siteIds).toEqual([south.siteId]);
  expect(enterSite(store.db, session, 'west', 11)).toEqual({ ok: false, error: { code: 'site-not-found' } });
  expect(enterSite(store.db, session, 'north', 11).ok).toBe(true);
  expect(findSession(store.db, token, 12, SESSION_LIMITS)).toMatchObject({
    principal: { siteIds: [north.siteId], roles: ['radiologist'] },
  });
  // Roles taken away take effect at once, also for a session that is there.
  expect(set('rita', []).ok).toBe(true);
  expect(enterSite(store.db, session, 'south', 13)).toEqual({ ok: false, error: { code: 'site-not-found' } });
});
