import { v7 } from 'uuid';
import { findDisplayName, type Principal } from '../../access/index.ts';
import {
  admitWebSender,
  type Archive,
  type DescribeInstances,
  endAssociationWhenRoom,
  findInstances,
  findMetadataPart,
  getObject,
  isHere,
  keepMetadataPart,
  openForSending,
  receiveObject,
} from '../../archive/index.ts';
import type { Log } from '../../platform/log.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import { isDamaged } from '../../platform/objects/records.ts';
import type { ReadableDb } from '../../platform/store/database.ts';
import { describeInstances } from '../dicomweb/metadata.ts';
import type { DicomwebServices, WebStore } from '../dicomweb/services.ts';
import { inTurns } from '../dicomweb/stored-bytes.ts';
import type { Readers } from './readers.ts';

/** What DICOMweb stands on. */
export type DicomwebTools = {
  readonly archive: Archive;
  readonly objects: ObjectReader;
  readonly readers: Readers;
  /** What computes for long runs here, not where searches wait. */
  readonly threads: Readers;
  /** Names of services whose objects are for comparison. */
  readonly comparisonSenders: readonly string[];
  readonly objectAnswered: (status: string) => void;
  readonly log: Log;
};

/** What DICOMweb asks of the archive, bound to it; searches run on the reader threads. */
export function dicomwebServices(tools: DicomwebTools): DicomwebServices {
  const { archive, objects, readers, threads } = tools;
  const { db } = archive;
  return {
    objects,
    findStudies: ({ siteIds }, keys, page) => readers.run('find-studies', { siteIds, keys, page }),
    findSeries: ({ siteIds }, keys, page) => readers.run('find-series', { siteIds, keys, page }),
    findInstances: ({ siteIds }, keys, page) => readers.run('find-instances', { siteIds, keys, page }),
    listInstances: ({ siteIds }, path, limit) => readers.run('list-instances', { siteIds, path, limit }),
    openForSending: (stored) => openForSending({ db, objects: inTurns(objects) }, stored, stored, 'system'),
    isDamaged: (digest) => isDamaged(db, digest),
    isAway: (digest) => !isHere(db, digest),
    openStore: (principal) => openStore(tools, principal),
    findMetadata: (part) => findMetadataPart(db, part),
    keepMetadata: (part, json) => keepMetadataPart(db, part, json),
    describePart: (heads) => threads.run('describe-part', { folder: archive.objects.folder(), heads }),
    explicitHead: (work) => threads.run('explicit-head', work),
    nativeFrame: (frame) => threads.run('native-frame', frame),
    renderImage: (work) => threads.run('render-image', work),
  };
}

/** Describes instances for whoever keeps metadata ready; null where one of them cannot be read now. */
export function storedMetadata(db: ReadableDb, services: DicomwebServices): DescribeInstances {
  return async (instances) => {
    const stored = instances.map((instance) => ({ ...instance, ...getObject(db, instance.digest) }));
    const { json, isWhole } = await describeInstances(services, stored);
    return isWhole ? json : null;
  };
}

function openStore({ archive, comparisonSenders, objectAnswered, log }: DicomwebTools, principal: Principal): WebStore {
  const { db, clock } = archive;
  const { siteId, userId } = principal;
  const isComparison = comparisonSenders.includes(findDisplayName(db, userId) ?? '');
  const sender = { siteId, userId, intent: isComparison ? 'comparison' : 'new' } as const;
  const association = admitWebSender(db, sender, v7(), clock.nowMs());
  return {
    async receive(arrival) {
      const answer = await receiveObject(archive, arrival, association);
      objectAnswered(answer.status);
      // What is set aside is nowhere to be fetched: under its UID there is another object, perhaps another patient's.
      if (answer.status !== 'success' || answer.became?.state === 'quarantined') return answer;
      const keys = { sopUids: [arrival.sopInstanceUid] };
      const [filed] = findInstances(db, [siteId], keys, { limit: 1, offset: 0 });
      return filed === undefined ? answer : { ...answer, studyUid: filed.studyUid, seriesUid: filed.seriesUid };
    },
    end(how, counts) {
      const end = { how, ...counts, atMs: clock.nowMs(), rules: archive.quiet };
      endAssociationWhenRoom(db, association, end, (error) => log.incident('association-not-ended', error));
    },
  };
}
