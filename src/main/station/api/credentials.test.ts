import fastifyCookie from '@fastify/cookie';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import type { HttpHost } from '../platform/http/server.ts';
import { clearTokenCookie, setTokenCookie, tokenOf } from './credentials.ts';

async function hostOf(secure: boolean): Promise<Pick<HttpHost, 'app' | 'secure'>> {
  const app = Fastify();
  await app.register(fastifyCookie);
  app.get('/in', (_request, reply) => {
    setTokenCookie(reply, 'token', secure);
    return reply.send();
  });
  app.get('/out', (_request, reply) => {
    clearTokenCookie(reply, secure);
    return reply.send();
  });
  await app.ready();
  return { app, secure };
}

test.each([
  [false, 'wetread-session=token; Path=/; HttpOnly; SameSite=Strict'],
  [true, '__Host-wetread-session=token; Path=/; HttpOnly; Secure; SameSite=Strict'],
])('over TLS (%s) the cookie is %s', async (secure, expected) => {
  const { app } = await hostOf(secure);
  expect((await app.inject('/in')).headers['set-cookie']).toBe(expected);
  expect((await app.inject('/out')).headers['set-cookie']).toContain('Expires=Thu, 01 Jan 1970');
});

test('believes Bearer before a cookie, and a malformed one not at all', async () => {
  const [plain, secure] = [await hostOf(false), await hostOf(true)];
  const cookie = 'other=1; wetread-session=from-cookie';
  expect(tokenOf({ cookie }, plain)).toBe('from-cookie');
  expect(tokenOf({ cookie }, secure)).toBeNull();
  expect(tokenOf({ cookie, authorization: 'Bearer from-header' }, plain)).toBe('from-header');
  expect(tokenOf({ cookie, authorization: 'Basic YTpi' }, plain)).toBeNull();
  expect(tokenOf({ cookie, authorization: 'Bearer a b' }, plain)).toBeNull();
  expect(tokenOf({}, plain)).toBeNull();
});
