import { getObject, listInstancesAt } from '../archive/index.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { findModelProvider } from './golden-results.ts';
import type { ModelUsage } from './model-usage.ts';
import type { InstalledModel } from './models.ts';
import type { Run } from './run-rows.ts';
import type { InstanceReference, NextRequest, RunRequest } from './runner-protocol.ts';

/** A run may hold this many times what it is known to need, and this much more, in MiB, before it is ended. */
const MOST_OVER_NEED = { times: 2, mb: 512 } as const;
/** What of the machine's memory no run is started into, in MiB. */
const RESERVE_MB = 256;

/** What the runner is asked for a run: its model, on what it is computed, its images as its revision has them, and the memory it may take. */
export function requestFor(
  db: ReadableDb,
  run: Run,
  model: InstalledModel,
  usage: ModelUsage | null,
): Omit<RunRequest, 'type'> {
  const on = findModelProvider(db, model.digest);
  const needMb = Math.max(model.manifest.memoryMb, usage?.peakMb ?? 0);
  return {
    runId: run.runId as RunRequest['runId'],
    packageDir: model.packagePath,
    modelDigest: model.manifest.modelDigest,
    ...(on !== null && { provider: on.provider }),
    ...(on !== null && on.providerVersion !== '' && { providerVersion: on.providerVersion }),
    series: seriesOf(db, run),
    memory: { needMb: needMb + RESERVE_MB, mostMb: needMb * MOST_OVER_NEED.times + MOST_OVER_NEED.mb },
  };
}

/** The same as a hint of what comes next. */
export function hintOf({
  packageDir,
  modelDigest,
  series,
  memory,
}: ReturnType<typeof requestFor>): Omit<NextRequest, 'type'> {
  return { packageDir, modelDigest, instances: series.instances, needMb: memory?.needMb ?? RESERVE_MB };
}

function seriesOf(db: ReadableDb, run: Run): RunRequest['series'] {
  // What came since belongs to a later revision, and so to another run.
  const images = listInstancesAt(db, run.studyId, run.revision).filter(({ seriesId }) => seriesId === run.seriesId);
  const seriesUid = images[0]?.seriesUid;
  if (seriesUid === undefined) throw new Error(`run ${run.runId} has no images`);
  const instances = images.map(({ sopUid, digest, transferSyntaxUid }): InstanceReference => {
    return { sopUid, digest, transferSyntaxUid, encoding: getObject(db, digest).encoding };
  });
  return { seriesUid, instances };
}
