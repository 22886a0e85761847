import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';

/** The ledger, read and verified; reading it is recorded too. */
export function bindAudit({ services: { audit }, reads }: Bindings) {
  return {
    events: guarded.audit.events.handler(async ({ input, context: { session } }) => {
      const window = await audit.events(session.principal, input);
      reads.audit(session, window.events.length);
      return window;
    }),
    verify: guarded.audit.verify.handler(({ context }) => audit.verify(context.session.principal)),
  };
}
