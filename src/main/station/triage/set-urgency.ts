import { isDeepStrictEqual } from 'node:util';
import { ceilingOfCategory, moreUrgent, type Reason, urgencyRank } from '../../../shared/domain/urgency.ts';
import { getStudyCard, type StudyCard } from '../archive/index.ts';
import { listFlagsOfRun, type RunPriority, setRunPriority } from '../inference/index.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { type DeadlinePolicy, deadlinesOf } from './deadlines.ts';
import { findUrgency, putUrgency, type StudyUrgency } from './urgency-rows.ts';

/** What triage needs to know of a site: its policy and its zone. */
export type TriagePolicy = { readonly deadlines: DeadlinePolicy; readonly zoneOf: (siteId: string) => string };

/**
 * Starts the clocks of a new study whose images are complete; one that already has a place keeps it. Of one that a person
 * made new they count from then: nobody promised anything before. One that still receives has none, unless it is flagged: then
 * they count from the flag.
 */
export function placeStudy(
  db: WritableDb,
  policy: TriagePolicy,
  studyId: string,
  atMs: number,
  promotedAtMs: number | null = null,
  isFlagged = false,
): void {
  const study = getStudyCard(db, studyId);
  if (study.intent !== 'new' || findUrgency(db, studyId) !== null) return;
  if (study.completeAtMs === null && !isFlagged) return;
  // Without an order nothing is known of priority or location: the longest service level, said as a reason.
  settle(db, policy, study, null, {
    level: 'routine',
    standing: 'ordinary',
    serviceLevel: 'outpatient',
    reasons: [{ code: 'no-order-matched', params: {} }],
    countsFromMs: Math.max(study.completeAtMs ?? atMs, promotedAtMs ?? 0),
    atMs,
  });
}

/**
 * A study that people split off another stands as urgent as that one did: nobody looked at its images as those of its own
 * patient yet, and what made the other urgent may be in them.
 */
export function placeSplitOff(
  db: WritableDb,
  policy: TriagePolicy,
  studyId: string,
  sourceId: string,
  atMs: number,
): void {
  const study = getStudyCard(db, studyId);
  const source = findUrgency(db, sourceId);
  if (source === null || study.intent !== 'new' || findUrgency(db, studyId) !== null) return;
  if (study.completeAtMs === null) return;
  const { level, standing, serviceLevel, reasons, countsFromMs } = source;
  settle(db, policy, study, null, { level, standing, serviceLevel, reasons, countsFromMs, atMs });
}

/** Raises a study for what a run flagged, at most to the ceiling of each finding's category; never lowers, never unseats a person. */
export function raiseForRun(db: WritableDb, policy: TriagePolicy, studyId: string, runId: string, atMs: number): void {
  const flags = listFlagsOfRun(db, runId);
  if (flags.length === 0) return;
  // Neither a study whose placing failed and was parked nor one that still receives may hide its flag.
  placeStudy(db, policy, studyId, atMs, null, true);
  const current = findUrgency(db, studyId);
  if (current === null) return;
  const asked = flags.map((flag) => ceilingOfCategory(flag.category)).reduce(moreUrgent);
  const isHigher = urgencyRank(asked) < urgencyRank(current.level);
  const reasons: Reason[] = flags.map((flag) => ({
    code: 'ai-flag',
    params: {
      ...{ finding: flag.display, score: flag.score, model: flag.model, category: flag.category },
      revision: flag.revision, // a later run that flags nothing leaves this standing, so it says what it was of
    },
  }));
  if (!isHigher && reasons.every((reason) => current.reasons.some((known) => isDeepStrictEqual(known, reason)))) return;
  // What the same model said of an earlier revision is said anew; what others said stays.
  const models = new Set(flags.map(({ model }) => model));
  const earlier = current.reasons.filter(({ code, params }) => code !== 'ai-flag' || !models.has(String(params.model)));
  settle(db, policy, getStudyCard(db, studyId), current, {
    level: isHigher ? asked : current.level,
    standing: isHigher ? 'suspected' : current.standing,
    serviceLevel: current.serviceLevel,
    reasons: [...reasons, ...earlier],
    countsFromMs: current.countsFromMs,
    atMs,
  });
}

type Placement = Pick<StudyUrgency, 'level' | 'standing' | 'serviceLevel' | 'reasons' | 'countsFromMs'> & {
  readonly atMs: number;
};

function settle(
  db: WritableDb,
  policy: TriagePolicy,
  study: StudyCard,
  previous: StudyUrgency | null,
  placement: Placement,
): void {
  const { atMs, ...place } = placement;
  const targets = deadlinesOf(policy.deadlines, {
    fromMs: Math.max(study.completeAtMs ?? 0, place.countsFromMs),
    level: place.level,
    serviceLevel: place.serviceLevel,
    zone: policy.zoneOf(study.siteId),
  });
  const deadlines = {
    openByAtMs: earlier(previous?.openByAtMs ?? null, targets.openByAtMs),
    reportByAtMs: earlier(previous?.reportByAtMs ?? null, targets.reportByAtMs),
  };
  setRunPriority(db, study.studyId, 'triage', runPriorityOf(place), atMs);
  putUrgency(db, { studyId: study.studyId, siteId: study.siteId, setAtMs: atMs, ...place, ...deadlines });
  appendEvent(db, {
    kind: 'urgency-set',
    payload: {
      level: place.level,
      standing: place.standing,
      previous: previous?.level ?? null,
      ...deadlines,
      reasons: place.reasons.map(({ code, params }) => ({ code, params: codesOnly(params) })),
    },
    siteId: study.siteId,
    studyId: study.studyId,
    patientId: study.patient.patientId,
    actor: serviceActor('triage'),
    correlationId: study.correlationId,
    atMs,
  });
}

/** Models read first what people read first. */
function runPriorityOf({ level, serviceLevel }: Pick<Placement, 'level' | 'serviceLevel'>): RunPriority {
  if (level === 'critical' || serviceLevel === 'critical' || serviceLevel === 'stat-or-emergency') return 'stat';
  return level === 'urgent' || serviceLevel === 'inpatient' ? 'urgent' : 'routine';
}

/** A promise once made to a patient is not put off by late images. */
function earlier(promised: number | null, target: number | null): number | null {
  if (promised === null || target === null) return promised ?? target;
  return Math.min(promised, target);
}

/** The ledger holds codes and numbers; the finding's display name stands with the finding. */
function codesOnly(params: Reason['params']): Reason['params'] {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name !== 'finding'));
}
