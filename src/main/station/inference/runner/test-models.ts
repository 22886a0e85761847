import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WrittenManifest } from '../../../../shared/domain/model-manifest.ts';
import type { DicomRecord } from '../../dicom/dataset/write-dataset.ts';
import { openObjectReader } from '../../platform/objects/object-store.ts';
import type { FedRun, OtherSeriesReference } from '../runner-protocol.ts';
import { openModelPackage, sha256 } from './model-package.ts';
import { type RunAnswer, runSeries } from './run-series.ts';
import { openTestObjects } from './test-series.ts';

/** The parts of a manifest that say how a model is run. */
export type Described = Pick<WrittenManifest, 'preprocessing' | 'inputs' | 'outputs' | 'labels'> &
  Partial<Pick<WrittenManifest, 'appliesTo' | 'otherSeries' | 'feeds' | 'quantised'>>;
/** A label of a name, with whatever else is said of it. */
export const label = (id: string, more: object = {}) =>
  ({
    id,
    name: id,
    concept: { value: '1', scheme: '99TEST', meaning: id },
    acrCategory: 3,
    flagFrom: 0.5,
    ...more,
  }) as const;

/** Writes a package, opens it and runs it on objects. */
export async function runModel(
  model: Uint8Array,
  described: Described,
  records: readonly DicomRecord[],
  signal: AbortSignal = new AbortController().signal,
  beside: {
    readonly otherSeries?: Readonly<Record<string, readonly DicomRecord[]>>;
    readonly fed?: readonly FedRun[];
  } = {},
): Promise<{ readonly result: Awaited<ReturnType<typeof runSeries>>; readonly outboxDir: string }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'wetread-other-model-'));
  const golden = { file: 'golden.gz', stored: 'float32' as const, dims: [1] };
  const manifest: WrittenManifest = {
    ...{ schema: 2, id: 'test', name: 'Test', version: '1.0.0', vendor: 'Test', modelDigest: sha256(model) },
    ...{ clinicalUse: 'none', intendedUse: 'Tests.', permittedUses: ['flag', 'measure'] },
    appliesTo: { modalities: ['CT'] },
    seriesRanking: {},
    ...described,
    replayTolerance: { absolute: 0, relative: 0 },
    ...{ toleranceMs: 1000, budgetMs: 1000, memoryMb: 100 },
    goldenCases: [
      {
        name: 'none',
        inputs: Object.fromEntries(described.inputs.map(({ tensor }) => [tensor, golden])),
        expected: { [described.outputs[0]?.tensor ?? '']: { min: 0 } },
      },
    ],
  };
  writeFileSync(path.join(directory, 'model.onnx'), model);
  writeFileSync(path.join(directory, 'manifest.json'), JSON.stringify(manifest));
  const opened = await openModelPackage(directory, { provider: 'cpu', threads: 1 });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  const objects = openTestObjects();
  const instances = await objects.put(records);
  const otherSeries: OtherSeriesReference[] = [];
  for (const [id, given] of Object.entries(beside.otherSeries ?? {}))
    otherSeries.push({ id, seriesUid: '2.25.9', instances: [...(await objects.put(given))] });
  const reader = openObjectReader(objects.objectsDir, objects.keys);
  const result = await runSeries(
    { model: opened.value, objects: reader, outboxDir: objects.outboxDir, signal },
    instances,
    { otherSeries, ...(beside.fed && { fed: beside.fed }) },
  );
  await opened.value.session.close();
  return { result, outboxDir: objects.outboxDir };
}

/** What a model says; throws where it says nothing. */
export async function answerOf(
  ...args: Parameters<typeof runModel>
): Promise<RunAnswer & { readonly outboxDir: string }> {
  const { result, outboxDir } = await runModel(...args);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return { ...result.value, outboxDir };
}
