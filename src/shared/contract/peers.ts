import { z } from 'zod';
import { StudyId } from '../domain/ids.ts';
import { PeerService } from '../domain/peer.ts';
import { RetrievalCode, RetrievalReason, RetrievalState, RetrievalWay } from '../domain/retrieval.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { StudyFace } from './quarantine.ts';

/** A machine on the network that this station knows. */
export const PeerSummary = z.object({
  peerId: z.string(),
  aeTitle: z.string(),
  intent: z.enum(['new', 'comparison']),
  /** What it may ask of us. */
  services: z.array(PeerService),
  /** It can be asked and fetched from. */
  canBeCalled: z.boolean(),
  isArchive: z.boolean(),
  isSecured: z.boolean(),
});
export type PeerSummary = z.infer<typeof PeerSummary>;

const Words = z.string().trim().min(1).max(64);
const Day = z.string().regex(/^\d{8}$/);

/** What a peer is asked for; something must narrow it. Text may hold `*` and `?`. */
export const PeerQuestion = z
  .strictObject({
    patientName: Words.optional(),
    patientId: Words.optional(),
    issuerOfPatientId: Words.optional(),
    accession: Words.max(16).optional(),
    studyUid: z
      .string()
      .regex(/^[0-9.]{1,64}$/)
      .optional(),
    birthDate: Day.optional(),
    description: Words.optional(),
    dateFrom: Day.optional(),
    dateTo: Day.optional(),
    modality: z
      .string()
      .regex(/^[A-Z0-9_ ]{1,16}$/)
      .optional(),
  })
  .refine(
    (question) =>
      Object.entries(question).some(
        ([key, value]) => key !== 'modality' && value !== undefined && !/^[*?]*$/.test(value),
      ),
    'a question names a patient, an accession number, a study or a date',
  );
export type PeerQuestion = z.infer<typeof PeerQuestion>;

/** A study as the peer describes it; `studyId` where it is here too. */
export const PeerStudy = z.object({
  studyUid: z.string(),
  patientName: z.string().nullable(),
  patientId: z.string().nullable(),
  issuerOfPatientId: z.string().nullable(),
  birthDateRaw: z.string().nullable(),
  sex: z.string().nullable(),
  accession: z.string().nullable(),
  description: z.string().nullable(),
  dateRaw: z.string().nullable(),
  timeRaw: z.string().nullable(),
  modalities: z.array(z.string()),
  series: z.number().int().nullable(),
  instances: z.number().int().nullable(),
  availability: z.string().nullable(),
  studyId: StudyId.nullable(),
});
export type PeerStudy = z.infer<typeof PeerStudy>;

/** A study that was asked of a peer, and how far it is; `code` says why it failed, or why it is tried again. */
export const RetrievalCard = z.object({
  retrievalId: z.string(),
  peerId: z.string(),
  aeTitle: z.string().nullable(),
  studyUid: z.string(),
  /** The study, once something of it is here. */
  studyId: StudyId.nullable(),
  /** Whose it is, from then on. */
  study: StudyFace.nullable(),
  how: z.enum(['c-get', 'c-move']).nullable(),
  state: RetrievalState,
  code: RetrievalCode.nullable(),
  because: RetrievalReason,
  askedBy: z.string(),
  expected: z.number().int().nullable(),
  completed: z.number().int(),
  failed: z.number().int(),
  attempts: z.number().int(),
  requestedAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
});
export type RetrievalCard = z.infer<typeof RetrievalCard>;

/** The machines around the station, and what they have. */
export const peers = {
  list: procedure('study.retrieve').route({ method: 'GET', path: '/peers' }).output(z.array(PeerSummary)),
  /** Conflicts: `peer-unreachable`, `peer-refuses-us`, `service-not-offered`, `peer-answer-failed`. */
  query: procedure('study.retrieve')
    .route({ method: 'POST', path: '/peers/{peerId}/queries' })
    .input(z.object({ peerId: z.string(), question: PeerQuestion }))
    .output(z.object({ studies: z.array(PeerStudy), isWhole: z.boolean() })),
  /** Conflicts as with a query. */
  echo: procedure('study.retrieve')
    .route({ method: 'POST', path: '/peers/{peerId}/echoes' })
    .input(z.object({ peerId: z.string() }))
    .output(z.object({ tookMs: z.number() })),
};

/** Studies fetched from peers. */
export const retrievals = {
  list: procedure('study.retrieve', BACKGROUND)
    .route({ method: 'GET', path: '/retrievals' })
    .input(z.object({ limit: z.coerce.number().int().min(1).max(200).default(50) }))
    .output(z.array(RetrievalCard)),
  /** Fetches a study for comparison; one that is being fetched from that peer already is answered as it stands. */
  start: procedure('study.retrieve')
    .route({ method: 'POST', path: '/retrievals', successStatus: 202 })
    .input(
      z.object({
        peerId: z.string(),
        studyUid: z.string().regex(/^[0-9.]{1,64}$/),
        because: RetrievalReason.default('comparison'),
        how: RetrievalWay.default('automatic'),
      }),
    )
    .output(RetrievalCard),
  /** Stops it; objects that have arrived stay. Conflict `retrieval-has-ended`. */
  cancel: procedure('study.retrieve')
    .route({ method: 'DELETE', path: '/retrievals/{retrievalId}' })
    .input(z.object({ retrievalId: z.string() }))
    .output(RetrievalCard),
};
