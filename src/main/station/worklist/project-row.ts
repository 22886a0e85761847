import { WorklistRow } from '../../../shared/contract/worklist.ts';
import { DAY_MS } from '../../../shared/domain/durations.ts';
import { familyBirthKey, searchable } from '../../../shared/domain/person-name.ts';
import { urgencyRank } from '../../../shared/domain/urgency.ts';
import { findDisplayName } from '../access/index.ts';
import { findArchiveState, findStudyCard } from '../archive/index.ts';
import { aiStatus } from '../inference/index.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { findOpening, findReport } from '../reading/index.ts';
import { findUrgency } from '../triage/index.ts';

const PUT_ROW = `
  INSERT INTO open_studies (study_id, site_id, urgency_rank, due_at_ms, name_key, family_birth_key, patient_id, search_text, intent, completeness, ai_state,
                            is_opened, row)
  VALUES (@studyId, @siteId, @rank, @dueAtMs, @nameKey, @familyBirthKey, @patientId, @searchText, @intent, @completeness, @aiState, @isOpened, @row)
  ON CONFLICT (study_id) DO UPDATE SET urgency_rank = excluded.urgency_rank, due_at_ms = excluded.due_at_ms, name_key = excluded.name_key, family_birth_key = excluded.family_birth_key,
    patient_id = excluded.patient_id, search_text = excluded.search_text, intent = excluded.intent, completeness = excluded.completeness,
    ai_state = excluded.ai_state, is_opened = excluded.is_opened, row = excluded.row
`;

const DROP_ROW = 'DELETE FROM open_studies WHERE study_id = ?';

/** A study with no target yet is due this long after it came, so that it cannot hide behind dated ones. */
const UNDATED_DUE_MS = DAY_MS;

/** Builds a study's row anew from what the earlier capabilities know; one that is hidden has none. Idempotent; the page reads nothing else. */
export function projectRow(db: WritableDb, studyId: string): void {
  const study = findStudyCard(db, studyId);
  if (study === null) return;
  if (!study.isShown) {
    prepared(db, DROP_ROW).run(studyId);
    return;
  }
  const urgency = findUrgency(db, studyId);
  const ai = aiStatus(db, studyId);
  const opening = findOpening(db, studyId);
  const report = findReport(db, studyId);
  const { nameKey, ...patient } = study.patient;
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
    urgency: { level: urgency?.level ?? 'routine', standing: urgency?.standing ?? 'ordinary' },
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
    report: report.state,
    reasons: urgency?.reasons ?? [],
    quarantined: study.quarantined,
  });
  const nextTarget = opening === null ? (row.openByAtMs ?? row.reportByAtMs) : (row.reportByAtMs ?? row.openByAtMs);
  prepared(db, PUT_ROW).run({
    studyId,
    siteId: study.siteId,
    rank: urgencyRank(row.urgency.level),
    // Behind the Criticals that people declared before: what a model or a rule raised passes none of them.
    dueAtMs: Math.max(nextTarget ?? row.receivedAtMs + UNDATED_DUE_MS, (urgency?.behindDueAtMs ?? 0) + 1),
    nameKey,
    familyBirthKey: familyBirthKey(patient.name, patient.birthDateRaw),
    patientId: patient.patientId,
    searchText: searchable(
      [patient.name, patient.mrn, study.accession, study.description, study.modality]
        .filter((text) => text !== null)
        .join(' '),
    ),
    intent: study.intent,
    completeness: study.completeness,
    aiState: ai.state,
    isOpened: opening === null ? 0 : 1,
    row: JSON.stringify(row),
  });
}
