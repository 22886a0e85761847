/** What a request says of where it comes from. */
export type RequestFacts = {
  readonly method: string;
  readonly isUpgrade: boolean;
  readonly hasCookie: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
};

/** The names this station answers to, each with its port, in lower case, and the scheme it is reached by. */
export type RequestPolicy = { readonly scheme: 'http' | 'https'; readonly hosts: ReadonlySet<string> };

export type RequestJudgement = 'allowed' | 'host-unknown' | 'origin-foreign';

/** Binding to all addresses gives no name to be asked by. */
const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);
const HARMLESS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Judges a request before anything reads it. A name we do not answer to is DNS rebinding; an origin that is not our own
 * is another page using this browser, and so is a cookie on a write or an upgrade that no page of ours says it sent.
 * Other ports of this machine are the same *site* to a browser, so SameSite alone does not keep their pages out.
 */
export function judgeRequest(facts: RequestFacts, policy: RequestPolicy): RequestJudgement {
  const host = facts.host?.toLowerCase();
  if (host === undefined || !policy.hosts.has(host)) return 'host-unknown';
  if (facts.origin !== undefined)
    return facts.origin.toLowerCase() === `${policy.scheme}://${host}` ? 'allowed' : 'origin-foreign';
  if (!facts.hasCookie) return 'allowed';
  if (facts.isUpgrade) return 'origin-foreign';
  const isOwn = facts.fetchSite === 'same-origin';
  if (!HARMLESS.has(facts.method)) return isOwn ? 'allowed' : 'origin-foreign';
  const isNavigation = facts.fetchMode === 'navigate';
  return facts.fetchSite === undefined || facts.fetchSite === 'none' || isOwn || isNavigation
    ? 'allowed'
    : 'origin-foreign';
}

/** Every Host header value under which a station on that port may be asked: loopback, its bind address, configured names (with a port of their own where they name one). */
export function answeredHosts(
  bindAddress: string,
  names: readonly string[],
  port: number,
  scheme: 'http' | 'https',
): ReadonlySet<string> {
  const hasPort = (name: string) => /:\d+$/.test(name) && !/^[^[]*:[^:]*:/.test(name);
  const written = (name: string) =>
    name.includes(':') && !name.startsWith('[') && !hasPort(name) ? `[${name}]` : name;
  const bound = EVERY_ADDRESS.has(bindAddress) ? [] : [bindAddress];
  const all = ['localhost', '127.0.0.1', '[::1]', ...bound, ...names].map((name) => written(name.toLowerCase()));
  const isDefaultPort = port === (scheme === 'https' ? 443 : 80);
  return new Set(
    all.flatMap((name) => (hasPort(name) ? [name] : isDefaultPort ? [name, `${name}:${port}`] : [`${name}:${port}`])),
  );
}
