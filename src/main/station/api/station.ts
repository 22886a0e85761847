import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';

/** How the station is, and news for pages. */
export function bindStation({ services: { station }, hints }: Bindings) {
  return {
    status: guarded.station.status.handler(({ context }) => station.status(context.session.principal)),
    hints: guarded.station.hints.handler(({ context, signal }) => hints.subscribe(context.session.principal, signal)),
  };
}
