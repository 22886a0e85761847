import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { found, valueOf } from './failures.ts';

/** Who a study belongs to, and how people correct it. */
export function bindIdentity({ services: { identity }, reads }: Bindings) {
  return {
    study: guarded.identity.study.handler(({ input: { studyId }, context: { session } }) => {
      const known = found(identity.study(session.principal, studyId));
      reads.study(session, studyId, 'identity');
      return known;
    }),
    findPatients: guarded.identity.findPatients.handler(({ input, context: { session } }) => {
      const patients = identity.findPatients(session.principal, input.text);
      reads.search(session, 'patients', patients.length);
      return patients;
    }),
    move: guarded.identity.move.handler(({ input, context }) =>
      valueOf(identity.move(context.session.principal, input)),
    ),
    split: guarded.identity.split.handler(({ input, context }) =>
      valueOf(identity.split(context.session.principal, input)),
    ),
    merge: guarded.identity.merge.handler(({ input, context }) =>
      valueOf(identity.merge(context.session.principal, input)),
    ),
    hide: guarded.identity.hide.handler(({ input, context }) =>
      valueOf(identity.hide(context.session.principal, input)),
    ),
    confirm: guarded.identity.confirm.handler(({ input, context }) =>
      valueOf(identity.confirm(context.session.principal, input)),
    ),
    undo: guarded.identity.undo.handler(({ input, context }) =>
      valueOf(identity.undo(context.session.principal, input.changeId)),
    ),
    corrections: guarded.identity.corrections.handler(({ input, context: { session } }) => {
      const page = identity.corrections(session.principal, input);
      reads.search(session, 'corrections', page.corrections.length);
      return page;
    }),
  };
}
