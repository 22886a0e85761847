import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { v7 } from 'uuid';
import type { FirstSignIn } from '../../shared/contract/parent-port.ts';
import { HOUR_MS } from '../../shared/domain/durations.ts';
import { err, ok, type Result } from '../../shared/domain/result.ts';
import { createDemoUsers, createFirstAdministrator, ensureSites, shareAdministrators } from './access/index.ts';
import { createExplicitForms } from './api/dicomweb/explicit-form.ts';
import { createApi } from './api/create-api.ts';
import { createHintHub } from './api/hint-hub.ts';
import { createServices } from './api/services/create-services.ts';
import { storedMetadata } from './api/services/dicomweb-services.ts';
import type { Readers } from './api/services/readers.ts';
import {
  type Archive,
  type ArchiveSearch,
  queryRetrieveServices,
  associationJobs,
  completenessJobs,
  createCommitmentWorker,
  createSenderCountWorker,
  configurePeers,
  createMetadataKeeper,
  createPeerWatch,
  createCacheKeeper,
  createExportWorker,
  createImportWorker,
  checkArriving,
  createIntegrityWorker,
  createRefetcher,
  createRetrievalWorker,
  endAssociationsLeftOpen,
  INDEX_NAMES_JOB,
  indexNamesJob,
  modalityServices,
  peerSettings,
  retireAllPeers,
  titlesKnownAlone,
  waitAnew,
  watchReader,
} from './archive/index.ts';
import { createDeliveryWorker } from './delivery/index.ts';
import type { Refusal } from './exit-codes.ts';
import {
  createOutputKeeper,
  createRunWorker,
  endRest,
  exposeModels,
  inferenceConsumer,
  installModels,
  machineFacts,
  createModelWatch,
  markRunLate,
  PROBE_JOB,
  probeModel,
  measuringConsumer,
  readPackages,
  recoverRuns,
  RETRY_JOB,
  type RunnerHost,
  superviseRunner,
  suspendModel,
  TOLERANCE_JOB,
} from './inference/index.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { watchDisk } from './platform/disk-watch.ts';
import type { DataDirectory } from './platform/data-directory.ts';
import { createHttp } from './platform/http/server.ts';
import { createJobRunner } from './platform/jobs/jobs.ts';
import { appendEvent, ledgerHead } from './platform/ledger/append.ts';
import { writeCheckpoint } from './platform/ledger/checkpoint.ts';
import { serviceActor } from './platform/ledger/event.ts';
import { followLedger } from './platform/ledger/follow.ts';
import type { Log } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import { openObjectKeys } from './platform/objects/object-keys.ts';
import { openObjectStore } from './platform/objects/object-store.ts';
import { createPace } from './platform/objects/pace.ts';
import { hasSealedObjects, isExpected } from './platform/objects/records.ts';
import { createKeyRotation } from './platform/objects/rotate-keys.ts';
import { openWriter } from './platform/store/database.ts';
import { migrate } from './platform/store/migrate.ts';
import { MIGRATIONS } from './platform/store/migrations/index.ts';
import { openReaderPool } from './platform/store/reader-pool.ts';
import { durable, endSyncing } from './platform/store/durability.ts';
import { keepLogShort } from './platform/store/move-log.ts';
import { inTransaction, onCommit } from './platform/store/transaction.ts';
import type { Secrets } from './platform/vault.ts';
import { openReception } from './reception.ts';
import { createStatus } from './station-status.ts';
import { DeadlinePolicy, triageConsumer } from './triage/index.ts';
import { isOpenStudy, worklistConsumer } from './worklist/index.ts';

/** What a station is started with. */
export type StationOptions = {
  readonly directory: DataDirectory;
  readonly secrets: Secrets;
  readonly config: Config;
  readonly httpPort: number;
  readonly dicomPort: number;
  readonly version: string;
  readonly log: Log;
  readonly runnerHost: RunnerHost;
  /** Entry of the reader threads. */
  readonly readerEntry: URL;
  readonly fileKeeperEntry: URL;
  /** Folders of the program: the built page, and what is shipped read-only. */
  readonly pageFolder: string;
  readonly resources: string;
};

/** A station that listens. */
export type Station = {
  readonly http: string;
  readonly dicom: { readonly port: number; readonly aeTitle: string };
  readonly firstSignIn: FirstSignIn | null;
  /** Drains, leaves a signed checkpoint, and closes. */
  stop(): Promise<void>;
};

const CHECKPOINT_EVERY_MS = 60_000;
const RECEPTION_GRACE_MS = 5_000;

/** Puts the station together; it reads from top to bottom as the data flows. */
export async function compose(options: StationOptions): Promise<Result<Station, Refusal>> {
  const { directory, secrets, config, log, version } = options;
  const clock = systemClock;

  // What is configured and not there is said before anything is written.
  const modelFolders = [path.join(options.resources, 'models'), ...config.inference.modelFolders];
  const unpackInto = path.join(directory.root, 'models');
  const packages = await readPackages(modelFolders, { unpackInto, signers: config.inference.signers, log });
  if (!packages.ok) return packages;

  // The store, and the ledger in it.
  const opened = openWriter(directory.database, secrets.databaseKey);
  if (!opened.ok) return opened;
  const db = opened.value;
  const migrated = migrate(db, MIGRATIONS);
  if (!migrated.ok) {
    db.close();
    return migrated;
  }
  // Objects need the keys they are sealed with: where some are and the keys are gone, new keys would only hide the loss.
  const keys = openObjectKeys(directory.vault, secrets.databaseKey, {
    ...{ mayCreate: !hasSealedObjects(db), atMs: clock.nowMs() },
  });
  if (!keys.ok) {
    db.close();
    return keys;
  }
  const objects = openObjectStore(directory.objects, keys.value, options.fileKeeperEntry);
  const ending = new AbortController();
  const startedAs = v7();
  const tell = (kind: 'station-started' | 'station-stopped') =>
    inTransaction(db, () =>
      appendEvent(db, {
        kind,
        payload: { version },
        ...{ siteId: null, actor: serviceActor('station'), correlationId: startedAs, atMs: clock.nowMs() },
      }),
    );

  // The sites and their people.
  const newSite = ({ code, name, zone }: Config['sites'][number]) => ({ code, name, zone, atMs: clock.nowMs() });
  const ensured = ensureSites(db, newSite(config.site), config.sites.map(newSite));
  if (!ensured.ok) {
    db.close();
    return ensured;
  }
  const sites = ensured.value;
  const [site, ...further] = sites;
  tell('station-started');
  const firstSignIn = directory.isDemo ? null : await createFirstAdministrator(db, site, clock.nowMs);
  if (directory.isDemo) await createDemoUsers(db, site, clock.nowMs);
  shareAdministrators(db, site, further, clock.nowMs());

  // Receiving.
  retireAllPeers(db);
  for (const { siteId, code } of sites) configurePeers(db, siteId, config.dicom.aeTitle, peerSettings(config, code));
  const titlesAlone = titlesKnownAlone(config).length;
  if (titlesAlone > 0) log.warn('peers-known-by-title-alone', { count: titlesAlone });
  const startedAtMs = clock.nowMs();
  endAssociationsLeftOpen(db, startedAtMs, config.completeness);
  waitAnew(db, config.completeness, startedAtMs);
  const findHolders = (digests: readonly string[]) => readers.run('list-holders', digests);
  const disk = watchDisk(objects, config.disk, log);
  const digestFrame: Archive['digestFrame'] = (frame) => threads.run('digest-frame', frame);
  const { fullBytes } = config.disk;
  const suspect: Archive['suspect'] = (digest) => integrity.suspect(digest);
  const archive: Archive = {
    ...{ db, objects, clock, quiet: config.completeness, fullBytes, digestFrame },
    ...{ suspect, findHolders },
  };

  // Inference. What a runner left that nobody took in is computed anew.
  for (const name of readdirSync(directory.runnerOutbox)) rmSync(path.join(directory.runnerOutbox, name));
  installModels(db, packages.value.packages, clock.nowMs(), packages.value.refused);
  for (const { siteId } of sites) exposeModels(db, siteId, directory.isDemo, clock.nowMs());
  recoverRuns(db, clock.nowMs());
  const supervisor = superviseRunner(options.runnerHost, {
    objectsDir: directory.objects,
    objectKeys: [...keys.value.export()],
    outboxDir: directory.runnerOutbox,
    providers: config.inference.providers,
    threads: config.inference.threads,
    warmModelsMb: config.inference.warmModelsMb,
  });

  // What follows the ledger, in the order of the flow.
  const deadlines = DeadlinePolicy.parse(
    JSON.parse(readFileSync(path.join(options.resources, 'policies', 'deadlines.json'), 'utf8')),
  );
  const hints = createHintHub(() => ledgerHead(db).seq);
  const followers = followLedger(
    db,
    [
      inferenceConsumer,
      measuringConsumer,
      triageConsumer({ deadlines, zoneOf: (siteId) => sites.find((one) => one.siteId === siteId)?.zone ?? site.zone }),
      worklistConsumer((change) => hints.publish(change)),
    ],
    { clock, log },
  );
  followers.catchUp();
  const jobs = createJobRunner(
    db,
    {
      ...completenessJobs(config.completeness),
      ...associationJobs(config.completeness),
      [TOLERANCE_JOB]: markRunLate,
      [RETRY_JOB]: endRest,
      [PROBE_JOB]: probeModel,
      [INDEX_NAMES_JOB]: indexNamesJob,
    },
    { clock, log },
  );

  // What answers pages and machines.
  const metrics = createMetrics({
    openAssociations: () => reception.openAssociations(),
    ledgerHead: () => ledgerHead(db).seq,
    cursors: () => followers.cursors(),
  });
  const integrity = createIntegrityWorker({
    ...{ db, objects, clock, log, everyDays: config.integrity.everyDays },
    pace: createPace(config.integrity.bytesPerSecond, ending.signal),
    findHolders,
  });
  const rotation = createKeyRotation({
    ...{ db, root: directory.objects, objects, keys: keys.value, clock, log, suspect: integrity.suspect },
    pace: createPace(config.integrity.bytesPerSecond, ending.signal),
    keysChanged: () => supervisor.useObjectKeys([...keys.value.export()]),
  });
  const worker = createRunWorker({
    db,
    objects,
    supervisor,
    outboxDir: directory.runnerOutbox,
    clock,
    log,
    suspect: integrity.suspect,
    ended: metrics.runEnded,
    receipts: { machine: machineFacts(config.inference), rawOutputs: config.inference.rawOutputs },
  });
  const outputs = createOutputKeeper({ db, objects, clock, log }, config.inference.rawOutputs);
  const search: ArchiveSearch = {
    studies: (siteIds, keys, page) => readers.run('find-studies', { siteIds, keys, page }),
    series: (siteIds, keys, page) => readers.run('find-series', { siteIds, keys, page }),
    instances: (siteIds, keys, page) => readers.run('find-instances', { siteIds, keys, page }),
    outgoing: (siteIds, keys, limit) => readers.run('find-outgoing', { siteIds, keys, limit }),
    sopClasses: (siteIds, studyUid) => readers.run('list-sop-classes', { siteIds, studyUid }),
  };
  const commitments = createCommitmentWorker({ db, objects, clock, log });
  const senderCounts = createSenderCountWorker(archive, log);
  const reception = openReception({
    archive,
    config,
    clock,
    log,
    objectAnswered: metrics.objectAnswered,
    disk,
    port: options.dicomPort,
    services: [
      ...queryRetrieveServices({
        db,
        objects: watchReader(objects, integrity.suspect),
        clock,
        search,
        writeExplicit: async (stored) => explicitForms(stored),
      }),
      ...modalityServices(archive, commitments),
    ],
  });
  const status = createStatus({
    ...{ db, config, clock, version, disk, supervisor, followers, reception },
    siteIds: sites.map(({ siteId }) => siteId),
    isDemo: directory.isDemo,
  });
  const reading = { database: directory.database, keyHex: secrets.databaseKey.toString('hex') };
  const readers: Readers = openReaderPool(options.readerEntry, reading);
  const threads: Readers = openReaderPool(options.readerEntry, reading, { isForComputing: true });
  const arriving = await checkArriving({ db, objects, clock, findHolders });
  if (arriving.lost > 0) log.warn('arriving-objects-lost', { count: arriving.lost });
  for (const error of arriving.unchecked) log.incident('arriving-object-not-checked', error);
  const kept = sites.map(({ siteId, code }) => {
    const { cache, retention, keepRecordsDays } =
      [config.site, ...config.sites].find((one) => one.code === code) ?? config.site;
    return { siteId, cache, retention, keepDiscardedDays: config.quarantine.keepDiscardedDays, keepRecordsDays };
  });
  const keeper = createCacheKeeper({
    ...{ db, objects, digestFrame, sites: kept, disk, clock, log },
    isOpen: (studyId) => isOpenStudy(db, studyId),
    measure: (siteId) => readers.run('measure-cache', siteId),
    preview: (question) => readers.run('preview-retention', question),
    listDiscarded: (siteId, beforeMs, nowMs) => readers.run('list-discarded', { siteId, beforeMs, nowMs }),
    listOldRecords: (siteId, beforeMs) => readers.run('list-old-records', { siteId, beforeMs }),
  });
  const retrievals = createRetrievalWorker(archive, log);
  const refetcher = createRefetcher(
    archive,
    sites.map(({ siteId }) => siteId),
    retrievals.notify,
    log,
  );
  const peerWatch = createPeerWatch(
    { db, clock },
    sites.map(({ siteId }) => siteId),
    log,
  );
  const { coveragePercent, coverageDays, coverageStudies } = config.inference.watch;
  const coverage = { leastShare: coveragePercent / 100, days: coverageDays, leastStudies: coverageStudies };
  const modelWatch = createModelWatch({
    ...{ db, clock, log },
    siteIds: sites.map(({ siteId }) => siteId),
    sight: (siteId, nowMs) => readers.run('sight-models', { siteId, limits: coverage, nowMs }),
    onMovedFar(siteId, digest, atMs) {
      // Where it does not run any more there is nothing to stop.
      if (config.inference.watch.driftSuspends)
        suspendModel(db, { siteId, digest, reason: 'drift', actor: serviceActor('inference'), atMs });
    },
  });
  const deliveries = createDeliveryWorker({
    ...{ db, clock, log, objects: watchReader(objects, integrity.suspect) },
    writeExplicit: async (stored) => explicitForms(stored),
    listSendable: (siteId, studyUid) => search.outgoing([siteId], { studyUids: [studyUid] }),
  });
  const media = {
    imports: createImportWorker(archive, config.import.folders, log),
    exports: createExportWorker(archive, watchReader(objects, integrity.suspect), config.export.folders, log),
  };
  const services = createServices({
    media,
    ...{ retrievals, deliveries, coverage, supervisor },
    keeping: { keeper, sites: kept, disk, marks: config.disk },
    objects: watchReader(objects, integrity.suspect),
    atRest: {
      ...{ keys: keys.value, integrity, rotation, mainSiteId: site.siteId },
      verifyEveryDays: config.integrity.everyDays,
    },
    dicomweb: {
      archive,
      comparisonSenders: config.dicomweb.comparisonSenders,
      objectAnswered: metrics.objectAnswered,
      ...{ threads, log },
    },
    ...{ db, clock, readers, publicKeyPem: secrets.publicKeyPem, checkpoints: directory.checkpoints },
    status: status.read,
    health: status.health,
  });
  const explicitForms = createExplicitForms(services.dicomweb);

  const metadata = createMetadataKeeper(
    db,
    () => readers.run('next-wanted-metadata', clock.nowMs()),
    storedMetadata(db, services.dicomweb),
    log,
  );

  const tls = readTls(config);
  if (!tls.ok) return refuse(tls.error);
  const made = await createHttp({
    ...{ bindAddress: config.http.host, port: options.httpPort, names: config.http.names, tls: tls.value, log },
    page: { folder: options.pageFolder, demo: directory.isDemo },
    onAnswered: metrics.httpAnswered,
  });
  if (!made.ok) return refuse(made.error);
  const http = made.value;
  const limits = { idleMs: config.sessions.idleMin * 60_000, absoluteMs: config.sessions.longestHours * HOUR_MS };
  const api = await createApi({ host: http, db, clock, log, limits, services, hints, metrics, version });

  // Everything listens, or nothing does.
  const served = await http.listen();
  if (!served.ok) return refuse({ code: served.error.code === 'port-taken' ? 'http-port-taken' : served.error.code });
  const listening = await reception.listen();
  if (!listening.ok) {
    await http.close();
    return refuse(listening.error);
  }
  await disk.watch();
  followers.start();
  jobs.start();
  const forgetJobs = onCommit(db, jobs.notify);
  const forgetRuns = onCommit(db, worker.notify);
  supervisor.start();
  worker.start();
  outputs.start();
  retrievals.start();
  media.imports.start();
  media.exports.start();
  refetcher.start();
  deliveries.start();
  commitments.start();
  senderCounts.start();
  peerWatch.start();
  modelWatch.start();
  metadata.start();
  integrity.start();
  keeper.start();
  rotation.start();
  const checkpoint = async () => {
    try {
      // What is signed must not be news that a power cut takes back.
      const head = ledgerHead(db);
      await durable(db);
      writeCheckpoint(head, directory.checkpoints, secrets.signingKey, clock);
    } catch (error) {
      // On a full disk the station goes on without; the next checkpoint covers what this one would have.
      log.incident('checkpoint-not-written', error);
    }
  };
  await checkpoint();
  // Before anybody is told of a first password, or that the station is ready.
  await durable(db);
  const sweeping = objects
    .sweep({
      isNamed: (digest, encoding) => isExpected(db, digest, encoding),
      olderThanMs: startedAtMs,
      signal: ending.signal,
    })
    .catch((error: unknown) => log.incident('sweep-failed', error));
  const checkpoints = setInterval(() => void checkpoint(), CHECKPOINT_EVERY_MS);
  const logMover = keepLogShort(
    db,
    () => readers.run('move-log', undefined),
    (error) => log.incident('log-not-moved', error),
  );

  async function refuse(refusal: Refusal): Promise<Result<Station, Refusal>> {
    await threads.close();
    await readers.close();
    db.close();
    return err(refusal);
  }

  return ok({
    http: served.value.origin,
    dicom: { port: listening.value.port, aeTitle: config.dicom.aeTitle },
    firstSignIn,
    async stop() {
      clearInterval(checkpoints);
      ending.abort();
      await reception.close(RECEPTION_GRACE_MS);
      refetcher.stop();
      await retrievals.stop();
      await deliveries.stop();
      await worker.stop();
      await outputs.stop();
      await commitments.stop();
      await senderCounts.stop();
      await peerWatch.stop();
      await modelWatch.stop();
      api.stop();
      await http.close();
      await media.imports.stop();
      await media.exports.stop();
      forgetJobs();
      forgetRuns();
      jobs.stop();
      followers.stop();
      disk.stop();
      await sweeping;
      await integrity.stop();
      await keeper.stop();
      await rotation.stop();
      await logMover.stop();
      await metadata.stop();
      await threads.close();
      await readers.close();
      followers.catchUp();
      tell('station-stopped');
      await checkpoint();
      await objects.close();
      await endSyncing(db);
      db.close();
    },
  });
}

function readTls(config: Config): Result<{ cert: string; key: string } | null, Refusal> {
  const { tls } = config.http;
  if (tls === undefined) return ok(null);
  try {
    return ok({ cert: readFileSync(tls.certFile, 'utf8'), key: readFileSync(tls.keyFile, 'utf8') });
  } catch (error) {
    return err({ code: 'tls-unreadable', details: [(error as NodeJS.ErrnoException).code ?? 'unreadable'] });
  }
}
