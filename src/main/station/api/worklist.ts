import { ORPCError } from '@orpc/server';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** The worklist: its parts, search, counts, what to read next, what people take out of it, and how they have it. */
export function bindWorklist({ services: { worklist }, reads }: Bindings) {
  return {
    list: guarded.worklist.list.handler(({ input, context }) => worklist.list(context.session.principal, input)),
    slice: guarded.worklist.slice.handler(({ input, context }) => worklist.slice(context.session.principal, input)),
    search: guarded.worklist.search.handler(async ({ input, context }) => {
      const window = await worklist.search(context.session.principal, input);
      reads.worklistSearch(context.session, input.text, window.rows.length);
      return window;
    }),
    counts: guarded.worklist.counts.handler(({ context }) => worklist.counts(context.session.principal)),
    choices: guarded.worklist.choices.handler(({ input, context }) =>
      worklist.choices(context.session.principal, input.filter),
    ),
    next: guarded.worklist.next.handler(({ context }) => worklist.next(context.session.principal)),
    export: guarded.worklist.export.handler(({ input, context }) => worklist.export(context.session.principal, input)),
    print: guarded.worklist.print.handler(({ input, context }) => worklist.print(context.session.principal, input)),
    views: guarded.worklist.views.handler(({ context }) => worklist.views(context.session.principal)),
    saveView: guarded.worklist.saveView.handler(({ input, context }) =>
      ofView(worklist.saveView(context.session.principal, input)),
    ),
    deleteView: guarded.worklist.deleteView.handler(({ input, context }) =>
      ofView(worklist.deleteView(context.session.principal, input.viewId)),
    ),
  };
}

/** What a verb about a view came to, or the contract's error; who may not share is forbidden to. */
function ofView<T>(outcome: Parameters<typeof valueOf<T>>[0]): T {
  if (!outcome.ok && outcome.error.code === 'may-not-share') throw new ORPCError('FORBIDDEN');
  return valueOf(outcome);
}
