import { ORPCError } from '@orpc/server';
import { durable } from '../platform/store/durability.ts';
import { changePassword, enterSite, signIn, signOut } from '../access/index.ts';
import type { Bindings } from './bindings.ts';
import { guarded, open } from './call-context.ts';
import { valueOf } from './failures.ts';

/** Signing in and out, and one's own password. */
export function bindSessions({ db, clock, limits, throttle, sockets }: Bindings) {
  const nowMs = () => clock.nowMs();
  // The answer leaves once the commit is on the disk; a socket's last moments begin only then.
  const closeEnded = () => void durable(db).finally(sockets.closeEnded);
  return {
    signIn: open.sessions.signIn.handler(async ({ input, context }) => {
      const outcome = await signIn(db, throttle, { ...input, address: context.address, nowMs, limits });
      if (!outcome.ok) {
        if (outcome.error.code === 'refused') throw new ORPCError('UNAUTHORIZED');
        throw new ORPCError('TOO_MANY_REQUESTS', { data: { retryAfterMs: outcome.error.retryAfterMs } });
      }
      const { token, session } = outcome.value;
      context.keepToken(token);
      return { state: 'signed-in' as const, token, user: session.user };
    }),
    current: guarded.sessions.current.handler(({ context }) => context.session.user),
    changePassword: guarded.sessions.changePassword.handler(async ({ input, context }) => {
      const { session, address } = context;
      const outcome = await changePassword(db, throttle, { session, ...input, address, nowMs });
      if (!outcome.ok && outcome.error.code === 'too-many-attempts')
        throw new ORPCError('TOO_MANY_REQUESTS', { data: { retryAfterMs: outcome.error.retryAfterMs } });
      valueOf(outcome);
      closeEnded();
      return {};
    }),
    enterSite: guarded.sessions.enterSite.handler(({ input, context }) => {
      valueOf(enterSite(db, context.session, input.site, clock.nowMs()));
      const entered = context.authenticate('by-a-person');
      if (entered === null) throw new ORPCError('UNAUTHORIZED');
      return entered.user;
    }),
    touch: guarded.sessions.touch.handler(() => ({})),
    signOut: guarded.sessions.signOut.handler(({ context }) => {
      signOut(db, context.session, clock.nowMs());
      context.dropToken();
      closeEnded();
      return {};
    }),
  };
}
