import { ORPCError } from '@orpc/server';
import type { Result } from '../../../shared/domain/result.ts';
import type { Log } from '../platform/log.ts';
import { isOutOfRoom } from '../platform/store/out-of-room.ts';

/** Errors of the contract that only the api itself throws; oRPC marks them as the contract's on their way out. */
const SPOKEN = new Set(['UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND', 'CONFLICT', 'TOO_MANY_REQUESTS']);

/** What a caller is told of anything thrown: contract errors as they are, a misfit input by its places, a bug by its incident id alone. */
export function spokenError(error: unknown, route: string, log: Log): ORPCError<string, unknown> {
  if (error instanceof ORPCError && error.code === 'BAD_REQUEST') return misfit(error);
  if (error instanceof ORPCError && SPOKEN.has(error.code)) return error;
  const cause = error instanceof ORPCError && error.cause !== undefined ? error.cause : error;
  if (isOutOfRoom(cause)) return new ORPCError('INSUFFICIENT_STORAGE', { status: 507, data: { code: 'disk-full' } });
  const incidentId = log.incident('call-failed', cause, { route });
  return new ORPCError('INTERNAL_SERVER_ERROR', { data: { incidentId } });
}

/** Where the input does not fit the contract; neither its values nor the validator's words about them. */
function misfit(error: ORPCError<string, unknown>): ORPCError<string, unknown> {
  const data = error.data as { issues?: readonly { path?: readonly unknown[] }[] } | undefined;
  const places = (data?.issues ?? []).map(({ path = [] }) => path.filter((step) => typeof step === 'string').join('.'));
  return new ORPCError('BAD_REQUEST', { message: 'The request does not fit the contract.', data: { places } });
}

/** The value of a study verb, or the contract's error for its refusal: not found, or in conflict with how things are. */
export function valueOf<T>(outcome: Result<T, { readonly code: string }>): T {
  if (outcome.ok) return outcome.value;
  const { code } = outcome.error;
  throw new ORPCError(code.endsWith('-not-found') ? 'NOT_FOUND' : 'CONFLICT', { data: { code } });
}

/** The value found, or the contract's not-found. */
export function found<T>(value: T | null, code = 'study-not-found'): T {
  if (value === null) throw new ORPCError('NOT_FOUND', { data: { code } });
  return value;
}
