import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** Whose study it is to read. Signing, withdrawing and bringing back a version is triage's, as of all its sets. */
export function bindRouting({ reads, services: { routing } }: Bindings) {
  return {
    state: guarded.routing.state.handler(({ context }) => routing.state(context.session.principal)),
    propose: guarded.routing.propose.handler(({ input, context }) =>
      valueOf(routing.propose(context.session.principal, input)),
    ),
    preview: guarded.routing.preview.handler(async ({ input, context }) => {
      const preview = valueOf(await routing.preview(context.session.principal, input.set));
      reads.search(context.session, 'triage', preview.changed.length);
      return preview;
    }),
    sayPresence: guarded.routing.sayPresence.handler(({ input, context }) =>
      routing.sayPresence(context.session.principal, input.said),
    ),
    pin: guarded.routing.pin.handler(({ input, context }) => valueOf(routing.pin(context.session.principal, input))),
    take: guarded.routing.take.handler(({ input, context }) => valueOf(routing.take(context.session.principal, input))),
    giveBack: guarded.routing.giveBack.handler(({ input, context }) => {
      valueOf(routing.giveBack(context.session.principal, input.studyId));
      return {};
    }),
    takeOut: guarded.routing.takeOut.handler(({ input, context }) =>
      valueOf(routing.takeOut(context.session.principal, input)),
    ),
    endOverride: guarded.routing.endOverride.handler(({ input, context }) => {
      valueOf(routing.endOverride(context.session.principal, input.overrideId));
      return {};
    }),
  };
}
