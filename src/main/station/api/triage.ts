import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found, valueOf } from './failures.ts';
import { signed } from './signed.ts';

/** How studies are placed. What puts a version in force is signed: the caller's password comes with it. */
export function bindTriage(bindings: Bindings) {
  const { reads, services } = bindings;
  const { triage } = services;
  return {
    state: guarded.triage.state.handler(({ context }) => triage.state(context.session.principal)),
    proposePolicy: guarded.triage.proposePolicy.handler(({ input, context }) =>
      valueOf(triage.proposePolicy(context.session.principal, input)),
    ),
    proposeRules: guarded.triage.proposeRules.handler(({ input, context }) =>
      valueOf(triage.proposeRules(context.session.principal, input)),
    ),
    withdraw: guarded.triage.withdraw.handler(({ input, context }) => {
      valueOf(triage.withdraw(context.session.principal, input));
      return {};
    }),
    sign: guarded.triage.sign.handler(async (call) => {
      valueOf(triage.sign(call.context.session.principal, await signed(bindings, call)));
      return {};
    }),
    rollBack: guarded.triage.rollBack.handler(async (call) =>
      valueOf(triage.rollBack(call.context.session.principal, await signed(bindings, call))),
    ),
    checkRule: guarded.triage.checkRule.handler(({ input }) => triage.checkRule(input.when)),
    previewRules: guarded.triage.previewRules.handler(async ({ input, context }) => {
      const preview = valueOf(await triage.previewRules(context.session.principal, input.rules));
      reads.search(context.session, 'triage', preview.changed.length);
      return preview;
    }),
    replay: guarded.triage.replay.handler(async ({ input, context }) => {
      const replay = valueOf(await triage.replay(context.session.principal, input));
      reads.search(context.session, 'triage', replay.most.length);
      return replay;
    }),
    study: guarded.triage.study.handler(({ input, context: { session } }) => {
      const study = found(triage.study(session.principal, input.studyId));
      reads.study(session, study.studyId, 'triage');
      return study;
    }),
    declare: guarded.triage.declare.handler(({ input, context }) =>
      valueOf(triage.declare(context.session.principal, input)),
    ),
  };
}
