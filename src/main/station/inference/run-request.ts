import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import type { ReceiptBeside } from '../../../shared/domain/receipt.ts';
import { getObject, getStudyCard, listInstancesAt, listSeries, type StoredInstance } from '../archive/index.ts';
import type { ReadableDb } from '../platform/store/database.ts';
import { chooseOthers, imagesFor } from './choose-series.ts';
import { findFed } from './feeding-runs.ts';
import { findModelProvider } from './golden-results.ts';
import type { ModelUsage } from './model-usage.ts';
import type { InstalledModel } from './models.ts';
import type { Run } from './run-rows.ts';
import type { InstanceReference, NextRequest, RunRequest } from './runner-protocol.ts';
import { patientOf } from './told-patient.ts';

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
    series: seriesOf(db, run, model.manifest),
    ...besideOf(db, run, model),
    ...patientOf(db, run.studyId),
    memory: { needMb: needMb + RESERVE_MB, mostMb: needMb * MOST_OVER_NEED.times + MOST_OVER_NEED.mb },
  };
}

/** The same as a hint of what comes next. */
export function hintOf({
  packageDir,
  modelDigest,
  series,
  otherSeries,
  fed,
  memory,
}: ReturnType<typeof requestFor>): Omit<NextRequest, 'type'> {
  const beside = { ...(otherSeries && { otherSeries }), ...(fed && { fed }) };
  return { packageDir, modelDigest, instances: series.instances, ...beside, needMb: memory?.needMb ?? RESERVE_MB };
}

/** The models that a manifest names and whose answers a request lacks. */
export function unfedBy({ feeds }: Pick<ModelManifest, 'feeds'>, { fed = [] }: Pick<RunRequest, 'fed'>): string[] {
  return feeds.filter(({ id }) => !fed.some((one) => one.id === id)).map(({ model }) => model);
}

type GivenBeside = Required<Pick<RunRequest, 'otherSeries' | 'fed'>> & Pick<RunRequest, 'patient'>;

/** What a run was given beside its series, as its receipt names it; null where it was nothing. */
export function givenBeside({ otherSeries = [], fed = [], patient }: Partial<GivenBeside>): ReceiptBeside | null {
  if (otherSeries.length + fed.length === 0 && patient === undefined) return null;
  return {
    ...(patient !== undefined && { patient: 'corrected' as const }),
    otherSeries: otherSeries.map(({ id, seriesUid, instances }) => ({
      ...{ id, seriesUid },
      inputs: instances.map(({ sopUid, digest, transferSyntaxUid }) => ({ sopUid, digest, transferSyntaxUid })),
    })),
    fed: fed.map(({ id, runId }) => ({ id, runId })),
  };
}

/** The other series as the run's revision has them, and what other models said; neither where the manifest asks for none. */
function besideOf(db: ReadableDb, run: Run, { manifest }: InstalledModel): Pick<RunRequest, 'otherSeries' | 'fed'> {
  const fed = manifest.feeds.length === 0 ? {} : { fed: [...(findFed(db, run, manifest) ?? [])] };
  if (manifest.otherSeries.length === 0) return fed;
  const images = Map.groupBy(listInstancesAt(db, run.studyId, run.revision), ({ seriesId }) => seriesId);
  const series = listSeries(db, run.studyId).map((one) => ({ ...one, images: images.get(one.seriesId) ?? [] }));
  const own = series.find(({ seriesId }) => seriesId === run.seriesId);
  const read = { seriesId: run.seriesId, images: imagesFor(manifest.appliesTo, own?.images ?? []) };
  const others = chooseOthers(manifest, getStudyCard(db, run.studyId), series, read) ?? [];
  return {
    ...fed,
    otherSeries: others.map(({ id, series: { seriesUid, images: given } }) => {
      return { id, seriesUid, instances: given.map((image) => referenceTo(db, image)) };
    }),
  };
}

function seriesOf(db: ReadableDb, run: Run, { appliesTo }: InstalledModel['manifest']): RunRequest['series'] {
  // What came since belongs to a later revision, and so to another run.
  const images = listInstancesAt(db, run.studyId, run.revision).filter(({ seriesId }) => seriesId === run.seriesId);
  const seriesUid = images[0]?.seriesUid;
  if (seriesUid === undefined) throw new Error(`run ${run.runId} has no images`);
  return { seriesUid, instances: imagesFor(appliesTo, images).map((image) => referenceTo(db, image)) };
}

function referenceTo(
  db: ReadableDb,
  { sopUid, digest, transferSyntaxUid }: Pick<StoredInstance, 'sopUid' | 'digest' | 'transferSyntaxUid'>,
): InstanceReference {
  return { sopUid, digest, transferSyntaxUid, encoding: getObject(db, digest).encoding };
}
