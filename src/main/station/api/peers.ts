import type { Bindings } from './bindings.ts';
import { guarded } from './call-context.ts';
import { valueOf } from './failures.ts';

/** The machines around the station, and what they have; asking them is recorded by the capability. */
export function bindPeers({ services: { peers } }: Bindings) {
  return {
    list: guarded.peers.list.handler(({ context }) => peers.list(context.session.principal)),
    query: guarded.peers.query.handler(async ({ input, context }) =>
      valueOf(await peers.query(context.session.principal, input.peerId, input.question)),
    ),
    echo: guarded.peers.echo.handler(async ({ input, context }) =>
      valueOf(await peers.echo(context.session.principal, input.peerId)),
    ),
  };
}

/** Studies fetched from them. */
export function bindRetrievals({ services: { retrievals } }: Bindings) {
  return {
    list: guarded.retrievals.list.handler(({ input, context }) =>
      retrievals.list(context.session.principal, input.limit),
    ),
    start: guarded.retrievals.start.handler(({ input, context }) =>
      valueOf(retrievals.start(context.session.principal, input)),
    ),
    cancel: guarded.retrievals.cancel.handler(({ input, context }) =>
      valueOf(retrievals.cancel(context.session.principal, input.retrievalId)),
    ),
  };
}
