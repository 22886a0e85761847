import { z } from 'zod';
import { NotRunReason } from '../domain/ai-status.ts';
import { HidingReason } from '../domain/correction.ts';
import { FindingDecision, ModifiedAspect, RejectionReason } from '../domain/finding-decision.ts';
import { FlagWhen } from '../domain/flag-when.ts';
import { DecisionId, FindingId, PatientId, RunId, SeriesId, StudyId, UserId } from '../domain/ids.ts';
import { LABEL_SCORES } from '../domain/model-manifest.ts';
import { Seen } from '../domain/opening.ts';
import { RetrievalCode, RetrievalState } from '../domain/retrieval.ts';
import { CompletenessEvidence, Intent, QuarantineReason, ReportState } from '../domain/study.ts';
import { AcrCategory } from '../domain/urgency.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { WorklistRow } from './worklist.ts';

export const SeriesCard = z.object({
  seriesId: SeriesId,
  seriesUid: z.string(),
  number: z.number().int().nullable(),
  description: z.string().nullable(),
  modality: z.string(),
  instances: z.number().int(),
  displayable: z.boolean(),
});
export type SeriesCard = z.infer<typeof SeriesCard>;

/** One model's run on one revision of the study, with what its receipt says. */
export const RunCard = z.object({
  runId: RunId,
  revision: z.number().int(),
  model: z.object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    digest: z.string(),
    clinicalUse: z.string(),
    stage: z.string(),
  }),
  state: z.enum(['queued', 'running', 'finished', 'failed', 'superseded']),
  reason: NotRunReason.nullable(),
  provider: z.string().nullable(),
  queuedAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
  stagesMs: z.record(z.string(), z.number()),
  seriesUid: z.string().nullable(),
  seriesChoice: z.array(z.string()),
});
export type RunCard = z.infer<typeof RunCard>;

/** A transaction in which an archive was asked to answer for objects of a study (storage commitment). */
export const CommitmentCard = z.object({
  requestId: z.string(),
  peerAe: z.string(),
  state: z.enum(['owed', 'asked', 'settled']),
  /** What settled it: the archive's word, or a query. */
  source: z.enum(['commitment', 'query']).nullable(),
  /** Why the last attempt came to nothing. */
  code: z.string().nullable(),
  attempts: z.number().int(),
  instances: z.number().int(),
  committed: z.number().int(),
  failed: z.number().int(),
  requestedAtMs: z.number(),
  askedAtMs: z.number().nullable(),
  settledAtMs: z.number().nullable(),
});
export type CommitmentCard = z.infer<typeof CommitmentCard>;

/** A study as the reading page opens it. */
export const StudyDetail = z.object({
  row: WorklistRow,
  /** Of its patient; it rises when people correct who that is. Whoever writes of the study says which they were shown. */
  identityVersion: z.number().int(),
  /** Where this study's DICOMweb lives, on the page's own origin. */
  dicomwebPath: z.string(),
  series: z.array(SeriesCard),
  /** What it goes by when it calls the study complete, or holds meanwhile; peers by their AE titles. */
  completeness: CompletenessEvidence.nullable(),
  /** Objects whose files left the cache: an archive has them. */
  letGo: z.number().int(),
  /** How fetching them back goes, or went the last time; null where all is here, or nobody asked for it yet. */
  fetching: z
    .object({
      aeTitle: z.string().nullable(),
      state: RetrievalState,
      /** Why it failed, or is tried again. */
      code: RetrievalCode.nullable(),
      expected: z.number().int().nullable(),
      completed: z.number().int(),
      attempts: z.number().int(),
      requestedAtMs: z.number(),
    })
    .nullable(),
  /** Images that are not shown, counted by why. */
  hidden: z.object({
    counts: z.array(z.object({ reason: HidingReason, images: z.number().int() })),
    /** Rejected for quality alone, by SOP Instance UID: a reader may look at them below `{dicomwebPath}/with-rejected`. */
    rejected: z.array(z.string()),
    /** Series that have no other images, and so are not among the study's series. */
    rejectedSeries: z.array(SeriesCard),
  }),
  /** Images that came again under another header, newest first: how many, and the attributes that differ, by keyword. */
  newVersions: z.array(z.object({ images: z.number().int(), differing: z.array(z.string()), atMs: z.number() })),
  commitments: z.array(CommitmentCard),
  priors: z.array(
    z.object({
      studyId: StudyId,
      studyUid: z.string(),
      dateRaw: z.string().nullable(),
      description: z.string().nullable(),
      modality: z.string(),
      intent: Intent,
    }),
  ),
  runs: z.array(RunCard),
  quarantine: z.array(z.object({ reason: QuarantineReason, atMs: z.number() })),
});
export type StudyDetail = z.infer<typeof StudyDetail>;

const FrameReference = z.object({
  sopUid: z.string(),
  /** From 1 on (PS3.3 §C.7.6.6.1.1); 1 of an object of one frame. */
  frameNumber: z.number().int().min(1),
});

/** The image that shows something best. */
export const KeyImage = FrameReference.extend({
  /** DICOM patient coordinates in mm, in the image's frame of reference; null of a whole image or of one without a place. */
  centreMm: z.tuple([z.number(), z.number(), z.number()]).nullable(),
  frameOfReferenceUid: z.string().nullable(),
});
export type KeyImage = z.infer<typeof KeyImage>;

/** One measured quantity; `part` counts the finding's parts from 1, null where it is of the whole. */
export const FindingMeasurement = z.object({
  code: z.string(),
  display: z.string(),
  value: z.number(),
  unit: z.string(),
  part: z.number().int().min(1).nullable(),
});
export type FindingMeasurement = z.infer<typeof FindingMeasurement>;

/** Pixels of one stack of images of one size: packed bits, least significant first (PS3.5 §8.1.1), frame after frame in this order. */
export const MaskOverlay = z.object({
  href: z.string(),
  rows: z.number().int(),
  columns: z.number().int(),
  frames: z.array(FrameReference),
});
export type MaskOverlay = z.infer<typeof MaskOverlay>;

/** What lies in one stack of the series, such as one acquisition or frame of reference; `part` counts from 1, the largest first. */
export const FindingPart = z.object({
  part: z.number().int().min(1),
  keyImage: KeyImage.nullable(),
  mask: MaskOverlay,
});
export type FindingPart = z.infer<typeof FindingPart>;

/** One thing a detector found, with a rectangle on every frame it crosses, in columns and rows from the corner of the first pixel. */
export const FindingBox = z.object({
  score: z.number(),
  keyImage: KeyImage,
  frames: z.array(FrameReference.extend({ left: z.number(), top: z.number(), right: z.number(), bottom: z.number() })),
  diameterMm: z.number().nullable(),
  volumeMl: z.number().nullable(),
});
export type FindingBox = z.infer<typeof FindingBox>;

/** Values for display, one byte a cell: 0 for `low`, 255 for `high`, rows × columns a frame; each cell covers the same share of it. */
export const HeatmapOverlay = MaskOverlay.extend({ low: z.number(), high: z.number() });
export type HeatmapOverlay = z.infer<typeof HeatmapOverlay>;

/** What a score is, and what it was put together from. */
export const JudgedBy = z.object({
  score: z.enum(LABEL_SCORES),
  /** UCUM; null where it has none. */
  unit: z.string().nullable(),
  /** How many stacks of images it is the sum of, for volumes, cells and boxes, or else the highest of. */
  stacks: z.number().int(),
  /** From where it is flagged; null: never by itself. */
  flagFrom: z.number().nullable(),
  /** From which side: `at-most` where a low score is bad; findings of before are of high ones. */
  flagWhen: FlagWhen.optional(),
});
export type JudgedBy = z.infer<typeof JudgedBy>;

const Said = z.object({
  studyId: StudyId,
  runId: RunId,
  revision: z.number().int(),
  model: z.object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    clinicalUse: z.string(),
    stage: z.string(),
  }),
  label: z.object({ code: z.string(), scheme: z.string(), display: z.string() }),
  score: z.number(),
  /** What the score reached: the flag's threshold, or that of *uncertain*. */
  threshold: z.number(),
  /** Null of what was said before it was kept. */
  judgedBy: JudgedBy.nullable(),
  measurements: z.array(FindingMeasurement),
  seriesUid: z.string(),
  /** What became of the model since; null while it stands, or is another version's silent companion. */
  withdrawn: z.enum(['suspended', 'retired']).nullable(),
});

/** The word of a reader that stands on a finding. */
export const DecisionCard = z.object({
  decisionId: DecisionId,
  decision: z.enum(['accepted', 'modified', 'rejected']),
  reason: RejectionReason.nullable(),
  aspects: z.array(ModifiedAspect),
  words: z.string().nullable(),
  by: z.object({ userId: UserId, name: z.string() }),
  atMs: z.number(),
});
export type DecisionCard = z.infer<typeof DecisionCard>;

/** What a model said, with the evidence for it. Without the use `mark` nothing says where it is. */
export const Finding = Said.extend({
  findingId: FindingId,
  origin: z.literal('ai'),
  state: z.enum(['unverified', 'accepted', 'modified', 'rejected', 'superseded']),
  /** `uncertain`: between two thresholds. It is no flag: no row, order or count is moved by it. */
  standing: z.enum(['flagged', 'uncertain']),
  category: AcrCategory,
  keyImage: KeyImage.nullable(),
  parts: z.array(FindingPart),
  boxes: z.array(FindingBox),
  heatmaps: z.array(HeatmapOverlay),
  /** Null while nobody decided, or it was taken back. */
  decision: DecisionCard.nullable().default(null),
});
export type Finding = z.infer<typeof Finding>;

/** What a model whose use is quality says of the images: never a finding, and never a word on the patient. */
export const QualityRemark = Said.extend({
  remarkId: FindingId,
  isSuperseded: z.boolean(),
  keyImage: KeyImage.nullable(),
});
export type QualityRemark = z.infer<typeof QualityRemark>;

/** One entry of a study's story: an event of the ledger, in words chosen by the page. */
export const TimelineEntry = z.object({
  seq: z.number().int(),
  atMs: z.number(),
  kind: z.string(),
  actor: z.object({ kind: z.enum(['user', 'service', 'peer']), id: z.string(), display: z.string().nullable() }),
  payload: z.record(z.string(), z.unknown()).nullable(),
  /** In a story, where the entry stands for several objects that came one after another: how many, and since when. The rest is of the last one. */
  arrivals: z.object({ count: z.number().int().min(2), firstAtMs: z.number() }).optional(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const StudyReport = z.object({ studyId: StudyId, state: ReportState, signedAtMs: z.number().nullable() });
export type StudyReport = z.infer<typeof StudyReport>;

/** Images that readers picked out of a study: each their own, in the order in which they were marked. */
export const MarkedImages = z.object({
  studyId: StudyId,
  marks: z.array(
    FrameReference.extend({
      /** Null where the mark does not stand. */
      seriesUid: z.string().nullable(),
      markedBy: z.object({ userId: UserId, name: z.string() }),
      markedAtMs: z.number(),
      /**
       * Why it does not stand: the study was another patient's when it was marked, or the image is not of this study any more, or
       * not shown. Then it is neither shown as key nor exported until its reader marks it anew.
       */
      setAside: z.enum(['other-patient', 'not-here']).nullable(),
    }),
  ),
});
export type MarkedImages = z.infer<typeof MarkedImages>;

const one = z.object({ studyId: StudyId });

export const studies = {
  get: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}' })
    .input(one)
    .output(StudyDetail),
  find: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies' })
    .input(z.object({ studyUid: z.string().regex(/^[0-9.]{1,64}$/) }))
    .output(z.array(z.object({ studyId: StudyId, studyUid: z.string(), revision: z.number().int() }))),
  findings: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/findings' })
    .input(one)
    .output(z.array(Finding)),
  qualityRemarks: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/quality-remarks' })
    .input(one)
    .output(z.array(QualityRemark)),
  report: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/report' })
    .input(one)
    .output(StudyReport),
  timeline: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/timeline' })
    .input(one)
    .output(z.array(TimelineEntry)),
  /**
   * A reader opened the images: recorded, and it stops the open-by clock until more comes that they have not seen. `seen` is what
   * they had before them; left out, it is the study as it is now.
   */
  open: procedure('study.open')
    .route({ method: 'POST', path: '/studies/{studyId}/openings' })
    .input(one.extend({ seen: Seen.optional() }))
    .output(WorklistRow),
  keyImages: procedure('study.read', BACKGROUND)
    .route({ method: 'GET', path: '/studies/{studyId}/key-images' })
    .input(one)
    .output(MarkedImages),
  /**
   * Marks an image as key for the caller, or takes their own mark off it. Conflicts: `identity-changed` where the patient is not, or
   * not any more, as the caller was shown them, `too-many-key-images`; not found: `image-not-found`.
   */
  setKeyImage: procedure('image.mark')
    .route({ method: 'PUT', path: '/studies/{studyId}/key-images' })
    .input(
      one
        .extend({ patientId: PatientId, identityVersion: z.number().int(), isKey: z.boolean() })
        .extend(FrameReference.shape),
    )
    .output(MarkedImages),
  /**
   * Decides what AI found, or takes the decision that stands back; `knownDecisionId` is the one on the caller's screen. Conflicts:
   * `identity-changed` where the patient is not, or not any more, as the caller was shown them, `images-not-opened` (as the finding
   * has them), `decided-meanwhile`, `finding-superseded`, `nothing-to-take-back`, `report-final`; not found: `finding-not-found`.
   */
  decideFinding: procedure('finding.decide')
    .route({ method: 'POST', path: '/studies/{studyId}/findings/{findingId}/decisions' })
    .input(
      one.extend({
        findingId: FindingId,
        patientId: PatientId,
        identityVersion: z.number().int(),
        knownDecisionId: DecisionId.nullable(),
        decision: FindingDecision,
      }),
    )
    .output(z.array(Finding)),
  /** Asks an archive, by its AE title, to answer for all that is here of the study. Gives how many transactions that takes. */
  requestCommitment: procedure('commitment.request')
    .route({ method: 'POST', path: '/studies/{studyId}/commitments', successStatus: 202 })
    .input(one.extend({ peer: z.string().min(1).max(16) }))
    .output(z.object({ requests: z.number().int() })),
  /** Fetches what left the cache back from who has it. Conflicts: `study-is-here`, `no-archive-to-ask`. */
  recall: procedure('study.retrieve')
    .route({ method: 'POST', path: '/studies/{studyId}/recalls', successStatus: 202 })
    .input(one)
    .output(z.object({ retrievalId: z.string() })),
  /** A person makes a comparison or own study count as new: it gets deadlines, inference and alerts. */
  promote: procedure('study.promote')
    .route({ method: 'POST', path: '/studies/{studyId}/promotions' })
    .input(one)
    .output(WorklistRow),
};
