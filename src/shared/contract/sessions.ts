import { z } from 'zod';
import { UserId } from '../domain/ids.ts';
import { PERMISSIONS, Role } from '../domain/permissions.ts';
import { BACKGROUND, procedure } from './procedure.ts';

/** Characters a password has at least. */
export const SHORTEST_PASSWORD = 12;

/** Who is signed in, and what they may do. */
export const CurrentUser = z.object({
  userId: UserId,
  username: z.string(),
  displayName: z.string(),
  roles: z.array(Role),
  permissions: z.array(z.enum(PERMISSIONS)),
  site: z.object({ code: z.string(), name: z.string(), zone: z.string() }),
  /** Every site at which they have a role; with more than one they may change between them. */
  sites: z.array(z.object({ code: z.string(), name: z.string() })),
  /** The password is one that somebody else set and saw. */
  mustChangePassword: z.boolean().optional(),
});
export type CurrentUser = z.infer<typeof CurrentUser>;

/** `second-factor` is answered where a user has one set up; pages also get the cookie. */
export const SignInOutcome = z.discriminatedUnion('state', [
  z.object({ state: z.literal('signed-in'), token: z.string(), user: CurrentUser }),
  z.object({ state: z.literal('second-factor'), challenge: z.string() }),
]);
export type SignInOutcome = z.infer<typeof SignInOutcome>;

export const sessions = {
  signIn: procedure('public')
    .route({ method: 'POST', path: '/sessions', successStatus: 201 })
    .input(
      z.object({
        username: z.string().min(1).max(200),
        password: z.string().min(1).max(1000),
        /** Code of the site; left out, the oldest at which the user has a role. */
        site: z.string().max(32).optional(),
      }),
    )
    .output(SignInOutcome),
  current: procedure('own-session', BACKGROUND).route({ method: 'GET', path: '/sessions/current' }).output(CurrentUser),
  /** Ends every other session of this user; a wrong current password is a conflict with the code `password-wrong`. */
  changePassword: procedure('own-session')
    .route({ method: 'PUT', path: '/sessions/current/password' })
    .input(z.object({ current: z.string().min(1).max(1000), next: z.string().min(SHORTEST_PASSWORD).max(1000) }))
    .output(z.object({})),
  /** Takes this page session to another site of the user's; any other is not found. */
  enterSite: procedure('signed-in')
    .route({ method: 'PUT', path: '/sessions/current/site' })
    .input(z.object({ site: z.string().max(32) }))
    .output(CurrentUser),
  signOut: procedure('own-session').route({ method: 'DELETE', path: '/sessions/current' }).output(z.object({})),
  /** Somebody is there: a page says so at a person's input, for what it asks by itself keeps no session alive. */
  touch: procedure('signed-in').route({ method: 'POST', path: '/sessions/current/touches' }).output(z.object({})),
};
