import type { Readers } from './api/services/readers.ts';
import {
  type Archive,
  type ArchiveAssociation,
  type ArchiveSearch,
  createCommitmentWorker,
  createExportWorker,
  createImportWorker,
  createPeerWatch,
  createRefetcher,
  createRetrievalWorker,
  createSenderCountWorker,
  modalityServices,
  queryRetrieveServices,
} from './archive/index.ts';
import { createDeliveryWorker } from './delivery/index.ts';
import type { ServiceClass } from './dicom/server-services.ts';
import type { Config } from './platform/config.ts';
import type { Log } from './platform/log.ts';
import type { ObjectReader } from './platform/objects/object-store.ts';

type ExchangeTools = {
  readonly archive: Archive;
  /** The archive's objects; what reads damaged in them is looked at. */
  readonly objects: ObjectReader;
  readonly config: Pick<Config, 'import' | 'export'>;
  readonly siteIds: readonly string[];
  readonly readers: Readers;
  readonly writeExplicit: Parameters<typeof createDeliveryWorker>[0]['writeExplicit'];
  readonly log: Log;
};

/** What goes to and comes from other machines and media, each owed as rows and worked off by its worker. */
export type Exchange = {
  /** What other machines may ask of us beside storing. */
  readonly services: readonly ServiceClass<ArchiveAssociation>[];
  readonly retrievals: ReturnType<typeof createRetrievalWorker>;
  readonly deliveries: ReturnType<typeof createDeliveryWorker>;
  readonly media: {
    readonly imports: ReturnType<typeof createImportWorker>;
    readonly exports: ReturnType<typeof createExportWorker>;
  };
  start(): void;
  /** Nothing is asked or sent any more; media go on until `stopMedia`, for the page may still be writing to them. */
  stop(): Promise<void>;
  stopMedia(): Promise<void>;
};

/** Makes the workers towards other machines and media; nothing is asked or sent before `start`. */
export function openExchange(tools: ExchangeTools): Exchange {
  const { archive, objects, config, siteIds, readers, log, writeExplicit } = tools;
  const { db, clock } = archive;
  const search: ArchiveSearch = {
    studies: (sites, keys, page) => readers.run('find-studies', { siteIds: sites, keys, page }),
    series: (sites, keys, page) => readers.run('find-series', { siteIds: sites, keys, page }),
    instances: (sites, keys, page) => readers.run('find-instances', { siteIds: sites, keys, page }),
    outgoing: (sites, keys, limit) => readers.run('find-outgoing', { siteIds: sites, keys, limit }),
    sopClasses: (sites, studyUid) => readers.run('list-sop-classes', { siteIds: sites, studyUid }),
  };
  const commitments = createCommitmentWorker({ db, objects: archive.objects, clock, log });
  const senderCounts = createSenderCountWorker(archive, log);
  const retrievals = createRetrievalWorker(archive, log);
  const refetcher = createRefetcher(archive, siteIds, retrievals.notify, log);
  const peerWatch = createPeerWatch({ db, clock }, siteIds, log);
  const deliveries = createDeliveryWorker({
    ...{ db, clock, log, objects, writeExplicit },
    listSendable: (siteId, studyUid) => search.outgoing([siteId], { studyUids: [studyUid] }),
  });
  const media = {
    imports: createImportWorker(archive, config.import.folders, log),
    exports: createExportWorker(archive, objects, config.export.folders, log),
  };
  return {
    services: [
      ...queryRetrieveServices({ db, objects, clock, search, writeExplicit }),
      ...modalityServices(archive, commitments),
    ],
    ...{ retrievals, deliveries, media },
    start() {
      retrievals.start();
      media.imports.start();
      media.exports.start();
      refetcher.start();
      deliveries.start();
      commitments.start();
      senderCounts.start();
      peerWatch.start();
    },
    async stop() {
      refetcher.stop();
      await retrievals.stop();
      await deliveries.stop();
      await commitments.stop();
      await senderCounts.stop();
      await peerWatch.stop();
    },
    async stopMedia() {
      await media.imports.stop();
      await media.exports.stop();
    },
  };
}
