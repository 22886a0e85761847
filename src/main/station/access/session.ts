import type { CurrentUser } from '../../../shared/contract/sessions.ts';
import type { Principal } from './principal.ts';

/** How long a page session lasts: unused, and at all. */
export type SessionLimits = { readonly idleMs: number; readonly absoluteMs: number };

/** What the configuration says when it says nothing. */
export const SESSION_LIMITS: SessionLimits = { idleMs: 30 * 60_000, absoluteMs: 12 * 60 * 60_000 };

/** A session that stands: who it is, and when it ends by itself. `key` names it in memory and is no secret. */
export type Session = {
  readonly key: string;
  readonly principal: Principal;
  readonly user: CurrentUser;
  readonly expiresAtMs: number;
};
