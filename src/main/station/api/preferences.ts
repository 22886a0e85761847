import { forgetPreference, listPreferences, putPreference } from '../access/index.ts';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';

/** What each person set for themselves: nobody reads or changes another's. */
export function bindPreferences({ db, clock }: Bindings) {
  return {
    all: guarded.preferences.all.handler(({ context }) => listPreferences(db, context.session.principal.userId)),
    put: guarded.preferences.put.handler(({ input, context }) => {
      putPreference(db, context.session.principal.userId, input, clock.nowMs());
      return {};
    }),
    forget: guarded.preferences.forget.handler(({ input, context }) => {
      forgetPreference(db, context.session.principal.userId, input.key);
      return {};
    }),
  };
}
