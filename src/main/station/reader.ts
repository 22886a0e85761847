import { Piscina } from 'piscina';
import type { PilotScope } from '../../shared/domain/exposure.ts';
import { type AuditQuestion, listAuditEvents, listTimeline } from './audit/index.ts';
import {
  findInstances,
  findOutgoing,
  findSeries,
  findStudies,
  type InstanceKeys,
  listSopClasses,
  listDeletableDiscarded,
  listOldRecords,
  getObject,
  listHolders,
  listInstancesBelow,
  nextWantedMetadata,
  type ObjectPath,
  type EvictionQuestion,
  measureCache,
  type Page,
  previewEviction,
  previewRetention,
  type RetentionQuestion,
} from './archive/index.ts';
import {
  compareVersions,
  describeDrift,
  findAcceptance,
  findModel,
  type FiguresQuestion,
  listDiscordances,
  listModelReadings,
  listModelRuns,
  listReferenceStudies,
  listSilentResults,
  measureAcceptance,
  measureModel,
  overviewModels,
  previewPilot,
  type ReadingFacts,
  type ReferenceStudiesQuestion,
  type InstalledModel,
  type ResultsQuestion,
  type RunsQuestion,
  sightModels,
} from './inference/index.ts';
import { explicitHead, type HeadWork } from './api/dicomweb/explicit-head.ts';
import { nativeFrame, renderImage, type RenderWork } from './api/dicomweb/pixel-work.ts';
import { digestFrame } from './dicom/pixel/digest-frame.ts';
import type { EncodedFrame } from './dicom/pixel/encoded-frame.ts';
import { describePart, type PartWork } from './api/dicomweb/describe-part.ts';
import { verifyLedger } from './platform/ledger/verify.ts';
import { type LogMove, openLogMover, openReader, type ReadableDb } from './platform/store/database.ts';
import type { ReaderRequest, ReaderSettings } from './platform/store/reader-pool.ts';
import { findDecision, isFinal } from './reading/index.ts';
import {
  listRuleFailures,
  type PreviewQuestion,
  previewRules,
  type ReplayQuestion,
  previewRouting,
  replayTriage,
  type RoutingQuestion,
} from './triage/index.ts';
import {
  isOpenStudy,
  listChoices,
  listSlice,
  rowsToTake,
  searchRows,
  type SearchQuery,
  type SliceQuery,
  tableToTake,
  type TakeQuestion,
} from './worklist/index.ts';

type Compared = {
  readonly siteId: string;
  readonly digest: string;
  readonly otherDigest: string;
  readonly finalOnly: boolean;
};
type Matching = { readonly siteIds: readonly string[]; readonly keys: InstanceKeys; readonly page: Page };

/** Entry of the two reader threads: what may be asked of them. */
export const READER_TASKS = {
  'list-slice': (db: ReadableDb, query: SliceQuery) => listSlice(db, query),
  'search-rows': (db: ReadableDb, query: SearchQuery) => searchRows(db, query),
  'rows-to-take': (db: ReadableDb, question: TakeQuestion) => rowsToTake(db, question),
  'table-to-take': (db: ReadableDb, question: TakeQuestion) => tableToTake(db, question),
  'list-choices': (db: ReadableDb, { siteIds, filter }: Pick<SliceQuery, 'siteIds' | 'filter'>) =>
    listChoices(db, siteIds, filter),
  'list-audit-events': (db: ReadableDb, query: AuditQuestion) => listAuditEvents(db, query),
  'list-timeline': (
    db: ReadableDb,
    { siteId, studyId, viewerId }: { siteId: string; studyId: string; viewerId: string | null },
  ) => listTimeline(db, siteId, studyId, viewerId),
  'measure-acceptance': (
    db: ReadableDb,
    { siteId, digest, acceptanceId }: { siteId: string; digest: string; acceptanceId: string },
  ) => {
    const acceptance = findAcceptance(db, siteId, digest, acceptanceId);
    if (acceptance === null) throw new Error('an acceptance that is measured is on record');
    return measureAcceptance(db, acceptance, readingFacts(db));
  },
  'compare-versions': (db: ReadableDb, { siteId, digest, otherDigest, finalOnly }: Compared) => {
    const [model, other] = [getModel(db, digest), getModel(db, otherDigest)];
    return compareVersions(db, { siteId, model, other, finalOnly }, readingFacts(db));
  },
  'list-discordances': (
    db: ReadableDb,
    { digest, otherDigest, ...asked }: Compared & { readonly after: string | undefined; readonly limit: number },
  ) => {
    const [model, other] = [getModel(db, digest), getModel(db, otherDigest)];
    return listDiscordances(db, { ...asked, model, other }, readingFacts(db));
  },
  'preview-pilot': (
    db: ReadableDb,
    { siteId, digest, pilot, limit }: { siteId: string; digest: string; pilot: PilotScope; limit: number },
  ) => previewPilot(db, { siteId, model: getModel(db, digest), pilot, limit }),
  'list-reference-studies': (db: ReadableDb, question: ReferenceStudiesQuestion) => listReferenceStudies(db, question),
  'list-silent-results': (
    db: ReadableDb,
    { digest, ...question }: Omit<ResultsQuestion, 'model'> & { readonly digest: string },
  ) => listSilentResults(db, { ...question, model: getModel(db, digest) }, readingFacts(db)),
  'verify-ledger': (db: ReadableDb, { checkpoints, publicKeyPem }: { checkpoints: string; publicKeyPem: string }) =>
    verifyLedger(db, checkpoints, publicKeyPem),
  'find-studies': (db: ReadableDb, { siteIds, keys, page }: Matching) => findStudies(db, siteIds, keys, page),
  'find-series': (db: ReadableDb, { siteIds, keys, page }: Matching) => findSeries(db, siteIds, keys, page),
  'find-instances': (db: ReadableDb, { siteIds, keys, page }: Matching) => findInstances(db, siteIds, keys, page),
  'list-instances': (
    db: ReadableDb,
    { siteIds, path, limit }: { siteIds: readonly string[]; path: ObjectPath; limit?: number | undefined },
  ) =>
    listInstancesBelow(db, siteIds, path, limit).map((instance) => ({
      ...instance,
      ...getObject(db, instance.digest),
    })),
  'next-wanted-metadata': (db: ReadableDb, nowMs: number) => nextWantedMetadata(db, nowMs),
  'list-holders': (db: ReadableDb, digests: readonly string[]) => listHolders(db, digests),
  'find-outgoing': (
    db: ReadableDb,
    { siteIds, keys, limit }: Omit<Matching, 'page'> & { readonly limit?: number | undefined },
  ) => findOutgoing(db, siteIds, keys, limit),
  'list-sop-classes': (db: ReadableDb, { siteIds, studyUid }: { siteIds: readonly string[]; studyUid: string }) =>
    listSopClasses(db, siteIds, studyUid),
  'measure-cache': (db: ReadableDb, siteId: string) => measureCache(db, siteId),
  'preview-eviction': (db: ReadableDb, question: EvictionQuestion) => previewEviction(db, question),
  'preview-retention': (db: ReadableDb, question: RetentionQuestion) =>
    previewRetention(db, question, (studyId) => isOpenStudy(db, studyId)),
  'list-discarded': (
    db: ReadableDb,
    { siteId, beforeMs, nowMs }: { siteId: string; beforeMs: number; nowMs: number },
  ) => listDeletableDiscarded(db, siteId, beforeMs, nowMs),
  'list-old-records': (db: ReadableDb, { siteId, beforeMs }: { siteId: string; beforeMs: number }) =>
    listOldRecords(db, siteId, beforeMs),
  'overview-models': (db: ReadableDb, question: Parameters<typeof overviewModels>[1]) => overviewModels(db, question),
  'measure-model': (db: ReadableDb, question: FiguresQuestion) => measureModel(db, question),
  'describe-drift': (db: ReadableDb, { where, nowMs }: { where: { siteId: string; digest: string }; nowMs: number }) =>
    describeDrift(db, where, nowMs),
  'list-model-readings': (db: ReadableDb, question: { readonly studyId: string; readonly viewerId: string }) =>
    listModelReadings(db, question),
  'list-model-runs': (db: ReadableDb, question: RunsQuestion) => listModelRuns(db, question),
  'sight-models': (
    db: ReadableDb,
    { siteId, limits, nowMs }: { siteId: string; limits: Parameters<typeof sightModels>[2]; nowMs: number },
  ) => sightModels(db, siteId, limits, nowMs),
  'rule-failures': (db: ReadableDb, siteId: string) => listRuleFailures(db, siteId),
  'preview-rules': (db: ReadableDb, question: PreviewQuestion) => previewRules(db, question, READING),
  'preview-routing': (db: ReadableDb, question: RoutingQuestion) => previewRouting(db, question, READING),
  'replay-triage': (db: ReadableDb, question: ReplayQuestion) => replayTriage(db, question, READING),
  'explicit-head': (_db: ReadableDb, work: HeadWork) => explicitHead(work),
  'digest-frame': (_db: ReadableDb, frame: EncodedFrame) => digestFrame(frame),
  'native-frame': (_db: ReadableDb, frame: EncodedFrame) => nativeFrame(frame),
  'render-image': (_db: ReadableDb, work: RenderWork) => renderImage(work),
  'describe-part': (_db: ReadableDb, work: PartWork) => describePart(work),
  'move-log': () => (mover ??= connectMover())(),
} as const;

const READING = { isFinal, decisionOf: findDecision };

const readingFacts = (db: ReadableDb): ReadingFacts => ({
  isFinal: (studyId) => isFinal(db, studyId),
  decisionOf: (findingId) => findDecision(db, findingId),
});

function getModel(db: ReadableDb, digest: string): InstalledModel {
  const model = findModel(db, digest);
  if (model === null) throw new Error('a model that is asked for is on record');
  return model;
}

let connection: ReadableDb | null = null;
let mover: (() => LogMove) | null = null;

/** Does one task on this thread's own read-only connection; the default export is what the pool of threads calls. */
export default function answer({ task, input }: ReaderRequest): unknown {
  connection ??= connect();
  const run = READER_TASKS[task as keyof typeof READER_TASKS] as
    | ((db: ReadableDb, input: unknown) => unknown)
    | undefined;
  if (run === undefined) throw new Error(`readers know no task ${task}`);
  return run(connection, input);
}

function connectMover(): () => LogMove {
  const settings = Piscina.workerData as ReaderSettings;
  const opened = openLogMover(settings.database, Buffer.from(settings.keyHex, 'hex'));
  if (!opened.ok) throw new Error(`the log's mover cannot open the database: ${opened.error.code}`);
  return opened.value;
}

function connect(): ReadableDb {
  const settings = Piscina.workerData as ReaderSettings;
  const opened = openReader(settings.database, Buffer.from(settings.keyHex, 'hex'));
  if (!opened.ok) throw new Error(`a reader cannot open the database: ${opened.error.code}`);
  return opened.value;
}
