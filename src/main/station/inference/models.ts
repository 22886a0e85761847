import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Log } from '../platform/log.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** How far a model reaches at a site (DESIGN §5.4). */
export const EXPOSURE_STAGES = ['silent', 'pilot', 'general', 'suspended', 'retired'] as const;
export type ExposureStage = (typeof EXPOSURE_STAGES)[number];

/** An installed model: its manifest, where its package lies, and whether its golden cases hold on this machine. */
export type InstalledModel = {
  readonly digest: string;
  readonly packagePath: string;
  readonly state: 'installed' | 'verified' | 'broken';
  readonly manifest: ModelManifest;
};

/** A package on disk whose model file is the one its manifest names. */
export type ModelPackage = { readonly manifest: ModelManifest; readonly directory: string };

export type InstallFailure = { readonly code: 'manifest-unreadable' | 'model-unreadable' | 'digest-differs' };

const PUT_MODEL = `
  INSERT INTO models (digest, model_id, version, clinical_use, manifest, package_path, state, installed_at_ms)
  VALUES (@digest, @modelId, @version, @clinicalUse, @manifest, @packagePath, 'installed', @atMs)
  ON CONFLICT (digest) DO UPDATE SET manifest = excluded.manifest, package_path = excluded.package_path, state = 'installed'
`;
const IS_INSTALLED = 'SELECT 1 FROM models WHERE digest = ?';
const SET_MODEL_STATE = 'UPDATE models SET state = ? WHERE digest = ?';
const MARK_ALL_GONE = "UPDATE models SET state = 'broken'";
const LIST_MODELS = `
  SELECT m.digest, m.package_path AS packagePath, m.state, m.manifest FROM models m ORDER BY m.model_id, m.installed_at_ms
`;
const LIST_EXPOSED = `
  SELECT m.digest, m.package_path AS packagePath, m.state, m.manifest, x.stage
    FROM models m JOIN model_exposures x ON x.digest = m.digest
   WHERE x.site_id = ? AND x.stage IN ('silent', 'pilot', 'general') ORDER BY m.model_id
`;
const PUT_EXPOSURE = `
  INSERT INTO model_exposures (site_id, digest, stage, exposed_by, exposed_at_ms) VALUES (@siteId, @digest, @stage, @by, @atMs)
  ON CONFLICT (site_id, digest) DO NOTHING
`;

type ModelRow = Omit<InstalledModel, 'manifest'> & { readonly manifest: string };

/** Reads a package's manifest and holds the model file against its digest. */
export function readPackage(directory: string): Result<ModelPackage, InstallFailure> {
  let manifest: ModelManifest;
  try {
    manifest = ModelManifest.parse(JSON.parse(readFileSync(path.join(directory, 'manifest.json'), 'utf8')));
  } catch {
    return err({ code: 'manifest-unreadable' }); // Missing, not JSON or not a manifest: the person mends the package.
  }
  try {
    const digest = createHash('sha256')
      .update(readFileSync(path.join(directory, manifest.modelFile)))
      .digest('hex');
    return digest === manifest.modelDigest ? ok({ manifest, directory }) : err({ code: 'digest-differs' });
  } catch {
    return err({ code: 'model-unreadable' });
  }
}

/** The packages found in the given folders; one that cannot be used is left out and logged, and the others still run. */
export function readPackages(folders: readonly string[], log: Log): readonly ModelPackage[] {
  const directories = folders.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.resolve(folder, entry.name)),
  );
  return directories.flatMap((directory) => {
    const read = readPackage(directory);
    if (read.ok) return [read.value];
    log.warn('model-package-refused', { code: read.error.code });
    return [];
  });
}

/** Makes these packages the installed ones; a model whose package is gone stays on record and is not run. */
export function installModels(db: WritableDb, packages: readonly ModelPackage[], atMs: number): void {
  inTransaction(db, () => {
    prepared(db, MARK_ALL_GONE).run();
    for (const { manifest, directory } of packages) {
      const isNew = prepared(db, IS_INSTALLED).get(manifest.modelDigest) === undefined;
      prepared(db, PUT_MODEL).run({
        digest: manifest.modelDigest,
        modelId: manifest.id,
        version: manifest.version,
        clinicalUse: manifest.clinicalUse,
        manifest: JSON.stringify(manifest),
        packagePath: directory,
        atMs,
      });
      if (!isNew) continue;
      const payload = { modelId: manifest.id, version: manifest.version, digest: manifest.modelDigest };
      appendEvent(db, { kind: 'model-installed', payload, ...byInference(manifest.modelDigest, atMs), siteId: null });
    }
  });
}

/**
 * Gives models their first stage at a site: silent. In a demo data directory general, so that what they say can be seen;
 * a model marked `clinicalUse: none` leaves silent nowhere else.
 */
export function exposeModels(db: WritableDb, siteId: string, isDemo: boolean, atMs: number): void {
  const stage: ExposureStage = isDemo ? 'general' : 'silent';
  inTransaction(db, () => {
    for (const { digest } of listModels(db)) {
      const written = prepared(db, PUT_EXPOSURE).run({ siteId, digest, stage, by: 'inference', atMs });
      if (written.changes === 0) continue;
      appendEvent(db, { kind: 'model-exposed', payload: { digest, stage }, ...byInference(digest, atMs), siteId });
    }
  });
}

/** Records what replaying a model's golden cases on this machine showed. */
export function recordVerification(
  db: WritableDb,
  digest: string,
  result: { readonly holds: boolean; readonly provider: string; readonly goldenCases: number },
  atMs: number,
): void {
  inTransaction(db, () => {
    prepared(db, SET_MODEL_STATE).run(result.holds ? 'verified' : 'broken', digest);
    if (!result.holds) return;
    const payload = { digest, provider: result.provider, goldenCases: result.goldenCases };
    appendEvent(db, { kind: 'model-verified', payload, ...byInference(digest, atMs), siteId: null });
  });
}

export function listModels(db: ReadableDb): readonly InstalledModel[] {
  return prepared<ModelRow>(db, LIST_MODELS).all().map(parseModel);
}

/** The models whose stage at a site lets them run. */
export function listExposedModels(
  db: ReadableDb,
  siteId: string,
): readonly (InstalledModel & { readonly stage: ExposureStage })[] {
  return prepared<ModelRow & { stage: ExposureStage }>(db, LIST_EXPOSED)
    .all(siteId)
    .map((row) => ({ ...parseModel(row), stage: row.stage }));
}

function parseModel(row: ModelRow): InstalledModel {
  const { digest, packagePath, state } = row;
  return { digest, packagePath, state, manifest: ModelManifest.parse(JSON.parse(row.manifest)) };
}

function byInference(digest: string, atMs: number) {
  return { actor: serviceActor('inference'), correlationId: digest.slice(0, 32), atMs };
}
