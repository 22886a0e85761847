import { z } from 'zod';
import type { ExposureStage } from '../../../shared/domain/exposure.ts';
import { ClinicalUse, type ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { PackageFault } from '../../../shared/domain/package-fault.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { type GoldenResult, keepVerification, setModelProvider } from './golden-results.ts';
import { SignatureFact } from './package-signature.ts';
import { parseRecordedManifest } from './read-manifest.ts';
import type { ModelPackage } from './read-package.ts';
import type { RefusedPackage } from './read-packages.ts';
import { IS_UNFIT } from './shown-models.ts';

export type { ExposureStage } from '../../../shared/domain/exposure.ts';
export { IS_UNFIT } from './shown-models.ts';

/** An installed model, known by its package's digest: its manifest, where its package lies, and whether its golden cases hold on this machine. */
export type InstalledModel = {
  readonly digest: string;
  readonly packagePath: string;
  /** `gone`: no package of it was found at the last start. */
  readonly state: 'installed' | 'verified' | 'broken' | 'gone';
  readonly manifest: ModelManifest;
  readonly signature: SignatureFact;
};

/** A version, and how far it reaches at a site. */
export type ExposedModel = InstalledModel & { readonly stage: ExposureStage };

/** What is told of a model beside what it said; read from manifests of every form there has been. */
export const ModelIdentity = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  vendor: z.string(),
  clinicalUse: ClinicalUse,
  modelDigest: z.string(),
});
export type ModelIdentity = z.infer<typeof ModelIdentity>;

const PUT_MODEL = `
  INSERT INTO models (digest, model_id, version, clinical_use, manifest, package_path, state, installed_at_ms, signature)
  VALUES (@digest, @modelId, @version, @clinicalUse, @manifest, @packagePath, 'installed', @atMs, @signature)
  ON CONFLICT (digest) DO UPDATE SET package_path = excluded.package_path, state = 'installed', signature = excluded.signature
`;
const FIND_PATH = 'SELECT package_path AS packagePath FROM models WHERE digest = ?';
const IS_INSTALLED = 'SELECT 1 FROM models WHERE digest = ?';
const SET_MODEL_STATE = 'UPDATE models SET state = ? WHERE digest = ?';
const MARK_ALL_GONE = "UPDATE models SET state = 'gone'";
const ASK_ANEW = "UPDATE models SET state = 'installed' WHERE digest = ? AND state IN ('verified', 'broken')";
/** What held before comes first: what may not hold, or never end, waits behind it. */
const LIST_UNVERIFIED = `
  SELECT m.digest FROM models m WHERE m.state = 'installed'
   ORDER BY EXISTS (SELECT 1 FROM model_providers p WHERE p.digest = m.digest) DESC, m.model_id, m.installed_at_ms
`;
const LIST_MODELS = `
  SELECT m.digest, m.package_path AS packagePath, m.state, m.manifest, m.signature FROM models m ORDER BY m.model_id, m.installed_at_ms
`;
const FIND_MODEL = `
  SELECT m.digest, m.package_path AS packagePath, m.state, m.manifest, m.signature FROM models m WHERE m.digest = ?
`;
const FIND_INSTALLED_AT = 'SELECT installed_at_ms AS atMs FROM models WHERE digest = ?';
/** One that is shown and whose package is gone is owed runs as well: they end as not run, which its absence would not say. */
const LIST_EXPOSED = `
  SELECT m.digest, m.package_path AS packagePath, m.state, m.manifest, m.signature,
         CASE WHEN ${IS_UNFIT} THEN 'silent' ELSE x.stage END AS stage
    FROM models m JOIN model_exposures x ON x.digest = m.digest
   WHERE x.site_id = ? AND x.stage IN ('silent', 'pilot', 'general')
     AND (m.state <> 'gone' OR x.stage <> 'silent' AND NOT ${IS_UNFIT}) ORDER BY m.model_id
`;
const FORGET_FAULTS = 'DELETE FROM package_faults';
const FORGET_FAULTS_OF = 'DELETE FROM package_faults WHERE digest = ?';
const PUT_FAULT = `
  INSERT INTO package_faults (package_path, place, digest, code, field, value, expected, found_at_ms)
  VALUES (@packagePath, @place, @digest, @code, @field, @value, @expected, @atMs)
  ON CONFLICT (package_path, place) DO UPDATE SET digest = excluded.digest, code = excluded.code, field = excluded.field,
    value = excluded.value, expected = excluded.expected, found_at_ms = excluded.found_at_ms
`;
const LIST_FAULTS = `
  SELECT package_path AS packagePath, digest, code, field, value, expected, found_at_ms AS foundAtMs
    FROM package_faults ORDER BY package_path, place
`;

type ModelRow = Omit<InstalledModel, 'manifest' | 'signature'> & {
  readonly manifest: string;
  readonly signature: string;
};

/** A fault of a package that was refused, or of an installed model (then with its digest) that does not hold on this machine. */
export type RecordedFault = PackageFault & {
  readonly packagePath: string;
  readonly digest: string | null;
  readonly foundAtMs: number;
};

/**
 * Makes these packages the installed ones, and keeps what was wrong with the refused ones until the next start; a model whose
 * package is gone stays on record and is not run.
 */
export function installModels(
  db: WritableDb,
  packages: readonly ModelPackage[],
  atMs: number,
  refused: readonly RefusedPackage[] = [],
): void {
  inTransaction(db, () => {
    prepared(db, MARK_ALL_GONE).run();
    prepared(db, FORGET_FAULTS).run();
    for (const { packagePath, faults } of refused) putFaults(db, { packagePath, digest: null }, faults, atMs);
    for (const { manifest, written, digest, directory, signature } of packages) {
      const isNew = prepared(db, IS_INSTALLED).get(digest) === undefined;
      prepared(db, PUT_MODEL).run({
        digest,
        modelId: manifest.id,
        version: manifest.version,
        clinicalUse: manifest.clinicalUse,
        manifest: written,
        packagePath: directory,
        signature: JSON.stringify(signature),
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
      .toSorted((a, b) => byVersion(b.manifest.version, a.manifest.version));
    return current === undefined ? [] : [[current, ...packages.filter((one) => one !== current)] as const];
  });
}

/** Orders versions, the lowest first: they are three numbers (the manifest's schema says so). */
export function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Records what replaying a model's golden cases on this machine showed, and, where it does not hold, what was wrong. */
export function recordVerification(
  db: WritableDb,
  digest: string,
  result: {
    readonly holds: boolean;
    readonly provider: string;
    readonly goldenCases: number;
    readonly faults?: readonly PackageFault[];
    /** Why it could not be loaded, where it could not. */
    readonly code?: string | null;
    readonly golden?: readonly GoldenResult[];
    readonly providerVersion?: string;
    readonly isWhole?: boolean;
    /** What computed, in words. */
    readonly machine?: string;
    /** The first provider that the site wants for it, and why it is not that one; left out, it is. */
    readonly wanted?: string;
    readonly because?: string | null;
  },
  atMs: number,
): void {
  inTransaction(db, () => {
    const { holds, provider, golden = [], providerVersion = '', machine = '', isWhole = true } = result;
    const code = holds ? null : (result.code ?? (golden.length === 0 ? 'golden-missing' : 'golden-differs'));
    const what = { provider, providerVersion, verifiedAtMs: atMs };
    keepVerification(db, digest, { ...what, machine, code, golden: [...golden] });
    const { wanted = provider, because = null } = result;
    setModelProvider(db, digest, holds ? { ...what, isWhole, wanted, because } : null);
    prepared(db, SET_MODEL_STATE).run(result.holds ? 'verified' : 'broken', digest);
    prepared(db, FORGET_FAULTS_OF).run(digest);
    if (!result.holds) {
      const packagePath = prepared<{ packagePath: string }>(db, FIND_PATH).get(digest)?.packagePath ?? '';
      putFaults(db, { packagePath, digest }, result.faults ?? [], atMs);
      return;
    }
    const payload = { digest, provider: result.provider, goldenCases: result.goldenCases };
    appendEvent(db, { kind: 'model-verified', payload, ...byInference(digest, atMs), siteId: null });
  });
}

/** Has a model's golden cases replayed before anything more is computed with it: what computes them may be another by now. */
export function askVerification(db: WritableDb, digest: string): void {
  prepared(db, ASK_ANEW).run(digest);
}

/** What is wrong with packages now, by where they lie: refused at the last start, or broken on this machine. */
export function listPackageFaults(db: ReadableDb): readonly RecordedFault[] {
  return prepared<RecordedFault>(db, LIST_FAULTS).all();
}

function putFaults(
  db: WritableDb,
  of: { readonly packagePath: string; readonly digest: string | null },
  faults: readonly PackageFault[],
  atMs: number,
): void {
  for (const [place, fault] of faults.entries()) prepared(db, PUT_FAULT).run({ ...of, ...fault, place, atMs });
}

/** The models that wait to be verified, by digest; asked after every commit, so no manifest is read for it. */
export function listUnverified(db: ReadableDb): readonly string[] {
  return prepared<{ digest: string }>(db, LIST_UNVERIFIED)
    .all()
    .map(({ digest }) => digest);
}

/** Every model on record whose manifest is of today's form; one of an older form has no package that could run. */
export function listModels(db: ReadableDb): readonly InstalledModel[] {
  return prepared<ModelRow>(db, LIST_MODELS)
    .all()
    .flatMap((row) => parseModel(row) ?? []);
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

/** The models that a site's studies are owed runs of: their stage lets them run, and their package is here or is missed. */
export function listExposedModels(db: ReadableDb, siteId: string): readonly ExposedModel[] {
  return prepared<ModelRow & { stage: ExposureStage }>(db, LIST_EXPOSED)
    .all(siteId)
    .flatMap((row) => {
      const model = parseModel(row);
      return model === null ? [] : [{ ...model, stage: row.stage }];
    });
}

function parseModel(row: ModelRow): InstalledModel | null {
  const { digest, packagePath, state } = row;
  const manifest = parseRecordedManifest(row.manifest);
  const signature = SignatureFact.parse(JSON.parse(row.signature));
  return manifest === null ? null : { digest, packagePath, state, manifest, signature };
}

function byInference(digest: string, atMs: number) {
  return { actor: serviceActor('inference'), correlationId: digest.slice(0, 32), atMs };
}
