import { z } from 'zod';
import { UserId } from '../domain/ids.ts';
import { Role } from '../domain/permissions.ts';
import { procedure } from './procedure.ts';

/** A user of the caller's site; services are users too. */
export const UserCard = z.object({
  userId: UserId,
  username: z.string(),
  displayName: z.string(),
  state: z.enum(['active', 'must-change-password', 'disabled']),
  roles: z.array(Role),
});
export type UserCard = z.infer<typeof UserCard>;

/** What a person may be; services come into being with their first token. */
export const PersonRole = Role.exclude(['service']);

const name = z.string().trim().min(1).max(100);

export const users = {
  /** The password is told this once and must be changed at the first sign-in; a name in use is the conflict `username-taken`. */
  create: procedure('users.manage')
    .route({ method: 'POST', path: '/users', successStatus: 201 })
    .input(
      z.object({ username: name, displayName: name, roles: z.array(PersonRole).min(1).max(PersonRole.options.length) }),
    )
    .output(z.object({ userId: UserId, password: z.string() })),
  /** Gives somebody who has a name already roles at the caller's site, in place of those they had there; none takes them away. */
  setRoles: procedure('users.manage')
    .route({ method: 'PUT', path: '/users/roles' })
    .input(z.object({ username: name, roles: z.array(PersonRole).max(PersonRole.options.length) }))
    .output(z.object({})),
  list: procedure('users.manage').route({ method: 'GET', path: '/users' }).output(z.array(UserCard)),
};

export const services = {
  /** A Bearer token for a machine, told this once; a person's name is the conflict `username-taken`. */
  createToken: procedure('users.manage')
    .route({ method: 'POST', path: '/service-tokens', successStatus: 201 })
    .input(z.object({ name, expiresInDays: z.number().int().min(1).max(366) }))
    .output(z.object({ userId: UserId, token: z.string(), expiresAtMs: z.number() })),
};
