import { z } from 'zod';
import { DiscardReason, Release } from '../domain/correction.ts';
import { PatientId, StudyId } from '../domain/ids.ts';
import { QuarantineReason } from '../domain/study.ts';
import { BACKGROUND, procedure } from './procedure.ts';

export const QUARANTINE_STATES = ['held', 'released', 'discarded'] as const;
export const QuarantineState = z.enum(QUARANTINE_STATES);
export type QuarantineState = z.infer<typeof QuarantineState>;

/** A study as far as it must be told from another; shown whole wherever a study is shown. */
export const StudyFace = z.object({
  studyId: StudyId,
  studyUid: z.string(),
  patientId: PatientId,
  patientName: z.string(),
  birthDateRaw: z.string().nullable(),
  sex: z.string().nullable(),
  mrn: z.string().nullable(),
  issuer: z.string().nullable(),
  accession: z.string().nullable(),
  description: z.string().nullable(),
  modality: z.string(),
  dateRaw: z.string().nullable(),
  images: z.number().int(),
  isShown: z.boolean(),
});
export type StudyFace = z.infer<typeof StudyFace>;

/** An object set aside: why, when, from whom, and how it was settled. */
export const QuarantineEntry = z.object({
  quarantineId: z.string(),
  reason: QuarantineReason,
  state: QuarantineState,
  sopUid: z.string().nullable(),
  peer: z.object({ peerId: z.string(), aeTitle: z.string() }).nullable(),
  receivedAtMs: z.number(),
  settledAtMs: z.number().nullable(),
  settledBy: z.string().nullable(),
  settledBecause: z.string().nullable(),
  /** The study it would have touched. */
  study: StudyFace.nullable(),
});
export type QuarantineEntry = z.infer<typeof QuarantineEntry>;

export const QuarantineWindow = z.object({
  entries: z.array(QuarantineEntry),
  next: z.string().nullable(),
  /** How many are held, by reason, whatever is asked for. */
  held: z.array(z.object({ reason: QuarantineReason, count: z.number().int() })),
});
export type QuarantineWindow = z.infer<typeof QuarantineWindow>;

/** What an object set aside says, attribute by attribute, beside the one that stands in its place. */
export const QuarantineDetail = QuarantineEntry.extend({
  /** How many are held of the same study for the same reason, this one among them; 0 where it is of no study or is not held. */
  heldAlike: z.number().int().default(0),
  sizeBytes: z.number().int(),
  isReadable: z.boolean(),
  /** Where its file is fetched, on the page's own origin. */
  fileHref: z.string(),
  standsIn: StudyFace.nullable(),
  /** False where what stands in its place was let go from the cache: nothing can be compared, and letting this one in is a guess. */
  isCurrentHere: z.boolean().default(true),
  attributes: z.array(
    z.object({
      tag: z.string(),
      keyword: z.string().nullable(),
      vr: z.string(),
      held: z.string().nullable(),
      current: z.string().nullable(),
      differs: z.boolean(),
    }),
  ),
});
export type QuarantineDetail = z.infer<typeof QuarantineDetail>;

/** What filing again came to. */
export const FiledAgain = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('filed') }),
  z.object({ outcome: z.literal('still-held'), reason: QuarantineReason }),
]);
export type FiledAgain = z.infer<typeof FiledAgain>;

const one = z.object({ quarantineId: z.string().max(64) });

/** Which rows of the quarantine are asked for, newest first; `after` is the `next` of the page before. */
export const QuarantineQuery = z.object({
  state: QuarantineState.default('held'),
  reason: QuarantineReason.optional(),
  peerId: z.string().max(64).optional(),
  fromMs: z.coerce.number().optional(),
  toMs: z.coerce.number().optional(),
  after: z
    .string()
    .regex(/^\d+~[0-9a-f-]{1,64}$/)
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type QuarantineQuery = z.output<typeof QuarantineQuery>;

/** How everything that is set aside of a study is settled, with the reason that goes with it. */
export const StudySettlement = z.discriminatedUnion('how', [
  z.object({ how: z.literal('retry') }),
  z.object({ how: z.literal('release'), release: Release }),
  z.object({ how: z.literal('discard'), reason: DiscardReason }),
]);
export type StudySettlement = z.infer<typeof StudySettlement>;

/** What one step of settling a study's objects came to; `next` is the `after` of the step that follows, null after the last. */
export const StudySettled = z.object({
  filed: z.number().int(),
  discarded: z.number().int(),
  stillHeld: z.number().int(),
  /** What could not be settled like that and stays held, by the codes of retry, release and discard. */
  failed: z.array(z.object({ quarantineId: z.string(), code: z.string() })),
  next: z.string().nullable(),
});
export type StudySettled = z.infer<typeof StudySettled>;

const PLACE = /^-?\d+~[0-9a-f-]{1,64}$/;
export const SettleStudyInput = z.object({
  studyId: StudyId,
  settlement: StudySettlement,
  /** Only what was set aside for this; left out, all of it. */
  reason: QuarantineReason.optional(),
  after: z.string().regex(PLACE).optional(),
});
export type SettleStudyInput = z.output<typeof SettleStudyInput>;

export const quarantine = {
  list: procedure('quarantine.read', BACKGROUND)
    .route({ method: 'GET', path: '/quarantine' })
    .input(QuarantineQuery)
    .output(QuarantineWindow),
  get: procedure('quarantine.read')
    .route({ method: 'GET', path: '/quarantine/{quarantineId}' })
    .input(one)
    .output(QuarantineDetail),
  /** Files it again by the outcome table. Conflicts: `already-settled`, `being-settled`, `object-not-here`, `sender-unknown`. */
  retry: procedure('quarantine.settle')
    .route({ method: 'POST', path: '/quarantine/{quarantineId}/retries' })
    .input(one)
    .output(FiledAgain),
  /** Lets it in where the table would not. Besides: `release-does-not-apply`. */
  release: procedure('quarantine.settle')
    .route({ method: 'POST', path: '/quarantine/{quarantineId}/releases' })
    .input(one.extend({ release: Release }))
    .output(FiledAgain),
  /** Gives it up; it can be taken back until the site's retention removes it. */
  discard: procedure('quarantine.settle')
    .route({ method: 'POST', path: '/quarantine/{quarantineId}/discards' })
    .input(one.extend({ reason: DiscardReason }))
    .output(z.object({ state: z.literal('discarded') })),
  /**
   * Settles what is set aside of a study in one way, at most 50 objects a step: asked again with `after` until `next` is null.
   * Each object has its own event.
   */
  settleStudy: procedure('quarantine.settle')
    .route({ method: 'POST', path: '/studies/{studyId}/quarantine/settlements' })
    .input(SettleStudyInput)
    .output(StudySettled),
  takeBack: procedure('quarantine.settle')
    .route({ method: 'DELETE', path: '/quarantine/{quarantineId}/discards' })
    .input(one)
    .output(z.object({ state: z.literal('held') })),
};
