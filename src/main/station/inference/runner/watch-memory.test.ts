import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { watchMemory } from './watch-memory.ts';

const MIB = 2 ** 20;
const HELD_MB = 300;

test('a run is charged with what it holds, and not with what is held for a run to come', () => {
  const watch = watchMemory(path.join(mkdtempSync(path.join(tmpdir(), 'wetread-watch-')), 'over-memory.note'));
  watch.begin(1_000_000);
  const own = Buffer.alloc(HELD_MB * MIB, 1);
  const ofRun = watch.end();
  watch.begin(1_000_000);
  Atomics.add(watch.ahead, 0, HELD_MB);
  const ahead = Buffer.alloc(HELD_MB * MIB, 1);
  const besideRun = watch.end();
  Atomics.sub(watch.ahead, 0, HELD_MB);
  // Half of it either way: what else happens in this process is not ours.
  expect(ofRun).toBeGreaterThan(HELD_MB / 2);
  expect(besideRun).toBeLessThan(HELD_MB / 2);
  expect(own.length + ahead.length).toBe(2 * HELD_MB * MIB);
});
