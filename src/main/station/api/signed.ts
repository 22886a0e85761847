import { ORPCError } from '@orpc/server';
import { confirmPassword, type Session } from '../access/index.ts';
import type { Bindings } from './bindings.ts';
import { valueOf } from './failures.ts';

/** A call whose input carries the caller's own password. */
export type SignedCall<Input> = {
  readonly input: Input;
  readonly context: { readonly session: Session; readonly address: string };
};

/** What is left of a signed call once its caller gave their own password again; what does not fit is a conflict before anything is done. */
export async function signed<Input extends { readonly password: string }>(
  { db, clock, throttle }: Pick<Bindings, 'db' | 'clock' | 'throttle'>,
  { input, context: { session, address } }: SignedCall<Input>,
): Promise<Omit<Input, 'password'>> {
  const { password, ...rest } = input;
  const nowMs = () => clock.nowMs();
  const confirmed = await confirmPassword(db, throttle, { session, password, address, nowMs });
  if (!confirmed.ok && confirmed.error.code === 'too-many-attempts')
    throw new ORPCError('TOO_MANY_REQUESTS', { data: { retryAfterMs: confirmed.error.retryAfterMs } });
  valueOf(confirmed);
  return rest;
}
