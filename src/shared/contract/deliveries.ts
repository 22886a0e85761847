import { z } from 'zod';
import { CancelReason, DeliveryCode, DeliveryState, RetryReason } from '../domain/delivery.ts';
import { PatientId, SeriesId, StudyId } from '../domain/ids.ts';
import { BACKGROUND, procedure } from './procedure.ts';
import { StudyFace } from './quarantine.ts';

/** One thing owed to a destination. `destination`: the peer's AE title. Counts are of objects. */
export const Delivery = z.object({
  deliveryId: z.string(),
  studyId: StudyId.nullable(),
  /** Whose it is; null where the study is gone. */
  study: StudyFace.nullable(),
  destination: z.string(),
  kind: z.string(),
  state: DeliveryState,
  attempts: z.number().int(),
  /** Why the last attempt did not deliver everything. */
  code: DeliveryCode.nullable(),
  /** The DIMSE status behind it, where the peer gave one. */
  status: z.number().int().nullable(),
  /** How many belong to it, as last counted; null before the first attempt. */
  items: z.number().int().nullable(),
  sent: z.number().int(),
  failed: z.number().int(),
  /** Chosen series; null is the whole study. */
  series: z.number().int().nullable(),
  askedBy: z.string(),
  queuedAtMs: z.number(),
  /** When the next attempt is due, of one that waits. */
  nextAttemptAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  /** Whether the destination answers for it (storage commitment): not asked, asked, for all, or not for all of it. */
  commitment: z.enum(['not-asked', 'asked', 'committed', 'not-committed']),
});
export type Delivery = z.infer<typeof Delivery>;

const one = z.object({ deliveryId: z.string() });

/** What is owed to others, and what becomes of it. */
export const deliveries = {
  list: procedure('delivery.read', BACKGROUND)
    .route({ method: 'GET', path: '/deliveries' })
    .input(z.object({ state: DeliveryState.optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }))
    .output(z.array(Delivery)),
  /**
   * Owes a study, or some series of it, to a peer; one that is still on its way there is answered as it stands. Conflicts:
   * `identity-changed` (the study is not that patient's any more), `peer-not-callable`, `nothing-to-send`.
   */
  send: procedure('delivery.send')
    .route({ method: 'POST', path: '/studies/{studyId}/deliveries', successStatus: 202 })
    .input(
      z.object({
        studyId: StudyId,
        /** Whom the caller saw as the patient. */
        patientId: PatientId,
        peerId: z.string(),
        seriesIds: z.array(SeriesId).min(1).max(1000).optional(),
      }),
    )
    .output(Delivery),
  /** Has one tried again at once. Conflict `delivery-is-under-way`, `delivery-has-ended`. */
  retry: procedure('delivery.send')
    .route({ method: 'POST', path: '/deliveries/{deliveryId}/retries' })
    .input(one.extend({ reason: RetryReason }))
    .output(Delivery),
  /** Gives one up; what the peer has taken stays there. Conflict `delivery-has-ended`. */
  cancel: procedure('delivery.send')
    .route({ method: 'POST', path: '/deliveries/{deliveryId}/cancellation' })
    .input(one.extend({ reason: CancelReason }))
    .output(Delivery),
};
