import type { ReadDataset } from '../dicom/dataset/dataset.ts';
import type { FindHandler, Retrieval, ServiceAnswer, ServiceClass, ServiceRequest } from '../dicom/server-services.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';
import type { Clock } from '../platform/clock.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import type { ObjectReader } from '../platform/objects/object-store.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { durable } from '../platform/store/durability.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import type { ArchiveAssociation } from './associations.ts';
import type { InstanceKeys, InstanceMatch, Page, SeriesMatch, StudyMatch } from './find-studies.ts';
import { outgoingObjects, type OutgoingPath, type WriteExplicit } from './outgoing-objects.ts';
import { findRemote } from './peers.ts';
import { answerRecord, type QueryMatch } from './query-answers.ts';
import { type QueryRoot, readQuery, readRetrieval, type ReadQuery } from './query-keys.ts';

/** Searches off the main thread, as the reader threads do them; one site is asked at a time. */
export type ArchiveSearch = {
  studies(siteIds: readonly string[], keys: InstanceKeys, page: Page): Promise<readonly StudyMatch[]>;
  series(siteIds: readonly string[], keys: InstanceKeys, page: Page): Promise<readonly SeriesMatch[]>;
  instances(siteIds: readonly string[], keys: InstanceKeys, page: Page): Promise<readonly InstanceMatch[]>;
  /** The current objects of what matches, hidden ones apart, with their files; no more than `limit`. */
  outgoing(siteIds: readonly string[], keys: InstanceKeys, limit?: number): Promise<readonly OutgoingPath[]>;
  sopClasses(siteIds: readonly string[], studyUid: string): Promise<readonly string[]>;
};

/** What querying and retrieving needs of the station. */
export type QueryRetrieveTools = {
  readonly db: WritableDb;
  readonly objects: ObjectReader;
  readonly clock: Clock;
  readonly search: ArchiveSearch;
  readonly writeExplicit: WriteExplicit;
  /** So many matches at most are answered; then the peer is told that there may be more (B001). 5,000 where left out. */
  readonly mostMatches?: number;
  /** Of a retrieval of more objects the peer is told to ask for less (A701). 50,000 where left out. */
  readonly mostObjects?: number;
};

type Request = ServiceRequest<ArchiveAssociation>;

const MOST_MATCHES = 5_000;
const MOST_OBJECTS = 50_000;
const PAGE = 250;
const NO_ROOM: ServiceAnswer = { status: 'out-of-resources', errorComment: 'no room to record who asks' };
/** Extended negotiation (PS3.4 Tables C.5-1, C.5-3): no relational queries; date and time are matched apart; names as they are; time zones are not adjusted. */
const FIND_ANSWER = [0, 0, 0, 0, 0];
const RETRIEVE_ANSWER = [0, 0];

/** Query/Retrieve as SCP: both roots, find, move and get (PS3.4 Annex C). What a peer sees is its own site, without what is hidden. */
export function queryRetrieveServices(tools: QueryRetrieveTools): readonly ServiceClass<ArchiveAssociation>[] {
  return (['study', 'patient'] as const).flatMap((root): ServiceClass<ArchiveAssociation>[] => [
    { sopClass: SERVICE_CLASSES[`${root}-root-find`], extendedAnswer: FIND_ANSWER, find: finder(tools, root) },
    {
      sopClass: SERVICE_CLASSES[`${root}-root-get`],
      extendedAnswer: RETRIEVE_ANSWER,
      get: (identifier, request) => retrieval(tools, root, identifier, request, 'c-get'),
    },
    {
      sopClass: SERVICE_CLASSES[`${root}-root-move`],
      extendedAnswer: RETRIEVE_ANSWER,
      async move(identifier, destination, request) {
        const { siteId } = request.association.context.peer;
        const remote = findRemote(tools.db, { siteId, aeTitle: destination.trim() });
        if (remote === null)
          return { status: 'move-destination-unknown', errorComment: 'No such destination is configured' };
        const prepared = await retrieval(tools, root, identifier, request, 'c-move');
        return 'status' in prepared ? prepared : { ...prepared, remote };
      },
    },
  ]);
}

function finder(tools: QueryRetrieveTools, root: QueryRoot): FindHandler<ArchiveAssociation> {
  return async function* find(
    identifier,
    request,
  ): AsyncGenerator<{ identifier: ReturnType<typeof answerRecord>; ignoresKeys: boolean }, ServiceAnswer, void> {
    const read = readQuery(identifier, root);
    if (!read.ok) return read.error;
    const query = read.value;
    const { calledAe, context } = request.association;
    // Who asks stands in the ledger, and on the disk, before anything of a patient leaves.
    if (!(await hasRecorded(tools.db, () => recordSearchBegun(tools, request)))) return NO_ROOM;
    let results = 0;
    try {
      for await (const match of matchesOf(tools, context.peer.siteId, query)) {
        if (results === (tools.mostMatches ?? MOST_MATCHES)) return { status: 'match-limit-reached' };
        results += 1;
        yield { identifier: answerRecord(match, query, calledAe), ignoresKeys: query.ignoresKeys };
      }
      return { status: 'success' };
    } finally {
      // Also where it was cut off: what has been sent has been read.
      recordSearch(tools, request, results);
    }
  };
}

async function* matchesOf(
  { db, search }: QueryRetrieveTools,
  siteId: string,
  query: ReadQuery,
): AsyncGenerator<QueryMatch> {
  const { level, keys, asked } = query;
  const siteIds = [siteId];
  switch (level) {
    case 'PATIENT': {
      const seen = new Set<string>();
      for await (const study of paged(db, (page) => search.studies(siteIds, keys, page))) {
        const patient = `${study.issuer ?? ''}\n${study.patientId ?? study.studyUid}`;
        if (!seen.has(patient)) yield { study };
        seen.add(patient);
      }
      return;
    }
    case 'STUDY':
      for await (const study of paged(db, (page) => search.studies(siteIds, keys, page))) {
        const wantsClasses = asked.includes('SOPClassesInStudy');
        yield wantsClasses ? { study, sopClasses: await search.sopClasses(siteIds, study.studyUid) } : { study };
      }
      return;
    case 'SERIES':
    case 'IMAGE': {
      // One study, for its UID is one value here: it is looked up once.
      const above = { ...(keys.studyUids && { studyUids: keys.studyUids }) };
      const [study] = await search.studies(siteIds, above, { limit: 1, offset: 0 });
      if (study === undefined) return;
      if (level === 'SERIES') {
        for await (const series of paged(db, (page) => search.series(siteIds, keys, page))) yield { study, series };
        return;
      }
      const [series] = await search.series(
        siteIds,
        { ...above, ...(keys.seriesUids && { seriesUids: keys.seriesUids }) },
        { limit: 1, offset: 0 },
      );
      if (series === undefined) return;
      for await (const instance of paged(db, (page) => search.instances(siteIds, keys, page)))
        yield { study, series, instance };
    }
  }
}

/** A peer that is told that an object is here may let go of it: what came while it was searched for is on the disk first. */
async function* paged<Match>(db: WritableDb, read: (page: Page) => Promise<readonly Match[]>): AsyncGenerator<Match> {
  for (let offset = 0; ; offset += PAGE) {
    const matches = await read({ limit: PAGE, offset });
    await durable(db);
    yield* matches;
    if (matches.length < PAGE) return;
  }
}

async function retrieval(
  tools: QueryRetrieveTools,
  root: QueryRoot,
  identifier: ReadDataset,
  request: Request,
  surface: 'c-get' | 'c-move',
): Promise<Retrieval | ServiceAnswer> {
  const read = readRetrieval(identifier, root);
  if (!read.ok) return read.error;
  const { peer } = request.association.context;
  const { mostObjects = MOST_OBJECTS } = tools;
  const wanted = await tools.search.outgoing([peer.siteId], read.value.keys, mostObjects + 1);
  if (wanted.length > mostObjects) return { status: 'matches-not-counted', errorComment: 'too many objects at once' };
  const studyIds = [...new Set(wanted.map(({ studyId }) => studyId))];
  if (!(await hasRecorded(tools.db, () => recordReads(tools, request, studyIds, surface)))) return NO_ROOM;
  return outgoingObjects(tools, wanted);
}

/** Records and waits for the disk; false where it has no room. */
async function hasRecorded(db: WritableDb, record: () => void): Promise<boolean> {
  try {
    record();
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
    return false;
  }
  await durable(db);
  return true;
}

/** Before the first answer leaves: who read what stands in the ledger whatever becomes of the association. */
function recordReads(
  { db, clock }: QueryRetrieveTools,
  request: Request,
  studyIds: readonly string[],
  surface: string,
) {
  const { context, correlationId } = request.association;
  inTransaction(db, () => {
    for (const studyId of studyIds) {
      appendEvent(db, {
        kind: 'study-read',
        payload: { surface },
        siteId: context.peer.siteId,
        studyId,
        actor: { kind: 'peer', id: context.peer.peerId },
        correlationId,
        atMs: clock.nowMs(),
      });
    }
  });
}

function recordSearchBegun({ db, clock }: QueryRetrieveTools, request: Request): void {
  const { context, correlationId } = request.association;
  inTransaction(db, () =>
    appendEvent(db, {
      kind: 'search-begun',
      payload: { surface: 'c-find' },
      siteId: context.peer.siteId,
      actor: { kind: 'peer', id: context.peer.peerId },
      correlationId,
      atMs: clock.nowMs(),
    }),
  );
}

/** How many there were; where the disk has become full meanwhile, it stands already who asked. */
function recordSearch({ db, clock }: QueryRetrieveTools, request: Request, results: number): void {
  const { context, correlationId } = request.association;
  try {
    inTransaction(db, () =>
      appendEvent(db, {
        kind: 'studies-searched',
        payload: { surface: 'c-find', results },
        siteId: context.peer.siteId,
        actor: { kind: 'peer', id: context.peer.peerId },
        correlationId,
        atMs: clock.nowMs(),
      }),
    );
  } catch (error) {
    if (!isOutOfRoom(error)) throw error;
  }
}
