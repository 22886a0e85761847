import { z } from 'zod';
import { CorrectionKind, CorrectionReason, HidingReason, Release } from '../domain/correction.ts';
import { PatientId, SeriesId, StudyId } from '../domain/ids.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { StudyFace } from './quarantine.ts';

/** A patient with all their numbers; a number says little without its issuer. */
export const PatientIdentity = z.object({
  patientId: PatientId,
  identityVersion: z.number().int(),
  name: z.string(),
  birthDateRaw: z.string().nullable(),
  sex: z.string().nullable(),
  numbers: z.array(z.object({ value: z.string(), issuer: z.string(), type: z.string(), isDisputed: z.boolean() })),
  studies: z.number().int(),
  mergedInto: PatientId.nullable(),
});
export type PatientIdentity = z.infer<typeof PatientIdentity>;

/** A correction on record, as the history shows it. */
export const IdentityCorrection = z.object({
  changeId: z.string(),
  kind: CorrectionKind,
  reason: z.union([CorrectionReason, HidingReason, Release]),
  madeBy: z.string(),
  madeAtMs: z.number(),
  undoneBy: z.string().nullable(),
  undoneAtMs: z.number().nullable(),
  /** False where it is undone already, or a later correction builds on it. */
  mayUndo: z.boolean(),
  studies: z.array(StudyFace),
  from: PatientIdentity.nullable(),
  to: PatientIdentity.nullable(),
});
export type IdentityCorrection = z.infer<typeof IdentityCorrection>;

/** Who a study is said to be of, everything that speaks for and against it, and what can be moved, split or hidden. */
export const StudyIdentity = z.object({
  study: StudyFace,
  patient: PatientIdentity,
  inDoubt: z.boolean(),
  /** A person's word can end the doubt; else only what is in quarantine speaks against the study. */
  isConfirmable: z.boolean(),
  /** What the study's own objects say, where a person gave it to somebody else. */
  statedByObjects: z
    .object({ name: z.string(), birthDateRaw: z.string().nullable(), sex: z.string().nullable() })
    .nullable(),
  /** Of a study split off: the one its objects name. */
  splitFrom: StudyFace.nullable(),
  series: z.array(
    z.object({
      seriesId: SeriesId,
      seriesUid: z.string(),
      number: z.number().int().nullable(),
      description: z.string().nullable(),
      modality: z.string(),
      instances: z.array(z.object({ sopUid: z.string(), number: z.number().int().nullable() })),
    }),
  ),
  hidden: z.array(
    z.object({
      sopUid: z.string(),
      number: z.number().int().nullable(),
      changeId: z.string(),
      reason: HidingReason,
      level: z.enum(['study', 'series', 'instance']),
    }),
  ),
  others: z.array(StudyFace),
  similar: z.array(z.object({ patient: PatientIdentity, studies: z.array(StudyFace) })),
  corrections: z.array(IdentityCorrection),
});
export type StudyIdentity = z.infer<typeof StudyIdentity>;

/** Somebody known here, as they were on the screen of whoever chose them, or somebody new named by name, number and issuer. */
export const PatientTarget = z.union([
  z.strictObject({ patientId: PatientId, identityVersion: z.number().int() }),
  z.strictObject({
    name: z.string().trim().min(1).max(300),
    number: z.string().trim().min(1).max(64),
    issuer: z.string().trim().max(64),
    birthDateRaw: z
      .string()
      .regex(/^\d{8}$/)
      .nullable(),
    sex: z.enum(['M', 'F', 'O']).nullable(),
  }),
]);
export type PatientTarget = z.infer<typeof PatientTarget>;

/**
 * Seen by whoever corrects: the patient, at the version that was on their screen. A conflict is `identity-changed`; so it is
 * where whom they chose is another by now, or was merged.
 */
const seen = { identityVersion: z.number().int() };
const study = z.object({ studyId: StudyId });
const Corrected = z.object({ changeId: z.string() });

export const CorrectionInputs = {
  move: study.extend({ ...seen, to: PatientTarget, reason: CorrectionReason }),
  split: study.extend({
    ...seen,
    seriesIds: z.array(SeriesId).max(10_000),
    sopUids: z.array(z.string().max(64)).max(20_000),
    to: PatientTarget.nullable(),
    reason: CorrectionReason,
  }),
  merge: z.object({
    ...seen,
    fromPatientId: PatientId,
    toPatientId: PatientId,
    toIdentityVersion: z.number().int(),
    reason: CorrectionReason,
  }),
  hide: study.extend({
    level: z.enum(['study', 'series', 'instance']),
    /** Series ids or SOP Instance UIDs; nothing for a whole study. */
    subjects: z.array(z.string().max(64)).max(20_000),
    reason: HidingReason,
  }),
  confirm: study.extend({ ...seen, reason: CorrectionReason }),
};
/** What each correction is asked with. */
export type CorrectionInput<Verb extends keyof typeof CorrectionInputs> = z.output<(typeof CorrectionInputs)[Verb]>;

export const identity = {
  study: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/identity' })
    .input(study)
    .output(StudyIdentity),
  /** By a whole number or the beginning of a name; the text travels in the body. */
  findPatients: procedure('identity.correct')
    .route({ method: 'POST', path: '/patients/search' })
    .input(z.object({ text: z.string().trim().min(1).max(200) }))
    .output(z.array(PatientIdentity)),
  move: procedure('identity.correct')
    .route({ method: 'POST', path: '/studies/{studyId}/moves' })
    .input(CorrectionInputs.move)
    .output(Corrected),
  split: procedure('identity.correct')
    .route({ method: 'POST', path: '/studies/{studyId}/splits' })
    .input(CorrectionInputs.split)
    .output(Corrected.extend({ newStudyId: StudyId })),
  merge: procedure('identity.correct')
    .route({ method: 'POST', path: '/patients/{fromPatientId}/merges' })
    .input(CorrectionInputs.merge)
    .output(Corrected),
  hide: procedure('identity.correct')
    .route({ method: 'POST', path: '/studies/{studyId}/hidings' })
    .input(CorrectionInputs.hide)
    .output(Corrected),
  confirm: procedure('identity.correct')
    .route({ method: 'POST', path: '/studies/{studyId}/identity-confirmations' })
    .input(CorrectionInputs.confirm)
    .output(Corrected),
  undo: procedure('identity.correct')
    .route({ method: 'POST', path: '/corrections/{changeId}/undo' })
    .input(z.object({ changeId: z.string().max(64) }))
    .output(z.object({ studyIds: z.array(StudyId) })),
  /** A site's corrections, newest first: also the way back to what is hidden whole. */
  corrections: procedure('identity.correct', BACKGROUND)
    .route({ method: 'GET', path: '/corrections' })
    .input(
      z.object({
        before: z.coerce.number().int().optional(),
        limit: z.coerce.number().int().min(1).max(100).default(50),
      }),
    )
    .output(z.object({ corrections: z.array(IdentityCorrection), next: z.number().int().nullable() })),
};
