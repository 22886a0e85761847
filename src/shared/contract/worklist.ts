import { z } from 'zod';
import { AiStatus } from '../domain/ai-status.ts';
import { PatientId, StudyId, UserId } from '../domain/ids.ts';
import { Completeness, CompletenessMark, Intent, IntentReason, ReportState } from '../domain/study.ts';
import { Reason, ServiceLevel, UrgencyLevel, UrgencyStanding } from '../domain/urgency.ts';
import { BACKGROUND, procedure } from './procedure.ts';

/** Who the study says the patient is; shown whole on every surface that shows a study. Dates are raw DICOM DA. */
export const PatientCard = z.object({
  patientId: PatientId,
  name: z.string(),
  birthDateRaw: z.string().nullable(),
  sex: z.string().nullable(),
  mrn: z.string().nullable(),
  issuer: z.string().nullable(),
  /** Another open study carries the same or a similar name for another patient. */
  nameAlert: z.boolean(),
  /** Identity in doubt: an object of this study is in quarantine for disagreeing about the patient. */
  underInvestigation: z.boolean(),
});
export type PatientCard = z.infer<typeof PatientCard>;

/** One row of the worklist; times are UTC milliseconds. */
export const WorklistRow = z.object({
  studyId: StudyId,
  studyUid: z.string(),
  revision: z.number().int(),
  intent: Intent,
  /** Why it is not new; null where it is. */
  intentBecause: IntentReason.nullable().default(null),
  patient: PatientCard,
  accession: z.string().nullable(),
  exam: z.object({
    description: z.string().nullable(),
    modality: z.string(),
    bodyPart: z.string().nullable(),
    laterality: z.string().nullable(),
    dateRaw: z.string().nullable(),
    timeRaw: z.string().nullable(),
  }),
  /** As received with the order; null while no order is matched. */
  orderPriority: z.string().nullable(),
  urgency: z.object({ level: UrgencyLevel, standing: UrgencyStanding }),
  serviceLevel: ServiceLevel.nullable(),
  openByAtMs: z.number().nullable(),
  reportByAtMs: z.number().nullable(),
  receivedAtMs: z.number(),
  completeAtMs: z.number().nullable(),
  images: z.object({
    received: z.number().int(),
    expected: z.number().int().nullable(),
    completeness: Completeness,
    /** What speaks against all of them being here. */
    marks: z.array(CompletenessMark).default([]),
  }),
  /** `committed-otherwise`: archives hold all of it, some as whose it was before a correction. */
  inPacs: z.enum(['no-destination', 'not-yet', 'committed', 'committed-otherwise']),
  ai: AiStatus,
  priors: z.number().int(),
  openedBy: z.object({ userId: UserId, displayName: z.string(), atMs: z.number() }).nullable(),
  report: ReportState,
  reasons: z.array(Reason),
  quarantined: z.number().int(),
});
export type WorklistRow = z.infer<typeof WorklistRow>;

/** Quick filters; each is a question asked of a row. */
export const WORKLIST_FILTERS = [
  'all',
  'critical',
  'urgent',
  'unread',
  'ai-flagged',
  'ai-not-run',
  'receiving',
  'comparison',
] as const;
export const WorklistFilter = z.enum(WORKLIST_FILTERS);
export type WorklistFilter = z.infer<typeof WorklistFilter>;

/** A window of rows in stored order, and where the next one starts (null at the end). */
export const WorklistWindow = z.object({
  rows: z.array(WorklistRow),
  next: z.string().nullable(),
  seq: z.number().int(),
});
export type WorklistWindow = z.infer<typeof WorklistWindow>;

export const WorklistCounts = z.record(WorklistFilter, z.number().int());
export type WorklistCounts = z.infer<typeof WorklistCounts>;

const window = {
  filter: WorklistFilter.default('all'),
  /** The `next` of the window before; anything else is refused. */
  after: z
    .string()
    .regex(/^\d+~\d+~[0-9a-f-]{36}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
};

export const worklist = {
  list: procedure('worklist.read', BACKGROUND)
    .route({ method: 'GET', path: '/worklist' })
    .input(z.object(window))
    .output(WorklistWindow),
  /** Free text travels in the body, never in a URL: name, MRN, accession or description. */
  search: procedure('worklist.read', BACKGROUND)
    .route({ method: 'POST', path: '/worklist/search' })
    .input(z.object({ ...window, text: z.string().trim().min(1).max(200) }))
    .output(WorklistWindow),
  counts: procedure('worklist.read', BACKGROUND)
    .route({ method: 'GET', path: '/worklist/counts' })
    .output(WorklistCounts),
  /** The true top: what *next study* opens, whatever the page shows; null when nothing is unread. */
  next: procedure('worklist.read').route({ method: 'GET', path: '/worklist/next' }).output(WorklistRow.nullable()),
};
