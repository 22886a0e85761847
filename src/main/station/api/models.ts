import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found, valueOf } from './failures.ts';
import { signed, type SignedCall } from './signed.ts';

/** How far models reach, and on what grounds. What changes that is signed: the caller's password comes with it. */
export function bindModels(bindings: Bindings) {
  const { models } = bindings.services;
  const known = <T>(value: T | null) => found(value, 'model-not-found');
  // A model that the caller cannot know of is told apart by nothing, least of all by whether their password fits.
  const signedBy = <Input extends { readonly password: string }>(call: SignedCall<Input>) => signed(bindings, call);
  return {
    list: guarded.models.list.handler(({ context }) => models.list(context.session.principal)),
    get: guarded.models.get.handler(({ input, context }) => known(models.get(context.session.principal, input.digest))),
    readers: guarded.models.readers.handler(({ context }) => models.readers(context.session.principal)),
    history: guarded.models.history.handler(({ input, context }) =>
      known(models.history(context.session.principal, input.digest)),
    ),
    step: guarded.models.step.handler(async (call) =>
      valueOf(models.step(call.context.session.principal, await signedBy(call))),
    ),
    rollback: guarded.models.rollback.handler(async (call) =>
      valueOf(models.rollback(call.context.session.principal, await signedBy(call))),
    ),
    suspend: guarded.models.suspend.handler(async (call) =>
      valueOf(models.suspend(call.context.session.principal, await signedBy(call))),
    ),
    setUses: guarded.models.setUses.handler(async (call) =>
      valueOf(models.setUses(call.context.session.principal, await signedBy(call))),
    ),
    chooseOperatingPoint: guarded.models.chooseOperatingPoint.handler(async (call) =>
      valueOf(models.chooseOperatingPoint(call.context.session.principal, await signedBy(call))),
    ),
    signOperatingPoint: guarded.models.signOperatingPoint.handler(async (call) =>
      valueOf(models.signOperatingPoint(call.context.session.principal, await signedBy(call))),
    ),
    acceptances: guarded.models.acceptances.handler(({ input, context }) =>
      known(models.acceptances(context.session.principal, input.digest)),
    ),
    fixTargets: guarded.models.fixTargets.handler(async (call) =>
      valueOf(models.fixTargets(call.context.session.principal, await signedBy(call))),
    ),
    acceptanceReport: guarded.models.acceptanceReport.handler(async ({ input, context }) =>
      valueOf(await models.acceptanceReport(context.session.principal, input.digest, input.acceptanceId)),
    ),
    signAcceptance: guarded.models.signAcceptance.handler(async (call) =>
      valueOf(await models.signAcceptance(call.context.session.principal, await signedBy(call))),
    ),
    probe: guarded.models.probe.handler(({ input, context }) =>
      valueOf(models.probe(context.session.principal, input.digest)),
    ),
    pilotPreview: guarded.models.pilotPreview.handler(async ({ input, context }) =>
      known(await models.pilotPreview(context.session.principal, input)),
    ),
    refusedPackages: guarded.models.refusedPackages.handler(() => models.refusedPackages()),
    comparison: guarded.models.comparison.handler(async ({ input, context }) =>
      valueOf(await models.comparison(context.session.principal, input.digest, input.otherDigest)),
    ),
    discordances: guarded.models.discordances.handler(async ({ input, context }) =>
      valueOf(await models.discordances(context.session.principal, input)),
    ),
    silentResults: guarded.models.silentResults.handler(async ({ input, context }) =>
      known(await models.silentResults(context.session.principal, input)),
    ),
  };
}

/** What readers say is there. */
export function bindTruths({ reads, services: { truths } }: Bindings) {
  return {
    studies: guarded.truths.studies.handler(async ({ input, context }) => {
      const window = await truths.studies(context.session.principal, input);
      reads.search(context.session, 'reference', window.studies.length);
      return window;
    }),
    questions: guarded.truths.questions.handler(({ input, context }) =>
      found(truths.questions(context.session.principal, input.studyId)),
    ),
    record: guarded.truths.record.handler(({ input, context }) => {
      valueOf(truths.record(context.session.principal, input));
      return {};
    }),
  };
}
