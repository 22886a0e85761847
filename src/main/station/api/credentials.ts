import type { IncomingHttpHeaders } from 'node:http';
import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply } from 'fastify';
import type { HttpHost } from '../platform/http/server.ts';

/** Over TLS the browser itself holds the name to this host, this path and TLS. */
function cookieName(secure: boolean): string {
  return secure ? '__Host-wetread-session' : 'wetread-session';
}

function cookieOptions(secure: boolean): CookieSerializeOptions {
  return { httpOnly: true, sameSite: 'strict', path: '/', secure };
}

/** The token a request carries: Bearer of a service or script, else the page's cookie; null without either. */
export function tokenOf(
  headers: IncomingHttpHeaders,
  { app, secure }: Pick<HttpHost, 'app' | 'secure'>,
): string | null {
  const bearer = /^Bearer ([\w-]{1,200})$/i.exec(headers.authorization ?? '')?.[1];
  if (headers.authorization !== undefined) return bearer ?? null;
  if (headers.cookie === undefined) return null;
  return app.parseCookie(headers.cookie)[cookieName(secure)] ?? null;
}

/** Gives the page its token where scripts cannot read it and other sites cannot send it. It ends with the browser, or with the session. */
export function setTokenCookie(reply: FastifyReply, token: string, secure: boolean): void {
  reply.setCookie(cookieName(secure), token, cookieOptions(secure));
}

/** Takes the token back. */
export function clearTokenCookie(reply: FastifyReply, secure: boolean): void {
  reply.clearCookie(cookieName(secure), cookieOptions(secure));
}
