import { z } from 'zod';
import { AiStateName, AiStatus } from '../domain/ai-status.ts';
import { PatientId, StudyId, UserId, WorklistViewId } from '../domain/ids.ts';
import { OpenAgainReason } from '../domain/opening.ts';
import { Completeness, CompletenessMark, Intent, IntentReason, ReportState } from '../domain/study.ts';
import { RouteStanding } from '../domain/triage-routing.ts';
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

/** `committed-otherwise`: archives hold all of it, some as whose it was before a correction. */
export const InPacs = z.enum(['no-destination', 'not-yet', 'committed', 'committed-otherwise']);
export type InPacs = z.infer<typeof InPacs>;

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
  urgency: z.object({
    level: UrgencyLevel,
    standing: UrgencyStanding,
    /** How often it was raised, or flagged anew above Routine: whoever opens it says which of these they saw. */
    raises: z.number().int().default(0),
  }),
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
  inPacs: InPacs,
  ai: AiStatus,
  priors: z.number().int(),
  /** Who opened it last, as it was then; whether that still holds, `isOpenedAsItIs` says. */
  openedBy: z.object({ userId: UserId, displayName: z.string(), atMs: z.number() }).nullable(),
  /** Why it is to be opened again although somebody opened it; empty where nobody did, or as it is now. */
  openAgain: z.array(OpenAgainReason).default([]),
  report: ReportState,
  /** For whom it is to read, while it waits; null where nothing was said. Without a reader it is its group's, or anyone's. */
  routed: z
    .object({
      standing: RouteStanding,
      to: z.object({ userId: UserId, displayName: z.string() }).nullable(),
      group: z.string().nullable(),
      reasons: z.array(Reason),
    })
    .nullable()
    .default(null),
  reasons: z.array(Reason),
  quarantined: z.number().int(),
});
export type WorklistRow = z.infer<typeof WorklistRow>;

/** Whether a reader opened a study with the images and the urgency it has now: nothing of it waits to be seen. */
export function isOpenedAsItIs({ openedBy, openAgain }: Pick<WorklistRow, 'openedBy' | 'openAgain'>): boolean {
  return openedBy !== null && openAgain.length === 0;
}

/** Quick filters; each is a question asked of a row. `archived` is a list of its own: what was read long ago. */
export const WORKLIST_FILTERS = [
  'all',
  'mine',
  'for-me',
  'critical',
  'urgent',
  'unread',
  'ai-flagged',
  'ai-not-run',
  'not-in-pacs',
  'receiving',
  'comparison',
  'archived',
] as const;
export const WorklistFilter = z.enum(WORKLIST_FILTERS);
export type WorklistFilter = z.infer<typeof WorklistFilter>;

/** What the list may be sorted by; `urgency` is the order it is read in. Archived rows stand in one order, the last to leave first. */
export const WORKLIST_SORT_KEYS = ['urgency', 'arrival', 'patient', 'exam', 'exam-date'] as const;
export const WorklistSortKey = z.enum(WORKLIST_SORT_KEYS);
export type WorklistSortKey = z.infer<typeof WorklistSortKey>;
export const WorklistSort = z.strictObject({
  by: WorklistSortKey,
  direction: z.enum(['ascending', 'descending']),
});
export type WorklistSort = z.infer<typeof WorklistSort>;

/** The order studies are read in: the most dangerous first, then the earlier due. */
export const READING_ORDER: WorklistSort = { by: 'urgency', direction: 'ascending' };

const several = <Item extends z.ZodType>(item: Item) => z.array(item).min(1).max(60).optional();
const rawDay = z.string().regex(/^\d{8}$/);

/** What a list is narrowed to beside its quick filter; what is left out narrows nothing, and all that is there must hold. */
export const WorklistNarrowing = z.strictObject({
  levels: several(UrgencyLevel),
  // As objects state them, which may be longer than DICOM allows.
  modalities: several(z.string().max(1000)),
  bodyParts: several(z.string().max(1000)),
  /** Emergency, inpatient, outpatient, screening: where the patient waits, as far as it is known. */
  serviceLevels: several(ServiceLevel),
  orderPriorities: several(z.string().max(16)),
  aiStates: several(AiStateName),
  completeness: several(Completeness),
  inPacs: several(InPacs),
  reports: several(ReportState),
  /** Whole years at the exam, both ends in. */
  ageYears: z
    .strictObject({ from: z.int().min(0).max(150).optional(), to: z.int().min(0).max(150).optional() })
    .optional(),
  /** Raw DICOM days of the exam, both ends in. */
  examDates: z.strictObject({ from: rawDay.optional(), to: rawDay.optional() }).optional(),
});
export type WorklistNarrowing = z.infer<typeof WorklistNarrowing>;

/** What a list answers; saved views are these. */
export const WorklistQuestion = z.strictObject({
  filter: WorklistFilter,
  narrowed: WorklistNarrowing,
  sort: WorklistSort,
});
export type WorklistQuestion = z.infer<typeof WorklistQuestion>;

/** A window of rows in stored order, and where the next one starts (null at the end). */
export const WorklistWindow = z.object({
  rows: z.array(WorklistRow),
  next: z.string().nullable(),
  seq: z.number().int(),
});
export type WorklistWindow = z.infer<typeof WorklistWindow>;

/** A part of a list with its place in the whole: the first row's, counted from 0, of so many rows; a key for each row. */
export const WorklistSlice = z.object({
  rows: z.array(WorklistRow),
  keys: z.array(z.string()),
  place: z.number().int(),
  total: z.number().int(),
  seq: z.number().int(),
});
export type WorklistSlice = z.infer<typeof WorklistSlice>;

export const WorklistCounts = z.record(WorklistFilter, z.number().int());
export type WorklistCounts = z.infer<typeof WorklistCounts>;

/** What a list can be narrowed to: the values that its rows have, with how many rows each. */
export const WorklistChoices = z.record(
  WorklistNarrowing.keyof().exclude(['ageYears', 'examDates']),
  z.array(z.object({ value: z.string(), rows: z.number().int() })),
);
export type WorklistChoices = z.infer<typeof WorklistChoices>;

/** A view somebody saved: a name for a question. */
export const WorklistView = z.object({
  viewId: WorklistViewId,
  name: z.string(),
  question: WorklistQuestion,
  isShared: z.boolean(),
  isOwn: z.boolean(),
});
export type WorklistView = z.infer<typeof WorklistView>;

/** Rows that one export may have at most. */
export const MOST_EXPORTED = 10_000;
/** Rows that one printed list may have at most: a hundred pages, and no longer than the station may take to check what it answers. */
export const MOST_PRINTED = 1_000;

const window = {
  filter: WorklistFilter.default('all'),
  /** The `next` of the window before; anything else is refused. */
  after: z
    .string()
    .regex(/^\d+~\d+~[0-9a-f-]{36}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
};

const question = {
  filter: WorklistFilter.default('all'),
  narrowed: WorklistNarrowing.default({}),
  sort: WorklistSort.default(READING_ORDER),
};

/** What of a list is taken out: all of it, or only what a search finds there. */
const taken = { ...question, text: z.string().trim().min(1).max(200).optional() };
/** How many rows the list has; null of a search that finds more than are taken. */
const total = z.number().int().nullable();

export const worklist = {
  list: procedure('worklist.read', BACKGROUND)
    .route({ method: 'GET', path: '/worklist' })
    .input(z.object(window))
    .output(WorklistWindow),
  /**
   * A part of a list, from the top, from a place or around a key: so many rows before it, the rest from it on. Keys may hold
   * names: they travel in the body.
   */
  slice: procedure('worklist.read', BACKGROUND)
    .route({ method: 'POST', path: '/worklist/slice' })
    .input(
      z.object({
        ...question,
        /** `near`: about where the key's row stands, as the page had it last; its place is counted from the nearer end. */
        at: z
          .union([
            z.object({ place: z.int().min(0) }),
            z.object({ key: z.string().max(1000), near: z.int().min(0).optional() }),
          ])
          .optional(),
        before: z.int().min(0).max(200).default(0),
        limit: z.int().min(1).max(500).default(100),
      }),
    )
    .output(WorklistSlice),
  /** Free text travels in the body, never in a URL: name, MRN, accession or description; best first, then the newest. */
  search: procedure('worklist.read', BACKGROUND)
    .route({ method: 'POST', path: '/worklist/search' })
    .input(
      z.object({
        ...question,
        text: z.string().trim().min(1).max(200),
        after: z
          .string()
          .regex(/^[oa][0-3]~\d+$/)
          .optional(),
        limit: window.limit,
      }),
    )
    .output(WorklistWindow),
  counts: procedure('worklist.read', BACKGROUND)
    .route({ method: 'GET', path: '/worklist/counts' })
    .output(WorklistCounts),
  /** The values rows of a filter have, and how many rows each, for whoever narrows a list. */
  choices: procedure('worklist.read', BACKGROUND)
    .route({ method: 'GET', path: '/worklist/choices' })
    .input(z.object({ filter: question.filter }))
    .output(WorklistChoices),
  /** The true top: what *next study* opens, whatever the page shows; null when nothing is unread. */
  next: procedure('worklist.read').route({ method: 'GET', path: '/worklist/next' }).output(WorklistRow.nullable()),
  /** The list as a table for a spreadsheet: CSV (RFC 4180), UTF-8, at most `MOST_EXPORTED` rows. Recorded. */
  export: procedure('worklist.export')
    .route({ method: 'POST', path: '/worklist/export' })
    .input(z.object(taken))
    .output(z.object({ fileName: z.string(), csv: z.string(), rows: z.number().int(), total })),
  /** The list for paper, for when the network or this station is down, at most `MOST_PRINTED` rows. Recorded. */
  print: procedure('worklist.export')
    .route({ method: 'POST', path: '/worklist/print' })
    .input(z.object(taken))
    .output(z.object({ rows: z.array(WorklistRow), total, atMs: z.number() })),
  views: procedure('worklist.read', BACKGROUND)
    .route({ method: 'GET', path: '/worklist/views' })
    .output(z.array(WorklistView)),
  /** Saves a question under a name; a shared view is everybody's of the site to use and takes a permission of its own. */
  saveView: procedure('worklist.read')
    .route({ method: 'POST', path: '/worklist/views' })
    .input(
      z.object({
        /** Given, that view is changed; only its owner's, or a shared one by whoever may share. */
        viewId: WorklistViewId.optional(),
        name: z.string().trim().min(1).max(60),
        isShared: z.boolean(),
        question: WorklistQuestion,
      }),
    )
    .output(WorklistView),
  deleteView: procedure('worklist.read')
    .route({ method: 'DELETE', path: '/worklist/views/{viewId}' })
    .input(z.object({ viewId: WorklistViewId }))
    .output(z.null()),
};
