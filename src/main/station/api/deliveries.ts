import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';

/** What is owed to whom. */
export function bindDeliveries({ services: { deliveries } }: Bindings) {
  return {
    list: guarded.deliveries.list.handler(({ input, context }) => deliveries.list(context.session.principal, input)),
  };
}
