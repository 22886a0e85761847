import { z } from 'zod';
import { PatientId, StudyId, UserId } from '../domain/ids.ts';
import { PresenceState, ReaderState, RoutingReader, RoutingSet } from '../domain/triage-routing.ts';
import { UrgencyLevel } from '../domain/urgency.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { TriageSetCard } from './triage.ts';

const reason = z.string().trim().min(3).max(1000);
const hours = z.number().int().min(1).max(168);

/** A set as it may be shown: how fast a reader reads is for the medical lead and that reader alone. */
const RoutingShown = z.object({
  ...RoutingSet.shape,
  readers: z.array(RoutingReader.extend({ minutesPerPoint: RoutingReader.shape.minutesPerPoint.nullable() })),
});
export type RoutingShown = z.infer<typeof RoutingShown>;

export const RoutingCard = TriageSetCard.extend({ kind: z.literal('routing'), body: RoutingShown });
export type RoutingCard = z.infer<typeof RoutingCard>;

const Person = z.object({ userId: UserId, displayName: z.string() });

/** Who reads what at the caller's site, who is here, and how the waiting work is shared out. */
export const RoutingState = z.object({
  /** What holds now; off where nothing was ever signed. */
  set: RoutingShown,
  version: z.number().int().nullable(),
  versions: z.array(RoutingCard),
  /** Who may read here, to be put into groups. */
  people: z.array(Person),
  /** The readers of the set, and whom people set studies to. */
  readers: z.array(
    Person.extend({
      isMember: z.boolean(),
      state: ReaderState,
      /** When what they said, or being out, ends. */
      untilMs: z.number().nullable(),
      studies: z.number().int(),
      points: z.number().int(),
      /** Only of oneself and for the medical lead, as all below. */
      minutes: z.number().nullable(),
      speed: z
        .object({
          minutesPerPoint: z.number(),
          /** From how many studies it was measured; null: it is the starting value. */
          studies: z.number().int().nullable(),
        })
        .nullable(),
    }),
  ),
  /** Studies that are for no one reader, by group; null: of no group. */
  offered: z.array(z.object({ groupId: z.string().nullable(), studies: z.number().int() })),
  overrides: z.array(
    z.object({
      overrideId: z.string(),
      /** Null: the reader is out. */
      studyId: StudyId.nullable(),
      reader: Person,
      by: Person,
      reason: z.string(),
      madeAtMs: z.number(),
      untilMs: z.number(),
    }),
  ),
  /** What the caller said of themselves. */
  said: z.object({ state: PresenceState, untilMs: z.number() }).nullable(),
  /** So many of the first waiting studies are routed. */
  most: z.number().int(),
  /** A reader's speed is measured from so many studies on. */
  leastMeasured: z.number().int(),
});
export type RoutingState = z.infer<typeof RoutingState>;

/** What a set would make of what waits now, with the readers who are here now. */
export const RoutingPreview = z.object({
  studies: z.number().int(),
  changes: z.number().int(),
  groups: z.array(z.object({ groupId: z.string().nullable(), studies: z.number().int(), offered: z.number().int() })),
  readers: z.array(Person.extend({ isHere: z.boolean(), points: z.number().int() })),
  /** The first hundred; a name, or null: its group's or anyone's. */
  changed: z.array(
    z.object({
      studyId: StudyId,
      description: z.string().nullable(),
      modality: z.string(),
      level: UrgencyLevel,
      before: z.string().nullable(),
      after: z.string().nullable(),
    }),
  ),
});
export type RoutingPreview = z.infer<typeof RoutingPreview>;

export const routing = {
  state: procedure('triage.read', BACKGROUND).route({ method: 'GET', path: '/routing' }).output(RoutingState),
  /** Conflicts: `rule-not-valid` (a condition), `unknown-reader` (nobody who may read here). */
  propose: procedure('triage.lead')
    .route({ method: 'POST', path: '/routing/versions', successStatus: 201 })
    .input(z.object({ set: RoutingSet, reason }))
    .output(z.object({ version: z.number().int() })),
  /** Conflicts: `rule-not-valid`, `unknown-reader`. */
  preview: procedure('triage.lead')
    .route({ method: 'POST', path: '/routing/previews' })
    .input(z.object({ set: RoutingSet }))
    .output(RoutingPreview),
  /** The caller says of themselves that they are here, on a break or off for so many minutes; null: what was said ends. */
  sayPresence: procedure('study.open')
    .route({ method: 'PUT', path: '/routing/presence' })
    .input(
      z.object({
        said: z.object({ state: PresenceState, minutes: z.number().int().min(5).max(1440) }).nullable(),
      }),
    )
    .output(RoutingState.shape.said),
  /** Sets a study to one reader for a time. Conflicts: `patient-mismatch`, `study-not-waiting`, `unknown-reader`. */
  pin: procedure('routing.override')
    .route({ method: 'POST', path: '/studies/{studyId}/pins', successStatus: 201 })
    .input(z.object({ studyId: StudyId, patientId: PatientId, userId: UserId, reason, hours }))
    .output(z.object({ overrideId: z.string() })),
  /**
   * The caller takes a study for themselves, until their shift ends or they sign out; `isAlready`: it is theirs by a person's word.
   * Conflicts: `patient-mismatch`, `study-not-waiting`, `set-to-another`.
   */
  take: procedure('study.open')
    .route({ method: 'PUT', path: '/studies/{studyId}/taking' })
    .input(z.object({ studyId: StudyId, patientId: PatientId }))
    .output(z.object({ isAlready: z.boolean() })),
  /** The caller gives back what they took. Conflict: `set-by-another`. */
  giveBack: procedure('study.open')
    .route({ method: 'DELETE', path: '/studies/{studyId}/taking' })
    .input(z.object({ studyId: StudyId }))
    .output(z.object({})),
  /** Takes a reader out of routing for a time. Conflicts: `unknown-reader`. */
  takeOut: procedure('routing.override')
    .route({ method: 'POST', path: '/routing/readers/{userId}/outs', successStatus: 201 })
    .input(z.object({ userId: UserId, reason, hours }))
    .output(z.object({ overrideId: z.string() })),
  endOverride: procedure('routing.override')
    .route({ method: 'DELETE', path: '/routing/overrides/{overrideId}' })
    .input(z.object({ overrideId: z.string() }))
    .output(z.object({})),
};
