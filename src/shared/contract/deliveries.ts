import { z } from 'zod';
import { StudyId } from '../domain/ids.ts';
import { BACKGROUND, procedure } from './procedure.ts';

/** One thing owed to a destination. */
export const Delivery = z.object({
  deliveryId: z.string(),
  studyId: StudyId.nullable(),
  destination: z.string(),
  kind: z.string(),
  state: z.enum(['queued', 'claimed', 'sent', 'held', 'delivered', 'rejected']),
  attempts: z.number().int(),
  code: z.string().nullable(),
  queuedAtMs: z.number(),
});
export type Delivery = z.infer<typeof Delivery>;

export const deliveries = {
  list: procedure('delivery.read', BACKGROUND)
    .route({ method: 'GET', path: '/deliveries' })
    .input(
      z.object({ state: Delivery.shape.state.optional(), limit: z.coerce.number().int().min(1).max(500).default(100) }),
    )
    .output(z.array(Delivery)),
};
