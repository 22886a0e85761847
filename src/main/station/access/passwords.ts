import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** What one password hash costs: argon2id (the library's default), memory in KiB, passes, lanes. */
export type HashCost = { readonly memoryCost: number; readonly timeCost: number; readonly parallelism: number };

/** 64 MiB and three passes: about a tenth of a second of one core for each guess. */
export const PASSWORD_COST: HashCost = { memoryCost: 64 * 1024, timeCost: 3, parallelism: 1 };

/** What stands in the place of a hash for a user who never signs in with a password. */
export const NO_PASSWORD = 'no-password';

/** An argon2id hash in PHC form, salted afresh. */
export function hashPassword(password: string, cost: HashCost = PASSWORD_COST): Promise<string> {
  return inTurn(() => hash(password, cost));
}

/** True when the password fits; without a hash to fit it still spends one verification, so that time tells nothing. */
export async function passwordFits(stored: string | null, password: string): Promise<boolean> {
  const hasPassword = stored !== null && stored !== NO_PASSWORD;
  const against = hasPassword ? stored : await decoy();
  const fits = await inTurn(() => verify(against, password));
  return hasPassword && fits;
}

let decoyHash: Promise<string> | undefined;

function decoy(): Promise<string> {
  decoyHash ??= hashPassword(randomBytes(16).toString('hex'));
  return decoyHash;
}

let last: Promise<unknown> = Promise.resolve();

/** One at a time: a crowd of guesses must leave the other threads of the pool to the files of objects on their way in. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work);
  last = turn.catch(() => undefined); // Whoever asked hears of it; the next one starts all the same.
  return turn;
}
