import { StudyId } from '../../../shared/domain/ids.ts';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found, valueOf } from './failures.ts';

/** What models did and how it can be shown; every read of a run is a read of its study, and recorded before it is answered. */
export function bindRuns({ services: { runs }, reads }: Bindings) {
  return {
    list: guarded.runs.list.handler(({ input: { studyId }, context: { session } }) => {
      const known = found(runs.list(session.principal, studyId));
      reads.study(session, studyId, 'runs');
      return known;
    }),
    models: guarded.runs.models.handler(async ({ input: { studyId }, context: { session } }) => {
      const known = found(await runs.models(session.principal, studyId));
      reads.study(session, studyId, 'runs');
      return known;
    }),
    get: guarded.runs.get.handler(({ input, context: { session } }) => {
      const run = found(runs.get(session.principal, input.runId), 'run-not-found');
      reads.study(session, run.studyId, 'receipt');
      return run;
    }),
    receipt: guarded.runs.receipt.handler(({ input, context: { session } }) => {
      const { studyId, receipt } = valueOf(runs.receipt(session.principal, input.runId));
      reads.study(session, StudyId.parse(studyId), 'receipt');
      return receipt;
    }),
    checkReceipt: guarded.runs.checkReceipt.handler(({ input, context: { session } }) => {
      const { studyId, ...check } = valueOf(runs.check(session.principal, input.runId));
      reads.study(session, StudyId.parse(studyId), 'receipt');
      return check;
    }),
    replay: guarded.runs.replay.handler(({ input, context: { session } }) =>
      valueOf(runs.replay(session.principal, input.runId, input.provider ?? null)),
    ),
    replays: guarded.runs.replays.handler(({ input, context: { session } }) => {
      const { studyId, replays } = found(runs.replays(session.principal, input.runId), 'run-not-found');
      reads.study(session, StudyId.parse(studyId), 'receipt');
      return replays;
    }),
  };
}
