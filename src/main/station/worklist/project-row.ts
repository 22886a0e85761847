import { WorklistRow } from '../../../shared/contract/worklist.ts';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { familyBirthKey } from '../../../shared/domain/person-name.ts';
import { urgencyRank } from '../../../shared/domain/urgency.ts';
import { findDisplayName } from '../access/index.ts';
import { findArchiveState, findStudyCard, type StudyCard } from '../archive/index.ts';
import { aiStatus } from '../inference/index.ts';
import type { ReadableDb, WritableDb } from '../platform/store/database.ts';
import { findOpening, findReport, type StudyOpening, whyOpenAgain } from '../reading/index.ts';
import { findRoute, findUrgency, type RouteRow } from '../triage/index.ts';
import { dropRow, putRow, type Settled } from './put-row.ts';
import { foldForSearch } from './search-text.ts';

/** Nameless patients stand behind the named ones. */
const LAST = '\u{10ffff}';

/** A study with no target yet is due this long after it came, so that it cannot hide behind dated ones. */
const UNDATED_DUE_MS = DAY_MS;

/** Builds a study's row anew from what the earlier capabilities know; one that is hidden has none. Idempotent; the page reads nothing else. */
export function projectRow(db: WritableDb, studyId: string): void {
  const study = findStudyCard(db, studyId);
  if (study === null) return;
  if (!study.isShown) return dropRow(db, studyId);
  const urgency = findUrgency(db, studyId);
  const ai = aiStatus(db, studyId);
  const opening = findOpening(db, studyId);
  const openAgain = opening === null ? [] : whyOpenAgain(db, study);
  const isOpened = opening !== null && openAgain.length === 0;
  const report = findReport(db, studyId);
  const { nameKey, ...patient } = study.patient;
  const route = findRoute(db, studyId);
  const row = WorklistRow.parse({
    studyId,
    studyUid: study.studyUid,
    revision: study.revision,
    intent: study.intent,
    intentBecause: study.intentBecause,
    // The name alert depends on other rows: it is looked up when a window is read.
    patient: { ...patient, nameAlert: false, underInvestigation: study.identityInDoubt },
    accession: study.accession,
    exam: {
      description: study.description,
      modality: study.modality,
      bodyPart: study.bodyPart,
      laterality: study.laterality,
      dateRaw: study.dateRaw,
      timeRaw: study.timeRaw,
    },
    orderPriority: null,
    urgency: {
      level: urgency?.level ?? 'routine',
      standing: urgency?.standing ?? 'ordinary',
      raises: urgency?.raises ?? 0,
    },
    serviceLevel: urgency?.serviceLevel ?? null,
    openByAtMs: urgency?.openByAtMs ?? null,
    reportByAtMs: urgency?.reportByAtMs ?? null,
    receivedAtMs: study.receivedAtMs,
    completeAtMs: study.completeAtMs,
    images: {
      ...{ received: study.images, expected: study.expected, completeness: study.completeness },
      marks: [...study.marks],
    },
    inPacs: study.images === 0 ? 'no-destination' : findArchiveState(db, studyId),
    ai,
    priors: study.priors,
    openedBy:
      opening === null
        ? null
        : { userId: opening.userId, displayName: findDisplayName(db, opening.userId) ?? '', atMs: opening.atMs },
    openAgain: [...openAgain],
    report: report.state,
    routed: route === null ? null : showRoute(db, route),
    reasons: urgency?.reasons ?? [],
    quarantined: study.quarantined,
  });
  const nextTarget = isOpened ? (row.reportByAtMs ?? row.openByAtMs) : (row.openByAtMs ?? row.reportByAtMs);
  putRow(db, {
    studyId,
    siteId: study.siteId,
    rank: urgencyRank(row.urgency.level),
    // Behind the Criticals that people declared before: what a model or a rule raised passes none of them.
    dueAtMs: Math.max(nextTarget ?? row.receivedAtMs + UNDATED_DUE_MS, (urgency?.behindDueAtMs ?? 0) + 1),
    receivedAtMs: row.receivedAtMs,
    nameOrder: foldForSearch(patient.name) || LAST,
    examOrder: foldForSearch([study.modality, study.description ?? study.bodyPart ?? ''].join(' ')),
    examAt: [study.dateRaw, study.dateRaw && study.timeRaw].join(''),
    nameKey,
    familyBirthKey: familyBirthKey(patient.name, patient.birthDateRaw),
    patientId: patient.patientId,
    intent: study.intent,
    isOpened: isOpened ? 1 : 0,
    aiState: ai.state,
    completeness: study.completeness,
    inPacs: row.inPacs,
    report: report.state,
    modality: study.modality,
    bodyPart: study.bodyPart ?? '',
    serviceLevel: row.serviceLevel ?? '',
    orderPriority: row.orderPriority ?? '',
    ageYears: yearsBetween(patient.birthDateRaw, study.dateRaw),
    readerId: opening?.userId ?? '',
    routedTo: route?.readerId ?? '',
    settled:
      openAgain.length > 0
        ? null
        : settledSince(study, opening, report, urgency?.level === 'routine' ? null : (urgency?.setAtMs ?? null)),
    search: {
      name: foldForSearch(patient.name),
      number: foldForSearch([patient.mrn, study.accession].filter((text) => text !== null).join(' ')),
      exam: foldForSearch(
        [study.description, study.modality, study.bodyPart].filter((text) => text !== null).join(' '),
      ),
    },
    row: JSON.stringify(row),
  });
}

/** For whom it is, as rows say it: the group's name stands in its reasons. */
function showRoute(db: ReadableDb, { standing, readerId, reasons }: RouteRow): unknown {
  if (standing === null) return null;
  const group = reasons.find(({ code }) => code === 'route-group')?.params['group'] ?? null;
  const to = readerId === null ? null : { userId: readerId, displayName: findDisplayName(db, readerId) ?? '' };
  return { standing, to, group, reasons };
}

/**
 * Since when nothing is left to be done about a study that need not be opened again; what still comes in, or was only begun to be
 * reported, is work. What was raised later counts from then.
 */
function settledSince(
  study: StudyCard,
  opening: StudyOpening | null,
  report: ReturnType<typeof findReport>,
  raisedAtMs: number | null,
): Settled | null {
  if (study.completeness === 'receiving' || study.quarantined > 0 || study.identityInDoubt) return null;
  const lastImageAtMs = study.completeAtMs ?? study.receivedAtMs;
  const since = (as: Settled['as'], atMs: number): Settled => ({
    ...{ as, atMs: Math.max(lastImageAtMs, atMs, raisedAtMs ?? 0) },
    ...(raisedAtMs !== null && { raisedAtMs }),
  });
  if (report.state === 'final' || report.state === 'addended') return since('final', report.signedAtMs ?? 0);
  if (report.state === 'preliminary') return null;
  if (study.intent !== 'new') return since('comparison', 0);
  return opening === null ? null : since('opened', opening.atMs);
}

/** Whole years from one raw DICOM day to another; null where either is unknown or they are the wrong way round. */
function yearsBetween(fromRaw: string | null, toRaw: string | null): number | null {
  const [from, to] = [fromRaw, toRaw].map((raw) => (/^\d{8}$/.test(raw ?? '') ? Number(raw) : null));
  if (from == null || to == null || to < from) return null;
  return Math.floor((to - from) / 10_000);
}
