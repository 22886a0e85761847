import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { NotRunReason } from '../../../shared/domain/ai-status.ts';
import type { AppliesTo } from '../../../shared/domain/model-applies-to.ts';
import { ModelManifest, type ModelUse, type WrittenManifest } from '../../../shared/domain/model-manifest.ts';
import type { AcrCategory } from '../../../shared/domain/urgency.ts';
import { listInstancesAt } from '../archive/index.ts';
import { exposeModels, installModels, listModels } from '../inference/index.ts';
import { findExposure } from '../inference/exposure-rows.ts';
import { recordVerification } from '../inference/models.ts';
import { moveExposure } from '../inference/move-exposure.ts';
import { packageDigest } from '../inference/package-digest.ts';
import type { ModelPackage } from '../inference/read-package.ts';
import { failRun, finishRun, startRun } from '../inference/record-run.ts';
import { nextQueuedRun } from '../inference/run-order.ts';
import type { Run } from '../inference/run-rows.ts';
import type { RunMask } from '../inference/run-answer.ts';
import type { RunFinished } from '../inference/runner-protocol.ts';
import { canonicalPayload, serviceActor } from '../platform/ledger/event.ts';
import type { Clinic } from './clinic.ts';

/** What tells one test model from another. */
export type TestModel = {
  readonly id?: string;
  readonly category?: AcrCategory;
  readonly uses?: ModelUse[];
  readonly appliesTo?: Partial<z.input<typeof AppliesTo>>;
  readonly feeds?: WrittenManifest['feeds'];
  /** Whether it is given the patient's age beside the volume. */
  readonly takesAge?: boolean;
};

/** A model that reads head CTs and flags from 0.5 on, its defaults filled in. */
export function aManifest({
  id = 'bleed',
  category = 1,
  uses = ['flag', 'mark', 'measure'],
  appliesTo = {},
  feeds = [],
  takesAge = false,
}: TestModel = {}): ModelManifest {
  return ModelManifest.parse({
    schema: 2,
    id,
    name: `Model ${id}`,
    version: '1.0.0',
    vendor: 'Test',
    modelDigest: createHash('sha256').update(id).digest('hex'),
    clinicalUse: 'none',
    intendedUse: 'None: a model of the tests.',
    permittedUses: uses,
    appliesTo: {
      modalities: ['CT'],
      bodyParts: ['HEAD'],
      descriptionPatterns: ['\\bbrain\\b'],
      excludedDescriptionPatterns: ['\\bangio'],
      requiredImageTypes: ['ORIGINAL'],
      excludedImageTypes: ['LOCALIZER'],
      orientation: 'axial',
      sliceThicknessMm: { min: 2.5, max: 10 },
      slices: { min: 5, max: 100 },
      contrast: 'absent',
      ...appliesTo,
    },
    feeds,
    seriesRanking: {
      preferredKernelPatterns: [
        { pattern: '^H3', points: 10 },
        { pattern: '^H6', points: -20 },
      ],
      preferredThicknessMm: { value: 5, pointsPerMmAway: -1 },
    },
    preprocessing: {
      source: { arrangement: 'volume', paddingValue: -1024 },
      tolerates: { unevenSteps: 'as-is' },
      steps: [
        { do: 'orient', towards: ['S', 'P', 'L'] },
        { do: 'resample', spacingMm: [null, 1, 1], interpolation: 'area' },
        { do: 'crop-or-pad', to: [null, 256, 256] },
      ],
      sampling: { kind: 'volume' },
    },
    inputs: [
      { tensor: 'volume', role: 'image', layout: 'NCDHW' },
      ...(takesAge ? [{ tensor: 'age', role: 'scalar' as const, of: 'age-years' as const }] : []),
    ],
    outputs: [
      { tensor: 'probability', role: 'classes', classes: ['bleed'] },
      {
        ...{ tensor: 'volume_ml', role: 'number', label: 'bleed', unit: 'mL', range: { min: 0, max: 2000 } },
        quantity: { value: '118565006', scheme: 'SCT', meaning: 'Volume' },
      },
    ],
    labels: [
      {
        ...{ id: 'bleed', name: 'Blood', acrCategory: category, flagFrom: 0.5 },
        concept: { value: '1386000', scheme: 'SCT', meaning: 'Intracranial hemorrhage' },
      },
    ],
    replayTolerance: { absolute: 0, relative: 0 },
    toleranceMs: 10_000,
    budgetMs: 60_000,
    memoryMb: 100,
    goldenCases: [
      {
        name: 'case',
        inputs: {
          volume: { file: 'golden/case.gz', stored: 'int16', dims: [1, 1, 1, 1, 1] },
          ...(takesAge && { age: { file: 'golden/age.gz', stored: 'float32' as const, dims: [1] } }),
        },
        expected: { probability: { values: [0.5] } },
      },
    ],
  } satisfies WrittenManifest);
}

/** A manifest as an unsigned package in a folder; nothing need lie there. */
export function packageOf(manifest: ModelManifest, directory = `/models/${manifest.id}`): ModelPackage {
  const written = canonicalPayload(manifest);
  return { manifest, written, digest: packageDigest(manifest), directory, signature: { state: 'unsigned' } };
}

/** Makes these the clinic's models, verified, at one stage at both sites; earlier ones keep theirs. */
export function installed(
  clinic: Clinic,
  stage: 'general' | 'silent',
  ...models: readonly TestModel[]
): readonly ModelManifest[] {
  const known = listModels(clinic.db).map(({ manifest, packagePath }) => packageOf(manifest, packagePath));
  const added = models.map((model) => aManifest(model));
  const atMs = clinic.nowMs();
  installModels(clinic.db, [...known, ...added.map((manifest) => packageOf(manifest))], atMs);
  for (const { digest } of listModels(clinic.db))
    recordVerification(clinic.db, digest, { holds: true, provider: 'cpu', goldenCases: 1 }, atMs);
  for (const { siteId } of [clinic.north, clinic.south]) {
    if (stage === 'general') exposeModels(clinic.db, siteId, true, atMs);
    else standSilent(clinic, siteId);
  }
  // These models are for no clinical use: only a demo shows what they say, and there a person may have put some to silent.
  exposeModels(clinic.db, clinic.north.siteId, true, atMs);
  return added;
}

/** Puts what nobody took a step for yet to silent at a site, as if people had. */
function standSilent(clinic: Clinic, siteId: string): void {
  for (const model of listModels(clinic.db)) {
    if (findExposure(clinic.db, siteId, model.digest).stage !== 'off') continue;
    const act = { siteId, model, cause: 'step' as const, reason: 'a test', actor: serviceActor('test') };
    moveExposure(clinic.db, { ...act, to: 'silent', atMs: clinic.nowMs() });
  }
}

/** What a runner would say of a run, with this probability. */
export function finishedRun(run: Run, score: number, masks: readonly RunMask[] = []): RunFinished {
  return {
    type: 'finished',
    runId: run.runId as RunFinished['runId'],
    modelDigest: run.modelDigest,
    manifestDigest: run.modelDigest, // a run names its model by the package's digest
    ...{ preprocessing: '1', postprocessing: '1', provider: 'cpu', onnxruntimeVersion: '1.30.0' },
    geometry: {
      arrangement: 'volume',
      slices: 8,
      rows: 4,
      columns: 4,
      pixelSpacingMm: [0.5, 0.5],
      minSpacingMm: 5,
      maxSpacingMm: 5,
      tiltDegrees: 0,
      frameOfReferenceUid: null,
      ...{ corrections: [], leftOut: 0, stacks: 1 },
      grid: { shape: [8, 4, 4], spacingMm: [5, 0.5, 0.5], samples: 1 },
    },
    outputs: [
      { tensor: 'probability', role: 'probability', label: 'bleed', value: score, unit: null, key: null },
      { tensor: 'volume_ml', role: 'measurement', label: 'bleed', value: 12.5, unit: 'mL', key: null },
    ],
    ...{ profiles: [], boxes: [], boxLabels: [], heatmaps: [] },
    masks: [...masks],
    timings: { readMs: 1, decodeMs: 1, preprocessMs: 1, inferMs: 1, postprocessMs: 1 },
  };
}

/** Starts the run that is next in the queue, which must be there. */
export function startNext(clinic: Clinic): Run {
  const run = nextQueuedRun(clinic.db, clinic.nowMs());
  if (run === null || !startRun(clinic.db, run, clinic.nowMs())) throw new Error('no run waits');
  return run;
}

/** Starts and finishes the run that is next in the queue, with this probability. */
export function finishNext(clinic: Clinic, score: number): Run {
  const run = startNext(clinic);
  finish(clinic, run, score);
  return run;
}

/** Starts the run that is next in the queue, and ends the attempt for this reason. */
export function failNext(clinic: Clinic, reason: NotRunReason): Run {
  const run = startNext(clinic);
  failRun(clinic.db, run.runId, reason, clinic.nowMs());
  return run;
}

/** Finishes a run that was started, with masks whose files are in the object store. */
export function finish(clinic: Clinic, run: Run, score: number, masks: readonly RunMask[] = []): void {
  const model = listModels(clinic.db).find(({ digest }) => digest === run.modelDigest);
  if (model === undefined) throw new Error('no such model');
  const inputs = listInstancesAt(clinic.db, run.studyId, run.revision)
    .filter(({ seriesId }) => seriesId === run.seriesId)
    .map(({ sopUid, digest, transferSyntaxUid }) => ({
      sopUid,
      digest,
      transferSyntaxUid,
      encoding: 'plain' as const,
    }));
  finishRun(clinic.db, run.runId, model.manifest, inputs, finishedRun(run, score, masks), clinic.nowMs());
}
