import { isIPv4 } from 'node:net';

/** The one address at which the pretend hospital listens. */
export const LOOPBACK = '127.0.0.1';

/** Whether a host is this machine itself, said as a number: a name could be made to lead elsewhere. */
export function isLoopback(host: string): boolean {
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
