import { readFileSync } from 'node:fs';
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
  associationJobs,
  checkArriving,
  completenessJobs,
  configurePeers,
  createMetadataKeeper,
  endAssociationsLeftOpen,
  INDEX_NAMES_JOB,
  indexNamesJob,
  peerSettings,
  retireAllPeers,
  titlesKnownAlone,
  waitAnew,
  watchReader,
} from './archive/index.ts';
import { openExchange } from './compose-exchange.ts';
import { openInference } from './compose-inference.ts';
import { openKeeping } from './compose-keeping.ts';
import { openTriage } from './compose-triage.ts';
import type { Refusal } from './exit-codes.ts';
import { readPackages, type RunnerHost } from './inference/index.ts';
import { systemClock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import { watchDisk } from './platform/disk-watch.ts';
import type { DataDirectory } from './platform/data-directory.ts';
import { createHttp } from './platform/http/server.ts';
import { createJobRunner } from './platform/jobs/jobs.ts';
import { appendEvent, ledgerHead } from './platform/ledger/append.ts';
import { serviceActor } from './platform/ledger/event.ts';
import { followLedger } from './platform/ledger/follow.ts';
import { createCheckpointKeeper } from './platform/ledger/keep-checkpoints.ts';
import type { Log } from './platform/log.ts';
import { createMetrics } from './platform/metrics.ts';
import { isExpected } from './platform/objects/records.ts';
import { openReaderPool } from './platform/store/reader-pool.ts';
import { durable, endSyncing } from './platform/store/durability.ts';
import { keepLogShort } from './platform/store/move-log.ts';
import { inTransaction, onCommit } from './platform/store/transaction.ts';
import type { Secrets } from './platform/vault.ts';
import { openStore } from './open-store.ts';
import { openReception } from './reception.ts';
import { createStatus } from './station-status.ts';
import {
  ARCHIVE_ROWS_JOB,
  archiveRowsJob,
  BUILD_ANEW_JOB,
  buildAnewJob,
  oweArchiving,
  worklistConsumer,
} from './worklist/index.ts';

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

const RECEPTION_GRACE_MS = 5_000;
/** So many events are no ordinary lag after a stop: a minute of work or more. */
const MANY_EVENTS = 10_000;

/** Puts the station together; it reads from top to bottom as the data flows. */
export async function compose(options: StationOptions): Promise<Result<Station, Refusal>> {
  const { directory, secrets, config, log, version } = options;
  const clock = systemClock;

  // What is configured and not there is said before anything is written.
  const shipped = { folder: path.join(options.resources, 'models'), only: config.inference.shippedModels };
  const modelFolders = [shipped, ...config.inference.modelFolders.map((folder) => ({ folder, only: 'all' as const }))];
  const unpackInto = path.join(directory.root, 'models');
  const packages = await readPackages(modelFolders, { unpackInto, signers: config.inference.signers, log });
  if (!packages.ok) return packages;

  // The store, and the ledger in it.
  const opened = openStore(directory, secrets, { nowMs: clock.nowMs(), fileKeeperEntry: options.fileKeeperEntry });
  if (!opened.ok) return opened;
  const { db, keys, objects } = opened.value;
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

  // What reads beside the one writer.
  const reading = { database: directory.database, keyHex: secrets.databaseKey.toString('hex') };
  const onFailed = (error: unknown) => void log.incident('reader-thread-failed', error);
  const readers: Readers = openReaderPool(options.readerEntry, reading, { onFailed });
  const threads: Readers = openReaderPool(options.readerEntry, reading, { isForComputing: true, onFailed });
  const findHolders = (digests: readonly string[]) => readers.run('list-holders', digests);
  const digestFrame: NonNullable<Archive['digestFrame']> = (frame) => threads.run('digest-frame', frame);

  // Keeping.
  const disk = watchDisk(objects, config.disk, log);
  const keeping = openKeeping({
    ...{ db, objects, keys, directory, config, sites, disk, readers, findHolders, digestFrame, clock, log },
    keysChanged: () => inference.supervisor.useObjectKeys([...keys.export()]),
    signal: ending.signal,
  });
  const { suspect } = keeping.integrity;
  const watched = watchReader(objects, suspect);

  // Receiving.
  retireAllPeers(db);
  for (const { siteId, code } of sites) configurePeers(db, siteId, config.dicom.aeTitle, peerSettings(config, code));
  const titlesAlone = titlesKnownAlone(config).length;
  if (titlesAlone > 0) log.warn('peers-known-by-title-alone', { count: titlesAlone });
  const startedAtMs = clock.nowMs();
  endAssociationsLeftOpen(db, startedAtMs, config.completeness);
  waitAnew(db, config.completeness, startedAtMs);
  const archive: Archive = {
    ...{ db, objects, clock, quiet: config.completeness, fullBytes: config.disk.fullBytes, digestFrame },
    ...{ suspect, findHolders },
  };

  // Inference.
  const metrics = createMetrics({
    openAssociations: () => reception.openAssociations(),
    ledgerHead: () => ledgerHead(db).seq,
    cursors: () => followers.cursors(),
  });
  const siteIds = sites.map(({ siteId }) => siteId);
  const inference = openInference({
    ...{ db, objects, keys, directory, siteIds, readers, clock, log, suspect },
    config: config.inference,
    packages: packages.value,
    runnerHost: options.runnerHost,
    runEnded: metrics.runEnded,
  });

  // What follows the ledger, in the order of the flow.
  const triage = openTriage(options.resources, sites);
  const hints = createHintHub(() => ledgerHead(db).seq);
  const followers = followLedger(db, [...inference.consumers, ...triage.consumers, worklistConsumer(hints.publish)], {
    clock,
    log,
  });
  // After an upgrade that builds the worklist anew this takes minutes on a large archive, and nothing is served meanwhile: an unfinished
  // list would be taken for a whole one.
  const behind = Math.max(...Object.values(followers.lags()));
  if (behind > MANY_EVENTS) log.warn('ledger-followed-before-serving', { count: behind });
  followers.catchUp();
  const jobs = createJobRunner(
    db,
    {
      ...completenessJobs(config.completeness),
      ...associationJobs(config.completeness),
      ...inference.jobs,
      ...triage.jobs,
      [INDEX_NAMES_JOB]: indexNamesJob,
      [BUILD_ANEW_JOB]: buildAnewJob(hints.publish),
      [ARCHIVE_ROWS_JOB]: archiveRowsJob(config.worklist, hints.publish),
    },
    { clock, log },
  );

  inTransaction(db, () => oweArchiving(db, site.siteId, clock.nowMs()));

  // What answers other machines, and asks them.
  const exchange = openExchange({
    ...{ archive, objects: watched, config, siteIds, readers, log },
    writeExplicit: async (stored) => explicitForms(stored),
  });
  const reception = openReception({
    archive,
    config,
    clock,
    log,
    objectAnswered: metrics.objectAnswered,
    disk,
    port: options.dicomPort,
    services: exchange.services,
  });
  const status = createStatus({
    ...{ db, config, clock, version, disk, supervisor: inference.supervisor, followers, reception },
    siteIds,
    isDemo: directory.isDemo,
  });
  const arriving = await checkArriving({ db, objects, clock, findHolders });
  if (arriving.lost > 0) log.warn('arriving-objects-lost', { count: arriving.lost });
  for (const error of arriving.unchecked) log.incident('arriving-object-not-checked', error);

  // What answers people and programs.
  const services = createServices({
    ...{ media: exchange.media, retrievals: exchange.retrievals, deliveries: exchange.deliveries },
    ...{ coverage: inference.coverage, supervisor: inference.supervisor },
    driftSuspends: config.inference.watch.driftSuspends,
    triagePolicy: triage.policy,
    keeping: { keeper: keeping.keeper, sites: keeping.sites, disk, marks: config.disk },
    objects: watched,
    atRest: {
      ...{ keys, integrity: keeping.integrity, rotation: keeping.rotation, mainSiteId: site.siteId },
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
  inference.start();
  exchange.start();
  metadata.start();
  keeping.start();
  const checkpoints = createCheckpointKeeper(db, {
    ...{ file: directory.checkpoints, signingKey: secrets.signingKey, clock, log },
  });
  await checkpoints.sign();
  // Before anybody is told of a first password, or that the station is ready.
  await durable(db);
  const sweeping = objects
    .sweep({
      isNamed: (digest, encoding) => isExpected(db, digest, encoding),
      olderThanMs: startedAtMs,
      signal: ending.signal,
    })
    .catch((error: unknown) => log.incident('sweep-failed', error));
  checkpoints.start();
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
      checkpoints.stop();
      ending.abort();
      await reception.close(RECEPTION_GRACE_MS);
      await exchange.stop();
      await inference.stop();
      api.stop();
      await http.close();
      await exchange.stopMedia();
      forgetJobs();
      jobs.stop();
      followers.stop();
      disk.stop();
      await sweeping;
      await keeping.stop();
      await logMover.stop();
      await metadata.stop();
      await threads.close();
      await readers.close();
      followers.catchUp();
      tell('station-stopped');
      await checkpoints.sign();
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
