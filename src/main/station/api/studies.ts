import type { StudyId } from '../../../shared/domain/ids.ts';
import type { Session } from '../access/index.ts';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found, valueOf } from './failures.ts';
import type { ReadSurface } from './read-recorder.ts';

/** One study: what is known of it, what AI said, and what a person does with it. Every read is recorded before it is answered. */
export function bindStudies({ services: { studies }, reads }: Bindings) {
  function answer<T>(session: Session, studyId: StudyId, surface: ReadSurface, value: T | null): T {
    const known = found(value);
    reads.study(session, studyId, surface);
    return known;
  }
  return {
    get: guarded.studies.get.handler(({ input: { studyId }, context: { session } }) =>
      answer(session, studyId, 'detail', studies.get(session.principal, studyId)),
    ),
    find: guarded.studies.find.handler(({ input, context: { session } }) => {
      const known = studies.findByUid(session.principal, input.studyUid);
      reads.search(session, 'lookup', known.length);
      return known;
    }),
    findings: guarded.studies.findings.handler(({ input: { studyId }, context: { session } }) =>
      answer(session, studyId, 'findings', studies.findings(session.principal, studyId)),
    ),
    qualityRemarks: guarded.studies.qualityRemarks.handler(({ input: { studyId }, context: { session } }) =>
      answer(session, studyId, 'findings', studies.qualityRemarks(session.principal, studyId)),
    ),
    report: guarded.studies.report.handler(({ input: { studyId }, context: { session } }) =>
      answer(session, studyId, 'report', studies.report(session.principal, studyId)),
    ),
    keyImages: guarded.studies.keyImages.handler(({ input: { studyId }, context: { session } }) =>
      answer(session, studyId, 'detail', studies.keyImages(session.principal, studyId)),
    ),
    setKeyImage: guarded.studies.setKeyImage.handler(({ input, context }) =>
      valueOf(studies.setKeyImage(context.session.principal, input)),
    ),
    decideFinding: guarded.studies.decideFinding.handler(({ input, context }) =>
      valueOf(studies.decideFinding(context.session.principal, input)),
    ),
    timeline: guarded.studies.timeline.handler(async ({ input: { studyId }, context: { session } }) =>
      answer(session, studyId, 'timeline', await studies.timeline(session.principal, studyId)),
    ),
    open: guarded.studies.open.handler(({ input, context }) =>
      valueOf(studies.open(context.session.principal, input.studyId, input.seen)),
    ),
    requestCommitment: guarded.studies.requestCommitment.handler(({ input, context }) =>
      valueOf(studies.requestCommitment(context.session.principal, input.studyId, input.peer)),
    ),
    recall: guarded.studies.recall.handler(({ input, context }) =>
      valueOf(studies.recall(context.session.principal, input.studyId)),
    ),
    promote: guarded.studies.promote.handler(({ input, context }) =>
      valueOf(studies.promote(context.session.principal, input.studyId)),
    ),
  };
}
