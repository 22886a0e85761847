import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type ModelPackage, openModelPackage } from './model-package.ts';
import { proveProviders } from './providers.ts';
import { replayGoldenCases } from './replay-golden.ts';

const PACKAGE = path.resolve(import.meta.dirname, '../../../../../resources/models/head-ct-hyperdense');
const OPTIONS = { provider: 'cpu', threads: 1 } as const;

function copied(change: (directory: string) => void): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'wetread-package-'));
  cpSync(PACKAGE, directory, { recursive: true });
  change(directory);
  return directory;
}

function edited(change: (manifest: Record<string, unknown>) => void): string {
  return copied((directory) => {
    const file = path.join(directory, 'manifest.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    change(manifest);
    writeFileSync(file, JSON.stringify(manifest));
  });
}

async function opened(directory: string): Promise<ModelPackage> {
  const result = await openModelPackage(directory, OPTIONS);
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

test('opens the shipped package, and its golden cases hold on this machine', async () => {
  const model = await opened(PACKAGE);
  expect(model.manifest).toMatchObject({ id: 'head-ct-hyperdense', clinicalUse: 'none' });
  const outcomes = await replayGoldenCases(model);
  expect(outcomes?.map(({ name, passed }) => ({ name, passed }))).toEqual([
    { name: 'bleed-12-ml', passed: true },
    { name: 'no-bleed', passed: true },
  ]);
  await model.session.close();
});

test('a golden case that comes out differently does not pass, and one that cannot be read is no case', async () => {
  const wrong = await opened(
    edited((manifest) => {
      const [first] = manifest.goldenCases as { expected: Record<string, number> }[];
      if (first) first.expected.volume_ml = 15;
    }),
  );
  expect((await replayGoldenCases(wrong))?.map(({ passed }) => passed)).toEqual([false, true]);
  const cut = await opened(copied((directory) => writeFileSync(path.join(directory, 'golden/no-bleed.i16.gz'), 'cut')));
  expect(await replayGoldenCases(cut)).toBeNull();
});

test.each([
  ['manifest-missing', copied((directory) => rmSync(path.join(directory, 'manifest.json')))],
  ['manifest-invalid', copied((directory) => writeFileSync(path.join(directory, 'manifest.json'), '{'))],
  ['manifest-invalid', edited((manifest) => Object.assign(manifest, { surprise: true }))],
  ['model-missing', copied((directory) => rmSync(path.join(directory, 'model.onnx')))],
  ['digest-differs', copied((directory) => writeFileSync(path.join(directory, 'model.onnx'), 'other'))],
  [
    'tensor-missing',
    edited((manifest) => {
      const [first] = manifest.outputs as { tensor: string }[];
      if (first) first.tensor = 'likelihood';
    }),
  ],
])('refuses a package: %s', async (code, directory) => {
  expect(await openModelPackage(directory, OPTIONS)).toEqual({ ok: false, error: { code } });
});

test('proves each wanted provider by computing, and does not believe in one it cannot use', async () => {
  expect(await proveProviders(['imaginary', 'cpu'])).toEqual([
    { name: 'imaginary', proven: false },
    { name: 'cpu', proven: true },
  ]);
});
