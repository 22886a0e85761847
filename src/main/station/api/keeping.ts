import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** What stays at the caller's site, and for how long. */
export function bindKeeping({ services: { keeping } }: Bindings) {
  return {
    cache: guarded.keeping.cache.handler(({ context }) => keeping.cache(context.session.principal)),
    leaving: guarded.keeping.leaving.handler(({ input, context }) => keeping.leaving(context.session.principal, input)),
    holds: guarded.keeping.holds.handler(({ context }) => keeping.holds(context.session.principal)),
    hold: guarded.keeping.hold.handler(({ input: { studyId, reason }, context }) => {
      valueOf(keeping.hold(context.session.principal, studyId, reason));
      return {};
    }),
    releaseHold: guarded.keeping.releaseHold.handler(({ input: { studyId, holder }, context }) => {
      valueOf(keeping.releaseHold(context.session.principal, studyId, holder));
      return {};
    }),
    rules: guarded.keeping.rules.handler(({ context }) => keeping.rules(context.session.principal)),
    preview: guarded.keeping.preview.handler(({ input, context }) => keeping.preview(context.session.principal, input)),
    run: guarded.keeping.run.handler(({ context }) => {
      valueOf(keeping.run(context.session.principal));
      return {};
    }),
  };
}
