import { vi } from 'vitest';

/** Longer than anything that is waited for takes on a machine with other work; a test that waits in vain fails only later. */
const LONGEST_WAIT_MS = 30_000;

/** Checks again and again until `check` no longer throws, and gives what it gave; after half a minute throws what it threw last. */
export function eventually<Value>(check: () => Value | Promise<Value>): Promise<Value> {
  return vi.waitFor(check, { timeout: LONGEST_WAIT_MS, interval: 10 });
}
