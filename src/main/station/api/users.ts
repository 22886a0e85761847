import { DAY_MS } from '../../../shared/domain/durations.ts';
import { actorOf, createPerson, createServiceToken, listUsers, setRoles } from '../access/index.ts';
import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** Who is let in, at the caller's own site. */
export function bindUsers({ db, clock }: Bindings) {
  return {
    create: guarded.users.create.handler(async ({ input, context: { session } }) => {
      const { siteId } = session.principal;
      const roles = [...new Set(input.roles)];
      const actor = actorOf(session.principal);
      return valueOf(await createPerson(db, { ...input, roles, siteId, actor, nowMs: () => clock.nowMs() }));
    }),
    setRoles: guarded.users.setRoles.handler(({ input, context: { session } }) => {
      const { siteId } = session.principal;
      valueOf(setRoles(db, { ...input, siteId, actor: actorOf(session.principal), atMs: clock.nowMs() }));
      return {};
    }),
    list: guarded.users.list.handler(({ context }) => [...listUsers(db, context.session.principal.siteId)]),
  };
}

/** Which machines may ask. */
export function bindServices({ db, clock }: Bindings) {
  return {
    createToken: guarded.services.createToken.handler(({ input, context: { session } }) => {
      const atMs = clock.nowMs();
      const expiresAtMs = atMs + input.expiresInDays * DAY_MS;
      const { siteId } = session.principal;
      const token = { name: input.name, siteId, expiresAtMs, actor: actorOf(session.principal), atMs };
      return { ...valueOf(createServiceToken(db, token)), expiresAtMs };
    }),
  };
}
