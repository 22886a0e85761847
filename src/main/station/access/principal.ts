import type { SiteId, UserId } from '../../../shared/domain/ids.ts';
import type { Permission, Role } from '../../../shared/domain/permissions.ts';
import type { Actor } from '../platform/ledger/event.ts';

/** The sites whose rows a query may return; every clinical query takes one. */
export type Scope = { readonly siteIds: readonly SiteId[] };

/** Who asks, and what they may do; a principal is its own scope. */
export type Principal = Scope & {
  readonly userId: UserId;
  readonly roles: readonly Role[];
  readonly permissions: readonly Permission[];
  readonly siteId: SiteId;
  readonly sessionKind: 'page' | 'service';
};

/** The person or service as the ledger names them. */
export function actorOf(principal: Principal): Actor {
  return { kind: principal.sessionKind === 'page' ? 'user' : 'service', id: principal.userId };
}
