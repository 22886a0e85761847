import type { ModelInput } from '../../../shared/domain/model-inputs.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { findStatedByObjects, getStudyCard } from '../archive/index.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import { CorrectedPatient } from './runner-protocol.ts';
import { ageAt } from './series-refusals.ts';

/** What a model may be told of the person; of a corrected study nothing of it counts that its objects say. */
const OF_THE_PATIENT: ReadonlySet<string> = new Set(['age-years', 'sex', 'weight-kg', 'height-m']);
const OLDEST = 150;
const FIND_TOLD = 'SELECT told_patient AS told FROM runs WHERE run_id = ?';

/** Whom a corrected study is of; nothing where its objects' word stands. */
export function patientOf(db: ReadableDb, studyId: string): { readonly patient?: CorrectedPatient } {
  if (findStatedByObjects(db, studyId).stated === null) return {};
  const { patient, dateRaw } = getStudyCard(db, studyId);
  const age = ageAt(patient.birthDateRaw, dateRaw);
  const sex = CorrectedPatient.shape.sex.safeParse(patient.sex?.trim().toUpperCase());
  return { patient: { ageYears: age === null || age > OLDEST ? null : age, sex: sex.success ? sex.data : null } };
}

/** The same as a run keeps it: what it was told in the place of its objects' word; empty where that stood. */
export function toldOf(db: ReadableDb, studyId: string): string {
  const { patient } = patientOf(db, studyId);
  return patient === undefined ? '' : JSON.stringify(patient);
}

/** What a run was told of the patient, again; of one from before that was kept, what it would be told now. */
export function toldAgain(
  db: ReadableDb,
  { runId, studyId }: { readonly runId: string; readonly studyId: string },
): { readonly patient?: CorrectedPatient } {
  const told = prepared<{ told: string }>(db, FIND_TOLD).get(runId)?.told ?? '';
  return told === '' ? patientOf(db, studyId) : { patient: CorrectedPatient.parse(JSON.parse(told)) };
}

/**
 * The ids of the models of these whose answer may be another for another patient: those that are told of the person, and those
 * that such a model feeds, at any remove.
 */
export function listToldOfPatient(
  manifests: readonly Pick<ModelManifest, 'id' | 'inputs' | 'feeds'>[],
): ReadonlySet<string> {
  return withFed(
    manifests,
    manifests.filter(({ inputs }) => inputs.some(tellsOfPatient)).map(({ id }) => id),
  );
}

/** Ids of models, and those of the models that they feed, at any remove. */
export function withFed(
  manifests: readonly Pick<ModelManifest, 'id' | 'feeds'>[],
  ids: readonly string[],
): ReadonlySet<string> {
  const all = new Set(ids);
  for (let before = -1; before < all.size; ) {
    before = all.size;
    for (const { id, feeds } of manifests) if (feeds.some(({ model }) => all.has(model))) all.add(id);
  }
  return all;
}

function tellsOfPatient(input: ModelInput): boolean {
  if (input.role === 'scalar') return OF_THE_PATIENT.has(input.of);
  return input.role === 'vector' && input.values.some(({ of }) => OF_THE_PATIENT.has(of));
}
