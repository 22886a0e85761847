import { OpenAPIHandler } from '@orpc/openapi/fastify';
import type { HTTPMethods } from 'fastify';
import { contract } from '../../../shared/contract/contract.ts';
import type { HttpHost } from '../platform/http/server.ts';
import type { Log } from '../platform/log.ts';
import type { Authenticator } from './authenticate.ts';
import type { CallContext } from './call-context.ts';
import { clearTokenCookie, setTokenCookie } from './credentials.ts';
import { spokenError } from './failures.ts';
import { REST_PREFIX } from './rest-prefix.ts';
import type { ApiRouter } from './router.ts';

/** Serves every procedure that has a path, each as a route of its own, so that logs and metrics can name it. */
export function serveRest(host: HttpHost, router: ApiRouter, authenticator: Authenticator, log: Log): void {
  const handler = new OpenAPIHandler<CallContext>(router, {
    clientInterceptors: [
      async ({ next, path }) => {
        try {
          return await next();
        } catch (error) {
          throw spokenError(error, path.join('.'), log);
        }
      },
    ],
  });
  for (const { method, path } of restRoutes()) {
    host.app.route({
      method,
      url: `${REST_PREFIX}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      handler: async (request, reply) => {
        const context: CallContext = {
          authenticate: (call) => authenticator[call === 'by-itself' ? 'find' : 'use'](request.headers),
          hasGoneIdle: () => authenticator.hasGoneIdle(request.headers),
          address: request.ip,
          keepToken: (token) => setTokenCookie(reply, token, host.secure),
          dropToken: () => clearTokenCookie(reply, host.secure),
        };
        const { matched } = await handler.handle(request, reply, { prefix: REST_PREFIX, context });
        if (!matched) void reply.code(404).send({ code: 'not-found' });
        return reply;
      },
    });
  }
}

function restRoutes(): readonly { readonly method: HTTPMethods; readonly path: string }[] {
  return Object.values(contract)
    .flatMap((area) => Object.values(area))
    .flatMap((procedure) => {
      const { method, path } = procedure['~orpc'].route;
      return method === undefined || path === undefined ? [] : [{ method, path }];
    });
}
