import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { EVENT_KINDS } from './event-kinds.ts';

test('every kind stands in one table, and every table in the one of all', async () => {
  const folder = path.join(import.meta.dirname, 'event-kinds');
  const tables = await Promise.all(
    readdirSync(folder).map(async (file) => (await import(path.join(folder, file))) as Record<string, object>),
  );
  const kinds = tables.flatMap((table) => Object.values(table)).flatMap((table) => Object.keys(table));
  // A kind that stood in two tables would be read by the later one alone.
  expect(kinds.toSorted()).toEqual(Object.keys(EVENT_KINDS).toSorted());
});
