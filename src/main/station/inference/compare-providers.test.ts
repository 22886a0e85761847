import path from 'node:path';
import { expect, test } from 'vitest';
import { comparePackage } from './check-package.ts';
import { compareOnProviders, describeComparisons } from './compare-providers.ts';
import { forkRunnerHost } from './fork-runner-host.ts';

const PACKAGE = path.resolve(import.meta.dirname, '../../../../resources/models/head-ct-hyperdense');
const host = () => forkRunnerHost(path.join(import.meta.dirname, 'runner/index.ts'));

test('a provider beside itself is not apart by anything, and each golden case is timed on both', async () => {
  const asked = { provider: 'cpu', against: 'cpu', runs: 1, providers: ['cpu'], signers: [], host: host() };
  const compared = await comparePackage(PACKAGE, asked);
  if (!compared.ok) throw new Error(compared.error.code);
  const { modelId, device, cases } = compared.value;
  expect({ modelId, isWhole: device.isWhole, held: cases.map(({ passed }) => passed) }).toEqual({
    ...{ modelId: 'head-ct-hyperdense', isWhole: true },
    held: cases.map(() => true),
  });
  expect(cases.length).toBeGreaterThan(1);
  for (const { tensors, firstMs, warmMs, againstMs } of cases) {
    expect([firstMs, warmMs, againstMs].every((ms) => ms > 0)).toBe(true);
    expect(tensors.map(({ largest, mean, inTolerances }) => [largest, mean, inTolerances])).toEqual(
      tensors.map(() => [0, 0, 0]),
    );
    expect(tensors.every(({ numbers }) => numbers > 0)).toBe(true);
  }
}, 120_000);

test('a provider that is not here is a row that says so, and no gap', async () => {
  const rows = await compareOnProviders([PACKAGE], {
    ...{ providers: ['tensorrt', 'cpu'], remotes: [], signers: [], against: 'cpu', runs: 1, host },
  });
  expect(rows).toMatchObject([{ provider: 'tensorrt', cases: [], version: null }]);
  expect(rows[0]?.why).toContain('provider-not-proven');
  const [, , line] = describeComparisons(rows).split('\n');
  expect(line).toMatch(/^\| head-ct-hyperdense \| tensorrt \| \| not computed: provider-not-proven/);
  expect(line?.split('|')).toHaveLength(13);
}, 60_000);
