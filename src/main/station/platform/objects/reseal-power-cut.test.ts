import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openObjectKeys } from './object-keys.ts';
import { openObjectStore } from './object-store.ts';
import { isExpected, listObjectsAfter } from './records.ts';
import { openWriter } from '../store/database.ts';
import { watchDisk } from '../../../../../test/faults/support/power-cut.ts';
import { builtShim } from '../../../../../test/faults/support/shim.ts';

const OBJECTS = 12;
const shim = builtShim('disk-shim');

describe.skipIf(shim === null)('a power cut while plain objects are sealed', () => {
  test.each([0, 1, 5, 11])('after %i of them loses none, and the next start sweeps none away', async (dieAfter) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'wetread-reseal-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const root = path.join(folder, 'disk');
    for (const name of ['', 'objects', 'vault']) mkdirSync(path.join(root, name));
    const disk = watchDisk(root, shim ?? '');
    const script = path.join(import.meta.dirname, 'test-reseal.ts');
    const ended = spawnSync(process.execPath, [script, root, String(OBJECTS), String(dieAfter)], {
      env: { ...process.env, ...disk.env },
      encoding: 'utf8',
    });
    expect([ended.signal, existsSync(path.join(path.dirname(root), 'ready'))]).toEqual(['SIGKILL', true]);
    disk.cutPower(dieAfter % 2 === 0 ? undefined : dieAfter);

    const key = Buffer.alloc(32, 7);
    const opened = openWriter(path.join(root, 'station.db'), key);
    const keys = openObjectKeys(path.join(root, 'vault'), key, { mayCreate: false, atMs: 1 });
    if (!opened.ok || !keys.ok) throw new Error('the disk holds nothing');
    const db = opened.value;
    const objects = openObjectStore(path.join(root, 'objects'), keys.value);
    await objects.sweep({
      isNamed: (digest, encoding) => isExpected(db, digest, encoding),
      olderThanMs: Date.now() + 60_000,
      signal: new AbortController().signal,
    });
    const records = listObjectsAfter(db, '', 100);
    expect(records).toHaveLength(OBJECTS);
    for (const { digest, encoding } of records) {
      const bytes = await objects.read(digest, encoding);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(digest);
    }
    db.close();
  });
});
