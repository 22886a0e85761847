import type {
  DecisionCard,
  Finding,
  KeyImage,
  MarkedImages,
  QualityRemark,
  RunCard,
  SeriesCard,
  StudyDetail,
} from '../../../../shared/contract/studies.ts';
import { DecisionId, FindingId, RunId, SeriesId, StudyId, UserId } from '../../../../shared/domain/ids.ts';
import { err, ok } from '../../../../shared/domain/result.ts';
import type { CompletenessEvidence } from '../../../../shared/domain/study.ts';
import { actorOf, findSite, type Principal, type Scope } from '../../access/index.ts';
import {
  countLetGo,
  findFetchAgain,
  findPatient,
  findPeerTitle,
  findStudyCard,
  findStudyIdByUid,
  getObject,
  getStudyCard,
  listCommitmentsOf,
  listInstances,
  listNewVersions,
  listPriorIds,
  listQuarantineOf,
  listSeries,
  promoteStudy,
  recallStudy,
  requestCommitment,
  type RetrievalWorker,
  type SeriesSummary,
  type StudyCard,
} from '../../archive/index.ts';
import { findStorageClass } from '../../dicom/storage-classes.ts';
import {
  findFinding,
  type FindingRecord,
  listFindings,
  listQualityRemarks,
  listRuns,
  type RunRecord,
} from '../../inference/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ObjectReader } from '../../platform/objects/object-store.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import {
  decideFinding,
  findReport,
  findStandingDecision,
  listKeyImages,
  markKeyImage,
  openStudy,
  unmarkKeyImage,
} from '../../reading/index.ts';
import { findRow, refreshRow } from '../../worklist/index.ts';
import type { StationServices } from '../services.ts';
import { describeHidden } from './hidden-images.ts';
import type { Readers } from './readers.ts';
import { nameActor } from './study-face.ts';

type StudyTools = {
  readonly db: WritableDb;
  readonly objects: ObjectReader;
  readonly clock: Clock;
  readonly readers: Readers;
  readonly retrievals: Pick<RetrievalWorker, 'notify'>;
};

/** The studies area over the capabilities that know a study. */
export function studyServices({ db, objects, clock, readers, retrievals }: StudyTools): StationServices['studies'] {
  const inScope = (scope: Scope, studyId: string): StudyCard | null => {
    const study = findStudyCard(db, studyId);
    return study !== null && scope.siteIds.some((siteId) => siteId === study.siteId) ? study : null;
  };
  const rowAfter = (scope: Scope, studyId: string) => {
    // The verb's own effect shows in its answer, though the projection follows the ledger by itself.
    refreshRow(db, studyId);
    const row = findRow(db, scope.siteIds, studyId);
    return row === null ? err({ code: 'study-not-found' }) : ok(row);
  };
  const recall = (principal: Principal, studyId: StudyId) => {
    const who = { siteId: principal.siteId, actor: actorOf(principal), atMs: clock.nowMs() };
    const recalled = recallStudy(db, { ...who, studyId });
    if (recalled.ok) retrievals.notify();
    return recalled.ok ? ok({ retrievalId: recalled.value.retrievalId }) : recalled;
  };
  return {
    get: (principal, studyId) => {
      const study = inScope(principal, studyId);
      return study === null ? null : describeStudy(db, principal, study);
    },
    findByUid: (scope, studyUid) =>
      scope.siteIds.flatMap((siteId) => {
        const studyId = findStudyIdByUid(db, siteId, studyUid);
        return studyId === null
          ? []
          : [{ studyId: StudyId.parse(studyId), studyUid, revision: getStudyCard(db, studyId).revision }];
      }),
    findings: (principal, studyId) => {
      const study = inScope(principal, studyId);
      if (study === null) return null;
      return showFindings(db, studyId, principal);
    },
    qualityRemarks: (principal, studyId) => {
      const study = inScope(principal, studyId);
      if (study === null) return null;
      const series = listSeries(db, studyId);
      return listQualityRemarks(db, studyId, principal.userId).map((remark) => showRemark(remark, series));
    },
    report: (scope, studyId) => (inScope(scope, studyId) === null ? null : { studyId, ...findReport(db, studyId) }),
    keyImages: (scope, studyId) => {
      const study = inScope(scope, studyId);
      return study === null ? null : showKeyImages(db, study);
    },
    setKeyImage: ({ siteId, userId }, { isKey, frameNumber: frame, ...image }) => {
      const verb = isKey ? markKeyImage : unmarkKeyImage;
      const set = verb(db, { ...image, frame, siteId, userId, atMs: clock.nowMs() });
      return set.ok ? ok(showKeyImages(db, getStudyCard(db, image.studyId))) : set;
    },
    decideFinding: (principal, input) => {
      const { siteId, userId } = principal;
      const decided = decideFinding(db, { ...input, siteId, userId, atMs: clock.nowMs() });
      return decided.ok ? ok(showFindings(db, input.studyId, principal)) : decided;
    },
    timeline: async (principal, studyId) => {
      const study = inScope(principal, studyId);
      return study === null
        ? null
        : readers.run('list-timeline', { siteId: study.siteId, studyId, viewerId: principal.userId });
    },
    open: (principal, studyId, seen) => {
      if (inScope(principal, studyId) === null) return err({ code: 'study-not-found' });
      const opened = openStudy(db, {
        siteId: principal.siteId,
        studyId,
        userId: principal.userId,
        atMs: clock.nowMs(),
        ...(seen !== undefined && { seen }),
      });
      if (!opened.ok) return opened;
      // Who opens it wants to see it: what is with the archive only is fetched at once.
      recall(principal, studyId);
      return rowAfter(principal, studyId);
    },
    promote: (principal, studyId) => {
      if (inScope(principal, studyId) === null) return err({ code: 'study-not-found' });
      const promoted = promoteStudy(db, {
        siteId: principal.siteId,
        studyId,
        actor: actorOf(principal),
        atMs: clock.nowMs(),
      });
      if (!promoted.ok) return promoted;
      recall(principal, studyId);
      return rowAfter(principal, studyId);
    },
    recall: (principal, studyId) =>
      inScope(principal, studyId) === null ? err({ code: 'study-not-found' }) : recall(principal, studyId),
    requestCommitment: (principal, studyId, aeTitle) => {
      const study = inScope(principal, studyId);
      if (study === null) return err({ code: 'study-not-found' });
      const requested = requestCommitment(db, {
        ...{ siteId: study.siteId, studyId, peer: { aeTitle }, actor: actorOf(principal), atMs: clock.nowMs() },
      });
      return requested.ok ? ok({ requests: requested.value.length }) : requested;
    },
    findOverlay: async (principal, findingId, overlay) => {
      const finding = findFinding(db, findingId, principal.userId);
      if (finding === null || inScope(principal, finding.studyId) === null) return null;
      const named = overlaysOf(finding).find(({ name }) => name === overlay);
      if (named === undefined) return null;
      const { digest, encoding } = getObject(db, named.digest);
      return { studyId: StudyId.parse(finding.studyId), gzip: await objects.read(digest, encoding) };
    },
  };
}

function describeStudy(db: ReadableDb, principal: Principal, study: StudyCard): StudyDetail | null {
  const row = findRow(db, principal.siteIds, study.studyId);
  const site = findSite(db, study.siteId);
  if (row === null || site === null) return null;
  const series = listSeries(db, study.studyId);
  const letGo = countLetGo(db, study.studyId);
  const withPixels = new Set(
    listInstances(db, study.studyId)
      .filter(
        ({ attributes, sopClassUid }) => attributes.hasPixelData && findStorageClass(sopClassUid)?.kind === 'image',
      )
      .map(({ seriesId }) => seriesId),
  );
  return {
    row,
    identityVersion: findPatient(db, study.patient.patientId)?.identityVersion ?? 0,
    dicomwebPath: `/dicomweb/${site.code}`,
    series: series.map((one) => showSeries(one, withPixels.has(one.seriesId))),
    completeness: findEvidence(db, study),
    letGo,
    fetching: letGo === 0 ? null : findFetching(db, study.studyId),
    hidden: describeHidden(db, study.studyId),
    newVersions: listNewVersions(db, study.studyId).map((one) => ({ ...one, differing: [...one.differing] })),
    commitments: [...listCommitmentsOf(db, study.studyId)],
    priors: listPriorIds(db, study.studyId).map((studyId) => {
      const { studyUid, dateRaw, description, modality, intent } = getStudyCard(db, studyId);
      return { studyId: StudyId.parse(studyId), studyUid, dateRaw, description, modality, intent };
    }),
    runs: listRuns(db, study.studyId, principal.userId).map((run) => showRun(run, series)),
    quarantine: listQuarantineOf(db, study.studyId),
  };
}

/** What readers picked out, as the contract shows it. */
function showKeyImages(db: ReadableDb, study: StudyCard): MarkedImages {
  return {
    studyId: StudyId.parse(study.studyId),
    marks: listKeyImages(db, study).map(({ sopUid, frame, userId, markedAtMs, place }) => ({
      ...{ sopUid, frameNumber: frame, markedAtMs },
      markedBy: { userId: UserId.parse(userId), name: nameActor(db, userId) },
      seriesUid: place.state === 'here' ? place.seriesUid : null,
      setAside: place.state === 'here' ? null : place.state,
    })),
  };
}

/** How fetching back what was let go goes, or went the last time. */
function findFetching(db: ReadableDb, studyId: string): StudyDetail['fetching'] {
  const retrieval = findFetchAgain(db, studyId, 'let-go-here');
  if (retrieval === null) return null;
  const { peerId, state, code, expected, completed, attempts, requestedAtMs } = retrieval;
  return { aeTitle: findPeerTitle(db, peerId), state, code, expected, completed, attempts, requestedAtMs };
}

/** What the completeness goes by now, with peers under their AE titles; of an earlier completion it says nothing any more. */
function findEvidence(db: ReadableDb, { evidence, completeness }: StudyCard): CompletenessEvidence | null {
  if (evidence === null || (completeness === 'receiving' && evidence.rule !== 'undecided')) return null;
  return {
    ...evidence,
    sources: evidence.sources.map((source) => ({ ...source, from: findPeerTitle(db, source.from) ?? source.from })),
  };
}

/** What a person is shown of what models found in a study, with what readers decided of it. */
function showFindings(db: ReadableDb, studyId: string, { userId }: Principal): Finding[] {
  const series = listSeries(db, studyId);
  return listFindings(db, studyId, userId).map((finding) => showFinding(db, finding, series));
}

function showSeries(
  { seriesId, studyId: _studyId, bodyPart: _bodyPart, ...series }: SeriesSummary,
  displayable: boolean,
): SeriesCard {
  return { ...series, seriesId: SeriesId.parse(seriesId), displayable };
}

/** A run as the contract shows one. */
export function showRun(run: RunRecord, series: readonly SeriesSummary[]): RunCard {
  const { runId, revision, state, reason, provider, queuedAtMs, startedAtMs, finishedAtMs, stagesMs } = run;
  return {
    ...{ revision, state, reason, provider, queuedAtMs, startedAtMs, finishedAtMs, stagesMs },
    runId: RunId.parse(runId),
    model: { ...showModel(run), digest: run.model.modelDigest },
    seriesUid: series.find(({ seriesId }) => seriesId === run.seriesId)?.seriesUid ?? null,
    seriesChoice: [...run.seriesChoice],
  };
}

/** A finding as the contract shows one. Where it is on the images is shown of models that may mark, and of no others. */
export function showFinding(db: ReadableDb, finding: FindingRecord, series: readonly SeriesSummary[]): Finding {
  const { findingId, state, standing, category, keyImage } = finding;
  if (standing === 'remark') throw new Error('a remark on quality is no finding');
  const isMarked = finding.uses.includes('mark');
  const href = (name: string) => `/api/v1/findings/${findingId}/overlays/${name}`;
  return {
    ...showSaid(finding, series),
    ...{ state, standing, category, findingId: FindingId.parse(findingId), origin: 'ai' },
    decision: showDecision(db, findingId),
    keyImage: isMarked && keyImage !== null ? showKey(keyImage) : null,
    parts: isMarked
      ? finding.parts.map(({ mask, key }, index) => ({
          part: index + 1,
          keyImage: key === null ? null : showKey(key),
          mask: {
            ...{ href: href(`mask-${index + 1}`), rows: mask.rows, columns: mask.columns },
            frames: mask.sopUids.map((sopUid, at) => ({ sopUid, frameNumber: mask.frameNumbers[at] ?? 1 })),
          },
        }))
      : [],
    boxes: isMarked
      ? finding.marks.map(({ score, key, frames, diameterMm, volumeMl }) => {
          return { score, keyImage: showKey(key), frames: [...frames], diameterMm, volumeMl };
        })
      : [],
    heatmaps: isMarked
      ? finding.heatmaps.map(({ rows, columns, low, high, frames }, index) => {
          return { href: href(`heatmap-${index + 1}`), rows, columns, low, high, frames: [...frames] };
        })
      : [],
  };
}

function showDecision(db: ReadableDb, findingId: string): DecisionCard | null {
  const standing = findStandingDecision(db, findingId);
  if (standing === null) return null;
  const { decisionId, decision, reason, aspects, words, userId, atMs } = standing;
  return {
    ...{ decision, reason, aspects: [...aspects], words, atMs, decisionId: DecisionId.parse(decisionId) },
    by: { userId: UserId.parse(userId), name: nameActor(db, userId) },
  };
}

/** A remark on the quality of images as the contract shows one; where it was seen only of models that may mark. */
function showRemark(remark: FindingRecord, series: readonly SeriesSummary[]): QualityRemark {
  const { findingId, state, uses, keyImage } = remark;
  return {
    ...showSaid(remark, series),
    remarkId: FindingId.parse(findingId),
    isSuperseded: state === 'superseded',
    keyImage: uses.includes('mark') && keyImage !== null ? showKey(keyImage) : null,
  };
}

function showSaid(said: FindingRecord, series: readonly SeriesSummary[]) {
  const { studyId, runId, revision, label, score, threshold, judgedBy, measurements, withdrawn } = said;
  const seriesUid = series.find(({ seriesId }) => seriesId === said.seriesId)?.seriesUid;
  if (seriesUid === undefined) throw new Error('a finding names a series that is not of its study');
  return {
    ...{ revision, label, score, threshold, judgedBy, seriesUid, withdrawn },
    studyId: StudyId.parse(studyId),
    runId: RunId.parse(runId),
    model: showModel(said),
    measurements: measurements.map(({ code, display, value, unit, part }) => ({ code, display, value, unit, part })),
  };
}

function showKey({
  sopUid,
  frameNumber,
  centreMm,
  frameOfReferenceUid,
}: NonNullable<FindingRecord['keyImage']>): KeyImage {
  return { sopUid, frameNumber, centreMm, frameOfReferenceUid };
}

/** What is drawn of a finding, by the names under which it is asked for. */
function overlaysOf({
  uses,
  parts,
  heatmaps,
}: FindingRecord): readonly { readonly name: string; readonly digest: string }[] {
  if (!uses.includes('mark')) return [];
  return [
    ...parts.map(({ mask }, index) => ({ name: `mask-${index + 1}`, digest: mask.digest })),
    ...heatmaps.map(({ digest }, index) => ({ name: `heatmap-${index + 1}`, digest })),
  ];
}

function showModel({ model, stage }: Pick<FindingRecord, 'model' | 'stage'>) {
  const { id, name, version, clinicalUse } = model;
  return { id, name, version, clinicalUse, stage };
}
