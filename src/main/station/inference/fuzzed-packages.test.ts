import { expect, test } from 'vitest';
import { attackPackages } from '../../../../soak/attack-packages.ts';

// The rest of the 5,000 run by `npm run soak -- fuzz`.
test('tells what is wrong with each of a hundred and fifty mutated manifests and models, and outlives them', async () => {
  const attacked = await attackPackages(0, 150);
  expect(attacked.failures).toEqual([]);
  expect([...attacked.ends.values()].reduce((sum, count) => sum + count, 0)).toBe(150);
  expect(attacked.ends.size).toBeGreaterThan(3);
}, 120_000);
