import { isDeepStrictEqual } from 'node:util';
import type { CompletenessEvidence, EvidenceKind } from '../../../shared/domain/study.ts';
import { EVIDENCE_KINDS } from '../../../shared/domain/study.ts';
import { Config } from '../platform/config.ts';
import { cancelJob, type JobHandler, listJobSubjects, scheduleJob } from '../platform/jobs/jobs.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { gatherFacts, getProgress, listSources, type Progress } from './completeness-facts.ts';
import { judgeFacts, marksOf, rankOfRule, type Verdict } from './completeness-rules.ts';
import { noteNamedArrival } from './named-instances.ts';
import { wantMetadata } from './series-metadata.ts';

/** The jobs that judge a study complete by quiet time, and by its volume once no further association follows. */
const QUIET_TIME_JOB = 'archive-quiet-time';
const SETTLING_JOB = 'archive-settling';

/** Starting values are the site's to change: what counts as evidence, and ms of silence after which nothing more is expected, by modality. */
export type QuietTimes = Config['completeness'];

/** What counts where a caller knows no configuration: as shipped. */
export const SHIPPED_RULES: QuietTimes = Config.parse({}).completeness;

const FIND_BY_UID = 'SELECT study_id AS studyId FROM studies WHERE site_id = ? AND study_uid = ?';
const ONE_OF_SEVERAL = 'SELECT 1 FROM study_associations WHERE study_id = ? AND association_id <> ? LIMIT 1';
const COMPLETE_STUDY = `
  UPDATE studies SET completeness = @completeness, complete_at_ms = coalesce(complete_at_ms, @atMs), complete_revision = @revision,
         evidence = @evidence WHERE study_id = @studyId
`;
const REOPEN_STUDY = "UPDATE studies SET completeness = 'receiving', evidence = ? WHERE study_id = ?";
const KEEP_EVIDENCE = 'UPDATE studies SET evidence = ? WHERE study_id = ?';

/**
 * What made somebody ask whether a study is complete. A normal end and a pause bring nothing new; an association that
 * broke and a notice may speak against what was believed.
 */
type Occasion = 'association-ended' | 'association-broken' | 'noticed' | 'settled' | 'quiet';

/**
 * After each arrival, at a cost that does not grow with the study: quiet time starts anew, except for what merely attaches
 * to a study that is complete; and what was named and waited for is one less.
 */
export function noteArrival(
  db: WritableDb,
  arrival: {
    readonly studyId: string;
    readonly siteId: string;
    readonly modality: string;
    /** The study that the object names: a person may have split it since. */
    readonly studyUid: string;
    readonly sopUid: string;
    readonly isEvidenceOnly: boolean;
  },
  rules: QuietTimes,
  atMs: number,
): void {
  if (!arrival.isEvidenceOnly) expectMore(db, arrival, rules, atMs);
  if (noteNamedArrival(db, arrival)) letSettle(db, arrival, atMs + rules.settleMs);
}

function expectMore(
  db: WritableDb,
  study: { readonly studyId: string; readonly siteId: string; readonly modality: string },
  rules: QuietTimes,
  atMs: number,
): void {
  const dueAtMs = atMs + quietMsOf(rules, study.modality);
  scheduleJob(db, { kind: QUIET_TIME_JOB, subjectId: study.studyId, siteId: study.siteId, dueAtMs });
  cancelJob(db, SETTLING_JOB, study.studyId);
}

const quietMsOf = (rules: QuietTimes, modality: string) => rules.quietMs[modality] ?? rules.quietOtherMs;

/** At a start: nobody listened while the station was down, so every study still receiving has its quiet time from now. */
export function waitAnew(db: WritableDb, rules: QuietTimes, atMs: number): void {
  inTransaction(db, () => {
    const settling = new Set(listJobSubjects(db, SETTLING_JOB));
    for (const studyId of listJobSubjects(db, QUIET_TIME_JOB)) expectMore(db, getProgress(db, studyId), rules, atMs);
    for (const studyId of settling) letSettle(db, getProgress(db, studyId), atMs + rules.settleMs);
  });
}

/**
 * When an association ends: studies of it are judged. Where it brought all of a study this is at once; some modalities send
 * one association a slice, and then any slice may look like the last: such a study settles first, and is judged once.
 */
export function judgeStudies(
  db: WritableDb,
  associationId: string,
  studyIds: readonly string[],
  how: 'released' | 'aborted' | 'failed',
  rules: QuietTimes,
  atMs: number,
): void {
  for (const studyId of studyIds) {
    const study = getProgress(db, studyId);
    wantMetadata(db, studyId, study.siteId, atMs);
    const isOneOfSeveral = prepared(db, ONE_OF_SEVERAL).get(studyId, associationId) !== undefined;
    if (how !== 'released') judge(db, study, rules, 'association-broken', atMs);
    else if (!isOneOfSeveral || rules.settleMs === 0) judge(db, study, rules, 'association-ended', atMs);
    else if (study.completeness !== 'complete') letSettle(db, study, atMs + rules.settleMs);
  }
}

/** When somebody said something of a study: it is judged, if any of it is here already. */
export function judgeNoticed(db: WritableDb, siteId: string, studyUid: string, rules: QuietTimes, atMs: number): void {
  const found = prepared<{ studyId: string }>(db, FIND_BY_UID).get(siteId, studyUid);
  if (found !== undefined) judge(db, getProgress(db, found.studyId), rules, 'noticed', atMs);
}

function letSettle(db: WritableDb, study: { studyId: string; siteId: string }, dueAtMs: number): void {
  scheduleJob(db, { kind: SETTLING_JOB, subjectId: study.studyId, siteId: study.siteId, dueAtMs });
}

/** The handlers of the jobs that complete studies. */
export function completenessJobs(rules: QuietTimes): Readonly<Record<string, JobHandler>> {
  return {
    /** Silence long enough counts as complete, shown as assumed, unless something better does. */
    [QUIET_TIME_JOB](db, job, nowMs) {
      const study = getProgress(db, job.subjectId);
      if (study.completeness !== 'receiving') return;
      // Counted from the job, not from the clock on the wall, which may have been set meanwhile.
      judge(db, study, rules, 'quiet', nowMs, quietMsOf(rules, study.modality) + nowMs - job.dueAtMs);
    },
    /** No further association came in time. */
    [SETTLING_JOB](db, job, nowMs) {
      judge(db, getProgress(db, job.subjectId), rules, 'settled', nowMs);
    },
  };
}

function judge(
  db: WritableDb,
  study: Progress,
  rules: QuietTimes,
  occasion: Occasion,
  atMs: number,
  quietForMs: number | null = null,
): void {
  const facts = gatherFacts(db, study);
  const verdict = judgeFacts(facts, kindsToAsk(study, rules, occasion));
  const evidence = (rule: CompletenessEvidence['rule']): CompletenessEvidence => {
    const gaps = facts.hasAskedForGaps() || rule === 'quiet-time' ? facts.gaps() : null;
    return {
      ...{ rule, quietForMs, gaps, instances: study.instances, series: study.seriesCount },
      ...{ associationsReleased: facts.associations.released, associationsBroken: facts.associations.broken },
      ...{ named: facts.named, awaited: facts.awaited },
      sources: listSources(db, study),
      marks: marksOf(facts, verdict, gaps),
    };
  };
  if (verdict.state === 'complete') {
    // Whoever still sends may bring more than was named: heard out, but not for ever.
    if (facts.associations.open > 0 && occasion !== 'settled' && occasion !== 'quiet')
      return letSettle(db, study, atMs + rules.settleMs);
    if (study.completeness !== 'complete') return complete(db, study, 'complete', evidence(verdict.rule), atMs);
    return keepEvidence(db, study, evidence(verdict.rule), atMs);
  }
  if (occasion === 'quiet') return complete(db, study, 'assumed', evidence('quiet-time'), atMs);
  if (study.completeness === 'receiving') return keepEvidence(db, study, evidence('undecided'), atMs);
  if (speaksAgainst(study, verdict, occasion)) return reopen(db, study, evidence('undecided'), rules, atMs);
  if (study.completeness === 'assumed')
    keepEvidence(db, study, { ...evidence('quiet-time'), quietForMs: study.evidence?.quietForMs ?? null }, atMs);
}

/** A complete study is held against what is as strong as what completed it, or stronger; its volume is not measured again. */
function kindsToAsk(study: Progress, rules: QuietTimes, occasion: Occasion): readonly EvidenceKind[] {
  const kinds = rules.evidence[study.modality] ?? rules.evidenceOther;
  if (study.completeness !== 'complete' || occasion === 'association-broken') return kinds;
  const rank = rankOfRule(study.evidence?.rule ?? null);
  return kinds.filter((kind) => kind !== 'gapless-volume' && EVIDENCE_KINDS.indexOf(kind) <= rank);
}

/** News that more is to come, or was cut off, of a study that counted as complete. */
function speaksAgainst(study: Progress, verdict: Verdict & { state: 'not-yet' }, occasion: Occasion): boolean {
  if (occasion === 'association-broken') return true;
  return occasion === 'noticed' && verdict.isDenied && study.completeness !== 'receiving';
}

function complete(
  db: WritableDb,
  study: Progress,
  completeness: 'complete' | 'assumed',
  evidence: CompletenessEvidence,
  atMs: number,
): void {
  // What only attached since an assumed study was complete asks for nothing again.
  const revision = study.completeness === 'receiving' ? study.revision : (study.completeRevision ?? study.revision);
  const row = { studyId: study.studyId, completeness, revision, evidence: JSON.stringify(evidence), atMs };
  prepared(db, COMPLETE_STUDY).run(row);
  cancelJob(db, QUIET_TIME_JOB, study.studyId);
  cancelJob(db, SETTLING_JOB, study.studyId);
  wantMetadata(db, study.studyId, study.siteId, atMs);
  appendEvent(db, {
    kind: 'study-completed',
    payload: { completeness, revision, intent: study.intent, evidence },
    ...ofStudy(study, atMs),
  });
}

function reopen(db: WritableDb, study: Progress, evidence: CompletenessEvidence, rules: QuietTimes, atMs: number) {
  prepared(db, REOPEN_STUDY).run(JSON.stringify(evidence), study.studyId);
  expectMore(db, study, rules, atMs);
  appendEvent(db, {
    kind: 'study-reopened',
    payload: { revision: study.revision, evidence },
    ...ofStudy(study, atMs),
  });
}

/** Keeps what is known of a study whose state stays, where what it goes by changed. */
function keepEvidence(db: WritableDb, study: Progress, evidence: CompletenessEvidence, atMs: number): void {
  const { rule = 'undecided', sources = [], marks = [] } = study.evidence ?? {};
  // Of images that came after a completion the evidence of that one says nothing any more.
  const isStale = study.completeness === 'receiving' && rule !== 'undecided';
  const said = isStale ? { rule: 'undecided', sources: [], marks: [] } : { rule, sources, marks };
  const { rule: ruleNow, sources: sourcesNow, marks: marksNow } = evidence;
  if (isDeepStrictEqual(said, { rule: ruleNow, sources: sourcesNow, marks: marksNow })) return;
  prepared(db, KEEP_EVIDENCE).run(JSON.stringify(evidence), study.studyId);
  appendEvent(db, {
    kind: 'study-evidence-changed',
    payload: { revision: study.revision, evidence },
    ...ofStudy(study, atMs),
  });
}

const ofStudy = (study: Progress, atMs: number) => ({
  ...{ siteId: study.siteId, studyId: study.studyId, patientId: study.patientId, correlationId: study.correlationId },
  actor: serviceActor('archive'),
  atMs,
});
