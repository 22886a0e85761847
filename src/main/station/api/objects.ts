import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** The objects at rest: how they are, reading them all, and the keys they are sealed with. */
export function bindObjects({ services: { objects } }: Bindings) {
  return {
    state: guarded.objects.state.handler(({ context }) => objects.state(context.session.principal)),
    damaged: guarded.objects.damaged.handler(({ context }) => objects.damaged(context.session.principal)),
    fetchAgain: guarded.objects.fetchAgain.handler(({ input, context }) =>
      valueOf(objects.fetchAgain(context.session.principal, input.studyId)),
    ),
    verify: guarded.objects.verify.handler(({ context }) => valueOf(objects.verify(context.session.principal))),
    rotateKeys: guarded.objects.rotateKeys.handler(({ input, context }) =>
      valueOf(objects.rotateKeys(context.session.principal, input.how)),
    ),
  };
}
