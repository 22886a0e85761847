import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { DATABASE_KEY_BYTES, openWriter } from '../database.ts';
import { migrate } from '../migrate.ts';
import { MIGRATIONS } from './index.ts';

test('a database of the step before gains a place for key images, and keeps what it has', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-console-further-'));
  const opened = openWriter(path.join(folder, 'station.db'), randomBytes(DATABASE_KEY_BYTES));
  if (!opened.ok) throw new Error(opened.error.code);
  const db = opened.value;
  try {
    migrate(db, MIGRATIONS.slice(0, 7));
    db.prepare(
      "INSERT INTO sites (site_id, code, name, zone, created_at_ms) VALUES ('s', 'north', 'North', 'Etc/UTC', 1)",
    ).run();
    migrate(db, MIGRATIONS);
    expect(db.prepare('SELECT code FROM sites').all()).toEqual([{ code: 'north' }]);
    expect(db.prepare('SELECT count(*) AS marks FROM key_images').get()).toEqual({ marks: 0 });
    const put = db.prepare("INSERT INTO key_images VALUES ('nowhere', 's', '1.2', 1, 'nobody', 'p', 1, 1)");
    expect(() => put.run()).toThrow(/FOREIGN KEY/);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
