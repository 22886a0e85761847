import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';

/** The worklist: windows, search, counts, and what to read next. */
export function bindWorklist({ services: { worklist }, reads }: Bindings) {
  return {
    list: guarded.worklist.list.handler(({ input, context }) => worklist.list(context.session.principal, input)),
    search: guarded.worklist.search.handler(async ({ input, context }) => {
      const window = await worklist.search(context.session.principal, input);
      reads.search(context.session, 'worklist', window.rows.length);
      return window;
    }),
    counts: guarded.worklist.counts.handler(({ context }) => worklist.counts(context.session.principal)),
    next: guarded.worklist.next.handler(({ context }) => worklist.next(context.session.principal)),
  };
}
