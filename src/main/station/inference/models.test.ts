import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLog } from '../platform/log.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aManifest } from '../testing/models.ts';
import { installModels, listModels, readPackages } from './index.ts';
import { readPackage } from './models.ts';

const MODEL = Buffer.from('the model');
const MANIFEST = { ...aManifest(), modelDigest: createHash('sha256').update(MODEL).digest('hex') };
let folder: string;
let clinic: Clinic;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wetread-packages-'));
  clinic = openClinic();
});
afterEach(() => {
  clinic.close();
  rmSync(folder, { recursive: true, force: true });
});

function makePackage(name: string, manifest: unknown = MANIFEST, model: Uint8Array | null = MODEL): string {
  const directory = path.join(folder, name);
  mkdirSync(directory);
  writeFileSync(
    path.join(directory, 'manifest.json'),
    typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
  );
  if (model !== null) writeFileSync(path.join(directory, 'model.onnx'), model);
  return directory;
}

test('reads a package whose model is the one its manifest names', () => {
  const directory = makePackage('good');
  expect(readPackage(directory)).toEqual({ ok: true, value: { manifest: MANIFEST, directory } });
});

test.each<[string, () => string, string]>([
  ['without manifest', () => path.join(folder, 'nowhere'), 'manifest-unreadable'],
  ['with a manifest that is no JSON', () => makePackage('a', '{'), 'manifest-unreadable'],
  ['with a key nobody knows', () => makePackage('b', { ...MANIFEST, extra: 1 }), 'manifest-unreadable'],
  ['without its model', () => makePackage('c', MANIFEST, null), 'model-unreadable'],
  ['whose model is another', () => makePackage('d', MANIFEST, Buffer.from('another')), 'digest-differs'],
])('refuses a package %s', (_what, make, code) => {
  expect(readPackage(make())).toEqual({ ok: false, error: { code } });
});

test('one package that cannot be used is logged, and the others still run', () => {
  makePackage('bad', '{');
  makePackage('good');
  writeFileSync(path.join(folder, 'README.md'), '');
  const lines: string[] = [];
  const packages = readPackages([folder], openLog('info', { write: (line: string) => lines.push(line) }));
  expect(packages.map(({ manifest }) => manifest.id)).toEqual(['bleed']);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { event: 'model-package-refused', code: 'manifest-unreadable' },
  ]);
});

test('a model is news once; after each start it is verified anew, and one whose package is gone stays on record as broken', () => {
  const packages = [{ manifest: MANIFEST, directory: '/models/bleed' }];
  installModels(clinic.db, packages, 1);
  installModels(clinic.db, packages, 2);
  expect(listModels(clinic.db)).toEqual([
    { digest: MANIFEST.modelDigest, packagePath: '/models/bleed', state: 'installed', manifest: MANIFEST },
  ]);
  installModels(clinic.db, [], 3);
  expect(listModels(clinic.db).map(({ state }) => state)).toEqual(['broken']);
  expect(clinic.events('model-installed')).toMatchObject([
    { payload: { modelId: 'bleed', version: '1.0.0', digest: MANIFEST.modelDigest } },
  ]);
});
