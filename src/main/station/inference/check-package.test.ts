import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const COMMAND = path.resolve(import.meta.dirname, '../command.ts');
const SHIPPED = path.resolve(import.meta.dirname, '../../../../resources/models/head-ct-hyperdense');
const root = mkdtempSync(path.join(tmpdir(), 'wetread-model-check-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const check = (...given: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, 'model', 'check', ...given], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

test('the command tells that a package holds, or each fault of one that does not, and its exit code says so', () => {
  const held = check(SHIPPED);
  expect(JSON.parse(held.stdout)).toMatchObject({
    ...{ ok: true, modelId: 'head-ct-hyperdense', signature: { state: 'unsigned' }, provider: 'cpu' },
    golden: [{ passed: true }, { passed: true }],
  });
  cpSync(SHIPPED, path.join(root, 'edited'), { recursive: true });
  const file = path.join(root, 'edited/manifest.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"budgetMs": 60000', '"budgetMs": 6'));
  expect(check(path.join(root, 'edited'))).toEqual({
    ...{ status: 1, stdout: '' },
    stderr: 'manifest-invalid budgetMs: is 6, expected at least toleranceMs (10000)\n',
  });
  expect(check(path.join(root, 'nowhere'))).toMatchObject({ status: 1, stdout: '' });
  expect([held.status, check().status]).toEqual([0, 2]);
}, 60_000);
