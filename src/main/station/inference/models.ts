import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ExposureStage } from '../../../shared/domain/exposure.ts';
import { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Log } from '../platform/log.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type GoldenResult, keepVerification } from './golden-results.ts';
import { packageDigest } from './package-digest.ts';

export type { ExposureStage } from '../../../shared/domain/exposure.ts';

/** An installed model, known by its package's digest: its manifest, where its package lies, and whether its golden cases hold on this machine. */
export type InstalledModel = {
  readonly digest: string;
  readonly packagePath: string;
  /** `gone`: no package of it was found at the last start. */
  readonly state: 'installed' | 'verified' | 'broken' | 'gone';
  readonly manifest: ModelManifest;
};

/** A package on disk whose model file is the one its manifest names. */
export type ModelPackage = { readonly manifest: ModelManifest; readonly directory: string };

export type InstallFailure = { readonly code: 'manifest-unreadable' | 'model-unreadable' | 'digest-differs' };

const PUT_MODEL = `
  INSERT INTO models (digest, model_id, version, clinical_use, manifest, package_path, state, installed_at_ms)
  VALUES (@digest, @modelId, @version, @clinicalUse, @manifest, @packagePath, 'installed', @atMs)
  ON CONFLICT (digest) DO UPDATE SET package_path = excluded.package_path, state = 'installed'
`;
const IS_INSTALLED = 'SELECT 1 FROM models WHERE digest = ?';
const SET_MODEL_STATE = 'UPDATE models SET state = ? WHERE digest = ?';
const MARK_ALL_GONE = "UPDATE models SET state = 'gone'";
/** True of a model `m` that nobody outside a demo may see anything of, whatever stage stands on record. */
export const IS_UNFIT = "(m.clinical_use = 'none' AND NOT coalesce((SELECT is_demo FROM inference_setting), 0))";
const HAS_UNVERIFIED = "SELECT 1 FROM models WHERE state = 'installed' LIMIT 1";
const LIST_MODELS = `
  SELECT m.digest, m.package_path AS packagePath, m.state, m.manifest FROM models m ORDER BY m.model_id, m.installed_at_ms
`;
const FIND_MODEL = 'SELECT digest, package_path AS packagePath, state, manifest FROM models WHERE digest = ?';
const FIND_INSTALLED_AT = 'SELECT installed_at_ms AS atMs FROM models WHERE digest = ?';
const LIST_EXPOSED = `
  SELECT m.digest, m.package_path AS packagePath, m.state, m.manifest,
         CASE WHEN ${IS_UNFIT} THEN 'silent' ELSE x.stage END AS stage
    FROM models m JOIN model_exposures x ON x.digest = m.digest
   WHERE x.site_id = ? AND x.stage IN ('silent', 'pilot', 'general') AND m.state <> 'gone' ORDER BY m.model_id
`;
const COUNT_UNUSABLE = `
  SELECT count(*) AS models FROM models m
   WHERE m.state = 'broken' OR m.state = 'gone' AND EXISTS (
         SELECT 1 FROM model_exposures x WHERE x.digest = m.digest AND x.stage IN ('silent', 'pilot', 'general'))
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
    return err({ code: 'model-unreadable' }); // Missing, or this user may not read it: the person mends the package.
  }
}

/** The packages found in the given folders, each of which must be there; one package that cannot be used is left out and logged, and the others still run. */
export function readPackages(
  folders: readonly string[],
  log: Log,
): Result<readonly ModelPackage[], { readonly code: 'model-folder-unreadable'; readonly details: readonly string[] }> {
  const directories: string[] = [];
  const faults: string[] = [];
  for (const folder of folders) {
    try {
      const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
      directories.push(...entries.map((entry) => path.resolve(folder, entry.name)));
    } catch (error) {
      faults.push(`${folder}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
    }
  }
  if (faults.length > 0) return err({ code: 'model-folder-unreadable', details: faults });
  const packages = directories.flatMap((directory) => {
    const read = readPackage(directory);
    if (read.ok) return [read.value];
    log.warn('model-package-refused', { code: read.error.code });
    return [];
  });
  return ok(packages);
}

/** Makes these packages the installed ones; a model whose package is gone stays on record and is not run. */
export function installModels(db: WritableDb, packages: readonly ModelPackage[], atMs: number): void {
  inTransaction(db, () => {
    prepared(db, MARK_ALL_GONE).run();
    for (const { manifest, directory } of packages) {
      const digest = packageDigest(manifest);
      const isNew = prepared(db, IS_INSTALLED).get(digest) === undefined;
      prepared(db, PUT_MODEL).run({
        digest,
        modelId: manifest.id,
        version: manifest.version,
        clinicalUse: manifest.clinicalUse,
        manifest: JSON.stringify(manifest),
        packagePath: directory,
        atMs,
      });
      if (!isNew) continue;
      const payload = { modelId: manifest.id, version: manifest.version, digest };
      appendEvent(db, { kind: 'model-installed', payload, ...byInference(digest, atMs), siteId: null });
    }
  });
}

/** The packages of each model that has one here: first the one that counts, which is of the highest version, then the newest. */
export function packagesByModel(db: ReadableDb): readonly (readonly [InstalledModel, ...InstalledModel[]])[] {
  const byId = Map.groupBy(listModels(db), ({ manifest }) => manifest.id);
  return [...byId.values()].flatMap((packages) => {
    // Listed oldest first: of two with one version the one installed last counts.
    const [current] = packages
      .filter(({ state }) => state !== 'gone')
      .toReversed()
      .toSorted((a, b) => compareVersions(b.manifest.version, a.manifest.version));
    return current === undefined ? [] : [[current, ...packages.filter((one) => one !== current)] as const];
  });
}

/** Versions are three numbers (the manifest's schema says so). */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** How many models cannot run though they should: broken, or exposed and their package is gone. */
export function countUnusableModels(db: ReadableDb): number {
  return prepared<{ models: number }>(db, COUNT_UNUSABLE).get()?.models ?? 0;
}

/** Records what replaying a model's golden cases on this machine showed. */
export function recordVerification(
  db: WritableDb,
  digest: string,
  result: {
    readonly holds: boolean;
    readonly provider: string;
    readonly goldenCases: number;
    /** Why it could not be loaded, where it could not. */
    readonly code?: string | null;
    readonly golden?: readonly GoldenResult[];
  },
  atMs: number,
): void {
  inTransaction(db, () => {
    const { holds, provider, golden = [] } = result;
    const code = holds ? null : (result.code ?? (golden.length === 0 ? 'golden-missing' : 'golden-differs'));
    keepVerification(db, digest, { provider, verifiedAtMs: atMs, code, golden: [...golden] });
    prepared(db, SET_MODEL_STATE).run(result.holds ? 'verified' : 'broken', digest);
    if (!result.holds) return;
    const payload = { digest, provider: result.provider, goldenCases: result.goldenCases };
    appendEvent(db, { kind: 'model-verified', payload, ...byInference(digest, atMs), siteId: null });
  });
}

/** Whether a model waits to be verified; asked after every commit, so no manifest is read for it. */
export function hasUnverifiedModels(db: ReadableDb): boolean {
  return prepared(db, HAS_UNVERIFIED).get() !== undefined;
}

export function listModels(db: ReadableDb): readonly InstalledModel[] {
  return prepared<ModelRow>(db, LIST_MODELS).all().map(parseModel);
}

/** When a package of that digest first came here; null where none did. */
export function findInstalledAtMs(db: ReadableDb, digest: string): number | null {
  return prepared<{ atMs: number }>(db, FIND_INSTALLED_AT).get(digest)?.atMs ?? null;
}

/** The model of a digest, whether or not its package is here; or null. */
export function findModel(db: ReadableDb, digest: string): InstalledModel | null {
  const row = prepared<ModelRow>(db, FIND_MODEL).get(digest);
  return row === undefined ? null : parseModel(row);
}

/** The models that a site's studies are owed runs of: their stage lets them run, and their package is here. */
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
