import { isDeepStrictEqual } from 'node:util';
import {
  type Reason,
  type ServiceLevel,
  type UrgencyLevel,
  urgencyRank,
  type UrgencyStanding,
} from '../../../shared/domain/urgency.ts';
import type { TriagePolicySet } from '../../../shared/domain/triage-policy.ts';
import type { StudyCard } from '../archive/index.ts';
import { type RunPriority, setRunPriority } from '../inference/index.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { type Actor, serviceActor } from '../platform/ledger/event.ts';
import { prepared, type ReadableDb, type WritableDb } from '../platform/store/database.ts';
import { deadlinesOf } from './deadlines.ts';
import { oweLimit } from './limit-job.ts';
import type { TriagePolicy } from './triage-policy.ts';
import { policyInForce } from './triage-set-rows.ts';
import { isWaiting, putUrgency, type StudyUrgency } from './urgency-rows.ts';

/** Where a study is put, and who puts it there. */
export type Placement = {
  readonly level: UrgencyLevel;
  readonly standing: UrgencyStanding;
  readonly serviceLevel: ServiceLevel;
  readonly reasons: readonly Reason[];
  readonly countsFromMs: number;
  readonly atMs: number;
  /** Something new is said to be urgent in it, though it stands as urgent already: whoever opened it before has not seen that. */
  readonly isFlaggedAnew?: boolean;
  /** A person's word: it unseats what stood, and is held against no other. Some have the images open and know all that raised it. */
  readonly declared?: { readonly by: Actor; readonly loweredRevision: number | null; readonly hasSeen: boolean };
};

/** Walks study_urgency_declared: until when the unopened Criticals are due that people declared by a moment. */
export const LATEST_DECLARED = `
  SELECT max(coalesce(open_by_at_ms, report_by_at_ms)) AS dueAtMs FROM study_urgency
   WHERE site_id = ? AND level = 'critical' AND standing = 'confirmed' AND is_waiting = 1 AND declared_at_ms <= ?
`;

/** Writes a study's place with its targets and its limit, tells the ledger, and lets models read in the same order as people; nothing where it stands so. */
export function settle(
  db: WritableDb,
  policy: TriagePolicy,
  study: StudyCard,
  previous: StudyUrgency | null,
  { declared, isFlaggedAnew = false, atMs, ...place }: Placement,
): void {
  const inForce = policyInForce(db, study.siteId, policy.starting);
  const targets = deadlinesOf(inForce, {
    fromMs: Math.max(study.completeAtMs ?? 0, place.countsFromMs),
    level: place.level,
    serviceLevel: place.serviceLevel,
    zone: policy.zoneOf(study.siteId),
  });
  // A promise once made to a patient is not put off, unless a radiologist who saw the images says so.
  const isLowered = declared !== undefined && declared.loweredRevision !== null;
  const promised = isLowered ? null : previous;
  const deadlines = {
    openByAtMs: earlier(promised?.openByAtMs ?? null, targets.openByAtMs),
    reportByAtMs: earlier(promised?.reportByAtMs ?? null, targets.reportByAtMs),
  };
  const isRaised = urgencyRank(place.level) < urgencyRank(previous?.level ?? 'routine');
  const raises = (previous?.raises ?? 0) + (isRaised || isFlaggedAnew ? 1 : 0);
  const urgency: StudyUrgency = {
    ...{ studyId: study.studyId, siteId: study.siteId, setAtMs: atMs, ...place, ...deadlines },
    // What nobody waits for any more has its limit behind it: what is flagged anew waits from then.
    limitAtMs: limitOf(inForce, {
      ...{ ...place, ...deadlines, atMs },
      previous: isFlaggedAnew && !isWaiting(db, study.studyId) ? null : previous,
    }),
    behindDueAtMs: declared
      ? null
      : place.level === 'critical' && isRaised
        ? behindDeclared(db, study.siteId, atMs)
        : (previous?.behindDueAtMs ?? null),
    declaredAtMs: declared ? atMs : (previous?.declaredAtMs ?? null),
    loweredRevision: declared ? declared.loweredRevision : (previous?.loweredRevision ?? null),
    raises,
    seenRaises: declared?.hasSeen === true ? raises : (previous?.seenRaises ?? 0),
  };
  if (previous !== null && isDeepStrictEqual({ ...urgency, setAtMs: previous.setAtMs }, previous)) return;
  setRunPriority(db, study.studyId, 'triage', runPriorityOf(place), atMs);
  putUrgency(db, urgency);
  oweLimit(db, urgency);
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
    actor: declared?.by ?? serviceActor('triage'),
    correlationId: study.correlationId,
    atMs,
  });
}

/** When a study has waited as long as its class may, though others were raised: null of what is Critical, which nothing overtakes by class. */
export function limitOf(
  { bounds }: Pick<TriagePolicySet, 'bounds'>,
  place: {
    readonly level: UrgencyLevel;
    readonly countsFromMs: number;
    readonly reportByAtMs: number | null;
    readonly previous: Pick<StudyUrgency, 'level' | 'limitAtMs'> | null;
    readonly atMs: number;
  },
): number | null {
  const { level, countsFromMs, reportByAtMs, previous, atMs } = place;
  if (level === 'critical') return null;
  if (level === 'urgent') {
    const sinceMs = atMs + bounds.urgentMinutes * 60_000;
    return previous?.level === 'urgent' ? Math.min(sinceMs, previous.limitAtMs ?? sinceMs) : sinceMs;
  }
  return reportByAtMs === null ? null : Math.round(countsFromMs + bounds.routineShare * (reportByAtMs - countsFromMs));
}

function behindDeclared(db: ReadableDb, siteId: string, atMs: number): number | null {
  return prepared<{ dueAtMs: number | null }>(db, LATEST_DECLARED).get(siteId, atMs)?.dueAtMs ?? null;
}

/** Models read first what people read first. */
function runPriorityOf({ level, serviceLevel }: Pick<Placement, 'level' | 'serviceLevel'>): RunPriority {
  if (level === 'critical' || serviceLevel === 'critical' || serviceLevel === 'stat-or-emergency') return 'stat';
  return level === 'urgent' || serviceLevel === 'inpatient' ? 'urgent' : 'routine';
}

function earlier(promised: number | null, target: number | null): number | null {
  if (promised === null || target === null) return promised ?? target;
  return Math.min(promised, target);
}

/** The ledger holds codes and numbers: what people wrote, names of people and what objects say stand with the study alone. */
const IN_LEDGER = new Set([
  ...['score', 'model', 'category', 'revision', 'knownSince', 'right', 'of'],
  ...['ruleId', 'version', 'level', 'waitedMinutes', 'from', 'to'],
]);

function codesOnly(params: Reason['params']): Reason['params'] {
  return Object.fromEntries(Object.entries(params).filter(([name]) => IN_LEDGER.has(name)));
}
