import type { AcceptanceTarget } from '../../../shared/contract/models.ts';
import type { ExposureStage, PilotScope } from '../../../shared/domain/exposure.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { Permission } from '../../../shared/domain/permissions.ts';
import { createUser } from '../access/index.ts';
import { measureAcceptance } from '../inference/acceptance-report.ts';
import { type Acceptance, findAcceptance } from '../inference/acceptance-rows.ts';
import { fixTargets, signAcceptance } from '../inference/acceptances.ts';
import { exposeModels } from '../inference/expose-models.ts';
import { findModel, installModels, listModels, recordVerification } from '../inference/models.ts';
import { moveExposure } from '../inference/move-exposure.ts';
import { packageDigest } from '../inference/package-digest.ts';
import type { ReadingFacts } from '../inference/truths.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import type { Clinic } from './clinic.ts';
import { packageOf } from './models.ts';

/** Whoever may do everything about models, for what a test does on the way to what it tests. */
export const EVERYTHING: readonly Permission[] = ['models.expose', 'models.suspend', 'models.lead', 'models.own'];

/** Reading that knows nothing. */
export const NOTHING_READ: ReadingFacts = { isFinal: () => false, decisionOf: () => null };

/** Installs packages beside those that are there, in a data directory that is no demo, and verifies them. Gives their digests. */
export function brought(clinic: Clinic, ...manifests: readonly ModelManifest[]): readonly string[] {
  const known = listModels(clinic.db).map(({ manifest, packagePath }) => packageOf(manifest, packagePath));
  const added = manifests.map((manifest) => packageOf(manifest, `/models/${manifest.id}-${manifest.version}`));
  installModels(clinic.db, [...known, ...added], clinic.nowMs());
  for (const { digest } of listModels(clinic.db))
    recordVerification(clinic.db, digest, { holds: true, provider: 'cpu', goldenCases: 1 }, clinic.nowMs());
  exposeModels(clinic.db, clinic.north.siteId, false, clinic.nowMs());
  return manifests.map(packageDigest);
}

/** A person at the north. */
export function person(clinic: Clinic, username: string): Actor {
  const created = createUser(clinic.db, {
    ...{ username, displayName: username, passwordHash: 'x', state: 'active', roles: ['radiologist'] },
    ...{ siteId: clinic.north.siteId, actor: serviceActor('test'), atMs: 0 },
  });
  if (!created.ok) throw new Error(created.error.code);
  return { kind: 'user', id: created.value };
}

/** Puts a version to a stage at the north, as if people had; `pilot`: to whom, and of what, it shows there. */
export function standAt(clinic: Clinic, digest: string, to: ExposureStage, pilot?: PilotScope): void {
  const model = findModel(clinic.db, digest);
  if (model === null) throw new Error('no model');
  const act = { siteId: clinic.north.siteId, model, cause: 'step' as const, reason: 'a test', atMs: clinic.nowMs() };
  moveExposure(clinic.db, { ...act, to, actor: serviceActor('test'), pilot: pilot ?? null });
}

/** Targets that everything reaches. */
export const easyTarget = (label: string): AcceptanceTarget => ({
  ...{ label, sensitivityAtLeast: 0, ppvAtLeast: 0, nAtLeast: 1, positivesAtLeast: 1 },
});

/** Fixes targets for a version, for signatures to come. */
export function acceptanceOf(
  clinic: Clinic,
  digest: string,
  by: Actor,
  targets: readonly AcceptanceTarget[],
): Acceptance {
  const siteId = clinic.north.siteId;
  const act = { siteId, digest, reason: 'to be accepted', actor: by, atMs: clinic.nowMs() };
  const fixed = fixTargets(clinic.db, { ...act, targets });
  const acceptance = fixed.ok ? findAcceptance(clinic.db, siteId, digest, fixed.value) : null;
  if (acceptance === null) throw new Error('no acceptance');
  return acceptance;
}

/** Signs an acceptance with the report as it comes out now; gives the outcome. */
export function sign(
  clinic: Clinic,
  acceptance: Acceptance,
  as: 'medical-lead' | 'model-owner',
  by: Actor,
  facts: ReadingFacts = NOTHING_READ,
) {
  const report = measureAcceptance(clinic.db, acceptance, facts);
  const { siteId, digest, acceptanceId } = acceptance;
  const at = { userId: by.id, atMs: clinic.nowMs(), reportDigest: report.reportDigest };
  return signAcceptance(clinic.db, { siteId, digest, acceptanceId, as, report, ...at });
}
