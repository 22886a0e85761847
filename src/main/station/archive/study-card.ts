import {
  type Completeness,
  CompletenessEvidence,
  type CompletenessMark,
  type Intent,
  type IntentReason,
} from '../../../shared/domain/study.ts';
import { nameKey } from '../../../shared/domain/person-name.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';

/** What the archive knows of a study, as later capabilities read it. */
export type StudyCard = {
  readonly studyId: string;
  readonly siteId: string;
  readonly studyUid: string;
  readonly correlationId: string;
  readonly intent: Intent;
  /** Why it is not new; null where it is, or nobody kept why. */
  readonly intentBecause: IntentReason | null;
  readonly revision: number;
  readonly accession: string | null;
  readonly description: string | null;
  readonly modality: string;
  readonly bodyPart: string | null;
  readonly laterality: string | null;
  readonly dateRaw: string | null;
  readonly timeRaw: string | null;
  readonly receivedAtMs: number;
  readonly completeness: Completeness;
  readonly completeAtMs: number | null;
  readonly completeRevision: number | null;
  readonly evidence: CompletenessEvidence | null;
  /** What speaks against all of it being here, as last judged. */
  readonly marks: readonly CompletenessMark[];
  /** Objects that are shown. */
  readonly images: number;
  readonly hidden: number;
  /** False where everything was hidden, put back from a study split off, or deleted: nobody is shown the study. */
  readonly isShown: boolean;
  readonly expected: number | null;
  readonly priors: number;
  readonly quarantined: number;
  readonly identityInDoubt: boolean;
  /** A person's word would settle a doubt; one that stands in quarantine alone is settled there. */
  readonly isIdentityConfirmable: boolean;
  /** As the study's own objects say, or, where a person gave the study to another, that one; the number is the patient's. */
  readonly patient: {
    readonly patientId: string;
    readonly name: string;
    readonly nameKey: string;
    readonly birthDateRaw: string | null;
    readonly sex: string | null;
    readonly mrn: string | null;
    readonly issuer: string | null;
  };
};

const FIND_STUDY = `
  SELECT s.study_id, s.site_id, s.study_uid, s.correlation_id, s.intent, s.intent_because, s.study_revision, s.accession, s.description, s.modality,
         s.body_part, s.laterality, s.date_raw, s.time_raw, s.received_at_ms, s.completeness, s.complete_at_ms, s.complete_revision,
         s.evidence, p.patient_id, s.stated_name AS name, s.stated_birth_date_raw AS birth_date_raw, s.stated_sex AS sex,
         (SELECT i.value FROM patient_identifiers i WHERE i.patient_id = p.patient_id AND i.type <> 'STUDY' LIMIT 1) AS mrn,
         (SELECT i.issuer FROM patient_identifiers i WHERE i.patient_id = p.patient_id AND i.type <> 'STUDY' LIMIT 1) AS issuer,
         (SELECT count(*) FROM instances n WHERE n.study_id = s.study_id AND n.is_hidden = 0) AS images,
         (SELECT count(*) FROM instances n WHERE n.study_id = s.study_id AND n.is_hidden = 1) AS hidden,
         s.split_from IS NOT NULL AS is_split_off, s.deleted_at_ms IS NOT NULL AS is_deleted,
         nullif(max(coalesce((SELECT max(e.instances) FROM study_expectations e WHERE e.study_id = s.study_id), 0),
                    coalesce((SELECT c.named FROM named_counts c WHERE c.site_id = s.site_id AND c.study_uid = s.study_uid), 0)),
                0) AS expected,
         (SELECT count(*) FROM studies o WHERE o.patient_id = s.patient_id AND o.study_id <> s.study_id AND o.deleted_at_ms IS NULL
             AND EXISTS (SELECT 1 FROM instances n WHERE n.study_id = o.study_id AND n.is_hidden = 0)) AS priors,
         (SELECT count(*) FROM quarantine q WHERE q.study_id = s.study_id AND q.state = 'held') AS quarantined,
         (SELECT count(*) FROM quarantine q WHERE q.study_id = s.study_id AND q.state = 'held'
             AND q.reason = 'same-uid-other-patient') AS doubts_aside,
         iif(s.identity_confirmed = 1, 0, s.is_stated_otherwise
             + (SELECT count(*) FROM patient_identifiers i WHERE i.patient_id = p.patient_id AND i.disputed_in <> '')) AS doubts_here
    FROM studies s JOIN patients p ON p.patient_id = s.patient_id
   WHERE s.study_id = ?
`;

type StudyRow = {
  readonly study_id: string;
  readonly site_id: string;
  readonly study_uid: string;
  readonly correlation_id: string;
  readonly intent: Intent;
  readonly intent_because: IntentReason | null;
  readonly study_revision: number;
  readonly accession: string | null;
  readonly description: string | null;
  readonly modality: string;
  readonly body_part: string | null;
  readonly laterality: string | null;
  readonly date_raw: string | null;
  readonly time_raw: string | null;
  readonly received_at_ms: number;
  readonly completeness: Completeness;
  readonly complete_at_ms: number | null;
  readonly complete_revision: number | null;
  readonly evidence: string | null;
  readonly patient_id: string;
  readonly name: string;
  readonly birth_date_raw: string | null;
  readonly sex: string | null;
  readonly mrn: string | null;
  readonly issuer: string | null;
  readonly images: number;
  readonly hidden: number;
  readonly is_split_off: 0 | 1;
  readonly is_deleted: 0 | 1;
  readonly expected: number | null;
  readonly priors: number;
  readonly quarantined: number;
  readonly doubts_aside: number;
  readonly doubts_here: number;
};

/** A study by its id, or null. The caller holds the site against its own scope. */
export function findStudyCard(db: ReadableDb, studyId: string): StudyCard | null {
  const row = prepared<StudyRow>(db, FIND_STUDY).get(studyId);
  if (row === undefined) return null;
  const evidence = row.evidence === null ? null : CompletenessEvidence.parse(JSON.parse(row.evidence));
  const isReceiving = row.completeness === 'receiving';
  return {
    studyId: row.study_id,
    siteId: row.site_id,
    studyUid: row.study_uid,
    correlationId: row.correlation_id,
    intent: row.intent,
    intentBecause: row.intent_because,
    revision: row.study_revision,
    accession: row.accession,
    description: row.description,
    modality: row.modality,
    bodyPart: row.body_part,
    laterality: row.laterality,
    dateRaw: row.date_raw,
    timeRaw: row.time_raw,
    receivedAtMs: row.received_at_ms,
    completeness: row.completeness,
    completeAtMs: row.complete_at_ms,
    completeRevision: row.complete_revision,
    evidence,
    // Evidence of a completion says nothing of images that came since.
    marks: evidence === null || (isReceiving && evidence.rule !== 'undecided') ? [] : evidence.marks,
    images: row.images,
    hidden: row.hidden,
    isShown: row.is_deleted === 0 && (row.images > 0 || (row.hidden === 0 && row.is_split_off === 0)),
    expected: row.expected,
    priors: row.priors,
    quarantined: row.quarantined,
    identityInDoubt: row.doubts_aside + row.doubts_here > 0,
    isIdentityConfirmable: row.doubts_here > 0,
    patient: {
      patientId: row.patient_id,
      name: row.name,
      nameKey: nameKey(row.name),
      birthDateRaw: row.birth_date_raw,
      sex: row.sex,
      mrn: row.mrn === '' ? null : row.mrn,
      issuer: row.issuer === '' ? null : row.issuer,
    },
  };
}

/** A study that must exist: an event told of it. */
export function getStudyCard(db: ReadableDb, studyId: string): StudyCard {
  const card = findStudyCard(db, studyId);
  if (card === null) throw new Error(`study ${studyId} is not in the archive`);
  return card;
}
