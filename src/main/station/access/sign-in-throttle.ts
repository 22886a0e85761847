/** Waiting is asked for after this many failures of one name from one address. */
const FREE_ATTEMPTS = 5;
/** One address may fail this often over all names before it has to wait. */
const FREE_ATTEMPTS_PER_ADDRESS = 50;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 5 * 60_000;
const FORGET_AFTER_MS = 15 * 60_000;
const MOST_REMEMBERED = 10_000;

type Attempts = { readonly count: number; readonly lastAtMs: number };

/** Slows down guessing: failures of a name from an address, and of an address over all names, each with a doubling wait. */
export type SignInThrottle = {
  /** Milliseconds to wait before this attempt may be made; 0 counts the attempt, so that parallel guesses count too. */
  admit(username: string, address: string, atMs: number): number;
  /** The attempt succeeded: the name's failures from there are forgotten, and it does not count for the address. */
  forgive(username: string, address: string): void;
};

/** A throttle that forgets after a quarter of an hour and remembers a bounded number of names. */
export function createSignInThrottle(): SignInThrottle {
  const known = new Map<string, Attempts>();

  function waitFor(key: string, free: number, atMs: number): number {
    const attempts = known.get(key);
    if (attempts === undefined || attempts.count < free) return 0;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** Math.min(attempts.count - free, 20), LONGEST_WAIT_MS);
    return Math.max(0, attempts.lastAtMs + waitMs - atMs);
  }

  function count(key: string, atMs: number): void {
    const attempts = known.get(key);
    const stale = attempts === undefined || atMs - attempts.lastAtMs > FORGET_AFTER_MS;
    known.delete(key);
    known.set(key, { count: stale ? 1 : attempts.count + 1, lastAtMs: atMs });
    const oldest = known.size > MOST_REMEMBERED ? known.keys().next() : undefined;
    if (oldest?.value !== undefined) known.delete(oldest.value);
  }

  return {
    admit(username, address, atMs) {
      const waitMs = Math.max(
        waitFor(nameKey(username, address), FREE_ATTEMPTS, atMs),
        waitFor(address, FREE_ATTEMPTS_PER_ADDRESS, atMs),
      );
      if (waitMs > 0) return waitMs;
      count(nameKey(username, address), atMs);
      count(address, atMs);
      return 0;
    },
    forgive(username, address) {
      known.delete(nameKey(username, address));
      const ofAddress = known.get(address);
      if (ofAddress !== undefined) known.set(address, { ...ofAddress, count: ofAddress.count - 1 });
    },
  };
}

function nameKey(username: string, address: string): string {
  return `${address} ${username.toLowerCase()}`;
}
