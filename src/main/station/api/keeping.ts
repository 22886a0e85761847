import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** What stays at the caller's site, and for how long. */
export function bindKeeping({ services: { keeping } }: Bindings) {
  return {
    cache: guarded.keeping.cache.handler(({ context }) => keeping.cache(context.session.principal)),
    preview: guarded.keeping.preview.handler(({ input, context }) => keeping.preview(context.session.principal, input)),
    run: guarded.keeping.run.handler(({ context }) => {
      valueOf(keeping.run(context.session.principal));
      return {};
    }),
  };
}
