import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { packageFault } from '../../../shared/domain/package-fault.ts';
import { type Clinic, openClinic } from '../testing/clinic.ts';
import { aManifest, packageOf } from '../testing/models.ts';
import { exposeModels, installModels, listModels, listPackageFaults } from './index.ts';
import { countUnusableModels } from './count-models.ts';
import { listExposedModels, recordVerification } from './models.ts';
import { moveExposure } from './move-exposure.ts';
import { packageDigest } from './package-digest.ts';

const MANIFEST = aManifest();
const DIGEST = packageDigest(MANIFEST);
let clinic: Clinic;

beforeEach(() => {
  clinic = openClinic();
});
afterEach(() => clinic.close());

test('a model is news once; after each start it is verified anew, and one whose package is gone stays on record as gone', () => {
  const packages = [packageOf(MANIFEST)];
  installModels(clinic.db, packages, 1);
  installModels(clinic.db, packages, 2);
  expect(listModels(clinic.db)).toEqual([
    {
      ...{ digest: DIGEST, packagePath: '/models/bleed', state: 'installed', manifest: MANIFEST },
      signature: { state: 'unsigned' },
    },
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
    manifests.map((manifest) => packageOf(manifest, `/models/${manifest.version}`)),
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

test('what is wrong with a package is kept until it is not, and where a model does not hold, with its digest', () => {
  const refusal = packageFault('manifest-invalid', 'labels.0.flagFrom', { value: 'high', expected: 'a number' });
  installModels(clinic.db, [packageOf(MANIFEST)], 1, [{ packagePath: '/models/bad', faults: [refusal] }]);
  const differs = packageFault('golden-differs', 'goldenCases.0.expected.probability.mean', {
    value: 0.5,
    expected: '0.7',
  });
  recordVerification(clinic.db, DIGEST, { holds: false, provider: 'none', goldenCases: 0, faults: [differs] }, 2);
  expect(listPackageFaults(clinic.db)).toEqual([
    { packagePath: '/models/bad', digest: null, foundAtMs: 1, ...refusal },
    { packagePath: '/models/bleed', digest: DIGEST, foundAtMs: 2, ...differs },
  ]);
  recordVerification(clinic.db, DIGEST, { holds: true, provider: 'cpu', goldenCases: 1 }, 3);
  expect(listPackageFaults(clinic.db).map(({ packagePath }) => packagePath)).toEqual(['/models/bad']);
  installModels(clinic.db, [packageOf(MANIFEST)], 4);
  expect(listPackageFaults(clinic.db)).toEqual([]);
});

test('a model on record with a manifest of the older form stops nothing: it is gone, nothing is owed of it, and it is no fault', () => {
  const old = JSON.stringify({ ...MANIFEST, schema: 1, version: '0.9.0' });
  clinic.db
    .prepare(
      `INSERT INTO models (digest, model_id, version, clinical_use, manifest, package_path, state, installed_at_ms)
       VALUES ('old', 'bleed', '0.9.0', 'none', ?, '/models/old', 'verified', 0)`,
    )
    .run(old);
  clinic.db
    .prepare(
      "INSERT INTO model_exposures (site_id, digest, stage, exposed_by, exposed_at_ms) VALUES (?, 'old', 'silent', 'x', 0)",
    )
    .run(clinic.north.siteId);
  start([MANIFEST], false, 1);
  expect(listModels(clinic.db).map(({ digest }) => digest)).toEqual([DIGEST]);
  expect([listExposedModels(clinic.db, clinic.north.siteId).length, countUnusableModels(clinic.db)]).toEqual([0, 0]);
});
