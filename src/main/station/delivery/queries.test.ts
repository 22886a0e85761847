import { afterEach, beforeEach, expect, test } from 'vitest';
import { planOf } from '../platform/store/test-plan.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { listDeliveries } from './index.ts';
import { COUNT_WAITING, countWaitingFor, LIST_DELIVERIES } from './queries.ts';

let clinic: Clinic;
beforeEach(() => {
  clinic = openClinic();
  const insert = clinic.db.prepare(`
    INSERT INTO deliveries (delivery_id, site_id, destination, kind, state, queued_at_ms) VALUES (?, ?, 'PACS', 'relay', ?, ?)
  `);
  insert.run('a', clinic.north.siteId, 'queued', 1);
  insert.run('b', clinic.north.siteId, 'delivered', 3);
  insert.run('c', clinic.north.siteId, 'queued', 2);
  insert.run('d', clinic.south.siteId, 'queued', 4);
});
afterEach(() => clinic.close());

const list = (siteIds: readonly string[], query: Parameters<typeof listDeliveries>[2]) =>
  listDeliveries(clinic.db, siteIds, query).map(({ deliveryId }) => deliveryId);

test('lists a site’s own deliveries, newest first, of one state where asked, as many as asked', () => {
  const north = [clinic.north.siteId];
  expect(list(north, { limit: 10 })).toEqual(['b', 'c', 'a']);
  expect(list(north, { limit: 10, state: 'queued' })).toEqual(['c', 'a']);
  expect(list(north, { limit: 1 })).toEqual(['b']);
  expect(list([clinic.south.siteId], { limit: 10 })).toEqual(['d']);
  expect(list([], { limit: 10 })).toEqual([]);
});

test.each([
  ['', 'deliveries_in_order'],
  ['AND state = @state', 'deliveries_by_state'],
] as const)('walks an index and sorts nothing (%j)', (narrowing, index) => {
  const plan = planOf(clinic.db, LIST_DELIVERIES(narrowing)).join('\n');
  expect(plan).toContain(`INDEX ${index}`);
  expect(plan).not.toContain('TEMP B-TREE');
});

test('what a peer has not taken yet is counted by a covering index', () => {
  const plan = planOf(clinic.db, COUNT_WAITING).join('\n');
  expect(plan).toContain('COVERING INDEX deliveries_waiting');
  expect(countWaitingFor(clinic.db, 'nobody')).toBe(0);
});
