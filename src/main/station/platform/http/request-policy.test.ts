import { expect, test } from 'vitest';
import { answeredHosts, judgeRequest, type RequestFacts } from './request-policy.ts';

const policy = { scheme: 'http', hosts: answeredHosts('127.0.0.1', ['station.example'], 8642, 'http') } as const;
const plain: RequestFacts = {
  method: 'GET',
  isUpgrade: false,
  hasCookie: false,
  host: '127.0.0.1:8642',
  origin: undefined,
  fetchSite: undefined,
  fetchMode: undefined,
};
const own = 'http://127.0.0.1:8642';

test.each<[string, Partial<RequestFacts>, string]>([
  ['a tool that asks this machine', {}, 'allowed'],
  ['a tool that writes with a token', { method: 'POST' }, 'allowed'],
  ['localhost', { host: 'localhost:8642' }, 'allowed'],
  ['localhost in capitals', { host: 'LOCALHOST:8642' }, 'allowed'],
  ['IPv6 loopback', { host: '[::1]:8642' }, 'allowed'],
  ['a configured name', { host: 'station.example:8642' }, 'allowed'],
  ['no Host', { host: undefined }, 'host-unknown'],
  ['a rebound name', { host: 'evil.example:8642' }, 'host-unknown'],
  ['a name that begins like ours', { host: 'localhost.evil.example:8642' }, 'host-unknown'],
  ['another port', { host: '127.0.0.1:8643' }, 'host-unknown'],
  ['no port', { host: '127.0.0.1' }, 'host-unknown'],
  ['our page writing', { method: 'POST', hasCookie: true, origin: own }, 'allowed'],
  ['our page in another case', { method: 'POST', hasCookie: true, origin: 'HTTP://127.0.0.1:8642' }, 'allowed'],
  ['our page upgrading', { isUpgrade: true, hasCookie: true, origin: own }, 'allowed'],
  ['another page writing', { method: 'POST', hasCookie: true, origin: 'https://evil.example' }, 'origin-foreign'],
  ['another page reading', { hasCookie: true, origin: 'https://evil.example' }, 'origin-foreign'],
  ['another page without a cookie', { method: 'POST', origin: 'https://evil.example' }, 'origin-foreign'],
  [
    'another port of this machine',
    { method: 'POST', hasCookie: true, origin: 'http://127.0.0.1:3000' },
    'origin-foreign',
  ],
  [
    'our name by another scheme',
    { method: 'POST', hasCookie: true, origin: 'https://127.0.0.1:8642' },
    'origin-foreign',
  ],
  ['one of our names asked from another', { hasCookie: true, origin: 'http://localhost:8642' }, 'origin-foreign'],
  ['a sandboxed frame', { method: 'POST', hasCookie: true, origin: 'null' }, 'origin-foreign'],
  ['a write with a cookie from nowhere', { method: 'POST', hasCookie: true }, 'origin-foreign'],
  ['a write that the browser calls ours', { method: 'DELETE', hasCookie: true, fetchSite: 'same-origin' }, 'allowed'],
  ['an upgrade with a cookie from nowhere', { isUpgrade: true, hasCookie: true }, 'origin-foreign'],
  ['an upgrade with a token', { isUpgrade: true }, 'allowed'],
  ['another page upgrading', { isUpgrade: true, hasCookie: true, origin: 'http://localhost:3000' }, 'origin-foreign'],
  ['our page reading', { hasCookie: true, fetchSite: 'same-origin', fetchMode: 'cors' }, 'allowed'],
  ['typed into the address bar', { hasCookie: true, fetchSite: 'none', fetchMode: 'navigate' }, 'allowed'],
  ['a link from elsewhere', { hasCookie: true, fetchSite: 'cross-site', fetchMode: 'navigate' }, 'allowed'],
  ['an image on another port', { hasCookie: true, fetchSite: 'same-site', fetchMode: 'no-cors' }, 'origin-foreign'],
  ['an image elsewhere', { hasCookie: true, fetchSite: 'cross-site', fetchMode: 'no-cors' }, 'origin-foreign'],
])('%s', (_what, facts, expected) => {
  expect(judgeRequest({ ...plain, ...facts }, policy)).toBe(expected);
});

test('answers to its own names with its port, and without one where it is the default', () => {
  expect([...answeredHosts('0.0.0.0', ['a.example', 'b.example:9000', '2001:db8::5'], 443, 'https')]).toEqual([
    ...['localhost', 'localhost:443', '127.0.0.1', '127.0.0.1:443', '[::1]', '[::1]:443'],
    ...['a.example', 'a.example:443', 'b.example:9000', '[2001:db8::5]', '[2001:db8::5]:443'],
  ]);
});
