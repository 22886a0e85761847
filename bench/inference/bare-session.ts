import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { openObjectReader } from '../../src/main/station/platform/objects/object-store.ts';
import type { InstanceReference } from '../../src/main/station/inference/runner-protocol.ts';
import { openModelPackage } from '../../src/main/station/inference/runner/model-package.ts';
import { runSeries } from '../../src/main/station/inference/runner/run-series.ts';
import type { TensorData } from '../../src/main/station/inference/runner/session.ts';
import type { BenchObjects } from './bench-series.ts';

/** What the library alone takes for a series' tensors, in ms: to load the model once, and to compute them all, each round. */
export type BareTimes = { readonly loadMs: number; readonly computeMs: readonly number[] };

/** So many bytes of tensors are held; a model that is fed more is timed on the first of them, and the rest is reckoned. */
const MOST_BYTES = 2 ** 31;

/** Times onnxruntime with no station about it, on the very tensors that our preprocessing gives the model. */
export async function timeBareSession(
  objects: BenchObjects,
  packageDir: string,
  instances: readonly InstanceReference[],
  how: { readonly provider: string; readonly threads: number; readonly rounds: number },
): Promise<BareTimes> {
  const { feeds, share } = await recordFeeds(objects, packageDir, instances, how);
  const beganAt = performance.now();
  const session = await ort.InferenceSession.create(feeds.modelFile, {
    executionProviders: [how.provider],
    ...{ intraOpNumThreads: how.threads, interOpNumThreads: 1, executionMode: 'sequential', logSeverityLevel: 4 },
  });
  const loadMs = performance.now() - beganAt;
  const computeMs: number[] = [];
  for (let round = 0; round < how.rounds; round += 1) {
    const roundAt = performance.now();
    for (const batch of feeds.batches) await session.run(batch);
    computeMs.push((performance.now() - roundAt) / share);
  }
  await session.release();
  return { loadMs, computeMs };
}

type Recorded = { readonly modelFile: string; readonly batches: readonly Record<string, ort.Tensor>[] };

async function recordFeeds(
  { objectsDir, keys, outboxDir }: BenchObjects,
  packageDir: string,
  instances: readonly InstanceReference[],
  { provider, threads }: { readonly provider: string; readonly threads: number },
): Promise<{ readonly feeds: Recorded; readonly share: number }> {
  const opened = await openModelPackage(packageDir, { provider, threads });
  if (!opened.ok) throw new Error(`a model does not open: ${opened.error.code}`);
  const model = opened.value;
  const batches: Record<string, ort.Tensor>[] = [];
  let bytes = 0;
  let calls = 0;
  const session = {
    ...model.session,
    run: (given: Readonly<Record<string, TensorData>>) => {
      calls += 1;
      const held = Object.values(given).reduce((sum, { data }) => sum + data.byteLength, 0);
      if (bytes + held <= MOST_BYTES) {
        bytes += held;
        batches.push(Object.fromEntries(Object.entries(given).map(([name, tensor]) => [name, ownTensor(tensor)])));
      }
      return model.session.run(given);
    },
  };
  const answer = await runSeries(
    {
      ...{ model: { ...model, session }, objects: openObjectReader(objectsDir, keys), outboxDir },
      signal: new AbortController().signal,
    },
    instances,
  );
  await model.session.close();
  if (!answer.ok) throw new Error(`not run: ${answer.error.code}`);
  const modelFile = path.join(packageDir, model.manifest.modelFile);
  return { feeds: { modelFile, batches }, share: batches.length / calls };
}

/** A copy: what a model is given may be a view of a grid. The library takes half floats as their bits. */
function ownTensor({ type, dims, data }: TensorData): ort.Tensor {
  const own = data.slice();
  if (!(own instanceof Float16Array)) return new ort.Tensor(type, own as never, dims);
  return Object.assign(new ort.Tensor(type, own as never, dims), { cpuData: new Uint16Array(own.buffer) });
}
