import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** What is owed to whom, and what a person does about it. */
export function bindDeliveries({ services: { deliveries } }: Bindings) {
  return {
    list: guarded.deliveries.list.handler(({ input, context }) => deliveries.list(context.session.principal, input)),
    send: guarded.deliveries.send.handler(({ input, context }) =>
      valueOf(deliveries.send(context.session.principal, input)),
    ),
    retry: guarded.deliveries.retry.handler(({ input, context }) =>
      valueOf(deliveries.retry(context.session.principal, input.deliveryId, input.reason)),
    ),
    cancel: guarded.deliveries.cancel.handler(({ input, context }) =>
      valueOf(deliveries.cancel(context.session.principal, input.deliveryId, input.reason)),
    ),
  };
}
