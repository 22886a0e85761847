import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { openLog } from '../platform/log.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aManifest } from '../testing/models.ts';
import { exposeModels, installModels, listModels, readPackages } from './index.ts';
import { countUnusableModels, listExposedModels, readPackage } from './models.ts';
import { moveExposure } from './move-exposure.ts';
import { packageDigest } from './package-digest.ts';

const MODEL = Buffer.from('the model');
const MANIFEST = { ...aManifest(), modelDigest: createHash('sha256').update(MODEL).digest('hex') };
const DIGEST = packageDigest(MANIFEST);
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
  expect((packages.ok ? packages.value : []).map(({ manifest }) => manifest.id)).toEqual(['bleed']);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { event: 'model-package-refused', code: 'manifest-unreadable' },
  ]);
});

test('a folder that is configured and not there is named, and nothing is read', () => {
  makePackage('good');
  const missing = path.join(folder, 'nowhere');
  expect(readPackages([folder, missing], clinic.log)).toEqual({
    ok: false,
    error: { code: 'model-folder-unreadable', details: [`${missing}: ENOENT`] },
  });
});

test('a model is news once; after each start it is verified anew, and one whose package is gone stays on record as gone', () => {
  const packages = [{ manifest: MANIFEST, directory: '/models/bleed' }];
  installModels(clinic.db, packages, 1);
  installModels(clinic.db, packages, 2);
  expect(listModels(clinic.db)).toEqual([
    { digest: DIGEST, packagePath: '/models/bleed', state: 'installed', manifest: MANIFEST },
  ]);
  installModels(clinic.db, [], 3);
  expect(listModels(clinic.db).map(({ state }) => state)).toEqual(['gone']);
  expect(clinic.events('model-installed')).toMatchObject([
    { payload: { modelId: 'bleed', version: '1.0.0', digest: DIGEST } },
  ]);
});

const exposures = () =>
  clinic.db
    .prepare('SELECT m.version, x.stage FROM model_exposures x JOIN models m USING (digest) ORDER BY m.version')
    .raw()
    .all();
/** A start with these manifests installed. */
function start(manifests: readonly ModelManifest[], isDemo: boolean, atMs: number): void {
  installModels(
    clinic.db,
    manifests.map((manifest) => ({ manifest, directory: `/models/${manifest.version}` })),
    atMs,
  );
  exposeModels(clinic.db, clinic.north.siteId, isDemo, atMs);
}
/** Brings the one model there is to a stage at the north, as if people had. */
function stand(to: 'silent' | 'pilot'): void {
  const [model] = listModels(clinic.db);
  if (model === undefined) throw new Error('no model');
  const act = { siteId: clinic.north.siteId, model, cause: 'step' as const, reason: 'a test', atMs: 1 };
  const pilot = { groups: [], descriptions: [], share: 1 };
  moveExposure(clinic.db, { ...act, actor: { kind: 'user', id: 'a-person' }, to, pilot });
}
const NEWER: ModelManifest = { ...MANIFEST, version: '1.10.0' };

test('outside a demo a package is off: nothing is exposed, no step is on record, and nothing is computed', () => {
  start([MANIFEST], false, 1);
  start([MANIFEST, NEWER], false, 2);
  expect([exposures(), clinic.events('model-exposed')]).toEqual([[], []]);
  expect(listExposedModels(clinic.db, clinic.north.siteId)).toEqual([]);
});

test('in a demo the newest package is general; an older one whose package is gone is retired, one that is here computes silently', () => {
  start([{ ...MANIFEST, version: '1.9.0' }], true, 1);
  start([NEWER], true, 2);
  expect(exposures()).toEqual([
    ['1.10.0', 'general'],
    ['1.9.0', 'retired'],
  ]);
  expect(listExposedModels(clinic.db, clinic.north.siteId).map(({ manifest }) => manifest.version)).toEqual(['1.10.0']);
  expect(clinic.events('model-exposed').map(({ payload }) => payload['stage'])).toEqual([
    ...['general', 'general', 'retired'],
  ]);
  expect(countUnusableModels(clinic.db)).toBe(0);
  start([NEWER], true, 3);
  expect(clinic.events('model-exposed')).toHaveLength(3);
  start([NEWER, { ...MANIFEST, version: '2.0.0' }], true, 4);
  expect(exposures()).toEqual([
    ['1.10.0', 'silent'],
    ['1.9.0', 'retired'],
    ['2.0.0', 'general'],
  ]);
});

test('in a demo of two packages of one model the higher version counts; taken back after the newer one is gone, the older begins anew', () => {
  const older = { ...MANIFEST, version: '1.9.0' };
  start([older, NEWER], true, 1);
  expect(exposures()).toEqual([['1.10.0', 'general']]);
  start([older], true, 2);
  start([older, NEWER], true, 3);
  start([older], true, 4);
  expect(exposures()).toEqual([
    ['1.10.0', 'retired'],
    ['1.9.0', 'general'],
  ]);
  expect(listExposedModels(clinic.db, clinic.north.siteId).map(({ manifest }) => manifest.version)).toEqual(['1.9.0']);
});

test('an edited manifest is another model, and is off; one that people were shown and that is gone stays as it stood, as a fault', () => {
  start([MANIFEST], false, 1);
  stand('pilot');
  const edited = { ...MANIFEST, name: 'Other', labels: MANIFEST.labels.map((label) => ({ ...label, flagFrom: 0.1 })) };
  start([edited], false, 2);
  expect([exposures(), countUnusableModels(clinic.db)]).toEqual([[['1.0.0', 'pilot']], 1]);
  expect(listModels(clinic.db).map(({ manifest, state }) => [manifest.name, state])).toEqual([
    ['Model bleed', 'gone'],
    ['Other', 'installed'],
  ]);
  clinic.db.exec("UPDATE model_exposures SET stage = 'silent', pilot = NULL");
  start([edited], false, 3);
  expect([exposures(), countUnusableModels(clinic.db)]).toEqual([[['1.0.0', 'retired']], 0]);
});

test('a model whose package is gone is owed nothing, and the station says that it cannot be used', () => {
  start([MANIFEST], false, 1);
  stand('silent');
  start([], false, 2);
  expect([listExposedModels(clinic.db, clinic.north.siteId), countUnusableModels(clinic.db)]).toEqual([[], 1]);
});
